"""In Chromium: a provider from nothing to active, on the demo, by what the pages say (issue Pages, done when)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from tests.demo.steps import fill_in_provider, open_menu, sign_in, try_and_activate
from tests.demo_process import RunningDemo, running_demo

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def demo() -> Iterator[RunningDemo]:
    with running_demo() as running:
        yield running


@pytest.fixture
def page(chrome: Browser, demo: RunningDemo) -> Iterator[Page]:
    """An administrator's page, which says nothing in the console and asks no other machine."""
    said: list[str] = []
    page = chrome.new_page(viewport={"width": 360, "height": 740})
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda each: None if each.url.startswith((demo.url, "data:")) else said.append(each.url))
    sign_in(page, demo)
    yield page
    page.close()
    assert said == []


def test_a_provider_is_set_up_tried_and_activated(page: Page, demo: RunningDemo) -> None:
    open_menu(page, "Providers")
    fill_in_provider(page, name="The <b>new</b> one", address="not an address")
    expect(page.locator("text=Nothing is saved yet")).to_be_visible()
    page.fill("#setting_base_url", demo.phone_url)
    page.click("button:text-is('Save')")
    try_and_activate(page, number="912 000 777")
    assert "A test message from Norte Fibra." in requests.get(demo.phone_url, timeout=5).text
    page.click("text=‹ Providers")
    rows = page.locator(".sms-rows tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.filter(has_text="The <b>new</b> one").locator(".sms-state")).to_have_text("active")
    expect(rows.last.locator(".sms-state")).to_have_text("saved, not active")


def test_a_question_that_is_answered_no_changes_nothing(page: Page, demo: RunningDemo) -> None:
    page.goto(f"{demo.url}/admin/sms/provider/")
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.click("button:text-is('Deactivate')")
    expect(page.locator(".sms-state-good")).to_have_count(1)
    page.once("dialog", lambda dialog: dialog.accept())
    page.click("button:text-is('Deactivate')")
    expect(page.locator("text=No provider is active:")).to_be_visible()


def test_a_secret_can_be_looked_at_while_it_is_typed(page: Page, demo: RunningDemo) -> None:
    page.goto(f"{demo.url}/admin/sms/provider/new/?kind=twilio")
    field = page.locator("#setting_auth_token")
    field.fill("typed")
    assert field.get_attribute("type") == "password"
    page.locator(".sms-secret:has(#setting_auth_token) button").click()
    assert field.get_attribute("type") == "text"


def test_switching_ssl_off_is_warned_of_at_once(page: Page, demo: RunningDemo) -> None:
    """P12."""
    page.goto(f"{demo.url}/admin/sms/provider/new/?kind=generic")
    warning = page.locator("#sms-in-clear")
    expect(warning).to_be_hidden()
    page.uncheck("#setting_ssl")
    expect(warning).to_be_visible()


@pytest.mark.parametrize("path", ["", "new/", "new/?kind=generic", "edit/?name=phone"])
def test_no_page_is_wider_than_a_phone(page: Page, demo: RunningDemo, path: str) -> None:
    page.goto(f"{demo.url}/admin/sms/provider/{path}")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
