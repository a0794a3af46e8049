"""The queue and the messages of the demo, worked by an operator in a browser (Q1, Q3, X11)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Dialog, Page, expect
from sqlalchemy.orm import Session

from host_demo.seed.people import OPERATOR_LOGIN, OPERATOR_PASSWORD
from sms_plugin.models import Message
from sms_plugin.outbox.enqueue import Draft, enqueue
from sms_plugin.states import MessageState
from tests.demo_process import RunningDemo, running_demo

pytestmark = [
    pytest.mark.browser,
    pytest.mark.one_database("sqlite", "the page; its questions are asked of every kind elsewhere"),
]

#: Soon enough for the first page, whatever the demo itself has planned, and later than the test takes.
SOON = dt.timedelta(minutes=10)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('queue') / 'demo.db'}"


@pytest.fixture(scope="module")
def demo(database: str) -> Iterator[RunningDemo]:
    with running_demo(database=database) as running:
        yield running


@pytest.fixture(params=[1280, 360])
def operator(request: pytest.FixtureRequest, chrome: Browser, demo: RunningDemo) -> Iterator[Page]:
    page = chrome.new_page(viewport={"width": request.param, "height": 740})
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.goto(f"{demo.url}/login")
    page.fill("#login", OPERATOR_LOGIN)
    page.fill("#password", OPERATOR_PASSWORD)
    page.click("text=Sign in")
    page.wait_for_url("**/admin/")
    yield page
    assert said == []
    page.close()


def _queued(database: str, text: str, **fields: Any) -> UUID:
    now = dt.datetime.now(dt.UTC)
    given: dict[str, Any] = {
        "occurrence": None,
        "state": MessageState.QUEUED,
        "purpose": "service",
        "priority": 1,
        "number": "+351912345678",
        "text": text,
        "encoding": "gsm7",
        "segments": 1,
        "due_at": now + SOON,
        "expires_at": None,
        **fields,
    }
    engine = sa.create_engine(database)
    with Session(engine) as session, session.begin():
        (written,) = enqueue(session, [Draft(**given)], now=now)
    engine.dispose()
    return written


def _state(database: str, message: UUID) -> str:
    engine = sa.create_engine(database)
    with Session(engine) as session:
        state = session.get_one(Message, message).state
    engine.dispose()
    return state


def test_a_message_is_cancelled_once_the_person_said_yes(operator: Page, demo: RunningDemo, database: str) -> None:
    message = _queued(database, "Do not send me")
    asked: list[str] = []

    def no(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    operator.goto(f"{demo.url}/admin/sms/queue/")
    row = operator.locator("tr", has_text="Do not send me")
    operator.once("dialog", no)
    row.get_by_role("button", name="Cancel").click()
    assert asked == ["Cancel this? It will not be sent."]
    assert _state(database, message) == MessageState.QUEUED
    operator.once("dialog", lambda dialog: dialog.accept())
    row.get_by_role("button", name="Cancel").click()
    expect(operator.locator("body")).to_contain_text("One message is cancelled.")
    assert _state(database, message) == MessageState.CANCELLED


def test_a_selection_is_cancelled_together(operator: Page, demo: RunningDemo, database: str) -> None:
    messages = [_queued(database, f"Together {number}") for number in range(3)]
    operator.goto(f"{demo.url}/admin/sms/queue/")
    for number in range(3):
        operator.locator("tr", has_text=f"Together {number}").locator("input[name=rowid]").check()
    operator.click("text=With selected")
    operator.once("dialog", lambda dialog: dialog.accept())
    operator.locator(".sms-menu-items").get_by_role("button", name="Cancel").click()
    expect(operator.locator("body")).to_contain_text("3 messages are cancelled.")
    assert {_state(database, message) for message in messages} == {MessageState.CANCELLED}


def test_sent_now_it_goes_and_its_page_tells_the_way(operator: Page, demo: RunningDemo, database: str) -> None:
    message = _queued(database, "Hurry up <b>now</b>")
    operator.goto(f"{demo.url}/admin/sms/queue/")
    row = operator.locator("tr", has_text="Hurry up <b>now</b>")
    row.get_by_role("button", name="Send now").click()
    expect(operator.locator("body")).to_contain_text("One message goes next.")
    for _ in range(100):
        if _state(database, message) == MessageState.DELIVERED:
            break
        operator.wait_for_timeout(100)
    operator.goto(f"{demo.url}/admin/sms/message/")
    operator.click("text=Find")
    operator.fill("input[name=number]", "912 345 678")
    operator.fill("input[name=words]", "hurry")
    operator.locator("form").get_by_role("button", name="Find").click()
    operator.locator("a.sms-excerpt").first.click()
    told = operator.locator(".sms-timeline")
    for words in ("Somebody had it sent at once.", "Handed to phone", "phone took it", "delivered to the phone"):
        expect(told).to_contain_text(words)
    expect(told).to_contain_text("Now: Delivered")


def test_no_page_is_wider_than_the_screen(operator: Page, demo: RunningDemo, database: str) -> None:
    message = _queued(database, "W" * 300, state=MessageState.HELD, reason="missing_value", detail="invoice_" * 20)
    wide = operator.evaluate("document.documentElement.clientWidth")
    for path in ("queue/", "queue/?state=held", "message/", f"message/details/?id={message}"):
        operator.goto(f"{demo.url}/admin/sms/{path}")
        assert operator.evaluate("document.documentElement.scrollWidth") == wide, path
