"""Transactions of the plugin's own: short, tried again where the database was busy, polite to SQLite's writers."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import RLock
from typing import TypeVar
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

    @contextmanager
    def taken(self) -> Iterator[list[Session]]:
        """Our turn, once it comes; a session put in the list has its writing time repaid before the next turn."""
        wrote: list[Session] = []
        with self._lock:
            self.rest()
            began = time.monotonic()
            try:
                yield wrote
            finally:
                if wrote:
                    ended = time.monotonic()
                    self._rest_until = ended + min(ended - began, _LONGEST_REST)


_turns: WeakKeyDictionary[State, _Turn] = WeakKeyDictionary()


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
    if state.db.engine.dialect.name != "sqlite":
        with _transaction(state) as session:
            yield session
        return
    with _turns.setdefault(state, _Turn()).taken() as wrote, _transaction(state) as session:
        yield session
        if session.connection().connection.dbapi_connection.in_transaction:  # type: ignore[union-attr]
            wrote.append(session)


@contextmanager
def _transaction(state: State) -> Iterator[Session]:
    session = state.session()
    try:
        with session.begin():
            yield session
    finally:
        session.close()


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
