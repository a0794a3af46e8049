"""The tables come and go by revisions, and agree with the models; the host's own are left alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine

from sms_plugin import schema
from sms_plugin.errors import SmsError
from sms_plugin.models import Base
from sms_plugin.models.names import include_name


@pytest.fixture
def engine(empty_database_url: str) -> Iterator[Engine]:
    """A database with a table of the host's, and foreign keys on, as a careful host has them."""
    made = sa.create_engine(empty_database_url)

    def _keys_on(connection: Any, record: object) -> None:
        connection.execute("PRAGMA foreign_keys=ON")

    if made.dialect.name == "sqlite":
        sa.event.listen(made, "connect", _keys_on)
    with made.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE client (id INTEGER PRIMARY KEY)")
    yield made
    made.dispose()


def _tables(engine: Engine) -> set[str]:
    return set(sa.inspect(engine).get_table_names())


def test_upgrading_makes_every_table_of_the_models(engine: Engine) -> None:
    schema.upgrade(engine)
    assert _tables(engine) == {*Base.metadata.tables, schema.VERSION_TABLE, "client"}
    assert all(name.startswith("sms_") for name in Base.metadata.tables)


def test_models_and_revisions_agree(engine: Engine) -> None:
    schema.upgrade(engine)
    assert schema.differences(engine) == ""


def test_a_missing_column_is_told(engine: Engine) -> None:
    schema.upgrade(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE sms_runner DROP COLUMN host")
    assert "host" in schema.differences(engine)


def test_upgrading_twice_changes_nothing(engine: Engine) -> None:
    assert schema.current(engine) is None
    schema.upgrade(engine)
    schema.upgrade(engine)
    assert schema.current(engine) == schema.newest()


def test_down_to_the_base_and_up_again(engine: Engine) -> None:
    schema.upgrade(engine)
    schema.downgrade(engine, "base")
    assert _tables(engine) == {schema.VERSION_TABLE, "client"}
    schema.upgrade(engine)
    assert schema.differences(engine) == ""


def test_an_unknown_revision_is_refused(engine: Engine) -> None:
    with pytest.raises(SmsError) as told:
        schema.upgrade(engine, "9999")
    assert told.value.code == "bad_revision"


@pytest.mark.one_database("sqlite", "the others have no such switch")
def test_the_hosts_foreign_keys_stay_on(engine: Engine) -> None:
    """Rebuilding a table on SQLite needs them off; the host's connection gets them back."""
    schema.upgrade(engine)
    schema.downgrade(engine, "base")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


@pytest.mark.one_database("sqlite", "the others have no such switch")
def test_where_transactions_begin_at_once_they_are_off_meanwhile_too(engine: Engine) -> None:
    """The switch is deaf inside a transaction, and such a host has one with its first statement."""
    sa.event.listen(engine, "connect", lambda connection, _: setattr(connection, "isolation_level", None))
    sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    engine.dispose()
    with schema._connected(engine) as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 0
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


@pytest.mark.one_database("sqlite", "the others have no such switch")
def test_a_failed_upgrade_gives_the_foreign_keys_back_too(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE sms_change (id INTEGER)")
    with pytest.raises(sa.exc.OperationalError):
        schema.upgrade(engine)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_a_table_of_the_hosts_with_a_name_like_ours_stays_the_hosts(engine: Engine) -> None:
    """A portal may have texted before: its autogenerate sees such a table, ours does not take it for a stray one."""
    schema.upgrade(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE sms_log (id INTEGER)")
    assert schema.differences(engine) == ""
    with engine.connect() as connection:
        careful = MigrationContext.configure(connection, opts={"include_name": include_name})
        changes = compare_metadata(careful, sa.MetaData())
    assert sorted(change[1].name for change in changes) == ["client", "sms_log"]


def test_a_hosts_own_autogenerate_leaves_our_tables_alone(engine: Engine) -> None:
    """Without the helper it would drop them all; with it, it sees its own only."""
    schema.upgrade(engine)
    host = sa.MetaData()
    sa.Table("client", host, sa.Column("id", sa.Integer, primary_key=True, nullable=engine.dialect.name == "sqlite"))
    with engine.connect() as connection:
        careless = MigrationContext.configure(connection)
        assert any("sms_message" in str(change) for change in compare_metadata(careless, host))
        careful = MigrationContext.configure(connection, opts={"include_name": include_name})
        assert compare_metadata(careful, host) == []
