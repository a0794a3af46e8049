"""``flask sms check`` on the host's engine: each weakness planted once, and named with its remedy (X1)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from sms_plugin.cli.engines import weaknesses
from tests.portal import make_portal

only_sqlite = pytest.mark.one_database("sqlite", "what is told concerns SQLite alone")

REMEDY = "isolation_level = None, on `begin` execute BEGIN IMMEDIATE"


def _engine(file: Path, begin: str | None = "BEGIN IMMEDIATE", *pragmas: str, **options: Any) -> Engine:
    """A sound engine, but for what the test changes."""
    engine = sa.create_engine(f"sqlite:///{file / 'host.db'}", **options)

    def connect(connection: Any, record: object) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode = WAL", "busy_timeout = 5000", *pragmas):
            connection.execute(f"PRAGMA {pragma}")

    sa.event.listen(engine, "connect", connect)
    if begin is not None:
        sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


def _told(engine: Engine) -> list[tuple[str, bool]]:
    try:
        return [(weakness.what, weakness.grave) for weakness in weaknesses(engine)]
    finally:
        engine.dispose()


def _one(engine: Engine) -> tuple[str, bool]:
    (told,) = _told(engine)
    return told


@only_sqlite
def test_of_a_sound_engine_nothing_is_said(tmp_path: Path) -> None:
    assert _told(_engine(tmp_path)) == []


@only_sqlite
def test_a_driver_that_begins_with_the_first_write_is_named(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'host.db'}")
    sa.event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA journal_mode = WAL"))
    what, grave = _one(engine)
    assert "savepoint that comes earlier commits by itself" in what
    assert REMEDY in what
    assert not grave


@only_sqlite
def test_transactions_that_begin_deferred_are_named(tmp_path: Path) -> None:
    what, grave = _one(_engine(tmp_path, "BEGIN"))
    assert "begin deferred" in what
    assert REMEDY in what
    assert not grave


@only_sqlite
def test_half_the_remedy_is_worse_than_none(tmp_path: Path) -> None:
    """Without a ``begin``, the driver that was told to begin nothing leaves each statement alone."""
    what, grave = _one(_engine(tmp_path, None))
    assert "Each statement commits by itself" in what
    assert grave


@only_sqlite
def test_another_journal_than_wal_is_named(tmp_path: Path) -> None:
    what, _ = _one(_engine(tmp_path, "BEGIN IMMEDIATE", "journal_mode = DELETE"))
    assert "journal is 'delete'" in what
    assert "journal_mode = WAL" in what


@only_sqlite
def test_a_missing_busy_timeout_is_named(tmp_path: Path) -> None:
    what, _ = _one(_engine(tmp_path, "BEGIN IMMEDIATE", "busy_timeout = 0"))
    assert "busy timeout is 0 ms" in what
    assert "busy_timeout = 5000" in what


@only_sqlite
def test_not_waiting_for_the_disk_is_named(tmp_path: Path) -> None:
    what, _ = _one(_engine(tmp_path, "BEGIN IMMEDIATE", "synchronous = OFF"))
    assert "power cut" in what
    assert "synchronous = NORMAL" in what


@only_sqlite
def test_a_pool_that_a_runner_would_empty_is_named(tmp_path: Path) -> None:
    what, _ = _one(_engine(tmp_path, pool_size=2, max_overflow=2))
    assert "4 connections at most" in what
    assert "pool_size" in what


@only_sqlite
@pytest.mark.parametrize("over", [3, -1], ids=["enough", "no limit"])
def test_a_pool_that_suffices_is_not(tmp_path: Path, over: int) -> None:
    assert _told(_engine(tmp_path, pool_size=2, max_overflow=over)) == []


def test_an_engine_of_autocommit_is_named(database_url: str) -> None:
    """Promise 1 would be none: on each database."""
    what, grave = _told(sa.create_engine(database_url, isolation_level="AUTOCOMMIT"))[0]
    assert "Each statement commits by itself" in what
    assert grave


@only_sqlite
def test_the_command_says_it_too(tmp_path: Path) -> None:
    portal = make_portal(f"sqlite:///{tmp_path / 'portal.db'}")
    result = portal.app.test_cli_runner().invoke(args=["sms", "check"])
    assert "note   database: Its journal is 'delete'" in result.output
    assert result.exit_code == 0
    with portal.app.app_context():
        portal.db.engine.dispose()
