"""Where the tests' databases are, and databases that are made for one purpose and gone after it.

``SMS_TEST_POSTGRESQL`` and ``SMS_TEST_MARIADB`` name the servers (SQLAlchemy URLs of a role that may create databases
and end connections); unless they are set, the usual ones on loopback are tried. ``SMS_TEST_DATABASES`` names the kinds
to test on (``sqlite,mariadb``); unless it is set, all that are at hand.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy import Connection, Engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

SQLITE, POSTGRESQL, MARIADB = "sqlite", "postgresql", "mariadb"
ALL = (SQLITE, POSTGRESQL, MARIADB)
CHOSEN = "SMS_TEST_DATABASES"
#: What the databases of one run of the suite have in their names, so that the run can drop them whatever happened.
RUN = "SMS_TEST_RUN"
#: URLs of databases in which the tests' tables are made already, with what closes the portals that were made on them.
lent: dict[str, list[Callable[[], None]]] = {}
#: The environment variables that name the servers.
VARIABLES = {POSTGRESQL: "SMS_TEST_POSTGRESQL", MARIADB: "SMS_TEST_MARIADB"}
_USUAL = {
    POSTGRESQL: "postgresql+psycopg://postgres@127.0.0.1:5432/postgres",
    MARIADB: "mysql+pymysql://root@127.0.0.1:3306/mysql",
}
_OTHERS = {
    POSTGRESQL: "SELECT pid FROM pg_stat_activity WHERE datname = :name AND pid <> pg_backend_pid()",
    MARIADB: "SELECT id FROM information_schema.processlist WHERE db = :name AND id <> connection_id()",
}


def server(kind: str) -> URL:
    """Where the server of a kind is."""
    return make_url(os.environ.get(VARIABLES[kind], _USUAL[kind]))


def kinds() -> list[str]:
    """The kinds of database to test on. Raises ``ValueError`` for one that is unknown."""
    chosen = [kind for kind in os.environ.get(CHOSEN, "").split(",") if kind]
    if unknown := set(chosen) - set(ALL):
        raise ValueError(f"{CHOSEN} names {', '.join(sorted(unknown))}; there are {', '.join(ALL)}")
    return chosen or [kind for kind in ALL if not missing(kind)]


@cache
def missing(kind: str) -> str:
    """Why a kind of database cannot be had here; empty where it can."""
    if kind == SQLITE:
        return ""
    engine = sa.create_engine(server(kind), connect_args={"connect_timeout": 3})
    try:
        with engine.connect():
            return ""
    except (SQLAlchemyError, ImportError) as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0]}"
    finally:
        engine.dispose()


@contextmanager
def fresh(kind: str, folder: Path) -> Iterator[str]:
    """The URL of an empty database without a table, which is gone after the block."""
    if kind == SQLITE:
        yield f"sqlite:///{folder / 'empty.db'}"
        return
    with owner(kind) as connection:
        url = create(connection, kind)
        try:
            yield url
        finally:
            drop(connection, kind, url)


@contextmanager
def owner(kind: str) -> Iterator[Connection]:
    """A connection to the server itself, each statement a transaction of its own."""
    engine = owning(kind)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def owning(kind: str) -> Engine:
    """An engine of the server itself, each statement a transaction of its own."""
    return sa.create_engine(server(kind), isolation_level="AUTOCOMMIT", pool_pre_ping=True)


def create(connection: Connection, kind: str) -> str:
    """Make a database without a table; its URL. Its data may be lost with the machine: nobody waits for the disk."""
    name = f"{_prefix()}{uuid4().hex}"
    if kind == POSTGRESQL:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
        connection.exec_driver_sql(f"ALTER DATABASE {name} SET synchronous_commit = off")
    else:
        connection.exec_driver_sql(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    return server(kind).set(database=name).render_as_string(hide_password=False)


def drop(connection: Connection, kind: str, url: str) -> None:
    """Drop a database with whoever is still connected to it."""
    _drop(connection, kind, str(make_url(url).database))


def others(connection: Connection, kind: str, url: str) -> list[int]:
    """The ids of the connections to a database, without this one."""
    return list(connection.scalars(sa.text(_OTHERS[kind]), {"name": make_url(url).database}))


def settle_for_workers() -> None:
    """Have every process that is started from this one test on the same kinds, under the name of the same run."""
    os.environ[CHOSEN] = ",".join(kinds())
    os.environ.setdefault(RUN, uuid4().hex[:12])


def drop_all_of_this_run() -> None:
    """Drop what a process of this run left behind when it died."""
    for kind in (POSTGRESQL, MARIADB):
        if kind not in kinds() or missing(kind):
            continue
        names = "SELECT datname FROM pg_database" if kind == POSTGRESQL else "SHOW DATABASES"
        with owner(kind) as connection:
            for name in list(connection.exec_driver_sql(names).scalars()):
                if name.startswith(_prefix()):
                    _drop(connection, kind, name)


def _prefix() -> str:
    return f"sms_test_{os.environ.setdefault(RUN, uuid4().hex[:12])}_"


#: MariaDB's error for a connection that has ended by itself meanwhile.
_GONE = 1094


def _drop(connection: Connection, kind: str, name: str) -> None:
    if kind == POSTGRESQL:
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        return
    for number in connection.scalars(sa.text(_OTHERS[kind]), {"name": name}):
        try:
            connection.exec_driver_sql(f"KILL {number}")
        except DBAPIError as error:
            if getattr(error.orig, "args", (0,))[0] != _GONE:
                raise
    connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}")
