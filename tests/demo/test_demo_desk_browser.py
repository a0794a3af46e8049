"""Queue, grid, history and record as the manuals tell them, on a wide screen and on a phone (Q1 to Q4, X12, X23)."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect
from sqlalchemy.orm import Session

from host_demo.seed.people import ADMIN_LOGIN, ADMIN_PASSWORD, OPERATOR_LOGIN, OPERATOR_PASSWORD
from sms_plugin.models import Batch, Message, new_id
from sms_plugin.outbox.enqueue import Draft, enqueue
from sms_plugin.states import MessageState
from tests.demo.steps import export, open_menu
from tests.demo_process import RunningDemo, running_demo

pytestmark = [
    pytest.mark.browser,
    pytest.mark.one_database("sqlite", "the pages; their questions are asked of every kind elsewhere"),
]

TOMORROW = dt.timedelta(hours=20)
BILL, WORDS = "Your invoice falls due tomorrow", "Shall we come at nine?"
NUMBER = "+351912345000"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('desk') / 'demo.db'}"


@pytest.fixture(scope="module")
def demo(database: str) -> Iterator[RunningDemo]:
    with running_demo(database=database) as running:
        yield running


@pytest.fixture(params=[1280, 360])
def page(request: pytest.FixtureRequest, chrome: Browser) -> Iterator[Page]:
    page = chrome.new_page(viewport={"width": request.param, "height": 740})
    said: list[str] = []
    page.on("console", lambda told: said.append(told.text) if told.type == "error" else None)
    page.on("request", lambda asked: said.append(asked.url) if "//127.0.0.1" not in asked.url else None)
    yield page
    assert [each for each in said if "favicon" not in each] == []
    page.close()


def enter(page: Page, demo: RunningDemo, login: str, password: str) -> None:
    page.goto(f"{demo.url}/login")
    page.fill("#login", login)
    page.fill("#password", password)
    page.click("text=Sign in")
    page.wait_for_url("**/admin/")


def look(page: Page, name: str) -> None:
    """No page is wider than its window; a picture of it where somebody wants to look."""
    width = page.evaluate("document.documentElement.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= width, name
    if folder := os.environ.get("SMS_TEST_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)


def queued(database: str, text: str, **fields: Any) -> UUID:
    now = dt.datetime.now(dt.UTC)
    given: dict[str, Any] = {
        "occurrence": None,
        "state": MessageState.QUEUED,
        "purpose": "billing",
        "priority": 1,
        "number": NUMBER,
        "text": text,
        "encoding": "gsm7",
        "segments": 1,
        "due_at": now + TOMORROW,
        "expires_at": None,
        **fields,
    }
    engine = sa.create_engine(database)
    with Session(engine) as session, session.begin():
        (written,) = enqueue(session, [Draft(**given)], now=now)
    engine.dispose()
    return written


def batch(database: str, name: str) -> UUID:
    """A send to many that goes on, with some still to come."""
    now = dt.datetime.now(dt.UTC)
    id = new_id(now)
    given = {"going": 1200, "stop_share": 20, "created_at": now, "changed_at": now, "purpose": "marketing"}
    engine = sa.create_engine(database)
    with Session(engine) as session, session.begin():
        session.add(Batch(id=id, name=name, state="paused", once=id.hex, **given))
    engine.dispose()
    return id


def state(database: str, message: UUID) -> str:
    engine = sa.create_engine(database)
    with Session(engine) as session:
        found = session.get_one(Message, message).state
    engine.dispose()
    return found


def until(page: Page, database: str, message: UUID, wanted: str) -> None:
    for _ in range(150):
        if state(database, message) == wanted:
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"the message is {state(database, message)}")


def test_the_queue_shows_what_is_pending_automatic_ones_too_and_lets_it_go(
    page: Page, demo: RunningDemo, database: str
) -> None:
    """Q1, Q2: the third tab of the panel; what goes reaches the phone without a routine that one waits for."""
    enter(page, demo, OPERATOR_LOGIN, OPERATOR_PASSWORD)
    send = batch(database, "Spring offer")
    automatic = queued(database, BILL, trigger="charge_due_soon", due_at=dt.datetime.now(dt.UTC) + TOMORROW * 0.9)
    of_batch = queued(database, "Spring is here", batch_id=send, priority=2)
    open_menu(page, "Queue")
    row = page.locator("tr", has_text=BILL)
    expect(row).to_contain_text("Queued")
    expect(row.locator("[data-label=Planned] time")).to_be_visible()
    expect(page.locator("body")).to_contain_text("1200 messages still to come")
    look(page, "queue")

    page.click("summary:has-text('Find')")
    page.select_option("select[name=batch]", str(send))
    look(page, "queue-find")
    page.locator("form.sms-panel").get_by_role("button", name="Find").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr")).to_contain_text("Spring is here")
    page.locator("tbody tr").get_by_label("Choose this message").check()
    page.click("text=With selected")
    page.once("dialog", lambda dialog: dialog.accept())
    page.locator(".sms-menu-items").get_by_role("button", name="Cancel").click()
    expect(page.locator("body")).to_contain_text("One message is cancelled.")
    assert state(database, of_batch) == MessageState.CANCELLED

    page.goto(f"{demo.url}/admin/sms/queue/?trigger=charge_due_soon&number=912345000")
    page.locator("tr", has_text=BILL).get_by_role("button", name="Send now").click()
    expect(page.locator("body")).to_contain_text("One message goes next.")
    until(page, database, automatic, MessageState.DELIVERED)
    page.goto(demo.phone_url)
    expect(page.locator("body")).to_contain_text(BILL)


def test_the_grid_of_sent_messages_is_searched_and_what_failed_is_tried_again(
    page: Page, demo: RunningDemo, database: str
) -> None:
    """Q3, X11"""
    enter(page, demo, OPERATOR_LOGIN, OPERATOR_PASSWORD)
    words = f"Technician {page.evaluate('window.innerWidth')} is on the way"
    failed = queued(database, words, state=MessageState.FAILED, reason="no_connection")
    open_menu(page, "Messages")
    look(page, "messages")
    page.click("summary:has-text('Find')")
    page.fill("input[name=number]", "912 345 000")
    page.fill("input[name=words]", "TECHNICIAN")
    page.select_option("select[name=state]", "failed")
    page.locator("form.sms-panel").get_by_role("button", name="Find").click()
    row = page.locator("tbody tr", has_text=words)
    expect(row).to_have_count(1)
    look(page, "messages-found")
    page.once("dialog", lambda dialog: dialog.accept())
    row.get_by_role("button", name="Try again").click()
    expect(page.locator("body")).to_contain_text("One message is in the queue again.")
    until(page, database, failed, MessageState.DELIVERED)
    page.goto(f"{demo.url}/admin/sms/message/?number=912345000")
    page.locator("a.sms-excerpt", has_text=words).click()
    told = page.locator(".sms-timeline")
    for line in ("Somebody had it tried again.", "Rui Tavares", "phone took it", "delivered to the phone"):
        expect(told).to_contain_text(line)
    look(page, "message")


def test_the_conversation_is_reached_from_the_clients_card_searched_exported_and_printed(
    page: Page, demo: RunningDemo, database: str, tmp_path: Path
) -> None:
    """Q4: the section SMS of the client's card, with its export, its search and its list."""
    enter(page, demo, ADMIN_LOGIN, ADMIN_PASSWORD)
    queued(database, WORDS, state=MessageState.DELIVERED, client_entity="clients/Client", client="4", subject="Visit")
    page.goto(f"{demo.url}/admin/client/details/?id=4")
    page.locator(".sms-on-record").get_by_role("link", name="SMS history").click()
    page.fill(".sms-words", "at NINE")
    page.get_by_role("button", name="Search").click()
    expect(page.locator(".sms-bubble").first).to_contain_text(WORDS)
    look(page, "history")
    rows = export(page, tmp_path)
    assert {row["Text"] for row in rows} == {WORDS}
    assert list(rows[0])[:4] == ["Time", "Direction", "Person", "Number"]

    page.get_by_role("link", name="Print").click()
    for words in (WORDS, "SMS history", "Printed", "Helena Prata"):
        expect(page.locator("main")).to_contain_text(words)
    expect(page.get_by_role("button", name="Print")).to_be_visible()
    expect(page.locator(".navbar")).to_have_count(0)
    look(page, "print")
    page.emulate_media(media="print")
    expect(page.locator(".screen")).to_be_hidden()
    page.emulate_media(media="screen")

    page.goto(f"{demo.url}/admin/sms/history/?number=912345000")
    expect(page.locator(".sms-bubble", has_text=WORDS).first).to_be_visible()


def test_the_record_tells_who_changed_what_and_who_looked_and_took_files_out(page: Page, demo: RunningDemo) -> None:
    """X12, X23"""
    enter(page, demo, OPERATOR_LOGIN, OPERATOR_PASSWORD)
    page.goto(f"{demo.url}/admin/client/sms/?record=4")
    page.goto(f"{demo.url}/admin/sms/change/")
    expect(page.get_by_role("link", name="Looks and files")).to_have_count(0)
    assert page.request.get(f"{demo.url}/admin/sms/change/looks/").status == 403
    page.context.clear_cookies()

    enter(page, demo, ADMIN_LOGIN, ADMIN_PASSWORD)
    page.goto(f"{demo.url}/admin/sms/trigger/edit/?key=charge_created")
    page.wait_for_load_state("load")
    page.fill("#text-en", f"Invoice {{invoice_number}} is here, {page.evaluate('window.innerWidth')}")
    page.locator("button:text-is('Save')").first.click()
    open_menu(page, "Record")
    row = page.locator("tbody tr").first
    for words in ("Helena Prata", "changed", "(en)", "is here"):
        expect(row).to_contain_text(words)
    look(page, "record")
    page.get_by_role("link", name="Looks and files").click()
    expect(page.locator("tbody tr", has_text="Rui Tavares").first).to_contain_text("looked at it")
    look(page, "looks")
