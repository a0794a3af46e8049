"""Telling a database that only asks for patience from one that says no."""

from __future__ import annotations

from typing import Any

from sqlalchemy.exc import DBAPIError

_SQLITE = frozenset({5, 6})  #: SQLITE_BUSY, SQLITE_LOCKED
_POSTGRESQL = frozenset({"40001", "40P01", "55P03"})  #: serialization failure, deadlock, lock not available
_MARIADB = frozenset({1020, 1205, 1213})  #: record changed, lock wait timeout, deadlock


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
