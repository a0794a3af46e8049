"""What is usual of a trigger is learned from the days that are over (X5)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa

from sms_plugin.jobs.due import run_job
from sms_plugin.models import Message, TriggerRow, Volume, new_id
from sms_plugin.triggers.volumes import DROPPED, KNOWN, LEAST, SURGE, Limit, counted, learn, limit_of, usual
from tests.portal import Portal

KEY = "charge_created"
TODAY = dt.date(2026, 12, 1)
DAY = dt.timedelta(days=1)


def _days(amount: int, *, count: int, before: dt.date = TODAY) -> dict[dt.date, int]:
    return {before - DAY * n: amount for n in range(1, count + 1)}


def test_a_few_days_teach_nothing() -> None:
    assert usual({}, TODAY) is None
    assert usual(_days(50, count=KNOWN - 1), TODAY) is None
    assert usual(_days(50, count=KNOWN), TODAY) == 50


def test_a_single_high_day_is_not_the_usual() -> None:
    known = _days(20, count=28)
    known[TODAY - 10 * DAY] = 5000
    assert usual(known, TODAY) == 20


def test_the_run_of_the_first_is_usual_on_the_first_and_not_on_the_tenth() -> None:
    """X5: it learns by day of month, although a weekend shifts the run by a day."""
    known = _days(10, count=100)
    known |= {dt.date(2026, 11, 2): 3000, dt.date(2026, 10, 1): 2900, dt.date(2026, 8, 31): 3100}
    assert usual(known, TODAY) == 3000
    assert usual(known, dt.date(2026, 12, 10)) == 10


def test_the_run_of_the_last_day_is_usual_at_the_end_of_a_longer_month() -> None:
    known = _days(0, count=100, before=dt.date(2026, 12, 31)) | {dt.date(2026, 11, 30): 800, dt.date(2026, 10, 31): 900}
    assert usual(known, dt.date(2026, 12, 31)) == 800


def test_the_run_of_a_weekday_is_usual_on_that_weekday() -> None:
    known = {day: 400 if day.weekday() == 0 else 5 for day in _days(0, count=28)}
    assert usual(known, dt.date(2026, 11, 30)) == 400
    assert usual(known, TODAY) == 5


def test_a_trigger_that_was_silent_of_late_is_known_by_its_months() -> None:
    assert usual({dt.date(2026, 9, 1) + DAY * n: 60 for n in range(KNOWN)}, TODAY) == 60
    assert usual({dt.date(2026, 9, 10) + DAY * n: 60 for n in range(KNOWN)}, TODAY) == 0


@pytest.fixture
def taught(portal: Portal) -> Portal:
    """A portal that knows ten days of one trigger."""
    _learn(portal, KEY, _days(70, count=10))
    return portal


def _learn(portal: Portal, key: str, amounts: dict[dt.date, int]) -> None:
    with portal.fresh() as session, session.begin():
        learn(session, key, amounts)


def _limit(portal: Portal, key: str = KEY, ceiling: int | None = None) -> Limit | None:
    with portal.fresh() as session:
        return limit_of(session, key, TODAY, ceiling=ceiling)


def test_the_limit_is_three_times_the_usual_and_never_a_handful(taught: Portal) -> None:
    assert _limit(taught) == Limit(most=210, usual=70)
    _learn(taught, "charge_due_soon", _days(3, count=10))
    assert _limit(taught, "charge_due_soon") == Limit(most=LEAST, usual=3)


def test_the_ceiling_that_an_admin_set_wins(taught: Portal) -> None:
    assert _limit(taught, ceiling=5) == Limit(most=5, usual=None)


def test_what_nobody_knows_has_no_limit(taught: Portal) -> None:
    assert _limit(taught, "invoice_overdue_notice") is None


def test_the_day_itself_teaches_nothing_about_itself(taught: Portal) -> None:
    _learn(taught, KEY, {TODAY: 100_000})
    assert _limit(taught) == Limit(most=210, usual=70)


def _message(portal: Portal, at: dt.datetime, **fields: Any) -> None:
    row = {
        "id": new_id(at),
        "state": "sent",
        "purpose": "billing",
        "priority": 1,
        "trigger": KEY,
        "due_at": at,
        "created_at": at,
        "changed_at": at,
        **fields,
    }
    with portal.fresh() as session, session.begin():
        session.execute(sa.insert(Message), [row])


NOW = dt.datetime(2026, 12, 1, 0, 30, tzinfo=dt.UTC)


def _counted(portal: Portal, now: dt.datetime = NOW) -> dict[dt.date, int]:
    with portal.fresh() as session:
        return counted(session, KEY, settings=portal.state.settings, now=now)


def test_days_are_counted_from_the_first_message_to_yesterday(portal: Portal) -> None:
    """A day without any is known too: nothing is usual then. Today is not over."""
    for day, number in ((27, 2), (29, 3)):
        for minute in range(number):
            _message(portal, dt.datetime(2026, 11, day, 10, minute, tzinfo=dt.UTC))
    _message(portal, NOW)
    days = {dt.date(2026, 11, day): amount for day, amount in ((27, 2), (28, 0), (29, 3), (30, 0))}
    assert _counted(portal) == days
    _learn(portal, KEY, days)
    assert _counted(portal) == {}
    assert _counted(portal, NOW + DAY) == {TODAY: 1}


def test_what_was_decided_the_evening_before_counts_on_the_day_that_it_is_due(portal: Portal) -> None:
    """The sweep decides ahead, for those whose day begins earlier."""
    _message(portal, dt.datetime(2026, 11, 29, 20, tzinfo=dt.UTC), due_at=dt.datetime(2026, 11, 30, 10, tzinfo=dt.UTC))
    assert _counted(portal) == {dt.date(2026, 11, 29): 0, dt.date(2026, 11, 30): 1}


def test_what_was_held_or_dropped_teaches_nothing(portal: Portal) -> None:
    """Else a run that was dropped would be usual the next time."""
    for minute, reason in enumerate(("", SURGE, DROPPED, "accepted")):
        _message(portal, dt.datetime(2026, 11, 30, 10, minute, tzinfo=dt.UTC), reason=reason)
    assert _counted(portal) == {dt.date(2026, 11, 30): 2}


def test_a_trigger_that_never_wrote_is_not_known(portal: Portal) -> None:
    assert _counted(portal) == {}


def test_the_job_learns_once(portal: Portal) -> None:
    """Twice, or in two processes: a day that is known is left alone."""
    now = dt.datetime.now(dt.UTC)
    with portal.fresh() as session, session.begin():
        session.add(TriggerRow(key=KEY, on=True, on_since=now, texts={}, changed_at=now))
    _message(portal, now - 2 * DAY)
    assert run_job(portal.state, "volumes", now=True) == 2
    assert run_job(portal.state, "volumes", now=True) == 0
    yesterday = now.astimezone(portal.state.settings.zone).date() - DAY
    _learn(portal, KEY, {yesterday: 999})
    with portal.fresh() as session:
        assert sorted(session.scalars(sa.select(Volume.amount))) == [0, 1]
