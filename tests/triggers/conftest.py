"""A portal that could send: what is decided for it is queued."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from sms_plugin import Entity, Hook, Person, changed, created
from sms_plugin.host.entity import Declaration
from tests.portal import Client, Invoice, Portal, make_portal
from tests.triggers.owing import KEY, TEXT, change, declared
from tests.triggers.sweeping import at

#: What a test puts in place of an invoice's note.
Reader = Callable[[Invoice], object]


@pytest.fixture
def sending(portal: Portal) -> Portal:
    """The tests' portal with a provider that writes to the console."""
    portal.use_kind("console", {}, name="console")
    return portal


class Rendering:
    """A portal whose invoices' texts are one shortcode, read by a function that each test sets."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.read: Reader = lambda invoice: invoice.number


@pytest.fixture
def rendering(database_url: str) -> Iterator[Rendering]:
    """A portal on which invoices fire when they are created and when they are paid."""
    held: list[Rendering] = []
    declared: list[Declaration] = [
        Entity(Client, "clients", person=Person(name="name", phones="phone")),
        Entity(
            Invoice,
            "invoice",
            to={"client": "client"},
            shortcodes={"invoice_note": lambda invoice: held[0].read(invoice)},
            hooks=[
                Hook("charge_created", created()),
                Hook("invoice_overdue_notice", changed(Invoice.status, to="paid")),
            ],
        ),
    ]
    portal = make_portal(database_url, *declared)
    with portal.app.app_context():
        held.append(Rendering(portal))
        portal.use_kind("console", {}, name="console")
        portal.switch_on("charge_created", "invoice_overdue_notice", text="{invoice_note}")
        yield held[0]
        portal.db.session.remove()
        portal.db.engine.dispose()


@pytest.fixture
def debts(database_url: str) -> Iterator[Portal]:
    """A portal that gathers what is overdue."""
    made = make_portal(database_url, *declared())
    with made.app.app_context():
        made.use_kind("console", {}, name="console")
        made.switch_on(KEY, text=TEXT, since=at(1, 12))
        change(made, gathers=True, validity_hours=12)
        yield made
        made.db.session.remove()
        made.db.engine.dispose()


@pytest.fixture
def office(sending: Portal) -> Portal:
    """A portal that texts new invoices, confirmed bookings and followers of tasks."""
    sending.switch_on("charge_created", text="{invoice_number} {invoice_total}")
    sending.switch_on("seat_confirmed", "task_followed", "invoice_payment_recorded")
    return sending
