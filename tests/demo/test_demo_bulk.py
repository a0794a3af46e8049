"""Sends to many as the manuals tell them, played in a browser; what went is read on the phones (S2 to S5, S7)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from host_demo.seed.people import ADMIN_LOGIN, ADMIN_PASSWORD, OPERATOR_LOGIN, OPERATOR_PASSWORD
from tests.demo_process import RunningDemo

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(300),
    pytest.mark.one_database("sqlite", "what a browser does with the pages is the same on each"),
]

NEW = "/admin/sms/bulk/new/"
LIST = "/admin/sms/bulk/"


def _signed_in(chrome: Browser, demo: RunningDemo, *, width: int, login: str, password: str) -> Page:
    page = chrome.new_context(viewport={"width": width, "height": 740}).new_page()
    page.goto(f"{demo.url}/login")
    page.fill("#login", login)
    page.fill("#password", password)
    page.click("text=Sign in")
    page.wait_for_url("**/admin/")
    return page


@pytest.fixture(params=[1280, 360])
def desk(request: pytest.FixtureRequest, chrome: Browser, demo: RunningDemo) -> Iterator[Page]:
    """The administrator at a screen of either width; no page is wider, and the console stays empty."""
    page = _signed_in(chrome, demo, width=request.param, login=ADMIN_LOGIN, password=ADMIN_PASSWORD)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: dialog.accept())
    yield page
    assert said == []
    assert page.evaluate("document.documentElement.scrollWidth") == request.param
    page.context.close()


def _width(page: Page) -> int:
    """What tells the two desks apart in what they send."""
    return 0 if page.viewport_size is None else page.viewport_size["width"]


def _phones(chrome: Browser, demo: RunningDemo) -> str:
    """All that stands on the page of the phones."""
    page = chrome.new_page()
    page.goto(demo.phone_url)
    text = page.locator("body").inner_text()
    page.close()
    return text


def _begin(page: Page, demo: RunningDemo, name: str, text: str) -> None:
    page.goto(demo.url + NEW)
    page.fill("#name", name)
    page.fill("#text-pt", text)


def _find(page: Page) -> None:
    page.click("button:text-is('Find the recipients')")
    expect(page.locator("#sms-sum")).to_be_visible()


def _send(page: Page) -> None:
    """Confirm what the preview shows, its number typed where that is asked."""
    if page.locator("#typed").count():
        page.fill("#typed", page.locator(".sms-confirm [name=count]").get_attribute("value") or "")
    page.locator(".sms-confirm form button.btn-primary").click()


def _done(page: Page) -> None:
    """Wait for the page to say so by itself."""
    expect(page.locator(".sms-state", has_text="Done")).to_be_visible(timeout=30_000)


def _add(page: Page, kind: str) -> None:
    page.select_option("#sms-add", kind)
    page.click("button:text-is('Add this source')")


def test_s2_clients_of_a_city_are_chosen_shown_and_texted(
    desk: Page, demo: RunningDemo, chrome: Browser, request: pytest.FixtureRequest
) -> None:
    """MK: Considerar Cidade, Avançar shows the clients found, Enviar sends."""
    mark = f"Obras {_width(desk)}"
    _begin(desk, demo, "Works", f"{{contact_firstname}}: {mark}")
    desk.get_by_label("Consider").select_option("city")
    city = desk.locator("[data-sms-led-by=city] select")
    expect(city).to_be_visible()
    city.select_option(index=1)
    _find(desk)
    number = int(desk.locator(".sms-confirm [name=count]").get_attribute("value") or "0")
    assert number > 0
    first = desk.locator(".sms-messages .sms-text").first.inner_text()
    assert mark in first
    _send(desk)
    _done(desk)
    phones = _phones(chrome, demo)
    assert first in phones
    assert phones.count(mark) == number


def test_s3_a_prefix_leaves_out_other_mobiles(desk: Page, demo: RunningDemo) -> None:
    _begin(desk, demo, "Prefix", "Aviso")
    _add(desk, "numbers")
    desk.fill("[id$='-text'][data-sms-unmeasured]", "912000111; 932000111; 213000111")
    desk.locator("summary", has_text="Purpose, numbers").click()
    desk.fill("#prefixes", "91")
    _find(desk)
    expect(desk.locator("#sms-sum")).to_have_text("1 message")
    desk.locator(".sms-tab", has_text="Left out").click()
    expect(desk.locator(".sms-messages tbody tr")).to_have_count(1)
    expect(desk.locator(".sms-messages tbody tr")).to_contain_text("landline")
    desk.wait_for_load_state("load")  # before its script has come, the page asks on a page of its own
    desk.click("button:text-is('Throw away')")
    expect(desk.locator(".sms-state", has_text="Cancelled").first).to_be_visible()


def test_s4_recipients_are_added_and_removed_a_draft_is_kept_and_the_first_text_read_first(
    desk: Page, demo: RunningDemo, chrome: Browser
) -> None:
    mark = f"Promo {_width(desk)}"
    _begin(desk, demo, "Draft", mark)
    _add(desk, "records")
    desk.locator("[data-sms-people]").press_sequentially("Marta")
    found = desk.locator("[data-sms-found] label", has_text="Marta").first
    found.locator("input").check()
    expect(desk.locator("[data-sms-chosen] label")).to_have_count(1)
    desk.click("button:text-is('Keep as a draft')")
    expect(desk.locator("text=Nothing is sent by it.").first).to_be_visible()
    desk.goto(demo.url + LIST)
    desk.locator(".sms-batches a", has_text="Draft").first.click()
    expect(desk.locator("[data-sms-chosen] input")).to_be_checked()
    _find(desk)
    desk.click("text=Add recipients")
    _add(desk, "numbers")
    desk.fill("[id$='-text'][data-sms-unmeasured]", "912000222; 912000333")
    desk.click("button:text-is('Look for them, too')")
    expect(desk.locator("#sms-sum")).to_have_text("3 messages")
    desk.locator("tr", has_text="912000333").get_by_role("button").click()
    expect(desk.locator("#sms-sum")).to_have_text("2 messages")
    expect(desk.locator("#my-number")).to_have_value(re.compile(r"\+351"))
    desk.fill("#my-number", "919000444")
    desk.click("button:text-is('Send me the first text')")
    expect(desk.locator("text=Nobody else gets anything by it.").first).to_be_visible()
    desk.wait_for_timeout(1500)
    assert _phones(chrome, demo).count(mark) == 1
    _send(desk)
    _done(desk)
    assert _phones(chrome, demo).count(mark) == 3


def test_s5_a_number_on_several_lists_gets_one_message(
    desk: Page, demo: RunningDemo, chrome: Browser, tmp_path: Path
) -> None:
    """CloudGEST: whoever is chosen and in a group as well gets one SMS; so with a file, in Windows' own letters."""
    mark = f"Uma vez {_width(desk)}"
    file = tmp_path / "clientes.csv"
    file.write_bytes("Telemóvel;Nome\n912 000 555;João\n912000666;Inês\n".encode("windows-1252"))
    _begin(desk, demo, "Once", mark)
    _add(desk, "numbers")
    desk.fill("[id$='-text'][data-sms-unmeasured]", "912000555; +351 912 000 555; 912000777")
    _add(desk, "file")
    desk.set_input_files("input[type=file]", file)
    _find(desk)
    expect(desk.locator("#sms-sum")).to_have_text("3 messages")
    _send(desk)
    _done(desk)
    assert _phones(chrome, demo).count(mark) == 3


def test_s7_a_send_is_paused_resumed_and_cancelled_from_the_list_by_keys_alone(desk: Page, demo: RunningDemo) -> None:
    _begin(desk, demo, f"Later {_width(desk)}", "Depois")
    _add(desk, "numbers")
    desk.fill("[id$='-text'][data-sms-unmeasured]", "912000888")
    _find(desk)
    desk.locator("#when-later").focus()
    desk.keyboard.press("Space")
    desk.fill("#at", "2090-07-01T09:00")
    desk.locator(".sms-confirm form button.btn-primary").focus()
    desk.keyboard.press("Enter")
    expect(desk.locator(".sms-state", has_text="Goes later")).to_be_visible()
    desk.goto(demo.url + LIST)
    row = desk.locator(".sms-batches tr", has_text=f"Later {_width(desk)}")
    for press, state in (("Pause", "Paused"), ("Resume", "Goes later")):
        row.get_by_role("button", name=press).focus()
        desk.keyboard.press("Enter")
        expect(desk.locator(".sms-state", has_text=state)).to_be_visible()
        desk.goto(demo.url + LIST)
    row.get_by_role("button", name="Cancel what is left").focus()
    desk.keyboard.press("Enter")
    expect(desk.locator(".sms-state", has_text="Cancelled").first).to_be_visible()


def test_above_the_operators_ceiling_the_administrator_approves(desk: Page, demo: RunningDemo, chrome: Browser) -> None:
    mark = f"Grande {_width(desk)}"
    page = _signed_in(chrome, demo, width=1280, login=OPERATOR_LOGIN, password=OPERATOR_PASSWORD)
    _begin(page, demo, mark, mark)
    _add(page, "numbers")
    # the phones refuse numbers that end in 0001 (phone_network.BEHAVIOUR): none of these does
    numbers = ";".join(f"9121{number:05}" for number in range(100, 130))
    page.fill("[id$='-text'][data-sms-unmeasured]", numbers)
    _find(page)
    _send(page)
    expect(page.locator("text=It waits for a second person").first).to_be_visible()
    page.context.close()
    assert mark not in _phones(chrome, demo)
    desk.goto(demo.url + LIST)
    row = desk.locator(".sms-batches tr", has_text=mark)
    expect(row).to_contain_text("You may approve it")
    row.get_by_role("button", name="Approve").click()
    _done(desk)
    assert _phones(chrome, demo).count(mark) == 30
