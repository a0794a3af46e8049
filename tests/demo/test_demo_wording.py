"""A text is written in the browser, priced, tried on a record, and speaks for a trigger (M2, M6, M7, X8)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.demo.steps import make_it_cheaper, sign_in, write_template
from tests.demo_process import RunningDemo, running_demo
from tests.needs import CHROMIUM_FLAGS, chromium

pytestmark = [
    pytest.mark.browser,
    pytest.mark.one_database("sqlite", "what a browser does with the pages is the same on each"),
]

PAGES = ("trigger/", "trigger/edit/?key=invoice_overdue_notice", "template/", "template/new/")


@dataclass(frozen=True)
class Desk:
    """The demo, a browser, and somebody signed in."""

    demo: RunningDemo
    browser: Browser
    page: Page
    file: Path
    complaints: list[str]

    def open(self, path: str, page: Page | None = None) -> None:
        (page or self.page).goto(f"{self.demo.url}/admin/sms/{path}")

    def row(self, query: str) -> tuple[object, ...]:
        with sqlite3.connect(self.file) as connection:
            found: tuple[object, ...] = connection.execute(query).fetchone()
            return found


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    file = tmp_path / "demo.db"
    complaints: list[str] = []
    with running_demo(database=f"sqlite:///{file}") as demo, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
        page = browser.new_page()

        def note(message: ConsoleMessage) -> None:
            if message.type == "error":
                complaints.append(f"{page.url}: {message.text}")

        page.on("console", note)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        sign_in(page, demo)
        yield Desk(demo, browser, page, file, complaints)
        browser.close()


def test_a_template_is_written_tried_and_speaks_for_a_trigger(desk: Desk) -> None:
    page = desk.page
    desk.open("template/new/")
    write_template(page)
    make_it_cheaper(page)
    judged = page.locator("#judged-pt")

    page.fill("#words", str(desk.row("SELECT max(id) FROM payment")[0]))
    page.locator(".sms-records input").first.check()
    expect(judged.locator("blockquote")).to_contain_text("Recebido - ")
    expect(judged.locator("blockquote")).not_to_contain_text("{")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("body")).to_contain_text("The template “Thank you” is saved.")

    desk.open("trigger/edit/?key=invoice_payment_recorded")
    page.select_option("#template", label="the template “Thank you”")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("body")).to_contain_text("is saved")
    page.get_by_role("button", name="Switch off").click()
    row = page.locator("tr", has_text="Payment recorded")
    row.get_by_role("button", name="Switch on").click()
    expect(page.locator("h1")).to_contain_text("Switch on “Payment recorded”?")
    page.get_by_role("button", name="Switch on").click()
    expect(page.locator("body")).to_contain_text("Nothing from before is sent.")

    (invoice,) = desk.row(
        "SELECT i.id FROM invoice i JOIN client c ON c.id = i.client_id JOIN phone_number p ON p.client_id = c.id"
        " WHERE i.status = 'open' AND p.main AND c.region = 'PT' AND p.number LIKE '+351 91%'"
        " AND p.number NOT LIKE '%000_' ORDER BY i.id LIMIT 1"
    )
    page.goto(f"{desk.demo.url}/admin/invoice/details/?id={invoice}")
    page.click("text=Record a payment")
    page.click("text=Save")
    page.goto(desk.demo.phone_url)
    expect(page.locator("body")).to_contain_text("Recebido - ", timeout=15_000)
    assert desk.complaints == []


def test_another_section_offers_other_shortcodes(desk: Desk) -> None:
    """M2"""
    page = desk.page
    desk.open("template/new/")
    payment = page.locator("[data-sms-section=payment] [data-sms-insert='{payment_amount}']")
    expect(payment).to_be_hidden()
    page.select_option("#section", "payment")
    expect(payment).to_be_visible()
    page.fill("#text-pt", "{payment_amount}")
    page.select_option("#section", "invoice")
    expect(payment).to_be_hidden()
    expect(page.locator("#judged-pt")).to_contain_text("not reached from this section")


def test_without_scripts_a_button_measures_and_previews(desk: Desk) -> None:
    page = desk.browser.new_context(java_script_enabled=False).new_page()
    sign_in(page, desk.demo)
    desk.open("trigger/edit/?key=charge_created", page)
    page.fill("#text-pt", "São {invoice_total}")
    page.fill("#words", "1")
    page.get_by_role("button", name="Measure and preview").click()
    page.locator(".sms-records input").first.check()
    page.get_by_role("button", name="Measure and preview").click()
    expect(page.locator("#judged-pt blockquote")).to_contain_text("São ")
    page.get_by_role("button", name="Replace costly characters").click()
    expect(page.locator("#text-pt")).to_have_value("Sao {invoice_total}")


def test_the_pages_fit_a_phone(desk: Desk) -> None:
    page = desk.page
    page.set_viewport_size({"width": 360, "height": 740})
    for path in PAGES:
        desk.open(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
    assert desk.complaints == []
