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

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import PoolProxiedConnection

from sms_plugin.models.busy import is_busy
from sms_plugin.state import State

log = logging.getLogger(__name__)
T = TypeVar("T")

_TRIES = 5
#: Who has SQLite alone rests for this share of the time that it held the lock, and somebody who wrote is remembered for
#: so long, in seconds.
_ALONE, _REMEMBERED = 0.25, 3.0
#: A write that changes nothing takes the lock where the host's transactions have begun already, deferred or not.
_TAKE_LOCK = "DELETE FROM sms_tally WHERE 0"


class _Turn:
    """This process's place among SQLite's writers: one of its threads at a time, and a rest after each write."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._rest_until = 0.0

    def rest(self) -> None:
        """Wait until a write would be polite."""
        left = self._rest_until - time.monotonic()
        if left > 0:
            time.sleep(left)

    def held(self, *, since: float, share: float) -> None:
        """Note that the lock was held until now: others get as long, or this share of it."""
        now = time.monotonic()
        self._rest_until = now + (now - since) * share

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

    return _within(state, work, share=1.0)


def briefly(state: State, work: Callable[[Session], T]) -> T:
    """As ``within``, for a short write that somebody's request asked for: it owes no rest afterwards, as the host's own
    requests owe none.
    """
    return _within(state, work, share=0.0)


def _within(state: State, work: Callable[[Session], T], *, share: float) -> T:
    def once() -> T:
        with _step(state, tries=1, share=share) as session:
            return work(session)

    return _patiently(once, tries=_TRIES)


class Hurried:
    """Steps that follow one another closely where nobody else writes to SQLite. For one thread.

    Whoever has written of late is waited for as ``within`` does; whoever has not slips into a shorter rest, and
    is noticed then.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._driver: PoolProxiedConnection | None = None
        self._version: int | None = None  #: SQLite's count of others' commits, after our last one
        self._others_until = 0.0

    def within(self, work: Callable[[Session], T]) -> T:
        """As ``within``, with a shorter rest where nobody else has written of late."""
        if self._state.db.engine.dialect.name != "sqlite":
            return within(self._state, work)
        version = self._others()
        if version is None or self._version not in (None, version):
            self._others_until = time.monotonic() + _REMEMBERED
        alone = time.monotonic() > self._others_until
        done = _within(self._state, work, share=_ALONE if alone else 1.0)
        self._version = self._others()
        return done

    def close(self) -> None:
        """Give the connection back."""
        if self._driver is not None:
            self._driver.close()
            self._driver = None

    def _others(self) -> int | None:
        """SQLite's count of commits by other connections than this one, which writes nothing; None where untold."""
        try:
            if self._driver is None:
                self._driver = self._state.db.engine.raw_connection()
            cursor = self._driver.cursor()
            version: int = cursor.execute("PRAGMA data_version").fetchone()[0]
            cursor.close()
            self._driver.rollback()
        except (SQLAlchemyError, self._state.db.engine.dialect.loaded_dbapi.Error):
            self.close()
            return None
        return version


def look(state: State, work: Callable[[Session], T]) -> T:
    """What the work reads, in a transaction that writes nothing and so waits for no turn; tried again where busy."""

    def once() -> T:
        with closing(state.session()) as session:
            return work(session)

    return _patiently(once, tries=_TRIES)


class MustWrite(BaseException):
    """Work that was to read alone has something to write. No ``Exception``: whoever guards against what the host's own
    functions may raise lets it through.
    """


def look_only(state: State, work: Callable[[Session], T]) -> T:
    """As ``look``, for work that may find that it has to write, which raises ``MustWrite`` before anything is written:
    a step does the same then. On SQLite each statement sees what is there by then, whatever the host's transactions
    begin with: nobody waits for this one.
    """

    def reading(session: Session) -> T:
        connection = session.connection()
        sa.event.listen(connection, "before_cursor_execute", _refuse_to_write)
        driver: Any = connection.connection.dbapi_connection
        if connection.dialect.name == "sqlite" and driver.in_transaction:
            driver.rollback()  # it may have begun with the write lock
        return work(session)

    return look(state, reading)


def _refuse_to_write(connection: object, cursor: object, text: str, given: object, context: Any, many: bool) -> None:
    if context is not None and (context.isinsert or context.isupdate or context.isdelete):
        raise MustWrite


def look_along(state: State, work: Callable[[Session], T]) -> T:
    """As ``look``, for work that runs the host's own functions: what these read by ``db.session`` comes through this
    transaction too, which on SQLite may keep the lock that another one would wait for.
    """

    def lent(session: Session) -> T:
        with lending(session, state):
            return work(session)

    return look(state, lent)


@contextmanager
def lending(session: Session, state: State) -> Iterator[None]:
    """Have ``db.session`` be this session meanwhile. For reading: what the host commits there, it commits here."""
    registry = state.db.session.registry
    own = registry() if registry.has() else None
    registry.set(session)
    try:
        yield
    finally:
        registry.clear()
        if own is not None:
            registry.set(own)


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
def _step(state: State, *, tries: int, share: float = 1.0) -> Iterator[Session]:
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
            turn.held(since=since, share=share)


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
