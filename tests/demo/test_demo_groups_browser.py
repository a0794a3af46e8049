"""Groups as the staff use them: fixed clients and a saved filter, shown who is in them, and texted in one send (S6)."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.demo_process import RunningDemo

pytestmark = pytest.mark.browser


def fixed_group(page: Page, demo: RunningDemo) -> None:
    """A group of one client, who is searched for and added."""
    page.goto(f"{demo.url}/admin/sms/group/")
    page.get_by_role("link", name=re.compile("Make the first one|New group")).first.click()
    page.get_by_role("link", name="Choose them yourself").click()
    page.fill("#name", "Regulars")
    page.get_by_role("button", name="Save").last.click()
    page.fill("#words", "Carvalho")
    page.locator("#add").get_by_role("button", name="Search").click()
    page.locator("#add").get_by_label("Inês Carvalho").check()
    page.get_by_role("button", name="Add to the group").click()
    expect(page.locator(".alert")).to_contain_text("One is in the group now.")
    expect(page.locator("td").get_by_role("link", name="Inês Carvalho")).to_be_visible()


def saved_filter(page: Page, demo: RunningDemo) -> None:
    """A group of whoever is overdue in a city; the districts follow the city."""
    page.goto(f"{demo.url}/admin/sms/group/new/")
    page.get_by_role("link", name="Clients", exact=True).click()
    page.fill("#name", "Late in Barcelos")
    expect(page.locator("#f-city")).to_be_hidden()
    page.select_option("#f-lead", "city")
    page.select_option("#f-city", "Barcelos")
    expect(page.locator("[name=f-district]").first).to_be_enabled()
    page.get_by_label("Overdue").check()
    page.select_option("#f-due-op", "before")
    expect(page.locator("#f-due-days")).to_be_hidden()
    page.get_by_role("button", name="Save").last.click()
    expect(page.locator(".alert")).to_contain_text("is saved")
    expect(page.locator("td").get_by_role("link", name="Amélia Dias")).to_be_visible()


def test_two_groups_are_texted_in_one_send_with_a_free_number(page: Page, demo: RunningDemo) -> None:
    fixed_group(page, demo)
    saved_filter(page, demo)
    page.goto(f"{demo.url}/admin/sms/bulk/new/")
    page.fill("#name", "Works on Sunday")
    page.locator("textarea[name^=text-]").first.fill("Works on Sunday from 6 to 8.")
    before = page.locator("select[name$='-group']").count()
    for number, group in enumerate(("Regulars", "Late in Barcelos"), before):
        page.select_option("#sms-add", "group")
        page.get_by_role("button", name="Add this source").click()
        page.locator("select[name$='-group']").nth(number).select_option(label=group)
    page.select_option("#sms-add", "numbers")
    page.get_by_role("button", name="Add this source").click()
    page.get_by_label("Mobile numbers").fill("912 000 777")
    page.get_by_role("button", name="Find the recipients").click()
    shown = page.locator("body")
    expect(shown).to_contain_text("Inês Carvalho")
    expect(shown).to_contain_text("+351912000777")
    page.on("dialog", lambda asked: asked.accept())
    page.get_by_role("button", name=re.compile("^Send [0-9]+ messages")).click()
    expect(shown).to_contain_text("Works on Sunday")
    page.wait_for_load_state()
    page.goto(demo.phone_url)
    expect(page.locator("body")).to_contain_text("Works on Sunday from 6 to 8.", timeout=30_000)


def test_rows_of_the_clients_list_are_put_into_a_new_group_and_then_into_it_again(
    page: Page, demo: RunningDemo
) -> None:
    """S9: beside "Send SMS", for the selected rows."""
    for told in ("2 more are in the group “From the list” now.", "2 were in the group “From the list” already."):
        page.goto(f"{demo.url}/admin/client/")
        for row in range(2):
            page.locator("input[name=rowid]").nth(row).check()
        page.click("text=With selected")
        page.locator(".dropdown-menu.show, .sms-menu-items").get_by_text("Add to an SMS group").click()
        expect(page.locator("h1")).to_contain_text("2 rows")
        if told.startswith("2 more"):
            page.select_option("#sms-group", label="A new group")
            page.get_by_label("Name of the new group").fill("From the list")
        else:
            page.select_option("#sms-group", label="From the list")
            expect(page.get_by_label("Name of the new group")).to_be_hidden()
        page.get_by_role("button", name="Add to the group").click()
        expect(page.locator(".alert")).to_contain_text(told)
        assert urlsplit(page.url).path == "/admin/client/"
    page.goto(f"{demo.url}/admin/sms/group/")
    page.get_by_role("link", name="From the list").click()
    expect(page.locator("body")).to_contain_text("2 members")


@pytest.mark.parametrize("width", [1280, 360])
def test_no_page_of_groups_is_wider_than_its_window(page: Page, demo: RunningDemo, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 740})
    for path in ("", "new/", "new/?of=clients/Client", "new/?of=fixed"):
        page.goto(f"{demo.url}/admin/sms/group/{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
