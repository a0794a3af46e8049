"""Steps at work: several for one trigger, the admin's, repeated ones, a record's own lead time (T1, T12, T20, T22)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from sms_plugin import Entity, Hook, Person, after, before
from sms_plugin.models import TriggerRow
from sms_plugin.outbox.claim import claim
from tests.portal import Booking, Client, Invoice, Portal, make_portal
from tests.triggers.sweeping import at, due, going, november, swept, texted


@pytest.fixture
def office(database_url: str) -> Iterator[Portal]:
    """A portal that reminds before and after the day, and of bookings as each of them says."""
    portal = make_portal(
        database_url,
        Entity(Client, "clients", person=Person(name="name", phones="phone")),
        Entity(
            Invoice,
            "invoice",
            to={"client": "client"},
            shortcodes={"invoice_number": "number"},
            hooks=[
                Hook("charge_due_soon", before(Invoice.due_on, days=(7, 3)), only=Invoice.status == "open"),
                Hook(
                    "invoice_overdue_notice",
                    after(Invoice.due_on, days=1, every=7, most=3),
                    only=Invoice.status == "open",
                ),
            ],
        ),
        Entity(
            Booking,
            "booking",
            to={"client": Person(name="guest", phones="guest_phone")},
            hooks=[Hook("booking_reminder", before(Booking.starts_at, hours=Booking.remind_hours))],
        ),
    )
    with portal.app.app_context():
        portal.use_kind("console", {}, name="console")
        portal.switch_on("charge_due_soon", "invoice_overdue_notice", "booking_reminder", text="Text", since=at(1, 12))
        yield portal
        portal.db.session.remove()
        portal.db.engine.dispose()


@pytest.fixture
def rui(office: Portal) -> Client:
    client = Client(name="Rui", phone="912345678")
    office.session.add(client)
    office.session.commit()
    return client


def _set(portal: Portal, trigger: str, *steps: dict[str, Any]) -> None:
    with portal.fresh() as session, session.begin():
        session.execute(sa.update(TriggerRow).where(TriggerRow.key == trigger).values(steps=list(steps)))


def _claimed(portal: Portal, now: dt.datetime) -> list[str]:
    with portal.fresh() as session, session.begin():
        got = claim(
            session,
            state=portal.state,
            provider_id=portal.provider("console").id,
            want=10,
            now=now,
            lease=dt.timedelta(minutes=1),
        )
        return [each.text for each in got.messages]


def _sent(portal: Portal) -> list[tuple[str, str | None]]:
    return [(message.step, message.text) for message in portal.messages()]


def _book(portal: Portal, starts_at: dt.datetime, hours: int | None) -> Booking:
    booking = Booking(guest="Rui", guest_phone="912345678", starts_at=starts_at, remind_hours=hours)
    portal.session.add(booking)
    portal.session.commit()
    return booking


def test_each_step_fires_once_on_its_day(office: Portal, rui: Client) -> None:
    due(office, rui, november(20))
    for day in (13, 14, 17, 18):
        swept(office, at(day, 10))
    assert [(each.step, each.due_at) for each in office.messages()] == [
        ("before:7d", at(13, 10)),
        ("before:3d", at(17, 10)),
    ]


def test_each_of_the_admins_steps_says_its_own_words(office: Portal, rui: Client) -> None:
    """T22: 7, 3 and 1 days before, each with its own text; without one, the trigger's."""
    steps = [{"when": "before", "days": 5, "texts": {"en": "Five: {invoice_number}"}}, {"when": "before", "days": 1}]
    _set(office, "charge_due_soon", *steps)
    due(office, rui, november(20))
    for day in (13, 15, 17, 19):
        swept(office, at(day, 10))
    assert _sent(office) == [("before:5d", "Five: F1"), ("before:1d", "Text")]


def test_a_text_that_is_worded_again_is_that_of_its_step(office: Portal, rui: Client) -> None:
    _set(office, "charge_due_soon", {"when": "before", "days": 5, "texts": {"en": "Five: {invoice_number}"}})
    (invoice,) = due(office, rui, november(20))
    swept(office, at(15, 10))
    invoice.number = "F1b"
    office.session.commit()
    assert _claimed(office, at(15, 10, 1)) == ["Five: F1b"]


def test_an_amount_of_0_is_off(office: Portal, rui: Client) -> None:
    _set(office, "charge_due_soon", {"when": "before", "days": 0})
    due(office, rui, november(20))
    for day in (13, 17, 20):
        swept(office, at(day, 10))
    assert texted(office) == []


def test_it_comes_again_until_it_is_settled_and_no_more_often_than_it_shall(office: Portal, rui: Client) -> None:
    """T1: the notice after a day, then each week, at most three times in all."""
    paid, never = due(office, rui, november(9), november(9))
    for day in (10, 17):
        swept(office, at(day, 10))
    paid.status = "paid"
    office.session.commit()
    for day in (24, 30):
        swept(office, at(day, 10))
    swept(office, at(8, 10, month=12))
    notices = [each for each in office.messages() if each.trigger == "invoice_overdue_notice"]
    assert [each.step for each in notices if each.record == str(paid.id)] == ["after:1d", "after:8d"]
    assert [each.step for each in notices if each.record == str(never.id)] == ["after:1d", "after:8d", "after:15d"]


def test_a_step_moved_away_and_back_texts_nobody_twice(office: Portal, rui: Client) -> None:
    due(office, rui, november(20))
    swept(office, at(13, 10))
    _set(office, "charge_due_soon", {"when": "before", "days": 6})
    swept(office, at(13, 11))
    _set(office, "charge_due_soon", {"when": "before", "days": 7})
    swept(office, at(13, 12))
    assert [each.step for each in office.messages()] == ["before:7d"]


def test_a_step_that_is_new_tells_nothing_of_what_lies_behind_it(office: Portal, rui: Client) -> None:
    """X5: added on the 13th at noon, two days before: the 15th was due at ten, the 16th is to come."""
    swept(office, at(13, 11))
    due(office, rui, november(15), november(16))
    _set(office, "charge_due_soon", {"when": "before", "days": 2, "since": at(13, 12).isoformat()})
    swept(office, at(13, 12, 1))
    swept(office, at(14, 10))
    assert texted(office) == [("charge_due_soon", "2", "queued")]


def test_each_record_says_its_own_lead_time(office: Portal) -> None:
    """T12, T20: two hours, a day, and none."""
    for hours in (2, 24, None, 0):
        _book(office, dt.datetime(2026, 11, 13, 15), hours)
    swept(office, at(12, 14, 59))
    assert texted(office) == []
    swept(office, at(12, 15))
    assert texted(office) == [("booking_reminder", "2", "queued")]
    swept(office, at(13, 13))
    assert [(each.record, each.step) for each in office.messages()] == [
        ("2", "before:own:1440m"),
        ("1", "before:own:120m"),
    ]


def test_another_lead_time_is_another_reminder_and_the_old_one_does_not_go(office: Portal) -> None:
    """Promise 4: a day before was decided, then the record said two hours."""
    booking = _book(office, dt.datetime(2026, 11, 13, 15), 24)
    swept(office, at(12, 15))
    booking.remind_hours = 2
    office.session.commit()
    assert _claimed(office, at(12, 15, 1)) == []
    swept(office, at(13, 13))
    assert [(each.step, each.state, each.reason) for each in office.messages()] == [
        ("before:own:1440m", "suppressed", "no_longer_true"),
        ("before:own:120m", "queued", ""),
    ]


def test_a_reminder_whose_trigger_is_switched_off_before_its_time_does_not_go(office: Portal, rui: Client) -> None:
    due(office, rui, november(20))
    swept(office, at(13, 10))
    office.switch_off("charge_due_soon")
    assert _claimed(office, at(13, 10)) == []
    assert [(each.state, each.reason) for each in office.messages()] == [("suppressed", "switched_off")]


def test_after_three_days_of_rest_what_still_holds_goes_once_and_what_does_not_is_told(
    office: Portal, rui: Client
) -> None:
    """X6, T1, T22: the scheduler was off from the 12th to the 15th."""
    office.switch_on("charge_due_soon", "invoice_overdue_notice", text="Text", since=at(12, 7))
    *_, paid = due(office, rui, november(20), november(21), november(22), november(13))
    swept(office, at(12, 8))
    paid.status = "paid"
    office.session.commit()
    swept(office, at(15, 9))
    swept(office, at(15, 9, 1))
    rows = [(each.step, each.record, each.state, each.reason) for each in office.messages()]
    assert sorted(rows, key=lambda row: str(row[1])) == [
        ("before:7d", "1", "expired", "too_late"),
        ("before:7d", "2", "queued", ""),
    ]
    swept(office, at(15, 10))
    assert going(office, at(15, 10)) == [
        ("charge_due_soon", "1", "expired"),
        ("charge_due_soon", "2", "queued"),
        ("charge_due_soon", "3", "queued"),
    ]
