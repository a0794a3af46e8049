"""Knowing when something is due: a wake by a commit in this process, a cheap look for those of other processes."""

from __future__ import annotations

import time
from threading import Event
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import PoolProxiedConnection

from sms_plugin.models import Lease, Message
from sms_plugin.models.clock import connection_now
from sms_plugin.outbox.enqueue import BATCH, OWN_ACTION
from sms_plugin.state import State

#: Another process's commit is seen at most so late, in seconds.
LOOK_EVERY = 0.075

_MESSAGE: Any = Message.__table__
_LEASE: Any = Lease.__table__


def _due(priority: int) -> Any:
    return (
        sa.select(sa.literal(1))
        .where(
            sa.text("sms_message.state = 'queued'"),
            _MESSAGE.c.priority == priority,
            _MESSAGE.c.due_at <= sa.bindparam("now", type_=_MESSAGE.c.due_at.type),
            ~sa.exists().where(_LEASE.c.message_id == _MESSAGE.c.id),
        )
        .limit(1)
    )


_DUE = [_due(priority) for priority in range(OWN_ACTION, BATCH + 1)]
#: One a rank, as the index goes: the smallest of all would be looked for among everything that is queued.
_NEXT = [
    sa.select(_MESSAGE.c.due_at)
    .where(sa.text("sms_message.state = 'queued'"), _MESSAGE.c.priority == priority)
    .order_by(_MESSAGE.c.due_at)
    .limit(1)
    for priority in range(OWN_ACTION, BATCH + 1)
]


class Watch:
    """Looks whether a flush is worth while. For one thread; keeps a connection of its own between looks."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._connection: Connection | None = None
        self._driver: PoolProxiedConnection | None = None  #: SQLite's
        self._looked = 0.0
        self._seen: int | None = None  #: SQLite's count of other connections' commits
        self._recheck = 0.0

    def woken(self) -> bool:
        """Whether something may be due. Never waits."""
        if self._state.wake.is_set():
            self._state.wake.clear()
            return True
        if time.monotonic() - self._looked < LOOK_EVERY:
            return False
        return self._look()

    def wait(self, stop: Event, *, most: float) -> bool:
        """Wait until something may be due, at most so many seconds; whether it is."""
        until = time.monotonic() + most
        while not stop.is_set() and time.monotonic() < until:
            if self._state.wake.wait(min(LOOK_EVERY, max(until - time.monotonic(), 0))) or self.woken():
                self._state.wake.clear()
                return True
        return False

    def close(self) -> None:
        """Give the connections back."""
        for connection in (self._connection, self._driver):
            if connection is not None:
                connection.close()
        self._connection = self._driver = None

    def _look(self) -> bool:
        self._looked = time.monotonic()
        try:
            if self._state.db.engine.dialect.name != "sqlite":
                return _is_due(self._open())
            if not self._changed():
                return False
            with self._state.db.engine.connect() as connection:
                self._recheck = time.monotonic() + max(_seconds_ahead(connection), LOOK_EVERY)
                return _is_due(connection)
        except (SQLAlchemyError, self._state.db.engine.dialect.loaded_dbapi.Error):
            # the next look, or the period, will tell; the driver's own errors come where it is asked past SQLAlchemy
            self.close()
            return False

    def _open(self) -> Connection:
        if self._connection is None:
            self._connection = self._state.db.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        return self._connection

    def _changed(self) -> bool:
        """Whether another connection has written to SQLite since the last look, or what is queued comes due now.

        Asked of the driver itself: a host's transactions may begin with the write lock, and this one never ends.
        """
        if self._driver is None:
            self._driver = self._state.db.engine.raw_connection()
        cursor = self._driver.cursor()
        version = cursor.execute("PRAGMA data_version").fetchone()[0]
        cursor.close()
        self._driver.rollback()
        if version == self._seen and time.monotonic() < self._recheck:
            return False
        self._seen = version
        return True


def _is_due(connection: Connection) -> bool:
    now = connection_now(connection)
    return any(connection.execute(query, {"now": now}).first() is not None for query in _DUE)


def _seconds_ahead(connection: Connection) -> float:
    """Until the next of what is queued comes due."""
    following = [due for query in _NEXT if (due := connection.scalar(query)) is not None]
    return (min(following) - connection_now(connection)).total_seconds() if following else 3600.0
