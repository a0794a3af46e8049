"""The invoices of the seeded clients: a paid past, and a present of every kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from host_demo.database import AnySession
from host_demo.models import ChargeKind, Client, Invoice, InvoiceStatus, Payment, PaymentMethod, Staff

PERIOD = timedelta(days=30)
TERM = timedelta(days=15)
PAID_PERIODS = 3


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Where a client's present invoice stands, in days from today."""

    due_in: int
    status: InvoiceStatus
    paid_share: Decimal = Decimal(0)
    kind: ChargeKind = ChargeKind.INTERNET


PLANS = {
    "paid": Plan(due_in=4, status=InvoiceStatus.PAID, paid_share=Decimal(1)),
    "open": Plan(due_in=12, status=InvoiceStatus.OPEN),
    "due in 7": Plan(due_in=7, status=InvoiceStatus.OPEN, kind=ChargeKind.SUPPORT),
    "due in 3": Plan(due_in=3, status=InvoiceStatus.OPEN),
    "due today": Plan(due_in=0, status=InvoiceStatus.OPEN),
    "late 1": Plan(due_in=-1, status=InvoiceStatus.OVERDUE),
    "late 6": Plan(due_in=-6, status=InvoiceStatus.OVERDUE),
    "late 20": Plan(due_in=-20, status=InvoiceStatus.OVERDUE),
    "part paid": Plan(due_in=-2, status=InvoiceStatus.OVERDUE, paid_share=Decimal("0.5"), kind=ChargeKind.ONCE),
    "cancelled": Plan(due_in=5, status=InvoiceStatus.CANCELLED),
}

CURRENCY = {"PT": "EUR", "UA": "UAH", "GB": "GBP", "BR": "BRL"}
PRICES = {
    "EUR": ("24.90", "34.90", "49.90"),
    "GBP": ("22.00", "31.50"),
    "UAH": ("390.00", "520.00"),
    "BRL": ("99.90", "146.37"),
}
LINES = {
    ChargeKind.INTERNET: {"pt": "Internet por fibra", "uk": "Інтернет через оптоволокно", "en": "Fibre internet"},
    ChargeKind.ONCE: {"pt": "Instalação", "uk": "Підключення", "en": "Installation"},
    ChargeKind.SUPPORT: {"pt": "Visita técnica", "uk": "Виїзд майстра", "en": "Engineer's visit"},
}


@dataclass(frozen=True, kw_only=True)
class _Bill:
    client: Client
    due_on: date
    total: Decimal
    plan: Plan


def bill(
    session: AnySession,
    *,
    clients: Sequence[Client],
    plans: Sequence[str],
    cashier: Staff,
    today: date,
    chance: Random,
) -> None:
    """Add each client's invoices and payments, numbered in the order of their dates."""
    bills = [
        one
        for client, plan in zip(clients, plans, strict=True)
        for one in _bills(client, plan=PLANS[plan], today=today, chance=chance)
    ]
    bills.sort(key=lambda one: one.due_on)
    serial: dict[int, int] = {}
    for one in bills:
        year = (one.due_on - TERM).year
        serial[year] = serial.get(year, 0) + 1
        invoice = _invoice(one, number=f"NF{year}-{serial[year]:05d}", public_id=f"{chance.getrandbits(64):016x}")
        session.add(invoice)
        _pay(session, invoice=invoice, share=one.plan.paid_share, cashier=cashier, today=today, chance=chance)


def _bills(client: Client, *, plan: Plan, today: date, chance: Random) -> list[_Bill]:
    present = today + timedelta(days=plan.due_in)
    total = Decimal(chance.choice(PRICES[CURRENCY[client.region]])) * (2 if client.company else 1)
    past = [
        _Bill(client=client, due_on=present - PERIOD * ago, total=total, plan=PLANS["paid"])
        for ago in range(1, chance.randint(1, PAID_PERIODS) + 1)
    ]
    return [*past, _Bill(client=client, due_on=present, total=total, plan=plan)]


def _invoice(one: _Bill, *, number: str, public_id: str) -> Invoice:
    line = LINES[one.plan.kind][one.client.language]
    return Invoice(
        client=one.client,
        number=number,
        public_id=public_id,
        description=f"{line}, {one.due_on:%m/%Y}",
        issued_on=one.due_on - TERM,
        due_on=one.due_on,
        currency=CURRENCY[one.client.region],
        total=one.total,
        status=one.plan.status,
        kind=one.plan.kind,
    )


def _pay(session: AnySession, *, invoice: Invoice, share: Decimal, cashier: Staff, today: date, chance: Random) -> None:
    if not share:
        return
    method = chance.choice(list(PaymentMethod))
    paid_on = min(invoice.due_on - timedelta(days=chance.randint(0, 9)), today)
    by_hand = method in (PaymentMethod.CASH, PaymentMethod.TRANSFER)
    session.add(
        Payment(
            invoice=invoice,
            amount=(invoice.total * share).quantize(Decimal("0.01")),
            method=method,
            paid_on=paid_on,
            recorded_at=datetime.combine(paid_on, time(10, 30)),
            recorded_by=cashier if by_hand else None,
        )
    )
