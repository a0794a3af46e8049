"""The demo as its staff use it: an SMS from an invoice's row, the client's history, and the file of it (S9, Q4)."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from sms_plugin.outbox.export import unguarded
from tests.demo.steps import export
from tests.demo_process import RunningDemo

pytestmark = pytest.mark.browser

WORDS = "Dear {contact_firstname}, about {invoice_number}: =1+1 <script>"
SHOWN = "Dear Inês, about"


def test_an_sms_from_an_invoices_row_reaches_the_phone_and_stands_in_the_clients_history(
    page: Page, demo: RunningDemo, tmp_path: Path
) -> None:
    page.goto(f"{demo.url}/admin/invoice/?search=Carvalho")
    page.locator('table a[title="Send SMS"]').first.click()
    page.select_option("#sms-what", "words")
    page.fill("#sms-text", WORDS)
    page.click("text=Show the text")
    expect(page.locator(".sms-shown")).to_contain_text(SHOWN)
    page.locator(".sms-shown").get_by_role("button", name="Send it").click()
    expect(page.locator(".alert")).to_contain_text("One message is on its way.")

    page.goto(f"{demo.url}/admin/client/?search=Carvalho")
    page.locator("table .row-name").first.click()
    expect(page.locator(".sms-on-record")).to_contain_text(SHOWN)
    page.locator(".sms-on-record").get_by_role("link", name="SMS history").click()
    page.fill(".sms-words", "=1+1")
    page.click("text=Search")
    expect(page.locator(".sms-bubble")).to_have_count(1)

    (row,) = export(page, tmp_path)
    assert row["Text"].startswith(SHOWN)
    assert unguarded(row["Number"]).startswith("+351")
    assert row["Operator"]

    page.goto(demo.phone_url)
    expect(page.locator("body")).to_contain_text(SHOWN)


def test_the_selected_rows_are_shown_before_anything_is_sent(page: Page, demo: RunningDemo) -> None:
    page.goto(f"{demo.url}/admin/invoice/?flt0_status_equals=overdue")
    for number in range(3):
        page.locator("input[name=rowid]").nth(number).check()
    page.click("text=With selected")
    page.locator(".dropdown-menu.show, .sms-menu-items").get_by_text("Send SMS").click()
    expect(page.locator(".sms-heading")).to_contain_text("3 rows")


@pytest.mark.parametrize("width", [1280, 360])
def test_no_page_of_it_is_wider_than_its_window(page: Page, demo: RunningDemo, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 740})
    paths = ("client/sms/?record=4", "client/sms/send/?record=4", "client/details/?id=4", "sms/history/")
    for path in paths:
        page.goto(f"{demo.url}/admin/{path}")
        assert page.evaluate("document.documentElement.scrollWidth") == width, path
