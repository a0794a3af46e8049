"""A message that goes with a record's save where its tick is set, and is a note where it is not (S9, T28)."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_admin import Admin
from flask_admin.contrib.sqla import ModelView
from flask_sqlalchemy import SQLAlchemy
from jinja2 import Undefined

from sms_plugin import SMSRecord
from sms_plugin.models import TriggerRow, database_now
from sms_plugin.people.consent import opt_out
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
        app.jinja_env.undefined = Undefined  # Flask-Admin's own form of a record stands no StrictUndefined
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
        _records(made)
    return made


def _records(portal: Portal) -> None:
    portal.session.add(Client(id=1, name="Ana", phone="912 345 678"))
    portal.session.add(Invoice(id=41, client_id=1, number="F1", due_on=dt.date(2026, 12, 1)))
    portal.session.commit()
    portal.switch_on("charge_due_soon", text="About {invoice_number}: {charge_due_soon}")


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


def _is_for(portal: Portal, purpose: str, **client: Any) -> None:
    """The trigger's purpose as the admin sets it, and what the client has said or has."""
    with portal.app.app_context():
        portal.session.execute(sa.update(TriggerRow).values(purpose=purpose))
        for name, value in client.items():
            setattr(portal.session.get_one(Client, 1), name, value)
        portal.session.commit()


def test_an_offer_asks_the_host_whether_the_client_takes_offers(portal: Portal, visitor: Visitor) -> None:
    """X7: the purpose that the admin gave the trigger counts, before the record is saved and in the message."""
    _is_for(portal, "marketing", agrees_to_marketing=False)
    answer = _save(visitor, sms_text="20 % off", sms_send="y")
    assert answer.status_code == 200
    assert shows(answer.text, "The person does not agree to texts of this kind.")
    assert (_number(portal), _messages(portal)) == ("F1", [])
    _is_for(portal, "marketing", agrees_to_marketing=True)
    assert _save(visitor, sms_text="20 % off", sms_send="y").status_code == 302
    assert [(each.purpose, each.state) for each in _messages(portal)] == [("marketing", "queued")]


def test_an_offer_stops_at_who_wants_no_offers(portal: Portal, visitor: Visitor) -> None:
    """X7"""
    _is_for(portal, "marketing")
    with portal.app.app_context():
        opt_out(portal.session, "+351912345678", source="staff", purpose="marketing", now=database_now(portal.session))
        portal.session.commit()
    assert _save(visitor, sms_text="20 % off", sms_send="y").status_code == 200
    assert _messages(portal) == []
    _is_for(portal, "service")
    assert _save(visitor, sms_text="your router is here", sms_send="y").status_code == 302


def test_a_bill_goes_to_the_number_for_bills(portal: Portal, visitor: Visitor) -> None:
    """S3"""
    _is_for(portal, "billing", billing_phone="913 333 333")
    assert _save(visitor, sms_text="your bill", sms_send="y").status_code == 302
    assert [each.number for each in _messages(portal)] == ["+351913333333"]


def test_an_offer_by_a_provider_that_hears_no_answer_needs_a_way_out(mounted: Mounted) -> None:
    """X7"""
    portal = mounted(mount=_host({"send", "read"}))
    with portal.app.app_context():
        portal.use_kind("console", {}, name="console")
        _records(portal)
    visitor = Visitor(client=portal.app.test_client())
    _is_for(portal, "marketing")
    assert _save(visitor, sms_text="20 % off", sms_send="y").status_code == 200
    assert _messages(portal) == []
    assert _save(visitor, sms_text="no more: {optout_link}", sms_send="y").status_code == 302
    assert len(_messages(portal)) == 1


@pytest.mark.parametrize(
    ("purpose", "client"),
    [
        ("marketing", {"agrees_to_marketing": False}),
        ("service", {"phone": None}),
        ("service", {"phone": "12"}),
    ],
)
def test_a_note_is_kept_about_whoever_cannot_be_texted(
    portal: Portal, visitor: Visitor, purpose: str, client: dict[str, Any]
) -> None:
    """S9: without the tick it is only logged."""
    _is_for(portal, purpose, **client)
    shown = re.search(r'name="sms_once"[^>]*value="([0-9a-f]{32})"', visitor.read(EDIT))
    assert shown
    for _ in range(2):
        assert _save(visitor, sms_text="asked by phone", sms_once=shown[1]).status_code == 302
    (note,) = _messages(portal)
    assert (note.state, note.reason, note.record, note.client, note.number) == (
        "suppressed",
        "noted",
        "41",
        "1",
        None,
    )
    assert (note.text, note.subject) == ("asked by phone", "Charge due soon")


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
