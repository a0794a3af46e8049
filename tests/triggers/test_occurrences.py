"""What is one occurrence, and what is another (promise 2)."""

from __future__ import annotations

from decimal import Decimal

from sms_plugin.testing import drain
from sms_plugin.testing.phone_server import PhoneServer
from tests.portal import Client, Invoice, Payment, Portal, payment_recorded


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
