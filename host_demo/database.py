"""The portal's database: one declarative base, one Flask-SQLAlchemy object, and what SQLite needs."""

from __future__ import annotations

import sqlite3
from typing import Any

from flask import has_request_context, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, Engine, MetaData, event
from sqlalchemy.orm import DeclarativeBase, Session, scoped_session


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(model_class=Base)

#: What the portal's rules work in: ``db.session``, or a session of one's own.
AnySession = Session | scoped_session[Any]


def tune(engine: Engine) -> None:
    """Let readers and writers share a SQLite file; any other database is left as it is.

    The listeners hang on this engine alone: another engine of the process keeps its own settings.
    """
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up)
        event.listen(engine, "begin", _begin)


def _set_up(connection: sqlite3.Connection, _record: object) -> None:
    # the driver would begin before the first write only, and a savepoint that comes earlier would commit by itself
    connection.isolation_level = None
    for pragma in ("busy_timeout = 5000", "journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    """Take the write lock at once, and so wait for it: whoever has read before is refused where another wrote since.
    Pages that are only looked at need none.
    """
    looks = has_request_context() and request.method in {"GET", "HEAD"}
    connection.exec_driver_sql("BEGIN" if looks else "BEGIN IMMEDIATE")
