"""What a send to many has in store for a number, read on its history and explained before it goes (X20, Q4)."""

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


@pytest.fixture(scope="module")
def demo() -> Iterator[RunningDemo]:
    with running_demo() as running:
        yield running


@pytest.fixture
def page(chrome: Browser, demo: RunningDemo) -> Iterator[Page]:
    page = chrome.new_page(viewport={"width": 1280, "height": 800})
    errors: list[str] = []
    page.on("console", lambda told: errors.append(told.text) if told.type == "error" else None)
    sign_in(page, demo)
    yield page
    page.close()
    assert [error for error in errors if "favicon" not in error] == []


def test_a_send_that_nobody_has_confirmed_stands_on_the_history_and_says_why(page: Page, demo: RunningDemo) -> None:
    page.goto(f"{demo.url}/admin/sms/bulk/new/")
    page.fill("#name", "Works on Sunday")
    page.locator("textarea[name^=text-]").first.fill("Works on Sunday from 6 to 8.")
    page.select_option("#sms-add", "numbers")
    page.get_by_role("button", name="Add this source").click()
    page.get_by_label("Mobile numbers").fill("910 000 041")
    page.get_by_role("button", name="Find the recipients").click()
    expect(page.locator("body")).to_contain_text("+351910000041", timeout=30_000)
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 740})
        page.goto(f"{demo.url}/admin/sms/history/?number=910000041")
        told = page.locator("details", has_text="Sends to many whose turn has not come")
        expect(told).to_contain_text("Works on Sunday from 6 to 8.")
        expect(told).to_contain_text("nobody has confirmed it yet")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.get_by_role("link", name="Why?").click()
        expect(page.locator("body")).to_contain_text("Found by the send to many")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
