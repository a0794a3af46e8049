"""Firing to very many recipients, against the bare floor: the same texts rendered, numbers parsed, measured, and rows
inserted, with nothing decided. Both take turns on one database, in a process of their own, whose memory is theirs.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers
import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.models import Message, new_id
from sms_plugin.outbox.enqueue import REMINDER, occurrence
from sms_plugin.text.formats import Money, Style
from sms_plugin.text.segments import measure as measured
from sms_plugin.text.shortcodes import parse, render
from sms_plugin.triggers.sweep import sweep
from tests import databases
from tests.benchmarks.ground import close, tuned
from tests.portal import Client, Invoice, Portal, make_portal

ROUNDS = 5
#: Rows of one of the floor's transactions.
PAGE = 500
TRIGGER = "charge_due_soon"
TEXT = "Hello {contact_firstname}, {invoice_number} of {invoice_total} falls due on {invoice_duedate}. {company_name}"
LISBON = ZoneInfo("Europe/Lisbon")
_CLIENT: Any = Client.__table__
_INVOICE: Any = Invoice.__table__
_MESSAGE: Any = Message.__table__
_FIRST_DAY = dt.date(2027, 3, 1)


@dataclass(frozen=True, kw_only=True)
class Fired:
    """Recipients per second both ways, by the clock and by this process's own work; and its memory at its highest."""

    recipients: int
    ours: float
    bare: float
    work: float  #: the bare floor's processor time as a share of ours
    peak: float  #: MiB

    @property
    def ratio(self) -> float:
        return self.ours / self.bare


def measure(kind: str, folder: Path, *, recipients: int) -> Fired:
    """So many recipients on a fresh database of the kind, in a process of its own."""
    folder.mkdir(parents=True)
    with databases.fresh(kind, folder) as database:
        command = [sys.executable, "-m", "tests.benchmarks.firing", database, str(recipients)]
        answer = subprocess.run(command, check=True, capture_output=True, text=True)
    return Fired(**json.loads(answer.stdout.splitlines()[-1]))


def fire(database: str, *, recipients: int) -> Fired:
    """What both cost in this process."""
    portal = make_portal(database)
    each = recipients // ROUNDS
    with portal.app.app_context():
        tuned(portal.db.engine)
        portal.use_kind("console", {}, name="console")
        portal.switch_on(TRIGGER, text=TEXT, since=dt.datetime(2027, 1, 1, tzinfo=dt.UTC))
        fill(portal, each)
        _ours(portal, 0)
        _bare(portal, 0, each)  # what is read and compiled once is nobody's price
        ours, bare = Taken(), Taken()
        for number in range(1, ROUNDS + 1):
            bare.add(lambda number=number: _bare(portal, number, each))  # type: ignore[misc]
            ours.add(lambda number=number: _ours(portal, number))  # type: ignore[misc]
        _check(portal, each)
        close(portal.app, portal.db)
    return Fired(
        recipients=recipients,
        ours=recipients / ours.clock,
        bare=recipients / bare.clock,
        work=bare.work / ours.work,
        peak=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )


def fill(portal: Portal, each: int) -> None:
    """A client and an invoice for each recipient, those of one round due on one day; a few for the round before all. A
    portal that asks what is due has an index for it.
    """
    with portal.db.engine.begin() as connection:
        connection.exec_driver_sql("CREATE INDEX ix_invoice_due_on ON invoice (due_on)")
    for number in range(ROUNDS + 1):
        count = each if number else min(each, PAGE)
        for start in range(0, count, PAGE):
            ids = [number * each + n + 1 for n in range(start, min(start + PAGE, count))]
            with portal.db.engine.begin() as connection:
                connection.execute(sa.insert(_CLIENT), [_client(id) for id in ids])
                connection.execute(sa.insert(_INVOICE), [_invoice(id, _day(number)) for id in ids])


def _client(id: int) -> dict[str, Any]:
    return {"id": id, "name": f"Ana {id}", "phone": f"91{id // 10000:03} {id % 10000:04}", "language": "en"}


def _invoice(id: int, day: dt.date) -> dict[str, Any]:
    return {"id": id, "client_id": id, "number": f"F{id}", "total": _total(id), "due_on": day}


def _total(id: int) -> Decimal:
    return Decimal(id % 1000) + Decimal("0.37")


def _day(number: int) -> dt.date:
    return _FIRST_DAY + dt.timedelta(days=number)


class Taken:
    """Seconds by the clock and of this process's work, in all."""

    def __init__(self) -> None:
        self.clock = self.work = 0.0

    def add(self, run: Callable[[], object]) -> None:
        clock, work = time.perf_counter(), time.process_time()
        run()
        self.clock += time.perf_counter() - clock
        self.work += time.process_time() - work


def _ours(portal: Portal, number: int) -> None:
    """A sweep of the day on which the invoices of a round are three days from falling due."""

    @contextmanager
    def pages() -> Iterator[Session]:
        with portal.fresh() as session, session.begin():
            yield session

    day = dt.datetime.combine(_day(number) - dt.timedelta(days=3), dt.time(12), tzinfo=LISBON)
    for _ in sweep(pages, state=portal.state, now=day.astimezone(dt.UTC)):
        pass


def _bare(portal: Portal, number: int, each: int) -> None:
    """As many rows without anything that decides them."""
    count = each if number else min(each, PAGE)
    parsed, style, now = parse(TEXT), Style(language="en", timezone=LISBON), dt.datetime.now(dt.UTC)
    for start in range(0, count, PAGE):
        ids = [number * each + n + 1 for n in range(start, min(start + PAGE, count))]
        rows = [_row(id, _day(number), parsed, style, now) for id in ids]
        with portal.db.engine.begin() as connection:
            connection.execute(sa.insert(_MESSAGE), rows)


def _row(id: int, day: dt.date, parsed: Any, style: Style, now: dt.datetime) -> dict[str, Any]:
    values: dict[str, object] = {
        "contact_firstname": f"Ana {id}",
        "invoice_number": f"F{id}",
        "invoice_total": Money(amount=_total(id), currency="EUR"),
        "invoice_duedate": day,
        "company_name": "Acme",
    }
    text = render(parsed, value=values.__getitem__, style=style)
    size = measured(text)
    number = phonenumbers.parse(str(_client(id)["phone"]), "PT")
    assert phonenumbers.is_valid_number(number)
    return {
        "id": new_id(now),
        "direction": "out",
        "state": "queued",
        "occurrence": occurrence("bare", str(id)),
        "trigger": TRIGGER,
        "moment": "",
        "purpose": "billing",
        "priority": REMINDER,
        "entity": "invoice/Invoice",
        "record": str(id),
        "version": bytes(16),
        "person_entity": "clients/Client",
        "person": str(id),
        "client_entity": "clients/Client",
        "client": str(id),
        "number": phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164),
        "language": "en",
        "text": text,
        "encoding": str(size.encoding),
        "segments": size.segments,
        "due_at": now,
        "expires_at": now,
        "created_at": now,
        "changed_at": now,
    }


def _check(portal: Portal, each: int) -> None:
    """Both must have written the same texts to the same numbers, or they did not do the same."""
    with portal.fresh() as session:
        for number in (1, ROUNDS):
            record = str(number * each + each)
            rows = session.execute(
                sa.select(Message.number, Message.text, Message.segments, Message.state).where(
                    Message.entity == "invoice/Invoice", Message.record == record
                )
            ).all()
            assert len(rows) == 2, rows
            assert len(set(rows)) == 1, rows


def main() -> None:
    """One database and a number of recipients, as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database")
    parser.add_argument("recipients", type=int)
    given = parser.parse_args()
    sys.stdout.write(json.dumps(asdict(fire(given.database, recipients=given.recipients))) + "\n")


if __name__ == "__main__":
    main()
