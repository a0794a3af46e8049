"""The first run: from an empty database to the first SMS and the file of it, by what the pages say and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from sms_plugin.outbox.export import unguarded
from tests.demo import steps
from tests.demo_process import RunningDemo, running_demo
from tests.needs import CHROMIUM_FLAGS, chromium

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

CLIENT = "Duarte Pinto"


@dataclass(frozen=True)
class Desk:
    """The demo as it is after install, and somebody signed in."""

    demo: RunningDemo
    page: Page


@pytest.fixture
def desk(empty_database_url: str) -> Iterator[Desk]:
    said: list[str] = []
    with running_demo(database=empty_database_url, bare=True) as demo, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.on("console", lambda told: said.append(told.text) if told.type == "error" else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        steps.sign_in(page, demo)
        yield Desk(demo, page)
        browser.close()
    assert said == []


def test_from_an_empty_database_to_the_first_sms(desk: Desk, tmp_path: Path) -> None:
    """P13–P15, M2, M6, T2, Q4: each page is reached from the one before, or by the menu."""
    page, demo = desk.page, desk.demo
    _provider(page, demo)
    _template(page)
    _trigger(page)
    _payment(page)

    page.goto(demo.phone_url)
    expect(page.locator("body")).to_contain_text("Recebido - ", timeout=15_000)
    expect(page.locator("body")).to_contain_text("Obrigado, Duarte")
    page.goto(f"{demo.url}/admin/")

    _client(page)
    page.locator(".sms-on-record").get_by_role("link", name="SMS history").click()
    page.fill(".sms-words", "nobody wrote this")
    page.click("text=Search")
    expect(page.locator(".sms-bubble")).to_have_count(0)
    page.fill(".sms-words", "obrigado")
    page.click("text=Search")
    expect(page.locator(".sms-bubble")).to_have_count(1)
    (row,) = steps.export(page, tmp_path)
    assert row["Text"].startswith("Recebido - ")
    assert unguarded(row["Number"]) == "+351920000014"
    assert row["Trigger or subject"] == "Payment recorded"


def _provider(page: Page, demo: RunningDemo) -> None:
    """The queue says what is missing, and leads there."""
    steps.open_menu(page, "Queue")
    expect(page.locator("body")).to_contain_text("No provider is active")
    page.locator(".alert").get_by_role("link").first.click()
    steps.fill_in_provider(page, name="phones", address=demo.phone_url)
    steps.try_and_activate(page, number="912 000 777")


def _template(page: Page) -> None:
    steps.open_menu(page, "Templates")
    page.click("text=Write the first one")
    steps.write_template(page)
    steps.make_it_cheaper(page)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("body")).to_contain_text("The template “Thank you” is saved.")


def _trigger(page: Page) -> None:
    steps.open_menu(page, "Triggers")
    expect(page.locator("body")).to_contain_text("Every trigger is off until you switch it on.")
    page.click("text=Payment recorded")
    page.select_option("#template", label="the template “Thank you”")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("body")).to_contain_text("is saved")
    page.get_by_role("button", name="Switch on").click()
    expect(page.locator("h1")).to_contain_text("Switch on “Payment recorded”?")
    page.get_by_role("button", name="Switch on").click()
    expect(page.locator("body")).to_contain_text("Nothing from before is sent.")


def _client(page: Page) -> None:
    """The card of a client, found by name in the portal's own list."""
    page.click("text=Clients")
    page.fill("input[name=search]", CLIENT)
    page.press("input[name=search]", "Enter")
    page.locator("table .row-name", has_text=CLIENT).click()


def _payment(page: Page) -> None:
    """In the portal's own admin, where nobody thinks of texting."""
    _client(page)
    page.locator("a[href*='/invoice/details/']").first.click()
    page.click("text=Record a payment")
    page.click("text=Save")
    expect(page.locator("body")).to_contain_text("Paid")
