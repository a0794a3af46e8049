"""Databases of the tests' own: an empty one for each test that asks, on each server that is at hand.

``SMS_TEST_POSTGRESQL`` and ``SMS_TEST_MARIADB`` name the servers (SQLAlchemy URLs of a role that may create databases);
unless they are set, the usual ones on loopback are tried.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

SQLITE, POSTGRESQL, MARIADB = "sqlite", "postgresql", "mariadb"
_SERVERS = {
    POSTGRESQL: ("SMS_TEST_POSTGRESQL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"),
    MARIADB: ("SMS_TEST_MARIADB", "mysql+pymysql://root@127.0.0.1:3306/mysql"),
}
ALL = (SQLITE, POSTGRESQL, MARIADB)


def server(kind: str) -> URL:
    """Where the server of a kind is."""
    variable, usual = _SERVERS[kind]
    return make_url(os.environ.get(variable, usual))


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
    """The URL of an empty database, which is gone after the block."""
    if kind == SQLITE:
        yield f"sqlite:///{folder / 'portal.db'}"
        return
    name = f"sms_test_{uuid4().hex}"
    with _created(kind, name):
        yield server(kind).set(database=name).render_as_string(hide_password=False)


@contextmanager
def _created(kind: str, name: str) -> Iterator[None]:
    engine = sa.create_engine(server(kind), isolation_level="AUTOCOMMIT")
    drop = f"DROP DATABASE IF EXISTS {name}" + (" WITH (FORCE)" if kind == POSTGRESQL else "")
    create = f"CREATE DATABASE {name}" + (" CHARACTER SET utf8mb4" if kind == MARIADB else "")
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql(create)
        try:
            yield
        finally:
            with engine.connect() as connection:
                connection.exec_driver_sql(drop)
    finally:
        engine.dispose()
