"""Writing by hand as the manuals tell it: one message, the express message, and the host's own pages (S1, S8, S9)."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.demo.steps import open_menu, sign_in
from tests.demo_process import RunningDemo

pytestmark = [
    pytest.mark.browser,
    pytest.mark.one_database("sqlite", "what a browser does with the pages is the same on each"),
]

#: The text of the manual's notice of payments in arrears.
ARREARS = "Estimado Cliente, tem fatura(s) com pagamentos em atraso. Por favor, normalize a situação. Cumprimentos"


@pytest.fixture(params=[(1280, 800), (360, 740)], ids=["desk", "phone"])
def page(request: pytest.FixtureRequest, chrome: Browser, demo: RunningDemo) -> Iterator[Page]:
    width, height = request.param
    context = chrome.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda told: complaints.append(told.text) if told.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request",
        lambda each: None if each.url.startswith((demo.url, demo.phone_url, "data:")) else complaints.append(each.url),
    )
    sign_in(page, demo)
    yield page
    width_of_page = page.evaluate("document.documentElement.scrollWidth")
    context.close()
    assert [each for each in complaints if "favicon" not in each] == []
    assert width_of_page <= width


def _on_the_phone(page: Page, demo: RunningDemo, words: str) -> None:
    other = page.context.new_page()
    other.goto(demo.phone_url)
    for _ in range(20):
        if words in other.inner_text("body"):
            break
        other.wait_for_timeout(250)
        other.reload()
    expect(other.locator("body")).to_contain_text(words)
    other.close()


def test_one_message_from_the_menu_to_the_phone(page: Page, demo: RunningDemo) -> None:
    """S1: client, number, subject, text with counter and cost, a tick, and the way to the message."""
    width = page.viewport_size["width"] if page.viewport_size else 0
    open_menu(page, re.compile(r"^\W*Send\W*$"))
    page.fill("#sms-to", "Carva")
    page.locator("[data-sms-found] label", has_text="Client").first.click()
    expect(page.locator("[name=number]:checked")).to_have_value("+351910000041")
    expect(page.locator("[data-sms-swap=who]")).to_contain_text("The number is a landline.")
    page.fill("#sms-subject", f"Installation {width}")
    page.fill("#sms-text", f"Olá {{contact_lastname}}, vamos às 10h – {width}")
    told = page.locator("[data-sms-outlook]")
    expect(told).to_contain_text("UCS-2")
    expect(told).to_contain_text("balance:")
    told.get_by_role("button", name="Replace all").click()
    expect(told).to_contain_text("GSM-7")
    expect(told.locator("blockquote")).to_contain_text(f"vamos às 10h - {width}")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was sent yet.")
    expect(page.locator("#sms-subject")).to_have_value(f"Installation {width}")
    page.check("#sms-sure")
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_role("link", name="See the message").click()
    expect(page.locator("body")).to_contain_text(f"Installation {width}")
    expect(page.locator("body")).to_contain_text("Helena Prata")
    _on_the_phone(page, demo, f"vamos às 10h - {width}")


def test_what_is_typed_before_the_script_came_is_looked_for_all_the_same(page: Page, demo: RunningDemo) -> None:
    """A slow line brings the page first: whoever types at once is not left without an answer."""
    kept: list[Route] = []
    page.route("**/single.js*", lambda route: kept.append(route))
    page.goto(f"{demo.url}/admin/sms/individual/", wait_until="commit")
    page.fill("#sms-to", "Carva")
    while not kept:
        page.wait_for_timeout(50)
    for each in kept:
        each.continue_()
    expect(page.locator("[data-sms-found] label", has_text="Client").first).to_be_visible()


def test_an_express_message_by_the_keyboard_from_a_page_of_the_hosts(page: Page, demo: RunningDemo) -> None:
    """S8: a button at the foot, a panel that keeps the focus and gives it back, and a link to the message."""
    width = page.viewport_size["width"] if page.viewport_size else 0
    page.goto(f"{demo.url}/admin/payment/")
    page.locator("[data-sms-express]").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Express message")).to_be_visible()
    expect(page.locator("#sms-express-to")).to_be_focused()
    page.keyboard.type("910 000 0")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("[data-sms-express]")).to_be_focused()
    page.keyboard.press("Space")
    expect(page.locator("#sms-express-to")).to_have_value("910 000 0")
    page.fill("#sms-express-text", f"Express {width}")
    page.check(".sms-express-sure input")
    page.locator(".sms-express-send").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("too short")
    expect(page.locator("#sms-express-text")).to_have_value(f"Express {width}")
    page.fill("#sms-express-to", "910 000 041")
    expect(page.locator(".sms-express-outlook blockquote")).to_have_text(f"Express {width}")
    for _ in range(40):
        page.keyboard.press("Tab")
        assert page.evaluate("!!document.activeElement.closest('dialog') || document.activeElement === document.body")
    page.locator(".sms-express-send").click()
    expect(page.get_by_role("dialog").get_by_role("status").first).to_contain_text("is on its way")
    page.get_by_role("dialog").get_by_role("link", name="See the message").click()
    expect(page.locator("body")).to_contain_text(f"Express {width}")
    _on_the_phone(page, demo, f"Express {width}")


def test_without_a_script_the_button_leads_to_the_page_for_one_message(chrome: Browser, demo: RunningDemo) -> None:
    context = chrome.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{demo.url}/login")
    sign_in(page, demo)
    page.click("text=Express message")
    page.fill("#sms-to", "Carvalho")
    page.get_by_role("button", name="Search").click()
    page.locator("[data-sms-found] input").first.check()
    page.get_by_role("button", name="Take the chosen one").click()
    page.fill("#sms-text", "Without a script")
    page.get_by_role("button", name="Show the text").click()
    expect(page.locator("blockquote")).to_have_text("Without a script")
    page.check("#sms-sure")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".alert-success")).to_contain_text("is on its way")
    context.close()


def test_a_notice_of_arrears_from_the_list_is_shown_with_its_size_before_it_goes(page: Page, demo: RunningDemo) -> None:
    """S9: the manual's own text, 103 characters in UCS-2: two SMS."""
    page.goto(f"{demo.url}/admin/invoice/?search=Almeida")
    wide = page.locator('table a[title="Send SMS"]').first.is_visible()
    if wide:
        page.locator('table a[title="Send SMS"]').first.click()
    else:  # the demo's list has no room for icons on a phone
        page.locator("table .row-name").first.click()
        page.locator(".sms-on-record").get_by_role("link", name="Send SMS").click()
    page.select_option("#sms-what", "trigger:invoice_overdue_notice")
    page.click("text=Show the text")
    shown = page.locator(".sms-shown")
    expect(shown).to_contain_text(ARREARS)
    expect(shown).to_contain_text("2 SMS")
    shown.get_by_role("button", name="Send it").click()
    expect(page.locator(".alert")).to_contain_text("One message is on its way.")
    _on_the_phone(page, demo, ARREARS)
    if not wide:
        return
    page.goto(f"{demo.url}/admin/invoice/?search=Almeida")
    page.locator("input[name=rowid]").first.check()
    page.click("text=With selected")
    page.locator(".dropdown-menu.show, .sms-menu-items").get_by_text("Send SMS").click()
    page.select_option("#sms-what", "trigger:invoice_overdue_notice")
    page.click("text=Show the text")
    expect(page.locator(".sms-shown")).to_contain_text("already sent on")


def test_a_message_goes_with_a_repairs_save_and_another_is_answered_on_the_card(page: Page, demo: RunningDemo) -> None:
    """S9, T28: the tick beside the text, the counter, and the line to answer in on the client's card."""
    width = page.viewport_size["width"] if page.viewport_size else 0
    page.goto(f"{demo.url}/admin/repair/edit/?id=1")
    page.fill("[name=message]", "x" * 161)
    expect(page.locator(".sms-counted")).to_have_text("161 of 160 characters")
    page.check("[name=by_sms]")
    page.click("[type=submit]:has-text('Save')")
    expect(page.locator(".alert")).to_contain_text("at most 160")
    page.fill("[name=message]", f"O router está pronto {width}")
    page.click("[type=submit]:has-text('Save')")
    page.wait_for_url("**/admin/repair/**")
    _on_the_phone(page, demo, f"O router está pronto {width}")

    page.goto(f"{demo.url}/admin/client/details/?id=4")
    page.fill("#sms-reply", f"Passamos amanhã {width}")
    expect(page.locator("#sms-reply-outlook")).to_contain_text("1 SMS")
    page.locator(".sms-reply").get_by_role("button", name="Send").click()
    expect(page.locator(".sms-on-record .sms-talk")).to_contain_text(f"Passamos amanhã {width}")
    assert "/admin/client/details/" in page.url
    page.locator(".sms-on-record").get_by_role("link", name="SMS history").click()
    expect(page.locator(".sms-talk")).to_contain_text(f"Passamos amanhã {width}")
    _on_the_phone(page, demo, f"Passamos amanhã {width}")
