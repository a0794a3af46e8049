"""Telling a database that only asks for patience from one that says no."""

from __future__ import annotations

from typing import Any

from sqlalchemy.exc import DBAPIError, OperationalError

_SQLITE = frozenset({5, 6})  #: SQLITE_BUSY, SQLITE_LOCKED
_POSTGRESQL = frozenset({"40001", "40P01", "55P03"})  #: serialization failure, deadlock, lock not available
_MARIADB = frozenset({1020, 1205, 1213})  #: record changed, lock wait timeout, deadlock
#: The server stops, starts, or ended the connection.
_POSTGRESQL_AWAY = frozenset({"57P01", "57P02", "57P03"})
_MARIADB_AWAY = frozenset({1053, 1927, 2002, 2003, 2006, 2013, 2055})
_CONNECTION_CLASS = "08"


def is_busy(error: BaseException) -> bool:
    """Whether the same transaction may well succeed a little later: locked, deadlocked, connection lost."""
    if not isinstance(error, DBAPIError):
        return False
    cause: Any = error.orig
    code = getattr(cause, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in _SQLITE  # the low byte is the error, the rest its variety
    if getattr(cause, "sqlstate", None) in _POSTGRESQL or error.connection_invalidated:
        return True
    arguments: tuple[Any, ...] = getattr(cause, "args", ())
    return arguments[:1] != () and arguments[0] in _MARIADB


def is_away(error: BaseException) -> bool:
    """Whether the database cannot be spoken with at this moment: it is being restarted, or cut the connection."""
    if not isinstance(error, OperationalError):
        return False
    cause: Any = error.orig
    if hasattr(cause, "sqlstate"):
        # whatever PostgreSQL itself says has a state; the driver alone has none
        state = cause.sqlstate
        return state is None or state in _POSTGRESQL_AWAY or state.startswith(_CONNECTION_CLASS)
    return cause.args[:1] != () and cause.args[0] in _MARIADB_AWAY
