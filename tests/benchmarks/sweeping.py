"""A sweep of thirty triggers over a portal with very many invoices of which few are due."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin import Entity, Hook, Person, Trigger, after, before, money
from sms_plugin.host.entity import Declaration
from sms_plugin.transactions import step
from sms_plugin.triggers.sweep import sweep
from tests import databases
from tests.benchmarks.ground import close, tuned
from tests.plans import look_at
from tests.portal import Client, Invoice, Portal, make_portal

TRIGGERS, CLIENTS = 30, 1000
TODAY = dt.date(2027, 6, 15)
NOON = dt.datetime.combine(TODAY, dt.time(12), tzinfo=ZoneInfo("Europe/Lisbon")).astimezone(dt.UTC)
TEXT = "Invoice {invoice_number} of {invoice_total} falls due on {invoice_duedate}."
_CLIENT: Any = Client.__table__
_INVOICE: Any = Invoice.__table__
#: Rows that are made one by one; the others are copies of them, made in the database.
_MADE = 5000


@dataclass(frozen=True, kw_only=True)
class Swept:
    """Seconds of one sweep that texts so many invoices, its own work in them, and of the next, which finds nothing
    new.
    """

    invoices: int
    due: int
    seconds: float
    work: float  #: this process's processor time
    again: float


def measure(kind: str, folder: Path, *, invoices: int, due: int) -> Swept:
    """One sweep of thirty triggers, on a fresh database of the kind; the pages rest on SQLite, as the job's do."""
    folder.mkdir(parents=True)
    with databases.fresh(kind, folder) as database:
        portal = make_portal(database, *declared())
        with portal.app.app_context():
            tuned(portal.db.engine)
            portal.use_kind("console", {}, name="console")
            portal.switch_on(*keys(), since=NOON - dt.timedelta(days=1))
            fill(portal, invoices=invoices, due=due)
            began = time.process_time()
            seconds, written = swept(portal, NOON)
            work = time.process_time() - began
            assert written == due, written
            again, written = swept(portal, NOON + dt.timedelta(minutes=1))
            assert not written, written
        close(portal.app, portal.db)
    return Swept(invoices=invoices, due=due, seconds=seconds, work=work, again=again)


def swept(portal: Portal, now: dt.datetime) -> tuple[float, int]:
    """Seconds, and the messages that it wrote."""

    @contextmanager
    def pages() -> Iterator[Session]:
        with step(portal.state) as session:
            yield session

    began = time.perf_counter()
    messages = sum(each.messages for each in sweep(pages, state=portal.state, now=now))
    return time.perf_counter() - began, messages


def keys() -> list[str]:
    return [f"invoice_reminder_{number}" for number in range(TRIGGERS)]


def declared() -> list[Declaration]:
    """Half of the triggers look ahead, half look back, each by another number of days."""
    half = TRIGGERS // 2
    whens = [before(Invoice.due_on, days=n + 1) for n in range(half)]
    whens += [after(Invoice.due_on, days=n + 1) for n in range(half)]
    triggers = [Trigger(key=key, section="invoice", label=key, text={"en": TEXT}, purpose="billing") for key in keys()]
    only = Invoice.status == "open"
    return [
        Entity(Client, "clients", person=Person(name="name", phones="phone", language="language")),
        Entity(
            Invoice,
            "invoice",
            to={"client": "client"},
            shortcodes={"invoice_number": "number", "invoice_total": money("total"), "invoice_duedate": "due_on"},
            hooks=[Hook(trigger, when, only=only) for trigger, when in zip(triggers, whens, strict=True)],
        ),
    ]


def fill(portal: Portal, *, invoices: int, due: int) -> None:
    """So many open invoices, so many of them on a day that some trigger waits for, the others years ago; an index by
    the day, which a portal needs that shows what is due.
    """
    ahead = [TODAY + dt.timedelta(days=n + 1) for n in range(TRIGGERS // 2)]
    days = [*ahead, *(TODAY - dt.timedelta(days=n + 1) for n in range(TRIGGERS // 2))]
    others = min(_MADE, invoices - due)
    with portal.db.engine.begin() as connection:
        connection.execute(sa.insert(_CLIENT), [_client(id) for id in range(1, CLIENTS + 1)])
        connection.execute(sa.insert(_INVOICE), [_invoice(n, _long_ago(n)) for n in range(others)])
        made = others
        while made < invoices - due:
            more = min(made, invoices - due - made)
            copied = [_INVOICE.c.client_id, _INVOICE.c.number, _INVOICE.c.total, _INVOICE.c.status, _INVOICE.c.due_on]
            some = sa.select(*copied).order_by(_INVOICE.c.id).limit(more)
            connection.execute(sa.insert(_INVOICE).from_select([column.name for column in copied], some))
            made += more
        connection.execute(sa.insert(_INVOICE), [_invoice(n, days[n % len(days)]) for n in range(due)])
        connection.exec_driver_sql("CREATE INDEX ix_invoice_due_on ON invoice (due_on)")
    look_at(portal, "invoice", "client")


def _client(id: int) -> dict[str, Any]:
    return {"id": id, "name": f"Ana {id}", "phone": f"912 {id:06}", "language": "en"}


def _invoice(number: int, day: dt.date) -> dict[str, Any]:
    return {
        "client_id": number % CLIENTS + 1,
        "number": f"F{number}",
        "total": number % 1000,
        "status": "open",
        "due_on": day,
    }


def _long_ago(number: int) -> dt.date:
    return dt.date(2016, 1, 1) + dt.timedelta(days=number % 3000)
