"""Choosing another gateway changes the form at once, and keeps what was typed as the name (issue 5, 7)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.demo.steps import sign_in
from tests.demo_process import RunningDemo, running_demo

pytestmark = [
    pytest.mark.browser,
    pytest.mark.one_database("sqlite", "what a browser does with the pages is the same on each"),
]


@pytest.fixture
def form(chrome: Browser) -> Iterator[tuple[Page, RunningDemo]]:
    """The form of a new provider, under the demo's strict policy."""
    with running_demo(phones=False) as demo:
        page = chrome.new_page()
        sign_in(page, demo)
        page.goto(f"{demo.url}/admin/sms/provider/new/?kind=twilio")
        yield page, demo
        page.close()


def test_another_gateway_changes_the_form_at_once(form: tuple[Page, RunningDemo]) -> None:
    page, demo = form
    complaints: list[str] = []
    page.on("console", lambda told: complaints.append(told.text) if told.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.fill("#name", "The new one")
    page.select_option("#sms-kind", "turbosms")
    expect(page.locator("h1")).to_have_text("TurboSMS")
    expect(page.locator("#setting_account_sid")).to_have_count(0)
    expect(page.locator("#name")).to_have_value("The new one")
    page.fill("#setting_token", "a-made-up-token")
    page.click(".sms-secret button >> nth=0")
    expect(page.locator("#setting_token")).to_have_attribute("type", "text")
    page.fill("#setting_sender", "NorteFibra")
    page.click("button:text-is('Save')")
    expect(page.locator("h1")).to_have_text("The new one")
    assert page.url == f"{demo.url}/admin/sms/provider/edit/?name=The+new+one"
    assert complaints == []
