"""The queue's page (Q1): what waits in its order, what stands in the way, and what an operator does about it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask_admin import Admin
from flask_sqlalchemy import SQLAlchemy

from sms_plugin.models import Runner
from sms_plugin.outbox.decisions import Choice, choose
from sms_plugin.outbox.enqueue import BATCH
from sms_plugin.providers.active import stop
from sms_plugin.states import MessageState
from sms_plugin.testing.phone_server import PhoneServer
from sms_plugin.web import queue
from tests.demo.visitor import Visitor
from tests.outbox.steps import now, provider, send_off
from tests.portal import Client, Portal
from tests.web.conftest import Mounted
from tests.web.hosts import a_batch

QUEUE = "/admin/sms/queue/"
CHOOSE = "/admin/sms/message/choose/"
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def reader(mounted: Mounted) -> tuple[Portal, Visitor]:
    """A portal whose visitor may read and nothing else."""

    def mount(app: Flask, db: SQLAlchemy) -> Mapping[str, Any]:
        return {"admin": Admin(app), "allow": lambda right: right == "read"}

    portal = mounted(mount=mount)
    return portal, Visitor(client=portal.app.test_client())


def _queue(portal: Portal, **fields: Any) -> UUID:
    with portal.app.app_context():
        return portal.queue(**fields)


def _state(portal: Portal, message: UUID) -> str:
    with portal.app.app_context():
        return portal.message(message).state


def _choose(visitor: Visitor, **fields: Any) -> str:
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', visitor.read(QUEUE))
    assert token
    answer = visitor.client.post(
        CHOOSE, data={"csrf_token": token[1], "confirmed": "1", "url": QUEUE, **fields}, follow_redirects=True
    )
    assert answer.status_code == 200
    return answer.text


def test_an_empty_queue_says_so_and_leads_on(pages: Portal, visitor: Visitor) -> None:
    page = visitor.read(QUEUE)
    assert "Nothing waits" in page
    assert "/admin/sms/message/" in page


def test_what_keeps_all_messages_is_said_at_the_top_with_what_to_do(
    pages: Portal, visitor: Visitor, phone: PhoneServer
) -> None:
    page = visitor.read(QUEUE)
    assert "No provider is active" in page
    assert "flask sms worker" in page
    with pages.app.app_context():
        pages.use(phone)
        with pages.fresh() as session, session.begin():
            session.add(Runner(id=uuid4(), kind="worker", host="here", pid=1, started_at=now(), seen_at=now()))
    assert "alert-" not in visitor.read(QUEUE)
    with pages.app.app_context(), pages.fresh() as session, session.begin():
        stop(session, provider(pages), reason="bad_credentials", detail="who are you", now=now())
    page = visitor.read(QUEUE)
    assert "is stopped" in page
    assert "The provider does not take the credentials." in page


def test_messages_stand_in_their_order_with_position_time_and_reason(pages: Portal, visitor: Visitor) -> None:
    _queue(pages, text="Later", due_at=now() + HOUR)
    _queue(pages, text="Last", priority=BATCH)
    _queue(pages, text="First")
    _queue(pages, text="Stuck", state=MessageState.HELD, reason="missing_value", detail="invoice_total")
    page = visitor.read(QUEUE)
    places = [page.index(text) for text in ("First", "Last", "Later", "Stuck")]
    assert places == sorted(places)
    assert re.findall(r'data-label="Position">(\d*)<', page) == ["1", "2", "3", ""]
    assert "A shortcode of the text has no value." in page


def test_counters_stop_at_their_bound(pages: Portal, visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "MOST", 2)
    for _ in range(4):
        _queue(pages)
    assert ">2+<" in visitor.read(QUEUE)


def test_a_state_and_a_reason_leave_out_the_others(pages: Portal, visitor: Visitor) -> None:
    _queue(pages, text="Waiting")
    _queue(pages, text="Hole", state=MessageState.HELD, reason="missing_value")
    _queue(pages, text="Lost", state=MessageState.HELD, reason="quarantined")
    page = visitor.read(f"{QUEUE}?state=held&reason=missing_value")
    assert "Hole" in page
    assert "Waiting" not in page
    assert "Lost" not in page
    assert "Nothing waits that fits" in visitor.read(f"{QUEUE}?reason=opted_out")


def test_the_next_page_goes_on_where_this_one_ends(
    pages: Portal, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "SIZE", 2)
    for number in range(5):
        _queue(pages, text=f"Text-{number}.", due_at=now() - HOUR + dt.timedelta(seconds=number))
    seen: list[str] = []
    path: str | None = QUEUE
    while path:
        page = visitor.read(path)
        seen += re.findall(r"Text-\d\.", page)
        found = re.search(r'rel="next" href="([^"]+)"', page)
        path = found[1].replace("&amp;", "&") if found else None
    assert seen == [f"Text-{number}." for number in range(5)]


@pytest.mark.parametrize("at", ["x", "WzAsMV0.abc", "%00", "a" * 3000])
def test_a_cursor_that_was_tampered_with_leads_to_the_first_page(pages: Portal, visitor: Visitor, at: str) -> None:
    _queue(pages, text="Here I am")
    page = visitor.read(f"{QUEUE}?at={at}")
    assert "Here I am" in page
    assert "no longer holds" in page


@pytest.mark.parametrize("query", ["state=nonsense", "state=delivered", "reason=%00", f"reason={'x' * 999}"])
def test_nonsense_in_the_address_is_no_error(pages: Portal, visitor: Visitor, query: str) -> None:
    visitor.read(f"{QUEUE}?{query}")


def test_what_a_text_holds_is_shown_as_text(pages: Portal, visitor: Visitor) -> None:
    _queue(pages, text="<script>alert(1)</script>")
    _queue(pages, text='=HYPERLINK("http://x")', operator="<b>x</b>")
    page = visitor.read(QUEUE)
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "=HYPERLINK(" in page


def test_a_row_is_cancelled_and_the_timeline_says_by_whom(mounted: Mounted) -> None:
    portal = mounted(mount=lambda app, db: {"admin": Admin(app), "user": lambda: "Rita"})
    visitor = Visitor(client=portal.app.test_client())
    message = _queue(portal)
    assert "One message is cancelled." in _choose(visitor, one=f"cancel:{message}")
    assert _state(portal, message) == MessageState.CANCELLED
    assert "Rita" in visitor.read(f"/admin/sms/message/details/?id={message}")


def test_a_selection_is_taken_and_what_cannot_be_is_told(pages: Portal, visitor: Visitor, phone: PhoneServer) -> None:
    with pages.app.app_context():
        pages.use(phone)
        under_way = pages.queue()
        send_off(pages, under_way)
    waits = _queue(pages, due_at=now() + HOUR)
    page = _choose(visitor, choice="cancel", rowid=[str(waits), str(under_way)])
    assert "One message is cancelled." in page
    assert "is being sent at this moment" in page
    assert (_state(pages, waits), _state(pages, under_way)) == (MessageState.CANCELLED, MessageState.SENDING)


def test_send_now_makes_it_the_next(pages: Portal, visitor: Visitor) -> None:
    _queue(pages, text="Before")
    message = _queue(pages, text="Hurry", due_at=now() + HOUR, priority=BATCH)
    assert "One message goes next." in _choose(visitor, one=f"send_now:{message}")
    with pages.app.app_context():
        found = pages.message(message)
    assert found.due_at <= now()
    assert found.priority == 0


def test_the_second_of_two_operators_is_told_what_the_first_did(pages: Portal, visitor: Visitor) -> None:
    message = _queue(pages)
    with pages.app.app_context(), pages.fresh() as session, session.begin():
        choose(session, Choice.CANCEL, message, state=pages.state, who="Rita", now=now())
    page = _choose(visitor, one=f"send_now:{message}")
    assert "Rita was quicker" in page
    assert "Cancelled" in page


def test_a_held_message_whose_record_still_has_a_hole_stays_and_says_why(pages: Portal, visitor: Visitor) -> None:
    message = _queue(pages, state=MessageState.HELD, reason="no_number", number=None)
    assert "The person has no number that can be texted." in _choose(visitor, one=f"release:{message}")
    assert _state(pages, message) == MessageState.HELD


def test_without_our_script_a_page_asks_first(pages: Portal, visitor: Visitor) -> None:
    message = _queue(pages)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', visitor.read(QUEUE))
    assert token
    asked = visitor.client.post(CHOOSE, data={"csrf_token": token[1], "one": f"cancel:{message}", "url": QUEUE})
    assert "Cancel this?" in asked.text
    assert f"cancel:{message}" in asked.text
    assert _state(pages, message) == MessageState.QUEUED


@pytest.mark.parametrize(
    "fields",
    [{}, {"choice": "cancel"}, {"one": "explode:1"}, {"one": "cancel:abc"}, {"choice": "cancel", "rowid": "1"}],
)
def test_a_choice_that_says_nothing_does_nothing(pages: Portal, visitor: Visitor, fields: dict[str, str]) -> None:
    message = _queue(pages)
    assert "Choose one message at least." in _choose(visitor, **fields)
    assert _state(pages, message) == MessageState.QUEUED


def test_a_message_that_is_not_there_is_told(pages: Portal, visitor: Visitor) -> None:
    _queue(pages)
    assert "not there any more" in _choose(visitor, one=f"cancel:{uuid4()}")


def test_without_a_token_nothing_is_done(pages: Portal, visitor: Visitor) -> None:
    message = _queue(pages)
    visitor.client.post(CHOOSE, data={"one": f"cancel:{message}", "confirmed": "1"})
    assert _state(pages, message) == MessageState.QUEUED


def test_a_reader_sees_masked_numbers_and_no_buttons_and_is_refused(reader: tuple[Portal, Visitor]) -> None:
    portal, visitor = reader
    message = _queue(portal, number="+351912345678")
    page = visitor.read(QUEUE)
    assert "+351912345678" not in page
    assert "+351******678" in page
    assert "Send now" not in page
    assert 'name="rowid"' not in page
    refused = visitor.client.post(CHOOSE, data={"one": f"cancel:{message}", "confirmed": "1"})
    assert refused.status_code == 403
    assert "may not send" in refused.text
    assert _state(portal, message) == MessageState.QUEUED


def test_the_queue_is_found_by_trigger_batch_client_number_and_day(pages: Portal, visitor: Visitor) -> None:
    batch = a_batch(pages, "Spring offer")
    with pages.app.app_context():
        pages.db.session.add(Client(name="Ana Reis", phone="912345678"))
        pages.db.session.commit()
    _queue(pages, text="Bill", trigger="charge_created")
    _queue(pages, text="Offer", batch_id=batch, priority=BATCH)
    _queue(pages, text="Ana's", client_entity="clients/Client", client="1", number="+351912000001", due_at=now() + HOUR)
    today = now().date()
    finds = {
        "trigger=charge_created": "Bill",
        f"batch={batch}": "Offer",
        "client=Ana": "Ana&#39;s",
        "number=912000001": "Ana&#39;s",
    }
    for query, text in finds.items():
        page = visitor.read(f"{QUEUE}?{query}")
        assert [each for each in ("Bill", "Offer", "Ana&#39;s") if f">{each}</a>" in page] == [text], query
    assert ">Bill</a>" in visitor.read(f"{QUEUE}?since={today - dt.timedelta(days=1)}")
    assert "Nothing waits that fits" in visitor.read(f"{QUEUE}?until={today - dt.timedelta(days=2)}")
    assert "Nothing was looked for" in visitor.read(f"{QUEUE}?batch=abc")


def test_a_send_to_many_that_goes_on_is_one_line_with_what_is_still_to_come(pages: Portal, visitor: Visitor) -> None:
    """Q1"""
    a_batch(pages, "Long over", state="done", going=5)
    a_batch(pages, "Spring offer", state="running", going=1200)
    a_batch(pages, "Stopped", state="paused", going=1)
    page = visitor.read(QUEUE)
    assert re.search(r"Spring offer</strong> · *1200 messages still to come", page)
    assert re.search(r"Stopped</strong> · paused · *1 message still to come", page)
    assert "Long over</strong>" not in page


def test_what_nobody_knows_about_can_be_sent_once_more_from_the_queue(pages: Portal, visitor: Visitor) -> None:
    """Q1: cancel, send now, retry; asked before"""
    message = _queue(pages, state=MessageState.UNKNOWN, reason="timeout")
    page = visitor.read(QUEUE)
    for choice in ("send_now", "release", "resend", "assume_sent", "cancel"):
        assert f'name="choice" value="{choice}"' in page, choice
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token
    fields = {"csrf_token": token[1], "url": QUEUE, "choice": "resend", "rowid": str(message)}
    assert "twice" in visitor.client.post(CHOOSE, data=fields).text
    assert _state(pages, message) == "unknown"
    _choose(visitor, choice="resend", rowid=str(message))
    assert _state(pages, message) == "queued"
