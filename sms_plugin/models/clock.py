"""The database's clock, which every process shares: due times, leases and jobs are set and read by it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.orm import Session

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
