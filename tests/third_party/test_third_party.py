"""A gateway of somebody else's: a distribution of its own, found by its entry point, and under contract (P20)."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sms_plugin.testing import drain
from sms_plugin.testing.gateway_contract import ScriptedServer
from sms_plugin.testing.loopback import json_reply
from tests.portal import make_portal

PACKAGE = Path(__file__).parent / "pigeon"
APP = """
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sms_plugin import SMS

app = Flask(__name__)
app.config.update(SECRET_KEY="x", SQLALCHEMY_DATABASE_URI="sqlite://", SMS_SECRET_KEYS="{key}")
db = SQLAlchemy(app)
SMS().init_app(app, db=db)
"""
KEY = "dGVzdHMgb25seTogdGhpcyBpcyBubyBzZWNyZXQuLi4="


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the package was installed into."""
    source = tmp_path_factory.mktemp("source") / "pigeon"
    shutil.copytree(PACKAGE, source, ignore=shutil.ignore_patterns("__pycache__"))
    target = tmp_path_factory.mktemp("installed")
    alone = ["--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "install", "-q", *alone, "--target", str(target), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return target


def run(installed: Path, *command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A Python module run in that folder, where the package is installed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "SMS_"))}
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(installed), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


def test_the_catalogue_lists_it_with_what_it_can_do(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP.replace("{key}", KEY))
    done = run(installed, "flask", "--app", "app", "sms", "catalog", "--json", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    gateways = {each["kind"]: each for each in json.loads(done.stdout)["gateways"]}
    assert gateways["pigeon"]["label"] == "Pigeon Post"
    assert gateways["pigeon"]["capabilities"]["batch_size"] == 50
    assert {"twilio", "generic"} <= gateways.keys()


def test_it_passes_the_contract_that_ships(installed: Path, tmp_path: Path) -> None:
    """With its own tests, from a folder where nothing of this one is on the path."""
    shutil.copy(PACKAGE / "test_pigeon_sms.py", tmp_path)
    done = run(installed, "pytest", "-q", "-p", "no:cacheprovider", "test_pigeon_sms.py", folder=tmp_path)
    assert done.returncode == 0, done.stdout
    counted = re.search(r"(\d+) passed", done.stdout)
    assert counted is not None
    assert int(counted[1]) > 50
    assert "skipped" not in done.stdout


def test_a_message_goes_through_it(installed: Path, empty_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(installed))
    monkeypatch.delitem(sys.modules, "pigeon_sms", raising=False)
    portal = make_portal(empty_database_url)
    with portal.app.app_context(), ScriptedServer() as pigeons:
        pigeons.will(json_reply([{"ring": "PT-1"}]))
        given = {"base_url": pigeons.url, "token": "t", "webhook_secret": "s"}
        portal.use_kind("pigeon", given, name="loft")
        message = portal.queue(text="Home safely")
        drain(portal.app)
        assert portal.message(message).state == "sent"
        assert [attempt.reference for attempt in portal.attempts(message)] == ["PT-1"]
        portal.db.session.remove()
        portal.db.engine.dispose()
    ((letter,),) = [request.json() for request in pigeons.requests]
    assert (letter["id"], letter["text"]) == (str(message), "Home safely")
