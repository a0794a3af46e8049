"""A database of an earlier demo is refused with what to do, before anything is changed in it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from host_demo.setup import OldDatabase, prepare
from tests.demo_process import ROOT, free_port


def _age(file: Path, *wanted: str) -> None:
    with sqlite3.connect(file) as connection:
        for statement in wanted:
            connection.execute(statement)


def test_missing_tables_and_columns_are_named(portal: Flask, tmp_path: Path) -> None:
    _age(tmp_path / "portal.db", "DROP TABLE proposal_comment", "ALTER TABLE client DROP COLUMN email")
    with pytest.raises(OldDatabase) as refused:
        prepare(portal)
    said = str(refused.value)
    assert "proposal_comment, client.email" in said
    assert str(tmp_path / "portal.db") in said
    assert "--database" in said
    with sqlite3.connect(tmp_path / "portal.db") as connection:
        assert not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'proposal_comment'").fetchall()


def test_a_database_of_this_demo_is_prepared_again(portal: Flask) -> None:
    prepare(portal)


def test_make_demo_says_so_and_ends(portal: Flask, tmp_path: Path) -> None:
    file = tmp_path / "portal.db"
    _age(file, "DROP TABLE proposal_comment")
    command = [sys.executable, "-m", "host_demo", "--no-phone", "--port", str(free_port())]
    ended = subprocess.run(
        [*command, "--database", f"sqlite:///{file}"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 1
    assert "made by an earlier demo" in ended.stderr
    assert "Traceback" not in ended.stderr
