"""The README promises nothing that is not there."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from sms_plugin.cli import sms
from sms_plugin.settings import Settings

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


def test_nothing_is_left_to_be_filled_in() -> None:
    assert "@@" not in README
