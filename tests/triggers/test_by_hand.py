"""Firing and sending by hand: what could never reach anybody is refused while the hand can still be told."""

from __future__ import annotations

import datetime as dt

import pytest

from sms_plugin import Entity, Hook, Person, SmsError, changed
from sms_plugin.testing.phone_server import PhoneServer
from sms_plugin.text.phones import PhoneError
from tests.portal import Client, Invoice, Portal, Staff, Task, make_portal


def _refusal(portal: Portal, trigger: str, record: object) -> SmsError:
    with pytest.raises(SmsError) as raised:
        portal.sms.fire(trigger, record)
    return raised.value


@pytest.fixture
def invoice(sending: Portal, ana: Client) -> Invoice:
    """An open invoice of Ana's, committed; its trigger is on."""
    sending.switch_on("invoice_overdue_notice")
    invoice = Invoice(client=ana, number="F7", due_on=dt.date(2026, 11, 13))
    sending.session.add(invoice)
    sending.session.commit()
    return invoice


def test_what_a_hand_fires_is_queued_with_the_commit_and_keeps_the_operator(sending: Portal, invoice: Invoice) -> None:
    sending.sms.fire("invoice_overdue_notice", invoice, operator="joana")
    assert sending.messages() == []
    sending.session.commit()
    (message,) = sending.messages()
    assert (message.state, message.step, message.operator) == ("queued", "hand", "joana")


def test_a_record_that_was_just_added_may_be_fired_for(sending: Portal, ana: Client) -> None:
    sending.switch_on("invoice_overdue_notice")
    invoice = Invoice(client_id=ana.id, due_on=dt.date(2026, 11, 13))
    sending.session.add(invoice)
    sending.sms.fire("invoice_overdue_notice", invoice)
    sending.session.commit()
    assert [message.state for message in sending.messages()] == ["queued"]


def test_a_condition_that_does_not_hold_is_answered_with_a_suppressed_message(
    sending: Portal, invoice: Invoice
) -> None:
    invoice.status = "paid"
    sending.sms.fire("invoice_overdue_notice", invoice)
    sending.session.commit()
    assert [(message.state, message.reason) for message in sending.messages()] == [("suppressed", "not_true")]


def test_an_unknown_trigger_is_named_with_a_guess(sending: Portal, invoice: Invoice) -> None:
    error = _refusal(sending, "invoice_overdue_notic", invoice)
    assert error.code == "unknown_trigger"
    assert error.hint == "Did you mean 'invoice_overdue_notice'?"


def test_a_record_of_no_entity_is_refused(sending: Portal) -> None:
    error = _refusal(sending, "invoice_overdue_notice", sending)
    assert error.code == "unknown_entity"
    assert "Portal is no declared entity" in str(error)


def test_a_record_of_another_section_is_refused(sending: Portal, ana: Client) -> None:
    error = _refusal(sending, "invoice_overdue_notice", ana)
    assert error.code == "wrong_section"
    assert "'invoice'" in str(error)
    assert "'clients'" in str(error)


def test_a_record_without_a_client_is_refused(sending: Portal) -> None:
    invoice = Invoice()
    sending.session.add(invoice)
    error = _refusal(sending, "invoice_overdue_notice", invoice)
    assert error.code == "no_recipient"
    assert "leads to no client" in str(error)


def test_a_record_that_is_in_no_session_is_refused(sending: Portal) -> None:
    assert _refusal(sending, "invoice_overdue_notice", Invoice()).code == "not_added"


def test_a_hand_reaches_whom_the_hook_names(database_url: str) -> None:
    portal = make_portal(
        database_url,
        Entity(Client, "clients", person=Person(name="name", phones="phone")),
        Entity(Staff, "staff", person=Person(name="name", phones="phone")),
        Entity(Task, "task", hooks=[Hook("charge_created", changed(Task.name), to="followers")]),
    )
    with portal.app.app_context():
        portal.switch_on("charge_created", text="x")
        task = Task(name="Cable", followers=[Staff(name="Zoe", phone="913000001")])
        portal.session.add(task)
        portal.sms.fire("charge_created", task)
        portal.session.commit()
        assert [message.number for message in portal.messages()] == ["+351913000001"]
        portal.db.session.remove()
        portal.db.engine.dispose()


def test_a_text_sent_by_hand_goes_with_the_callers_transaction(sending: Portal) -> None:
    sending.sms.send(to="912 345 678", text="Olá")
    sending.session.rollback()
    assert sending.messages() == []
    sending.state.wake.clear()
    key = sending.sms.send(to="912 345 678", text="Olá", operator="joana")
    sending.session.commit()
    (message,) = sending.messages()
    assert (message.id, message.number, message.text) == (key, "+351912345678", "Olá")
    assert sending.state.wake.is_set()


def test_the_same_occasion_gives_the_same_message(sending: Portal) -> None:
    first = sending.sms.send(to="912345678", text="Welcome", once="welcome-42")
    second = sending.sms.send(to="912345678", text="Welcome", once="welcome-42")
    sending.session.commit()
    third = sending.sms.send(to="912345678", text="Welcome", once="welcome-42")
    assert first == second == third
    assert sending.sms.send(to="913000001", text="Welcome", once="welcome-42") != first


@pytest.mark.parametrize("text", ["", "  \n"])
def test_an_empty_text_is_refused(sending: Portal, text: str) -> None:
    with pytest.raises(SmsError) as raised:
        sending.sms.send(to="912345678", text=text)
    assert raised.value.code == "empty_text"


@pytest.mark.parametrize("to", ["nobody", "12", "+351 21 000 0000"])
def test_what_is_no_number_to_text_is_refused(sending: Portal, to: str) -> None:
    with pytest.raises(PhoneError):
        sending.sms.send(to=to, text="Olá")


def test_a_hand_in_a_released_savepoint_goes_with_the_one_around_it(
    portal: Portal, phone: PhoneServer, ana: Client
) -> None:
    """Promise 1: what the inner one noticed belongs to the outer one, which is undone."""
    portal.use(phone)
    portal.switch_on("charge_created")
    invoice = Invoice(client=ana)
    portal.db.session.add(invoice)
    portal.db.session.commit()
    before = len(portal.messages())
    outer = portal.db.session.begin_nested()
    with portal.db.session.begin_nested():
        portal.sms.fire("charge_created", invoice)
    outer.rollback()
    portal.db.session.commit()
    assert len(portal.messages()) == before
