"""What is one occurrence, and what is another (promise 2)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from sms_plugin import Entity, Hook, Person, changed, created
from sms_plugin.models import TriggerRow
from sms_plugin.outbox.enqueue import occurrence
from sms_plugin.testing import drain
from sms_plugin.testing.phone_server import PhoneServer
from tests.portal import (
    Booking,
    Client,
    Invoice,
    Payment,
    Portal,
    Staff,
    Task,
    make_portal,
    payment_recorded,
)


def _invoice(portal: Portal, client: Client) -> Invoice:
    invoice = Invoice(client=client, number="F7", total=Decimal(30))
    portal.db.session.add(invoice)
    portal.db.session.commit()
    return invoice


def _pay(portal: Portal, invoice: Invoice, amount: int) -> Payment:
    payment = Payment(invoice=invoice, amount=Decimal(amount))
    portal.db.session.add(payment)
    portal.db.session.flush()
    payment_recorded.send(portal.app, payment=payment)
    portal.db.session.commit()
    return payment


def test_two_part_payments_text_twice(portal: Portal, phone: PhoneServer, ana: Client) -> None:
    """T2: the occurrence is the payment."""
    portal.use(phone)
    portal.switch_on("invoice_payment_recorded")
    invoice = _invoice(portal, ana)
    _pay(portal, invoice, 10)
    _pay(portal, invoice, 20)
    assert [message.state for message in portal.messages()] == ["queued", "queued"]
    assert drain(portal.app).accepted == 2
    assert sorted(line["text"] for line in phone.ledger()) == [
        "Ana, we received €10.00 for invoice F7 on 21 Nov 2026. Thank you.",
        "Ana, we received €20.00 for invoice F7 on 21 Nov 2026. Thank you.",
    ]


def test_the_same_signal_fired_twice_texts_once(portal: Portal, phone: PhoneServer, ana: Client) -> None:
    """X2: a second firing of the same occurrence finds its key taken, in this transaction and in a later one."""
    portal.use(phone)
    portal.switch_on("invoice_payment_recorded")
    payment = _pay(portal, _invoice(portal, ana), 10)
    payment_recorded.send(portal.app, payment=payment)
    payment_recorded.send(portal.app, payment=payment)
    portal.db.session.commit()
    assert len(portal.messages()) == 1


def test_a_payment_signalled_again_by_a_later_run_texts_once(portal: Portal, phone: PhoneServer, ana: Client) -> None:
    portal.use(phone)
    portal.switch_on("invoice_payment_recorded")
    key = _pay(portal, _invoice(portal, ana), 10).id
    portal.db.session.remove()
    payment_recorded.send(portal.app, payment=portal.session.get_one(Payment, key))
    portal.db.session.commit()
    assert len(portal.messages()) == 1


def test_a_value_entered_twice_in_a_day_texts_once(sending: Portal) -> None:
    """A double click is one entry."""
    sending.switch_on("seat_confirmed")
    booking = Booking(guest="Rui", guest_phone="912345678")
    sending.session.add(booking)
    sending.session.commit()
    for confirmed in (True, False, True):
        booking.confirmed = confirmed
        sending.session.commit()
    assert len(sending.messages()) == 1


def test_a_value_entered_on_another_day_texts_again(sending: Portal) -> None:
    """A second approval next week is another one: the moment holds the local day."""
    sending.switch_on("seat_confirmed")
    booking = Booking(guest="Rui", guest_phone="912345678")
    sending.session.add(booking)
    sending.session.commit()
    booking.confirmed = True
    sending.session.commit()
    (message,) = sending.messages()
    day, _, value = message.moment.partition(" ")
    assert dt.date.fromisoformat(day)
    assert value == "True"
    yesterday = occurrence("seat_confirmed", "", "booking/Booking", "1", "2026-01-01 True", "+351912345678")
    assert message.occurrence != yesterday


def test_each_member_is_texted_once_ever(sending: Portal) -> None:
    """T14: the occurrence is task and person."""
    sending.switch_on("task_followed")
    task, zoe = Task(name="Cable"), Staff(name="Zoe", phone="913000001")
    sending.session.add_all([task, zoe])
    sending.session.commit()
    for _ in range(2):
        task.followers.append(zoe)
        sending.session.commit()
        task.followers.remove(zoe)
        sending.session.commit()
    assert len(sending.messages()) == 1


def test_two_persons_with_one_number_get_one_message_per_record(database_url: str) -> None:
    portal = make_portal(
        database_url,
        Entity(Staff, "staff", person=Person(name="name", phones="phone")),
        Entity(Task, "task", to={"client": "followers"}, hooks=[Hook("charge_created", created())]),
    )
    with portal.app.app_context():
        portal.switch_on("charge_created", text="x")
        zoe, max_ = Staff(name="Zoe", phone="913000001"), Staff(name="Max", phone="+351 913 000 001")
        portal.session.add_all([Task(name="Cable", followers=[zoe, max_]), Task(name="Pole", followers=[zoe])])
        portal.session.commit()
        assert sorted((message.record, message.number) for message in portal.messages()) == [
            ("1", "+351913000001"),
            ("2", "+351913000001"),
        ]
        portal.db.session.remove()
        portal.db.engine.dispose()


def test_by_hand_each_call_is_an_occasion_unless_its_token_says_otherwise(sending: Portal, ana: Client) -> None:
    sending.switch_on("invoice_overdue_notice")
    invoice = _invoice(sending, ana)
    for once in (None, None, "token", "token"):
        sending.sms.fire("invoice_overdue_notice", invoice, once=once)
        sending.session.commit()
    assert len(sending.messages()) == 3


def test_the_same_token_twice_in_one_transaction_is_one_occasion(sending: Portal, ana: Client) -> None:
    sending.switch_on("invoice_overdue_notice")
    invoice = _invoice(sending, ana)
    sending.sms.fire("invoice_overdue_notice", invoice, once="token")
    sending.sms.fire("invoice_overdue_notice", invoice, once="token")
    sending.session.commit()
    assert len(sending.messages()) == 1


def test_long_tokens_that_begin_alike_are_told_apart(sending: Portal, ana: Client) -> None:
    sending.switch_on("invoice_overdue_notice")
    invoice = _invoice(sending, ana)
    for last in "ab":
        sending.sms.fire("invoice_overdue_notice", invoice, once="x" * 80 + last)
        sending.session.commit()
    found = [message.moment for message in sending.messages()]
    assert len(set(found)) == 2
    assert {len(moment) for moment in found} == {64}


def test_a_hook_may_say_itself_what_is_once(database_url: str) -> None:
    """``once=`` takes the place of the usual moment; the record stays part of the key."""
    portal = make_portal(
        database_url,
        Entity(Client, "clients", person=Person(name="name", phones="phone")),
        Entity(
            Invoice,
            "invoice",
            to={"client": "client"},
            hooks=[Hook("charge_created", changed(Invoice.status), once=lambda invoice: invoice.number)],
        ),
    )
    with portal.app.app_context():
        portal.switch_on("charge_created", text="changed")
        invoice = Invoice(client=Client(name="Rui", phone="912345678"), number="F1")
        portal.session.add(invoice)
        portal.session.commit()
        for number, status in (("F1", "paid"), ("F1", "void"), ("F2", "open")):
            invoice.number, invoice.status = number, status
            portal.session.commit()
        assert [message.moment for message in portal.messages()] == ["F1", "F2"]
        portal.db.session.remove()
        portal.db.engine.dispose()


def test_a_trigger_that_is_off_or_without_a_text_writes_nothing(sending: Portal, ana: Client) -> None:
    _invoice(sending, ana)
    sending.switch_on("charge_created")
    sending.switch_off("charge_created")
    _invoice(sending, ana)
    with sending.fresh() as session, session.begin():
        row = session.get_one(TriggerRow, "charge_created")
        row.on, row.texts = True, {"en": "  "}
    _invoice(sending, ana)
    assert sending.messages() == []


def test_each_hook_asks_its_own_condition(database_url: str) -> None:
    """Two hooks of one trigger: the one that fired must hold, not the other."""
    portal = make_portal(
        database_url,
        Entity(Client, "clients", person=Person(name="name", phones="phone")),
        Entity(
            Invoice,
            "invoice",
            to={"client": "client"},
            hooks=[
                Hook("charge_created", created(), only=Invoice.status == "never"),
                Hook("charge_created", changed(Invoice.status), only=Invoice.status == "open"),
            ],
        ),
    )
    with portal.app.app_context():
        portal.switch_on("charge_created", text="x")
        portal.session.add(Invoice(client=Client(name="Rui", phone="912345678")))
        portal.session.commit()
        assert portal.messages() == []
        portal.db.session.remove()
        portal.db.engine.dispose()
