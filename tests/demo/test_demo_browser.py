from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Dialog, Page, Request

from host_demo.seed.people import ADMIN_LOGIN, ADMIN_PASSWORD
from tests.demo_process import RunningDemo, running_demo
from tests.screenshots import PAGES

pytestmark = pytest.mark.browser

PHONE = 360


@pytest.fixture(scope="module")
def demo() -> Iterator[RunningDemo]:
    with running_demo(phones=False) as running:
        yield running


@pytest.fixture
def signed_in(chrome: Browser, demo: RunningDemo) -> Iterator[Page]:
    page = chrome.new_page(viewport={"width": PHONE, "height": 740})
    page.goto(f"{demo.url}/login")
    page.fill("#login", ADMIN_LOGIN)
    page.fill("#password", ADMIN_PASSWORD)
    page.click("text=Sign in")
    page.wait_for_url("**/admin/")
    yield page
    page.close()


def test_no_page_is_wider_than_a_phone(signed_in: Page, demo: RunningDemo) -> None:
    for path in PAGES.values():
        signed_in.goto(demo.url + path)
        assert signed_in.evaluate("document.documentElement.scrollWidth") == PHONE, path


def test_pages_ask_no_other_machine_and_find_all_they_ask_for(signed_in: Page, demo: RunningDemo) -> None:
    asked: list[Request] = []
    signed_in.on("request", lambda request: asked.append(request))
    for path in PAGES.values():
        signed_in.goto(demo.url + path)
    assert {request.url for request in asked if not request.url.startswith((demo.url, "data:"))} == set()
    answers = [(request.url, answer.status) for request in asked if (answer := request.response())]
    assert [answer for answer in answers if answer[1] >= 400] == []


def test_a_payment_is_recorded_from_the_invoice(signed_in: Page, demo: RunningDemo) -> None:
    signed_in.goto(demo.url + PAGES["invoices-overdue"])
    signed_in.locator("table .row-name").first.click()
    signed_in.click("text=Record a payment")
    signed_in.click("text=Save")
    assert signed_in.locator(".state-paid").count() == 1


def test_no_page_breaks_the_policy(signed_in: Page, demo: RunningDemo) -> None:
    """Scripts run by the nonce alone: no inline handler, no inline style, nothing in the console."""
    said: list[str] = []
    signed_in.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    signed_in.on("pageerror", lambda error: said.append(str(error)))
    for path in PAGES.values():
        answer = signed_in.goto(demo.url + path)
        assert answer is not None
        assert "unsafe" not in answer.headers["content-security-policy"]
    assert said == []


def test_what_flask_admin_writes_as_inline_handlers_works_without(signed_in: Page, demo: RunningDemo) -> None:
    """A row of an inline form, a filter, an action with its question."""
    signed_in.set_viewport_size({"width": 1280, "height": 800})
    signed_in.goto(demo.url + PAGES["client-edit"])
    before = signed_in.locator("#numbers > .inline-field-list > .inline-field").count()
    signed_in.click("#numbers-button")
    assert signed_in.locator("#numbers > .inline-field-list > .inline-field").count() == before + 1
    signed_in.goto(demo.url + PAGES["invoices"])
    signed_in.click("text=Filter")
    signed_in.click(".field-filters >> text=City")
    assert signed_in.locator("#filter_form .filter-val").count() == 1
    asked: list[str] = []

    def say_yes(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.accept()

    signed_in.on("dialog", say_yes)
    signed_in.locator(".action-checkbox").first.check()
    signed_in.click("text=With selected")
    signed_in.click("text=Cancel invoices")
    signed_in.wait_for_selector(".alert")
    assert asked == ["Cancel the chosen invoices? Nobody will be asked to pay them."]
