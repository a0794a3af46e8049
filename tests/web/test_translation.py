"""Words in three kinds of portals: with Flask-Babel, without it, and where it is installed and never initialised.

Flask-Babel stands in a folder of its own: wherever it can be imported, Flask-Admin asks for it at every word.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sms_plugin.web.translation import lazy_gettext
from tests.portal import Portal

ROOT = Path(__file__).resolve().parents[2]
BABEL = Path(sys.prefix) / "babel"

PORTAL = """
import re, sys
from flask_admin import Admin
from tests.portal import make_portal
from sms_plugin.web.translation import gettext, language

def prepare(app):
    if "initialised" in sys.argv:
        from flask_babel import Babel
        Babel(app, locale_selector=lambda: sys.argv[3], timezone_selector=lambda: "America/Sao_Paulo")

portal = make_portal(sys.argv[1], prepare=prepare, mount=lambda app, db: {"admin": Admin(app)})
with portal.app.test_request_context():
    print(language(), gettext("Next %(what)s", what="page"))
for path in ("/admin/", "/admin/sms/provider/", "/admin/sms/provider/new/", "/admin/sms/provider/new/?kind=twilio"):
    try:
        answer = portal.app.test_client().get(path)
        print(path, answer.status_code, *re.findall(r"<h1[^>]*>([^<]+)<", answer.text))
    except KeyError as error:
        print(path, "KeyError", error)
with portal.app.app_context():
    print(portal.app.test_cli_runner().invoke(args=["sms", "check"]).output)
"""


def run(folder: Path, *arguments: str, babel: bool) -> str:
    """What the portal says in a process of its own."""
    paths = [str(ROOT), str(BABEL)] if babel else [str(ROOT)]
    return subprocess.run(
        [sys.executable, "-c", PORTAL, f"sqlite:///{folder / 'portal.db'}", *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


@pytest.fixture
def babel() -> None:
    """Flask-Babel, in its folder: ``make`` puts it there."""
    assert (BABEL / "flask_babel").is_dir(), "run make .venv/.test"


def test_without_flask_babel_pages_speak_english(tmp_path: Path) -> None:
    said = run(tmp_path, babel=False)
    assert "en Next page" in said
    assert "/admin/sms/provider/ 200" in said
    assert "/admin/sms/provider/new/ 200 Which company sends your messages?" in said


@pytest.mark.usefixtures("babel")
def test_the_hosts_flask_babel_tells_the_language(tmp_path: Path) -> None:
    said = run(tmp_path, "initialised", "pt", babel=True)
    assert "pt Next page" in said
    assert "/admin/sms/provider/new/ 200 Que empresa envia as suas mensagens?" in said
    assert "/admin/sms/provider/new/?kind=twilio 200" in said
    assert "Flask-Babel" not in said


@pytest.mark.usefixtures("babel")
def test_one_that_is_installed_and_not_initialised_is_named_by_the_check(tmp_path: Path) -> None:
    """Flask-Admin's own first page fails there, too; our words do not."""
    said = run(tmp_path, babel=True)
    assert "en Next page" in said
    assert "/admin/ KeyError 'babel'" in said
    assert "WRONG  Flask-Babel: It is installed and not initialised" in said


def test_words_of_a_class_are_said_when_they_are_shown(pages: Portal) -> None:
    words = lazy_gettext("%(count)s <b>", count=3)
    with pages.app.app_context():
        assert str(words) == "3 <b>"
        assert words.__html__() == "3 &lt;b&gt;"
