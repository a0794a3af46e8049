"""Inserting rows that may be there already, in each database's own words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
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
    columns = (unique,) if isinstance(unique, str) else tuple(unique)
    key = table.primary_key.columns[0]
    if len(rows) > 1 and key.name not in columns:
        return _many(connection, table, rows, columns, key)
    statement = _telling(table, columns, key, dialect=connection.dialect.name)
    if connection.dialect.name in _TOLD_APART:
        if len(rows) == 1:  # for which less has to be made ready
            return list(connection.execute(statement, dict(rows[0])).scalars())
        return list(connection.execute(statement, [dict(row) for row in rows]).scalars())
    return [row[key.name] for row in rows if _inserted(connection, statement, row, key.name)]


def insert_many(connection: Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that name the same columns, of which none stands already. Writes in the caller's transaction."""
    if rows:
        _handed_over(connection, _plainly(table), table, rows, tuple(rows[0]))


_TOLD_APART = frozenset({"postgresql", "sqlite"})  #: databases that tell only the rows that they inserted


def passes_by(connection: Connection) -> bool:
    """Whether the database passes by a row that stands already: MariaDB locks it first."""
    return connection.dialect.name in _TOLD_APART


#: So many keys are asked for at once.
_ASKED = 500


def _many(
    connection: Connection,
    table: sa.Table,
    rows: Sequence[Mapping[str, Any]],
    columns: tuple[str, ...],
    key: sa.Column[Any],
) -> list[Any]:
    """Rows whose primary keys nobody else can have: those that stand afterwards are ours. Asking each row for its key
    would cost several times as much as the rows themselves.
    """
    statement = _statement(table, columns, key, dialect=connection.dialect.name)
    # each value has its price: without the columns that are empty in all of them
    filled = [name for name in rows[0] if table.c[name].default or any(row[name] is not None for row in rows)]
    done = _handed_over(connection, statement, table, rows, tuple(filled))
    keys = [row[key.name] for row in rows]
    if connection.dialect.name in _TOLD_APART and done.rowcount == len(rows):
        return keys
    found: set[Any] = set()
    for start in range(0, len(keys), _ASKED):
        found.update(connection.scalars(sa.select(key).where(key.in_(keys[start : start + _ASKED]))))
    return [each for each in keys if each in found]


def _handed_over(
    connection: Connection, statement: Any, table: sa.Table, rows: Sequence[Mapping[str, Any]], names: tuple[str, ...]
) -> sa.CursorResult[Any]:
    """What came of these columns of the rows, which the driver is given as it takes them. SQLAlchemy makes two more of
    each on the way, and asks each for its defaults: a third of what inserting costs.
    """
    ready = _ready(statement, table, names, connection.dialect)
    picked = itemgetter(*ready.names)
    given: list[Any] = []
    for row in rows:
        values = list(picked({**ready.defaults, **row} if ready.defaults else row))
        for at, process in ready.processors:
            values[at] = process(values[at])
        given.append(tuple(values) if ready.positional else dict(zip(ready.names, values, strict=True)))
    return connection.exec_driver_sql(ready.sql, given, execution_options={"preserve_rowcount": True})


@dataclass(frozen=True, kw_only=True)
class _Ready:
    """An insertion of many rows in the words of one driver."""

    sql: str
    names: tuple[str, ...]  #: of the columns, in the order of their places
    positional: bool  #: else by their names
    processors: tuple[tuple[int, Callable[[Any], Any]], ...]  #: by place, where a type has another value for the driver
    defaults: Mapping[str, Any]  #: of the columns that are not given


@lru_cache(maxsize=64)
def _ready(statement: Any, table: sa.Table, given: tuple[str, ...], dialect: sa.Dialect) -> _Ready:
    compiled = statement.compile(dialect=dialect, column_keys=list(given), for_executemany=True)
    names = tuple(compiled.positiontup or compiled.binds)
    types = [table.c[name].type.dialect_impl(dialect) for name in names]
    return _Ready(
        sql=str(compiled),
        names=names,
        positional=compiled.positional,
        processors=tuple((at, found) for at, each in enumerate(types) if (found := each.bind_processor(dialect))),
        defaults={name: table.c[name].default.arg for name in names if name not in given},
    )


@lru_cache
def _statement(table: sa.Table, columns: tuple[str, ...], key: sa.Column[Any], *, dialect: str) -> Any:
    if dialect == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing(index_elements=columns)
    if dialect == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing(index_elements=columns)
    # IGNORE would cut what is too long as well
    return mysql.insert(table).on_duplicate_key_update({key.name: key})


@lru_cache
def _plainly(table: sa.Table) -> Any:
    return sa.insert(table)


@lru_cache
def _telling(table: sa.Table, columns: tuple[str, ...], key: sa.Column[Any], *, dialect: str) -> Any:
    return _statement(table, columns, key, dialect=dialect).returning(key)


def _inserted(connection: Connection, statement: Any, row: Mapping[str, Any], key: str) -> bool:
    """Whether the row that stands now is ours: the database counts an old one that was left alone as one, too."""
    return bool(connection.execute(statement, dict(row)).scalar_one() == row[key])
