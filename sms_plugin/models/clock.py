"""The database's clock, which every process shares: due times, leases and jobs are set and read by it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.orm import Session

#: A carried clock is set by the database's so often, in seconds: what clocks drift apart meanwhile is nothing.
ASK_EVERY = 5.0
#: Nobody knows when, on the way of an answer, the clock was read. One that took longer than this is no better than what
#: is carried, and asked for again soon; only a clock that was carried for very long is set by it. In seconds.
PROMPT, ASK_AGAIN, LONG_CARRIED = 0.02, 1.0, 60.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: In UTC whatever the connection's timezone is: a local hour comes twice in autumn.
_MARIADB = "SELECT timestampdiff(MICROSECOND, '1970-01-01 00:00:00', utc_timestamp(6))"
_MICROSECONDS = {
    "postgresql": sa.text("SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)"),
    "mysql": sa.text(_MARIADB),
    "mariadb": sa.text(_MARIADB),
}


def database_now(session: Session) -> datetime:
    """Now, aware UTC, by the clock of the database that the session speaks with."""
    return connection_now(session.connection())


def connection_now(connection: Connection) -> datetime:
    """Now, aware UTC, by the clock of the database behind the connection.

    SQLite runs inside this process: its clock is ours, asked without the millisecond that its own function rounds to.
    """
    question = _MICROSECONDS.get(connection.dialect.name)
    if question is None:
        return datetime.now(UTC)
    return _EPOCH + timedelta(microseconds=int(connection.scalar(question)))


class CarriedClock:
    """The database's clock for a flush and its claims, who ask many times a second: asked now and then, carried on by
    the process's own steady clock meanwhile, which nobody sets.
    """

    def __init__(self) -> None:
        self._asked: tuple[datetime, float] | None = None  #: what the database said, and when by the steady clock
        self._ask_at = 0.0

    def now(self, session: Session) -> datetime:
        """Now, aware UTC, within a few milliseconds."""
        if self._asked is None or time.monotonic() > self._ask_at:
            self._ask(session.connection())
        return self.carried

    def _ask(self, connection: Connection) -> None:
        began = time.monotonic()
        said = connection_now(connection)
        over = time.monotonic()
        took = over - began
        if took <= PROMPT or self._asked is None or over - self._asked[1] > LONG_CARRIED:
            self._asked = (said, over - took / 2)
        self._ask_at = over + (ASK_EVERY if took <= PROMPT else ASK_AGAIN)

    @property
    def carried(self) -> datetime:
        """Now without asking; by this process's own clock as long as nobody asked."""
        if self._asked is None:
            return datetime.now(UTC)
        said, at = self._asked
        return said + timedelta(seconds=time.monotonic() - at)
