"""What people do on the demo's pages, click by click: one place for the tests that walk through several of them."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from playwright.sync_api import Page, expect

from host_demo.seed.people import ADMIN_LOGIN, ADMIN_PASSWORD
from tests.demo_process import RunningDemo


def sign_in(page: Page, demo: RunningDemo) -> None:
    """The administrator, at the demo's front page."""
    page.goto(f"{demo.url}/login")
    page.fill("#login", ADMIN_LOGIN)
    page.fill("#password", ADMIN_PASSWORD)
    page.click("text=Sign in")
    page.wait_for_url("**/admin/")  # a click does not wait for the page that it leads to


def open_menu(page: Page, title: str | re.Pattern[str]) -> None:
    """A page of the plugin, by the portal's menu; on a phone it is behind a button."""
    page.wait_for_load_state("load")  # the menu opens by a script
    if page.locator(".navbar-toggler").is_visible():
        page.click(".navbar-toggler")
        page.locator(".navbar-collapse.show").wait_for()  # while it still unfolds, what is clicked moves away
    page.click(".dropdown-toggle:has-text('SMS')")
    page.locator(".dropdown-menu.show a", has_text=title).click()


def fill_in_provider(page: Page, *, name: str, address: str) -> None:
    """A new provider on the phones of this machine, up to its button."""
    page.click("text=Add a provider")
    page.click("text=Phones on this machine")
    page.fill("#name", name)
    page.fill("#setting_base_url", address)
    page.click("button:text-is('Save')")


def try_and_activate(page: Page, *, number: str) -> None:
    """The connection, a test message to a number, and from now on all messages."""
    expect(page.locator("text=It is not active yet")).to_be_visible()
    page.click("button:text-is('Test the connection')")
    expect(page.locator("text=The account answers.").first).to_be_visible()
    page.fill("#sms-try-to", number)
    page.click("button:text-is('Send the test')")
    expect(page.locator("text=took the test message").first).to_be_visible()
    page.click("button:text-is('Activate')")
    expect(page.locator(".sms-state-good")).to_have_text("active")


def write_template(page: Page) -> None:
    """A template about payments, by clicks and keys, while the counter goes along; up to its button."""
    page.wait_for_load_state("load")  # the counter is a script
    page.fill("#name", "Thank you")
    page.select_option("#section", "payment")
    text, judged = page.locator("#text-pt"), page.locator("#judged-pt")
    text.press_sequentially("Recebido – ")
    expect(judged).to_contain_text("UCS-2")
    expect(judged).to_contain_text("10 characters")
    page.locator("[data-sms-section=payment] [data-sms-insert='{payment_amount}']").click()
    page.keyboard.type(". Obrigado, ")
    chosen = page.locator("[data-sms-section=payment] [data-sms-insert='{contact_firstname}']")
    chosen.focus()
    chosen.press("Enter")
    expect(text).to_have_value("Recebido – {payment_amount}. Obrigado, {contact_firstname}")
    expect(judged).to_contain_text("without its 2 shortcodes")


def make_it_cheaper(page: Page) -> None:
    """The dash that made it dear is replaced."""
    judged = page.locator("#judged-pt")
    judged.get_by_role("button", name="– → -").click()
    expect(page.locator("#text-pt")).to_have_value("Recebido - {payment_amount}. Obrigado, {contact_firstname}")
    expect(judged).to_contain_text("GSM-7")


def export(page: Page, folder: Path) -> list[dict[str, str]]:
    """The conversation on the page as a file for a spreadsheet, read back."""
    page.click("summary:has-text('Export')")
    page.select_option("#sms-separator", "semicolon")
    page.check("#sms-bom")
    with page.expect_download() as started:
        page.click("text=Download CSV")
    file = folder / started.value.suggested_filename
    started.value.save_as(file)
    with file.open(encoding="utf-8-sig", newline="") as written:
        return list(csv.DictReader(written, delimiter=";"))
