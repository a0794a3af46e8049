"""What the demo's catalogue shows is what the manuals list, and it has all of it (T, M3, M4)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent
LISTS = ROOT / "tests" / "catalog"


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """``flask --app host_demo sms catalog --json``, as somebody types it."""
    database = tmp_path_factory.mktemp("demo") / "demo.db"
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "host_demo", "sms", "catalog", "--json"],
        cwd=ROOT,
        env={**os.environ, "DEMO_SQLALCHEMY_DATABASE_URI": f"sqlite:///{database}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, list[dict[str, Any]]] = json.loads(done.stdout)
    return found


def listed(name: str, column: int) -> list[str]:
    """A column of a list that was taken from the manuals."""
    lines = (LISTS / name).read_text("utf-8").splitlines()
    return [line.split()[column] for line in lines if not line.startswith("#")]


def test_it_shows_the_twenty_nine_triggers_with_what_fires_them(shown: dict[str, list[dict[str, Any]]]) -> None:
    triggers = {each["key"]: each for each in shown["triggers"] if each["shipped"]}
    assert list(triggers) == listed("triggers.txt", 1)
    by_hand_alone = [key for key, each in triggers.items() if not set(each["hooks"]) - {"hand"}]
    assert by_hand_alone == []
    kinds = {kind for each in triggers.values() for kind in each["hooks"]}
    assert kinds == {"created", "changed", "added", "signal", "date", "yearly", "hand"}


def test_it_shows_every_shortcode_of_the_two_manuals(shown: dict[str, list[dict[str, Any]]]) -> None:
    names = {each["name"] for each in shown["shortcodes"]}
    assert {*listed("perfectum.txt", 2), *listed("controllr.txt", 2)} - names == set()
    assert [each["name"] for each in shown["shortcodes"] if set(each["label"]) != {"en", "pt", "uk"}] == []
