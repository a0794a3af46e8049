"""Invoices and payments of a day."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from host_demo.billing import issue_invoice, mark_overdue, record_payment
from host_demo.day.deeds import Day
from host_demo.formats import money
from host_demo.models import ChargeKind, Invoice, Payment, PaymentMethod, Staff
from host_demo.seed.invoices import CURRENCY, LINES, PRICES
from host_demo.services import follow_up

TERM = timedelta(days=15)


def go_through_the_night(day: Day) -> str:
    """What the portal does by itself: invoices turn overdue, lines reach their deadlines."""
    late = mark_overdue(day.session, on=day.on)
    moved = follow_up(day.session, on=day.on)
    told = [f"{late} invoice{'' if late == 1 else 's'} overdue since midnight"]
    return "; ".join(told + [f"{service}: {service.status.value}" for service in moved])


def issue(day: Day) -> str:
    client = day.client()
    currency = CURRENCY[client.region]
    invoice = issue_invoice(
        day.session,
        client=client,
        total=Decimal(day.chance.choice(PRICES[currency])),
        due_on=day.on + TERM,
        description=f"{LINES[ChargeKind.INTERNET][client.language]}, {day.on:%m/%Y}",
        currency=currency,
        issued_on=day.on,
    )
    return f"Invoice {invoice} of {money(invoice.total, currency)} issued to {client}"


def pay_at_the_desk(day: Day) -> str:
    """All of an invoice, in the shop."""
    invoice = day.one(Invoice, Invoice.is_unpaid)
    if invoice is None:
        return ""
    method = day.chance.choice([PaymentMethod.CASH, PaymentMethod.CARD])
    by = day.somebody()
    return _told(_paid(day, invoice, invoice.amount_due, method, by), f" at {by}'s desk")


def pay_online(day: Day) -> str:
    """All or half of an invoice, without anybody's help."""
    invoice = day.one(Invoice, Invoice.is_unpaid)
    if invoice is None:
        return ""
    half = (invoice.amount_due / 2).quantize(Decimal("0.01"))
    amount = half if half and day.chance.random() < 0.3 else invoice.amount_due
    return _told(_paid(day, invoice, amount, PaymentMethod.TRANSFER, None), " online")


def _paid(day: Day, invoice: Invoice, amount: Decimal, method: PaymentMethod, by: Staff | None) -> Payment:
    return record_payment(day.session, invoice=invoice, amount=amount, method=method, by=by, paid_on=day.on)


def _told(payment: Payment, how: str) -> str:
    invoice = payment.invoice
    return f"{invoice.client} paid {money(payment.amount, invoice.currency)} of {invoice}{how}"
