"""In Chromium, on a phone's width: steps added and taken away without leaving the page, shortcodes found by typing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.demo.steps import sign_in
from tests.demo_process import RunningDemo, running_demo

pytestmark = pytest.mark.browser
TRIGGER = "/admin/sms/trigger/edit/?key=charge_due_soon"


@pytest.fixture(scope="module")
def demo() -> Iterator[RunningDemo]:
    with running_demo() as running:
        yield running


@pytest.fixture
def page(chrome: Browser, demo: RunningDemo) -> Iterator[Page]:
    """An administrator at the page of a trigger, which says nothing in the console."""
    said: list[str] = []
    page = chrome.new_page(viewport={"width": 360, "height": 740})
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    sign_in(page, demo)
    page.goto(demo.url + TRIGGER)
    page.wait_for_load_state("load")
    yield page
    page.close()
    assert said == []


def test_steps_come_and_go_with_all_that_was_typed(page: Page) -> None:
    """T22"""
    page.fill("#text-pt", "Typed and not saved")
    page.click("button:text-is('Add a step')")
    expect(page.locator("#step-1-amount")).to_be_focused()
    page.fill("#step-1-amount", "1")
    page.click("button:text-is('Add a step')")
    expect(page.locator("#step-2-amount")).to_be_focused()
    page.click("[aria-label='Remove step 1']")
    expect(page.locator("#step-0-amount")).to_have_value("1")
    expect(page.locator(".sms-step")).to_have_count(2)
    expect(page.locator("#text-pt")).to_have_value("Typed and not saved")
    page.click("[aria-label='Remove step 2']")
    expect(page.locator(".sms-step")).to_have_count(1)
    page.locator("#step-0-amount").press("Enter")
    expect(page.locator("text=is saved").first).to_be_visible()
    expect(page.locator("#step-0-amount")).to_have_value("1")


def test_a_shortcode_is_found_and_written_without_a_mouse(page: Page) -> None:
    """M2"""
    page.fill("#text-pt", "Valor: ")
    page.focus("#shortcode-filter")
    page.keyboard.type("total")
    expect(page.locator("#shortcode-found")).to_contain_text("{invoice_total}")
    page.keyboard.press("Enter")
    expect(page.locator("#text-pt")).to_have_value("Valor: {invoice_total}")
    expect(page.locator("#text-pt")).to_be_focused()
    page.fill("#shortcode-filter", "no such thing")
    expect(page.locator("#shortcode-found")).to_have_text("None is called so.")


def test_a_text_of_a_steps_own_is_measured_while_it_is_written(page: Page) -> None:
    page.click("summary:has-text('A text of its own') >> nth=0")
    page.locator("#step-0-text-pt").press_sequentially("Hoje {nothing}")
    expect(page.locator("#step-0-judged-pt")).to_contain_text("is unknown")


def test_nothing_is_wider_than_the_phone(page: Page, demo: RunningDemo) -> None:
    for path in (TRIGGER, "/admin/sms/trigger/", "/admin/sms/template/new/?section=invoice"):
        page.goto(demo.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.goto(f"{demo.url}/admin/sms/trigger/")
    page.click("button:text-is('Switch off') >> nth=0")
    page.click("button:text-is('Switch on') >> nth=0")
    expect(page.locator("text=What will not be sent")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
