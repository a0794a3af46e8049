"""What the sweep asks of the host's tables costs what is due, not what there is: it goes by the index of the date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin import Entity, Hook, Person, before, yearly
from sms_plugin.host.bound import BoundHook
from sms_plugin.models import Message, TriggerRow, new_id
from sms_plugin.triggers import dues
from sms_plugin.triggers.dues import due
from sms_plugin.triggers.steps import steps_of
from tests.plans import look_at, plans, scans
from tests.portal import Booking, Client, Invoice, Portal, make_portal
from tests.triggers.sweeping import at

ROWS, DUE = 3000, 300
NOW = at(13, 12)
INDEXES = {"client": "born_on", "invoice": "due_on", "booking": "starts_at"}


@pytest.fixture
def full(database_url: str) -> Iterator[Portal]:
    """A portal with thousands of old records, some that are due, and an index by each date."""
    portal = make_portal(
        database_url,
        Entity(
            Client,
            "clients",
            person=Person(name="name", phones="phone", timezone="timezone"),
            hooks=[Hook("birthday_greeting", yearly(Client.born_on))],
        ),
        Entity(
            Invoice,
            "invoice",
            to={"client": "client"},
            hooks=[Hook("charge_due_soon", before(Invoice.due_on, days=3), only=Invoice.status == "open")],
        ),
        Entity(
            Booking,
            "booking",
            to={"client": Person(name="guest", phones="guest_phone")},
            hooks=[Hook("booking_reminder", before(Booking.starts_at, hours=Booking.remind_hours))],
        ),
    )
    with portal.app.app_context():
        with portal.db.engine.begin() as connection:
            for model, rows in _rows().items():
                connection.execute(sa.insert(model), rows)
            for table, column in INDEXES.items():
                connection.exec_driver_sql(f"CREATE INDEX ix_tests_{table} ON {table} ({column})")
        look_at(portal, *INDEXES)
        yield portal
        with portal.db.engine.begin() as connection:
            for table in INDEXES:
                on = f" ON {table}" if connection.dialect.name == "mysql" else ""
                connection.exec_driver_sql(f"DROP INDEX ix_tests_{table}{on}")
        portal.db.session.remove()
        portal.db.engine.dispose()


def _rows() -> dict[Any, list[dict[str, Any]]]:
    old, day = dt.date(2016, 1, 1), dt.timedelta(days=1)
    numbers = range(ROWS)
    coming = [dt.date(2026, 11, 16) if n < DUE else old + n * day for n in numbers]
    born = [dt.date(1950 + n % 50, 11, 13) if n < DUE else dt.date(1960, 1, 1) + n % 300 * day for n in numbers]
    return {
        Client.__table__: [{"id": n + 1, "name": "A", "phone": "912345678", "born_on": born[n]} for n in numbers],
        Invoice.__table__: [{"client_id": n + 1, "number": f"F{n}", "total": 1, "due_on": coming[n]} for n in numbers],
        Booking.__table__: [
            {
                "guest": "A",
                "starts_at": dt.datetime.combine(coming[n], dt.time(10)),
                "remind_hours": 70,
                "confirmed": False,
            }
            for n in numbers
        ],
    }


def _look(portal: Portal, hook: BoundHook, cursors: list[str | None]) -> Callable[[Session], object]:
    row = TriggerRow(key=hook.trigger, on=True, on_since=at(1, 12), texts={}, steps=[])
    (step,) = steps_of(hook, row)

    def look(session: Session) -> None:
        found = due(
            session,
            hook,
            row,
            step,
            after=NOW - dt.timedelta(days=1),
            until=NOW,
            cursor=cursors[-1],
            state=portal.state,
        )
        assert found.firings
        cursors.append(found.cursor)

    return look


@pytest.mark.parametrize("table", sorted(INDEXES))
def test_due_records_are_found_by_the_index_of_their_date_page_after_page(
    full: Portal, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dues, "page_size", lambda session: 50)
    (hook,) = [hook for hook in full.state.registry.date_hooks() if hook.entity.model.__tablename__ == table]
    cursors: list[str | None] = [None]
    look = _look(full, hook, cursors)
    for _ in range(2):
        asked = plans(full, look, about=lambda statement: f"FROM {table}" in statement and "LIMIT" in statement)
        assert asked
        assert [line for plan in asked for line in scans(plan, table)] == []
        assert all(f"ix_tests_{table}" in plan for plan in asked)
    assert None not in cursors[1:]


@pytest.mark.one_database("sqlite", "the others have the key in their index, or sort each day anyway")
def test_a_page_of_one_day_goes_on_behind_the_one_before_it_without_meeting_the_whole_day_again(
    full: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dues, "page_size", lambda session: 50)
    (hook,) = [hook for hook in full.state.registry.date_hooks() if hook.entity.model is Invoice]
    look = _look(full, hook, [None])
    _, second = (
        plans(full, look, about=lambda statement: "FROM invoice" in statement and "LIMIT" in statement)
        for _ in range(2)
    )
    assert ["due_on=? AND rowid>?" in plan for plan in second] == [True]


def test_what_was_written_is_passed_by_in_few_looks(full: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dues, "page_size", lambda session: 10)
    (hook,) = [hook for hook in full.state.registry.date_hooks() if hook.entity.model is Invoice]
    cursors: list[str | None] = [None]
    look = _look(full, hook, cursors)
    with full.fresh() as session, session.begin():
        rows = [_written(number) for number in range(1, DUE - 5)]
        session.connection().execute(sa.insert(Message), rows)
    asked = plans(full, look, about=lambda statement: "FROM invoice" in statement and "LIMIT" in statement)
    assert len(asked) <= 4  # of which SQLite's looks are two each
    assert cursors == [None, None]


def _written(number: int) -> dict[str, Any]:
    return {
        "id": new_id(NOW),
        "state": "queued",
        "purpose": "billing",
        "priority": 1,
        "trigger": "charge_due_soon",
        "entity": "invoice/Invoice",
        "record": f"{number}",
        "step": "before:3d",
        "moment": "2026-11-16",
        "due_at": NOW,
        "created_at": NOW,
        "changed_at": NOW,
    }
