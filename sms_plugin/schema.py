"""Bringing the plugin's tables to this version: Alembic, by program, on the host's engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from io import StringIO
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine

from sms_plugin.errors import SmsError

VERSION_TABLE = "sms_alembic_version"


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the tables to a revision. Commits. Raises ``SmsError`` for one that does not exist."""
    _run(engine, lambda config: command.upgrade(config, revision))


def downgrade(engine: Engine, revision: str) -> None:
    """Take the tables back to a revision; ``base`` drops them. Commits. Raises ``SmsError``."""
    _run(engine, lambda config: command.downgrade(config, revision))


def revise(engine: Engine, message: str) -> None:
    """Write a revision from the difference between models and database, for the plugin's own developers."""
    number = f"{len(list(_scripts().walk_revisions())) + 1:04}"

    def write(config: Config) -> None:
        config.attributes["revising"] = True
        command.revision(config, message, autogenerate=True, rev_id=number)

    _run(engine, write)


def differences(engine: Engine) -> str:
    """How models and database differ, in Alembic's words; empty where they agree. Reads only."""
    with _connected(engine) as connection:
        try:
            command.check(_config(connection))
        except CommandError as difference:
            return str(difference)
    return ""


def current(engine: Engine) -> str | None:
    """The revision that the database is at. Reads only."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        return context.get_current_revision()


def newest() -> str | None:
    """The revision that this version of the plugin needs."""
    return _scripts().get_current_head()


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config(None))


def _run(engine: Engine, work: Any) -> None:
    with _connected(engine) as connection:
        try:
            work(_config(connection))
        except CommandError as error:
            raise SmsError(str(error), code="bad_revision", hint="See `flask sms upgrade --help`.") from None


def _config(connection: Connection | None) -> Config:
    config = Config(stdout=StringIO())  # Alembic's words for a terminal; ours say what matters
    migrations = import_module("sms_plugin.migrations")
    config.set_main_option("script_location", next(iter(migrations.__path__)))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


@contextmanager
def _connected(engine: Engine) -> Iterator[Connection]:
    """A connection in a transaction. SQLite rebuilds a table to change it: with foreign keys on, that would empty the
    tables that refer to it, and the switch is deaf inside a transaction.
    """
    with engine.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        sqlite = connection.dialect.name == "sqlite"
        # asked of the driver itself, since a host's transactions may begin with the first statement
        before = sqlite and driver.execute("PRAGMA foreign_keys").fetchone()[0]
        if before:
            driver.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                yield connection
        finally:
            if before:
                driver.execute("PRAGMA foreign_keys=ON")
