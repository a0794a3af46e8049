"""Inserting rows that may be there already, in each database's own words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects import mysql, postgresql, sqlite


def insert_once(
    connection: Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]], *, unique: str | Sequence[str]
) -> list[Any]:
    """Insert the rows whose ``unique`` columns do not stand already, in order; the primary keys of those inserted.

    A primary key of several columns is told by its first; where it is the unique one itself, MariaDB tells those that
    stood already, too. What does not fit its column is refused, never cut. Writes in the caller's transaction.
    """
    if not rows:
        return []
    columns = [unique] if isinstance(unique, str) else list(unique)
    key = table.primary_key.columns[0]
    statement = _statement(table, columns, key, dialect=connection.dialect.name)
    if connection.dialect.name in _TOLD_APART:
        return list(connection.execute(statement, [dict(row) for row in rows]).scalars())
    return [row[key.name] for row in rows if _inserted(connection, statement, row, key.name)]


_TOLD_APART = frozenset({"postgresql", "sqlite"})  #: databases that give back only the rows that they inserted


def _statement(table: sa.Table, columns: Sequence[str], key: sa.Column[Any], *, dialect: str) -> Any:
    if dialect == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing(index_elements=columns).returning(key)
    if dialect == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing(index_elements=columns).returning(key)
    # IGNORE would cut what is too long as well
    return mysql.insert(table).on_duplicate_key_update({key.name: key}).returning(key)


def _inserted(connection: Connection, statement: Any, row: Mapping[str, Any], key: str) -> bool:
    """Whether the row that stands now is ours: the database counts an old one that was left alone as one, too."""
    return bool(connection.execute(statement, dict(row)).scalar_one() == row[key])
