"""Transactions of the plugin's own: short, tried again where the database was busy, polite to SQLite's writers."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from threading import RLock
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from sms_plugin.models.busy import is_busy
from sms_plugin.state import State

log = logging.getLogger(__name__)
T = TypeVar("T")

_TRIES = 5
#: The longest rest after a write, in seconds; what took longer was waiting for somebody else's lock.
_LONGEST_REST = 0.1


class _Turn:
    """This process's place among SQLite's writers: one of its threads at a time, and a rest after each write."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._rest_until = 0.0

    def rest(self) -> None:
        """Wait until a write would be polite."""
        time.sleep(max(self._rest_until - time.monotonic(), 0.0))

    def wrote(self, *, since: float) -> None:
        """Note that the lock was held until now: others get as long."""
        now = time.monotonic()
        self._rest_until = now + min(now - since, _LONGEST_REST)

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Our turn, once it comes."""
        with self._lock:
            self.rest()
            yield


_turns: WeakKeyDictionary[State, _Turn] = WeakKeyDictionary()
# a lock that a thread of the parent held would never be let go in a child
os.register_at_fork(after_in_child=_turns.clear)


def rest(state: State) -> None:
    """Wait out what this process owes SQLite's other writers: who gathers work for a step does it meanwhile."""
    turn = _turns.get(state)
    if turn is not None:
        turn.rest()


@contextmanager
def step(state: State) -> Iterator[Session]:
    """A session in a transaction that commits at the end of the block, and rolls back where it raises.

    On SQLite the next one waits for as long as this one held the lock, so that the host's own writers get their turn.
    """
    if state.db.engine.dialect.name == "sqlite":
        turn = _turns.setdefault(state, _Turn())
        with turn.taken(), _politely(state, turn) as session:
            yield session
    else:
        with closing(state.session()) as session, session.begin():
            yield session


@contextmanager
def _politely(state: State, turn: _Turn) -> Iterator[Session]:
    with closing(state.session()) as session:
        with session.begin():
            driver: Any = session.connection().connection.dbapi_connection
            began = time.monotonic()
            yield session
            wrote = driver.in_transaction
        if wrote:
            turn.wrote(since=began)


def within(state: State, work: Callable[[Session], T]) -> T:
    """What the work gives, in a step of its own; tried again where the database was busy. Raises what came last."""
    for again in range(_TRIES):
        try:
            with step(state) as session:
                return work(session)
        except OperationalError as error:
            if again == _TRIES - 1 or not is_busy(error):
                raise
            log.info("the database was busy (%s); trying again", type(error.orig).__name__)
            time.sleep(0.05 * 2**again)
    raise AssertionError("unreachable")
