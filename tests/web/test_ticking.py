"""A message that goes with a record's save where its tick is set, and is a note where it is not (S9, T28)."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from flask import Flask
from flask_admin import Admin
from flask_admin.contrib.sqla import ModelView
from flask_sqlalchemy import SQLAlchemy

from sms_plugin import SMSRecord
from sms_plugin.testing import drain
from sms_plugin.testing.phone_server import PhoneServer
from tests.demo.visitor import Visitor
from tests.portal import Client, Invoice, Portal
from tests.web.conftest import Mounted
from tests.web.hosts import shows, storage

EDIT = "/admin/invoice/edit/?id=41"


class InvoiceAdmin(SMSRecord, ModelView):
    """One line more, and its forms take a message along."""

    form_columns = ("number", "status", "client", "due_on")
    sms_tick = "charge_due_soon"


def _host(rights: set[str]) -> Any:
    def mount(app: Flask, db: SQLAlchemy) -> dict[str, Any]:
        admin = Admin(app)
        admin.add_view(InvoiceAdmin(Invoice, storage(db)))
        return {"admin": admin, "allow": lambda right: right in rights}

    return mount


@pytest.fixture
def portal(mounted: Mounted, phone: PhoneServer) -> Portal:
    return _portal(mounted, phone, {"send", "read"})


def _portal(mounted: Mounted, phone: PhoneServer, rights: set[str]) -> Portal:
    made = mounted(mount=_host(rights))
    with made.app.app_context():
        made.use(phone)
        made.session.add(Client(id=1, name="Ana", phone="912 345 678"))
        made.session.add(Invoice(id=41, client_id=1, number="F1", due_on=dt.date(2026, 12, 1)))
        made.session.commit()
        made.switch_on("charge_due_soon", text="About {invoice_number}: {charge_due_soon}")
    return made


@pytest.fixture
def visitor(portal: Portal) -> Visitor:
    return Visitor(client=portal.app.test_client())


def _save(visitor: Visitor, **fields: str) -> Any:
    return visitor.client.post(
        EDIT, data={"number": "F1b", "status": "open", "client": "1", "due_on": "2026-12-01", **fields}
    )


def _messages(portal: Portal) -> list[Any]:
    with portal.app.app_context():
        return portal.messages()


def _number(portal: Portal) -> str:
    with portal.app.app_context():
        return portal.session.get_one(Invoice, 41).number


def test_the_tick_sends_what_was_typed_with_the_save(portal: Portal, visitor: Visitor, phone: PhoneServer) -> None:
    page = visitor.read(EDIT)
    assert shows(page, "New message")
    assert 'data-sms-counted="160"' in page
    assert _save(visitor, sms_text="call us, {contact_firstname}", sms_send="y").status_code == 302
    assert _number(portal) == "F1b"
    drain(portal.app)
    assert [each["text"] for each in phone.ledger()] == ["About F1b: call us, Ana"]
    (message,) = _messages(portal)
    assert (message.record, message.client) == ("41", "1")
    assert message.operator


def test_a_new_record_takes_its_message_along(portal: Portal, visitor: Visitor) -> None:
    data = {"number": "F2", "status": "open", "client": "1", "due_on": "2026-12-01"}
    answer = visitor.client.post("/admin/invoice/new/", data={**data, "sms_text": "welcome", "sms_send": "y"})
    assert answer.status_code == 302
    assert [message.text for message in _messages(portal)] == ["About F2: welcome"]


def test_without_the_tick_it_is_a_note_in_the_history_and_nothing_goes(
    portal: Portal, visitor: Visitor, phone: PhoneServer
) -> None:
    assert _save(visitor, sms_text="asked by phone").status_code == 302
    drain(portal.app)
    assert phone.ledger() == []
    (note,) = _messages(portal)
    assert (note.state, note.reason, note.text) == ("suppressed", "noted", "About F1b: asked by phone")
    assert shows(visitor.read("/admin/invoice/sms/?record=41"), "It was kept as a note")


def test_a_save_without_a_message_writes_none(portal: Portal, visitor: Visitor) -> None:
    assert _save(visitor).status_code == 302
    assert _messages(portal) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "There is nothing to send"),
        ("x" * 160, "The message has 171 characters; at most 160 go."),
        ("{contact_frstname}", "contact_frstname"),
        ("{", ""),
    ],
)
def test_what_cannot_go_saves_nothing_and_keeps_what_was_typed(
    portal: Portal, visitor: Visitor, text: str, words: str
) -> None:
    answer = _save(visitor, sms_text=text, sms_send="y")
    assert answer.status_code == 200
    assert words in answer.text
    assert text in answer.text
    assert _number(portal) == "F1"
    assert _messages(portal) == []


def test_a_trigger_that_is_off_sends_nothing_and_says_so(portal: Portal, visitor: Visitor) -> None:
    with portal.app.app_context():
        portal.switch_off("charge_due_soon")
    answer = _save(visitor, sms_text="hello", sms_send="y")
    assert shows(answer.text, "This trigger is switched off. Take the tick away, or have it switched on.")
    assert _number(portal) == "F1"


def test_whoever_may_not_send_cannot_by_the_tick(mounted: Mounted, phone: PhoneServer) -> None:
    portal = _portal(mounted, phone, {"read"})
    visitor = Visitor(client=portal.app.test_client())
    assert shows(_save(visitor, sms_text="hello", sms_send="y").text, "You may not send messages")
    assert _messages(portal) == []


def test_a_double_click_sends_once_and_other_words_in_the_same_form_go(portal: Portal, visitor: Visitor) -> None:
    """Promise 2: also where somebody went back to a form that was sent."""
    shown = re.search(r'name="sms_once"[^>]*value="([0-9a-f]{32})"', visitor.read(EDIT))
    assert shown
    for text in ("Hello", "Hello", "Once more"):
        assert _save(visitor, sms_text=text, sms_send="y", sms_once=shown[1]).status_code == 302
    assert [each.text for each in _messages(portal)] == ["About F1b: Hello", "About F1b: Once more"]
    assert _save(visitor, sms_text="Hello", sms_send="y").status_code == 302
    assert len(_messages(portal)) == 3
