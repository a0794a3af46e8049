"""A fresh install on a portal with an old backlog texts nobody about it (promise 7, X5)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
import sqlalchemy as sa

from tests.portal import Client, Invoice, Portal
from tests.triggers.sweeping import at, november, swept

BACKLOG = 10_000
INSTALLED = at(16, 12)
#: Where the day's reminders are long over by then, or have been at noon in Lisbon.
ZONES = (None, "Asia/Tokyo", "Europe/Kyiv")


@pytest.fixture
def old(sending: Portal) -> Portal:
    """Ten thousand invoices that nobody paid, of three years up to yesterday; the last ones are overdue since today."""
    connection = sending.session.connection()
    clients = [
        {
            "name": f"Client {n}",
            "phone": f"91{n % 3} 000 {n:03}",
            "timezone": ZONES[n % len(ZONES)],
            "born_on": dt.date(1980, 11, 1 + n % 16),
        }
        for n in range(500)
    ]
    connection.execute(sa.insert(Client), clients)
    ids = list(connection.scalars(sa.select(Client.id).order_by(Client.id)))
    invoices = [
        {
            "client_id": ids[n % len(ids)],
            "number": f"OLD{n}",
            "total": Decimal(n),
            "status": "open",
            "due_on": november(15) - dt.timedelta(days=n % 1_000),
        }
        for n in range(BACKLOG)
    ]
    connection.execute(sa.insert(Invoice), invoices)
    sending.session.commit()
    return sending


def test_nobody_hears_of_what_was_due_before_and_of_what_is_new_they_do(old: Portal) -> None:
    """All triggers that the portal hooks are on, and the days go by."""
    hooked = [each for each in old.state.registry.reasons if old.state.registry.hooks_of(each)]
    assert len(hooked) > 6
    old.switch_on(*hooked, since=INSTALLED)
    for day in (16, 17, 18, 20, 24):
        for hour in (12, 18):
            swept(old, at(day, hour))
    assert old.messages() == []

    client = old.session.scalars(sa.select(Client).order_by(Client.id).limit(1)).one()
    old.session.add(Invoice(client=client, number="NEW", total=Decimal(1), due_on=november(28), status="open"))
    old.session.commit()
    for day in range(25, 31):
        swept(old, at(day, 12))
    told = sorted(each.trigger or "" for each in old.messages())
    assert told == ["charge_created", "charge_due_soon", "charge_due_today", "invoice_overdue_notice"]
    assert {each.state for each in old.messages()} == {"queued"}


def test_a_trigger_that_is_on_again_leaves_alone_what_was_due_meanwhile(old: Portal) -> None:
    """X5: switching on starts from that moment, the second time, too."""
    old.switch_on("invoice_overdue_notice", since=at(10, 12))
    old.switch_off("invoice_overdue_notice")
    old.switch_on("invoice_overdue_notice", since=INSTALLED)
    swept(old, at(17, 12))
    assert old.messages() == []
