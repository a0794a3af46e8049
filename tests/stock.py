"""Databases with the tests' tables in them, at a cost that every test can pay.

Measured on two cores: making and migrating a database takes 130 ms on SQLite, 560 ms on PostgreSQL and 750 ms on
MariaDB. Copying a migrated file takes 1 ms; emptying 21 tables by ``DELETE`` takes 1 ms and 5 ms (``TRUNCATE`` 200 ms
and 80 ms, ``CREATE DATABASE … TEMPLATE`` with its drop 70 ms). So each process makes one of each and keeps it.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from tests import databases

#: How long a connection that was closed may still be seen on the server.
_GONE_AFTER = 1.0
_COLUMNS = {
    databases.POSTGRESQL: """
        SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'
        UNION ALL SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'""",
    databases.MARIADB: """
        SELECT table_name, column_name, column_type FROM information_schema.columns WHERE table_schema = database()
        UNION ALL SELECT table_name, index_name, column_name FROM information_schema.statistics
        WHERE table_schema = database()""",
}


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A database on a server, its tables as they were made, and an engine of the stock's own for emptying it."""

    kind: str
    url: str
    engine: Engine
    tables: frozenset[tuple[object, ...]]


@dataclass(kw_only=True)
class Stock:
    """The databases of one process. Each is lent to one test at a time; ``tables`` come in the order of emptying.

    ``make_tables`` fills the database of a URL, and leaves no row in those tables.
    """

    make_tables: Callable[[str], None]
    tables: list[sa.Table]
    folder: Path
    _file: Path | None = None
    _owners: dict[str, Engine] = field(default_factory=dict)
    _free: dict[str, list[Kept]] = field(default_factory=dict)

    @contextmanager
    def lend(self, kind: str, folder: Path) -> Iterator[str]:
        """The URL of a database whose tables are made and empty."""
        if kind == databases.SQLITE:
            with _lent(f"sqlite:///{shutil.copy(self._template(), folder / 'portal.db')}") as url:
                yield url
            return
        free = self._free.setdefault(kind, [])
        kept = free.pop() if free else self._made(kind)
        try:
            with _lent(kept.url) as url:
                yield url
        finally:
            if self._emptied(kept):
                free.append(kept)
            else:
                self._discard(kept)

    def close(self) -> None:
        """Drop them all."""
        for free in self._free.values():
            while free:
                self._discard(free.pop())
        for owner in self._owners.values():
            owner.dispose()

    def _template(self) -> Path:
        if self._file is None:
            file = self.folder / "template.db"
            self.make_tables(f"sqlite:///{file}")
            self._file = file
        return self._file

    def _owner(self, kind: str) -> Engine:
        if kind not in self._owners:
            self._owners[kind] = databases.owning(kind)
        return self._owners[kind]

    def _made(self, kind: str) -> Kept:
        with self._owner(kind).connect() as connection:
            url = databases.create(connection, kind)
        self.make_tables(url)
        engine = sa.create_engine(url, pool_size=1, max_overflow=0, pool_pre_ping=True)
        with engine.begin() as connection:
            return Kept(kind=kind, url=url, engine=engine, tables=_tables(connection, kind))

    def _discard(self, kept: Kept) -> None:
        kept.engine.dispose()
        with self._owner(kept.kind).connect() as connection:
            databases.drop(connection, kept.kind, kept.url)

    def _emptied(self, kept: Kept) -> bool:
        """Empty it. Not where a thread or process of the test still holds it, nor where its tables were changed."""
        with kept.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            if not _left_alone(connection, kept) or _tables(connection, kept.kind) != kept.tables:
                return False
        with kept.engine.begin() as connection:
            for table in self.tables:
                connection.execute(table.delete())
            _count_from_one(connection, kept.kind)
        return True


@contextmanager
def _lent(url: str) -> Iterator[str]:
    databases.lent[url] = []
    try:
        yield url
    finally:
        for close in databases.lent.pop(url):
            close()


def _left_alone(connection: Connection, kept: Kept) -> bool:
    give_up = time.monotonic() + _GONE_AFTER
    while databases.others(connection, kept.kind, kept.url):
        if time.monotonic() > give_up:
            return False
        time.sleep(0.002)
    return True


def _count_from_one(connection: Connection, kind: str) -> None:
    """Have the numbers of rows begin anew, as in a new database."""
    if kind == databases.POSTGRESQL:
        connection.exec_driver_sql("SELECT setval(seqrelid, 1, false) FROM pg_sequence").all()
        return
    counted = connection.exec_driver_sql(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = database() AND auto_increment > 1"
    )
    for name in counted.scalars().all():
        connection.exec_driver_sql(f"ALTER TABLE {name} AUTO_INCREMENT = 1")


def _tables(connection: Connection, kind: str) -> frozenset[tuple[object, ...]]:
    return frozenset(tuple(row) for row in connection.exec_driver_sql(_COLUMNS[kind]))
