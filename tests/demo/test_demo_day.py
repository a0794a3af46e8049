"""A day of the portal, played by ``flask demo day``: alone, again, and beside a portal that runs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
from flask import Flask
from sqlalchemy import func, select

from host_demo.database import db
from host_demo.day import DEEDS
from host_demo.models import Booking, Invoice, Payment, ProposalComment, RepairMessage, Task
from tests.demo.office import Office
from tests.demo_process import DEADLINE, ROOT, running_demo

pytestmark = pytest.mark.one_database("sqlite", "the demo's own records")


def _day(app: Flask, *words: str) -> list[str]:
    """What ``flask demo day`` prints."""
    result = app.test_cli_runner().invoke(args=["demo", "day", *words])
    assert result.exit_code == 0, result.output
    return result.output.splitlines()


def _counts(app: Flask) -> dict[str, int]:
    kinds = (Invoice, Payment, Booking, Task, RepairMessage, ProposalComment)
    with app.app_context():
        return {kind.__name__: db.session.scalar(select(func.count()).select_from(kind)) or 0 for kind in kinds}


def test_a_day_brings_something_of_everything_and_says_so(portal: Flask) -> None:
    before = _counts(portal)
    lines = _day(portal, "--seed", "1")
    after = _counts(portal)
    assert lines[0].endswith(", seed 1")
    assert len(lines) > sum(often for _, often in DEEDS) / 2
    assert [line[:5] for line in lines[1:]] == sorted(line[:5] for line in lines[1:])
    assert all(after[kind] > before[kind] for kind in before)


def test_a_seed_plays_the_same_day_again_on_the_same_records(seeded_file: Path, tmp_path: Path) -> None:
    played = []
    for name in ("one", "other"):
        file = tmp_path / f"{name}.db"
        file.write_bytes(seeded_file.read_bytes())
        env = os.environ | {"DEMO_SQLALCHEMY_DATABASE_URI": f"sqlite:///{file}"}
        command = [sys.executable, "-m", "flask", "--app", "host_demo", "demo", "day", "--seed", "7"]
        played.append(subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    assert played[0] == played[1]


def test_it_can_be_played_again_and_again_on_whatever_date(portal: Flask) -> None:
    """Days run on, back and over the end of the year; what a rule refuses is left out, and no day fails."""
    for count, on in enumerate(("2026-12-31", "2027-01-01", "2026-12-30", "2027-02-28")):
        assert _day(portal, "--date", on, "--seed", str(count))[0] == f"{on}, seed {count}"


def test_without_a_portal_it_says_what_to_do(tmp_path: Path) -> None:
    env = os.environ | {"DEMO_SQLALCHEMY_DATABASE_URI": f"sqlite:///{tmp_path / 'none.db'}"}
    command = [sys.executable, "-m", "flask", "--app", "host_demo", "demo", "day"]
    ended = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "python -m host_demo" in ended.stderr


def test_what_a_day_brings_is_texted(office: Office) -> None:
    """T2, T14, T18, T21 and their likes, by the office's own triggers."""
    office.switch_on("invoice_payment_recorded", "charge_created", "booking_submitted", "task_assigned")
    lines = _day(office.app, "--seed", "3")
    texts = [text for _, text in office.texts()]
    assert len(texts) > 4
    issued = [line.split()[2] for line in lines if " Invoice " in line and " issued " in line]
    assert any(number in text for number in issued for text in texts)


@pytest.mark.browser  # not for a browser's sake: a portal of its own, with its runner and its phones
@pytest.mark.timeout(180)
def test_it_plays_beside_a_portal_that_runs(tmp_path: Path) -> None:
    """Another process writes while the portal sweeps and sends; its phones ring before long."""
    database = f"sqlite:///{tmp_path / 'demo.db'}"
    with running_demo(database=database) as demo:
        requests.get(f"{demo.url}/login", timeout=30)
        env = os.environ | {"DEMO_SQLALCHEMY_DATABASE_URI": database, "DEMO_PHONE_GATEWAY_URL": demo.phone_url}
        command = [sys.executable, "-m", "flask", "--app", "host_demo", "demo", "day"]
        for seed in ("11", "12"):
            subprocess.run([*command, "--seed", seed], env=env, cwd=ROOT, capture_output=True, text=True, check=True)
        rung: list[object] = []
        until = time.monotonic() + DEADLINE
        while len(rung) <= 5 and time.monotonic() < until:
            time.sleep(0.1)
            rung = requests.get(f"{demo.phone_url}/ledger", timeout=30).json()
        assert len(rung) > 5
