"""Transactions of the plugin's own: short, tried again where the database was busy, polite to SQLite's writers.

On SQLite a step takes the write lock before anything else, whatever the host's transactions begin with: a transaction
that reads first and writes later is refused at once where somebody wrote in between. None of this may be used where
the request itself has a transaction of ``db.session`` open, which would keep the lock from it: pages write in that one.
"""

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
#: A write that changes nothing takes the lock where the host's transactions have begun already, deferred or not.
_TAKE_LOCK = "DELETE FROM sms_tally WHERE 0"


class _Turn:
    """This process's place among SQLite's writers: one of its threads at a time, and a rest after each write."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._rest_until = 0.0

    def rest(self) -> None:
        """Wait until a write would be polite."""
        time.sleep(max(self._rest_until - time.monotonic(), 0.0))

    def held(self, *, since: float) -> None:
        """Note that the lock was held until now: others get as long."""
        now = time.monotonic()
        self._rest_until = now + (now - since)

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

    On SQLite the block begins with the write lock, which is waited for, and the next one comes after a rest of as long
    as this one held it, so that the host's own writers get their turn. Raises ``OperationalError`` where it stays busy.
    """
    with _step(state, tries=_TRIES) as session:
        yield session


def within(state: State, work: Callable[[Session], T]) -> T:
    """What the work gives, in a step of its own; tried again where the database was busy. Raises what came last."""

    def once() -> T:
        with _step(state, tries=1) as session:
            return work(session)

    return _patiently(once, tries=_TRIES)


def look(state: State, work: Callable[[Session], T]) -> T:
    """What the work reads, in a transaction that writes nothing and so waits for no turn; tried again where busy."""

    def once() -> T:
        with closing(state.session()) as session:
            return work(session)

    return _patiently(once, tries=_TRIES)


def _patiently(once: Callable[[], T], *, tries: int) -> T:
    for again in range(tries):
        try:
            return once()
        except OperationalError as error:
            if again == tries - 1 or not is_busy(error):
                raise
            log.info("the database was busy (%s); trying again", type(error.orig).__name__)
            time.sleep(0.05 * 2**again)
    raise AssertionError("unreachable")


@contextmanager
def _step(state: State, *, tries: int) -> Iterator[Session]:
    if state.db.engine.dialect.name != "sqlite":
        with closing(state.session()) as session, session.begin():
            _at_read_committed(session, state)
            yield session
        return
    turn = _turns.setdefault(state, _Turn())
    with turn.taken(), closing(state.session()) as session:
        _patiently(lambda: _lock(session), tries=tries)
        since = time.monotonic()
        try:
            yield session
            session.commit()
        finally:
            session.rollback()
            turn.held(since=since)


def _at_read_committed(session: Session, state: State) -> None:
    """Set the level whatever the host's own is: what another claim has locked is passed by, and a row that waited is
    read again. The level stays with the connection until it goes back to the pool. Raises ``OperationalError``.
    """
    driver = state.db.engine.dialect.loaded_dbapi
    try:
        session.connection(execution_options={"isolation_level": "READ COMMITTED"})
    except driver.Error as error:
        # the level goes past what SQLAlchemy wraps: the server cut this connection while it was in the pool
        raise OperationalError("SET TRANSACTION", None, error, connection_invalidated=True) from error


def _lock(session: Session) -> None:
    """Take SQLite's write lock. Raises ``OperationalError`` where somebody has it for longer than one may wait."""
    connection = session.connection()
    driver: Any = connection.connection.dbapi_connection
    connection.exec_driver_sql(_TAKE_LOCK if driver.in_transaction else "BEGIN IMMEDIATE")
