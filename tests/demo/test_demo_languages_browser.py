"""The header's choice of language in Chromium: words, dates, money and plurals follow, Flask-Admin's own too where
Flask-Babel is at hand (X14)."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.demo_process import RunningDemo, running_demo

pytestmark = pytest.mark.browser

BABEL = Path(sys.prefix) / "babel"
QUEUE, PROVIDER = "/admin/sms/queue/", "/admin/sms/provider/new/?kind=twilio"


@pytest.fixture(scope="module", params=["with Flask-Babel", "without it"])
def demo(request: pytest.FixtureRequest) -> Iterator[RunningDemo]:
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "with Flask-Babel":
            assert (BABEL / "flask_babel").is_dir(), "run make .venv/.test"
            patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(BABEL), os.environ.get("PYTHONPATH")])))
        with running_demo() as running:
            yield running


def choose(page: Page, name: str) -> None:
    """By the keyboard alone."""
    page.locator(".languages summary").focus()
    page.keyboard.press("Enter")
    button = page.locator(".languages").get_by_role("button", name=name, exact=True)
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".languages summary")).to_have_text(name)


def test_all_four_languages_are_chosen_in_the_header(page: Page, demo: RunningDemo) -> None:
    page.goto(demo.url + QUEUE)
    for name, title in (("Português", "Fila"), ("Українська", "Черга"), ("English", "Queue")):
        choose(page, name)
        assert page.url.startswith(demo.url + QUEUE)
        expect(page.locator("h1")).to_have_text(title)
    page.goto(demo.url + PROVIDER)
    choose(page, "Português (Brasil)")
    expect(page.locator("html")).to_have_attribute("lang", "pt-BR")
    expect(page.locator("form.sms-form")).to_contain_text("Token de autenticação")
    expect(page.get_by_role("button", name="Salvar")).to_be_visible()


def test_a_text_is_measured_and_a_moment_is_named_in_the_language(page: Page, demo: RunningDemo) -> None:
    page.goto(demo.url + QUEUE)
    choose(page, "Українська")
    page.goto(f"{demo.url}/admin/sms/template/new/?section=invoice")
    page.fill("#text-pt", "один")
    expect(page.locator("#judged-pt")).to_contain_text("4 символи")
    page.fill("#text-pt", "одинадцять!")
    expect(page.locator("#judged-pt")).to_contain_text("11 символів")


def test_flask_admins_own_words_follow_where_flask_babel_is_at_hand(
    page: Page, demo: RunningDemo, request: pytest.FixtureRequest
) -> None:
    page.goto(f"{demo.url}/admin/client/edit/?id=1")
    choose(page, "Português")
    with_babel = "with Flask-Babel" in request.node.name
    expect(page.get_by_role("button", name="Cancelar" if with_babel else "Cancel", exact=True)).to_be_visible()
