"""Clients who owe, on a portal that tells each of all debts in one message (X21)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from sms_plugin import Debt, Entity, Hook, Person, after, money
from sms_plugin.host.entity import Declaration
from sms_plugin.models import TriggerRow
from tests.portal import Client, Invoice, Portal
from tests.triggers.sweeping import at, november

KEY = "invoice_overdue_notice"
TEXT = "{contact_firstname}: {debt_count} for {debt_total}, oldest {debt_oldest}, {invoice_number}"
TEN = at(20, 10)


def declared() -> list[Declaration]:
    """An invoice's note is its currency, for the portal has none."""
    amount = money("total", "note")
    return [
        Entity(
            Client,
            "clients",
            person=Person(name="name", phones="phone", timezone="timezone", language="language"),
            shortcodes={"contact_firstname": "name"},
        ),
        Entity(
            Invoice,
            "invoice",
            to={"client": "client"},
            shortcodes={"invoice_number": "number"},
            debt=Debt(amount, since="due_on"),
            hooks=[Hook(KEY, after(Invoice.due_on, days=1, every=1, most=5), only=Invoice.status == "open")],
        ),
    ]


def change(portal: Portal, **values: object) -> None:
    with portal.fresh() as session, session.begin():
        session.execute(sa.update(TriggerRow).where(TriggerRow.key == KEY).values(**values))


def a_client(portal: Portal, name: str = "Ana", **fields: Any) -> Client:
    client = Client(name=name, language="en", **{"phone": "912 345 678", **fields})
    portal.session.add(client)
    portal.session.commit()
    return client


def owe(portal: Portal, client: Client, *amounts: int, since: int = 19, currency: str | None = None) -> list[Invoice]:
    invoices = [
        Invoice(client=client, number=f"F{amount}", total=Decimal(amount), due_on=november(since), note=currency)
        for amount in amounts
    ]
    portal.session.add_all(invoices)
    portal.session.commit()
    return invoices
