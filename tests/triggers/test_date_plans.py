"""Promise 10: what dates bring is found by a range of the date's index, on every database, whatever the table holds."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin import Entity, Hook, Person, Trigger, after, before, on, yearly
from sms_plugin.host.bound import BoundHook
from sms_plugin.host.entity import Declaration
from sms_plugin.host.when import When
from sms_plugin.models import Message, TriggerRow, new_id
from sms_plugin.triggers.dues import due
from sms_plugin.triggers.steps import steps_of
from tests.plans import look_at, plans, scans
from tests.portal import Booking, Client, Invoice, Portal, make_portal

MANY = 4000
NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
_TABLES: dict[str, Any] = {model.__tablename__: model.__table__ for model in (Booking, Client, Invoice)}
#: By name: the model, when, and the table.
WHENS: dict[str, tuple[type[Any], When]] = {
    "days before": (Invoice, before(Invoice.due_on, days=3)),
    "the day itself": (Invoice, on(Invoice.due_on)),
    "days after": (Invoice, after(Invoice.due_on, days=1)),
    "days before a time": (Booking, before(Booking.starts_at, days=1)),
    "hours before": (Booking, before(Booking.starts_at, hours=2)),
    "each year": (Client, yearly(Client.born_on)),
}


def _declared(model: type[Any], when: When) -> list[Declaration]:
    trigger = Trigger(key="watched", section="watched", label="Watched", text={"en": "Hello."})
    hooks: list[Hook[Any]] = [Hook(trigger, when)]
    person: Any = Person(name="name", phones="phone", timezone="timezone")
    if model is Client:
        return [Entity(Client, "watched", person=person, hooks=hooks)]
    to: Any = {"client": "client" if model is Invoice else Person(name="guest", phones="guest_phone")}
    return [Entity(Client, "clients", person=person), Entity(model, "watched", to=to, hooks=hooks)]


@pytest.fixture(params=sorted(WHENS))
def watched(request: pytest.FixtureRequest, database_url: str) -> Iterator[tuple[Portal, BoundHook]]:
    """A portal with some thousand records, a date of each indexed, of which few are due, and as many messages."""
    model, when = WHENS[request.param]
    portal = make_portal(database_url, *_declared(model, when))
    with portal.app.app_context():
        table, column = model.__tablename__, when.at.key  # type: ignore[union-attr]
        with portal.db.engine.begin() as connection:
            connection.exec_driver_sql(f"CREATE INDEX ix_watched ON {table} ({column})")
            for start in range(0, MANY, 500):
                some = range(start, start + 500)
                connection.execute(sa.insert(_TABLES["client"]), [_client(n) for n in some])
                if table != "client":
                    connection.execute(sa.insert(_TABLES[table]), [_record(table, n) for n in some])
                connection.execute(sa.insert(Message), [_message(table, n) for n in some])
        look_at(portal, table, "sms_message")
        (hook,) = portal.state.registry.date_hooks()
        yield portal, hook
        with portal.db.engine.begin() as connection:
            on_table = f" ON {table}" if connection.dialect.name == "mysql" else ""
            connection.exec_driver_sql(f"DROP INDEX ix_watched{on_table}")
        portal.db.session.remove()
        portal.db.engine.dispose()


def _day(number: int) -> dt.date:
    return dt.date(2025, 6, 1) + dt.timedelta(days=number % 1000)


def _client(number: int) -> dict[str, Any]:
    return {"id": number + 1, "name": "Ana", "phone": "912345678", "born_on": _day(number)}


def _record(table: str, number: int) -> dict[str, Any]:
    if table == "invoice":
        return {"id": number + 1, "client_id": number + 1, "number": f"F{number}", "total": 1, "due_on": _day(number)}
    at = dt.datetime.combine(_day(number), dt.time(15))
    return {"id": number + 1, "guest": "Ana", "guest_phone": "912345678", "starts_at": at, "confirmed": False}


def _message(table: str, number: int) -> dict[str, Any]:
    return {
        "id": new_id(NOW),
        "state": "delivered",
        "trigger": "watched",
        "entity": f"watched/{table.title()}",
        "record": str(number + 1),
        "purpose": "service",
        "priority": 1,
        "due_at": NOW,
        "created_at": NOW,
        "changed_at": NOW,
    }


@pytest.mark.parametrize("ahead", [dt.timedelta(), dt.timedelta(days=7)], ids=["a sweep", "a forecast of a week"])
def test_what_is_due_is_found_by_a_range_of_the_dates_index(
    watched: tuple[Portal, BoundHook], ahead: dt.timedelta
) -> None:
    """Issue 6, "Speed": the database's time is in proportion to the due rows."""
    portal, hook = watched
    row = TriggerRow(key="watched", on=True, on_since=NOW - dt.timedelta(days=3), texts={}, changed_at=NOW)
    (step,) = steps_of(hook, row)
    found: list[int] = []

    def work(session: Session) -> None:
        since = "2026-11-20T15:00:00" if hook.entity.model is Booking else "2026-11-20"
        for cursor in (None, json.dumps([since, "1"])):
            page = due(
                session,
                hook,
                row,
                step,
                after=NOW - dt.timedelta(days=1),
                until=NOW + ahead,
                cursor=cursor,
                state=portal.state,
            )
            found.append(len(page.firings))

    table = hook.entity.model.__tablename__
    asked = plans(portal, work, about=lambda statement: f"FROM {table}" in statement or "sms_message" in statement)
    assert found[0]
    for plan in asked:
        assert not scans(plan, table, "sms_message"), plan
    assert any("ix_watched" in plan for plan in asked), asked
