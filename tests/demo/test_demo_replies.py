"""The demo's phones answer, and the portal hears it: a conversation, STOP, the way out, the staff's word (Q5, X7)."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.demo_process import RunningDemo

pytestmark = pytest.mark.browser

WORDS = "Dear {contact_firstname}, shall we come at nine? No more of these: {optout_link}"


def _look(page: Page, name: str) -> None:
    """No page is wider than a phone; pictures of it where somebody wants to look."""
    folder = os.environ.get("SMS_TEST_PICTURES")
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (name, width)
        if folder:
            page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)
    page.set_viewport_size({"width": 1280, "height": 800})


def _on_phone(phones: Page, words: str) -> Locator:
    return phones.locator(".phone", has_text=words)


def test_a_client_answers_is_answered_and_says_stop(page: Page, demo: RunningDemo, chrome: Browser) -> None:
    page.goto(f"{demo.url}/admin/client/sms/send/?record=4")
    page.select_option("#sms-what", "words")
    page.fill("#sms-text", WORDS)
    page.click("text=Show the text")
    page.locator(".sms-shown").get_by_role("button", name="Send it").click()
    phones = chrome.new_page()
    phones.goto(demo.phone_url)
    phone = _on_phone(phones, "shall we come at nine?")
    expect(phone).to_be_visible()
    way_out = re.search(r"http://\S+/sms/o/[\w-]{22}", phone.inner_text())
    assert way_out is not None

    phone.get_by_role("textbox").fill("Às dez, por favor 👍")
    phone.get_by_role("button", name="Send").click()
    expect(phone).to_contain_text("taken by the portal")
    page.goto(f"{demo.url}/admin/client/sms/?record=4")
    expect(page.locator(".sms-bubble-in")).to_contain_text("Às dez, por favor 👍")
    _look(page, "conversation")
    page.fill("#sms-reply", "Ten it is.")
    page.click("text=Show before sending")
    page.locator(".sms-shown").get_by_role("button", name="Send it").click()
    expect(phone).to_contain_text("Ten it is.")
    _look(phones, "phones")

    phone.get_by_role("textbox").fill("stop.")
    phone.get_by_role("button", name="Send").click()
    expect(phone).to_contain_text("Deixa de receber os nossos SMS. Para voltar a receber, responda START.")
    page.goto(f"{demo.url}/admin/client/details/?id=4")
    expect(page.locator(".sms-on-record")).to_contain_text("is not texted")
    _look(page, "panel")

    _reader(phones, way_out[0])
    _staff(page)
    page.goto(f"{demo.url}/admin/sms/message/?state=received")
    page.locator("a.sms-excerpt").first.click()
    expect(page.locator("h1")).to_contain_text("Message from")
    _look(page, "message")
    phones.close()


def _reader(phones: Page, link: str) -> None:
    """The client opens the link of the text."""
    phones.goto(link)
    expect(phones.get_by_role("status")).to_contain_text("No more texts will be sent")
    _look(phones, "way-out-all")
    phones.get_by_role("button", name="Send texts again").click()
    expect(phones.get_by_role("status")).to_contain_text("again")
    _look(phones, "way-out")
    phones.get_by_role("button", name="No more of this kind").click()
    expect(phones.get_by_role("status")).to_contain_text("the service")


def _staff(page: Page) -> None:
    """Somebody of the staff looks at what was said, and says it for the client."""
    page.locator(".sms-on-record").get_by_role("link", name="Consent").click()
    expect(page.locator(".sms-timeline li")).to_have_count(3)
    _look(page, "consent")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="May be texted again").first.click()
    expect(page.locator(".alert")).to_contain_text("Kept.")
    expect(page.locator(".sms-panel").first).to_contain_text("May be texted.")


def test_a_number_is_answered_on_its_own_page(page: Page, demo: RunningDemo, chrome: Browser) -> None:
    page.goto(f"{demo.url}/admin/client/sms/send/?record=5")
    page.select_option("#sms-what", "words")
    page.fill("#sms-text", "Are you in?")
    page.click("text=Show the text")
    page.locator(".sms-shown").get_by_role("button", name="Send it").click()
    phones = chrome.new_page()
    phones.goto(demo.phone_url)
    phone = _on_phone(phones, "Are you in?")
    phone.get_by_role("textbox").fill("Yes")
    phone.get_by_role("textbox").press("Enter")
    expect(phone).to_contain_text("taken by the portal")
    number = phone.locator("h2").inner_text()
    page.goto(f"{demo.url}/admin/sms/history/")
    page.fill("input[name=number]", number)
    page.click("button:text-is('Show')")
    _look(page, "number")
    page.fill("#sms-reply", "Good")
    page.click("button:text-is('Send')")
    expect(page.locator(".sms-bubble").last).to_contain_text("Good")
    expect(phone).to_contain_text("Good")
    phones.close()
