"""The README promises nothing that is not there."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from configparser import ConfigParser
from dataclasses import fields
from pathlib import Path

import pytest

from sms_plugin.cli import sms
from sms_plugin.settings import Settings
from tests.catalogue_tables import shortcodes_table, triggers_table
from tests.gateways_table import table

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("proof", re.findall(r"`((?:tests|sms_plugin)/[\w/]+\.py::\w+)`", README))
def test_every_proof_is_a_test(proof: str) -> None:
    path, _, name = proof.partition("::")
    assert re.search(rf"def {name}\(", (ROOT / path).read_text("utf-8"))


def test_every_setting_is_explained() -> None:
    keys = {f"SMS_{field.name.upper()}" for field in fields(Settings)}
    assert {key for key in keys if f"`{key}`" not in README} == set()


def test_every_command_is_named() -> None:
    assert {name for name in sms.commands if name not in README} == set()


def test_what_each_gateway_can_do_stands_as_the_gateways_say_it() -> None:
    assert table() in README, "python -m tests.gateways_table"


def test_the_triggers_and_shortcodes_stand_as_the_catalogue_has_them() -> None:
    assert triggers_table() in README, "python -m tests.catalogue_tables"
    assert shortcodes_table() in README, "python -m tests.catalogue_tables"


def test_nothing_is_left_to_be_filled_in() -> None:
    assert "@@" not in README


def _units() -> list[ConfigParser]:
    """The unit files that a reader would copy."""
    units = []
    for text in re.findall(r"```ini\n(.*?)```", README, re.DOTALL):
        unit = ConfigParser(interpolation=None)
        unit.optionxform = str  # type: ignore[assignment,method-assign]
        unit.read_string(text)
        units.append(unit)
    return units


@pytest.mark.parametrize("unit", _units(), ids=lambda unit: unit["Unit"]["Description"])
def test_the_command_of_every_unit_is_one_that_runs(unit: ConfigParser) -> None:
    """With the demo in the reader's place; asked for no more than whether it would start."""
    program, *words = shlex.split(unit["Service"]["ExecStart"].replace("portal:", "host_demo:"))
    words = ["host_demo" if word == "portal" else word for word in words]
    asked = "--check-config" if program.endswith("gunicorn") else "--help"
    command = [sys.executable, "-m", Path(program).name, *words, asked]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert int(unit["Service"]["TimeoutStopSec"]) >= 5 + 30 + 5  # connect, read, and a margin: the settings' defaults


def test_there_is_a_unit_for_the_portal_and_one_for_the_worker() -> None:
    assert [unit["Unit"]["Description"] for unit in _units()] == ["The portal", "The portal's SMS worker"]


def test_every_package_is_in_the_wheel() -> None:
    """``setup.cfg`` names them one by one; what it forgets is missing only where somebody installs it."""
    root = Path(__file__).parent.parent
    told = ConfigParser()
    told.read(root / "setup.cfg", encoding="utf-8")
    there = {".".join(found.parent.relative_to(root).parts) for found in (root / "sms_plugin").rglob("__init__.py")}
    assert there <= set(told["options"]["packages"].split())
