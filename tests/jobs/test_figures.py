"""The job that counts days: it keeps the last ones right, fills in what is missing, and takes little of the time."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from sms_plugin.jobs import due, figures
from sms_plugin.jobs.due import REST, Work, run_job
from sms_plugin.models import Job, Message
from tests import lasting, many_days
from tests.portal import Portal


@pytest.fixture
def now() -> dt.datetime:
    """The moment, on a day that does not end meanwhile."""
    lasting.today()
    return dt.datetime.now(dt.UTC)


def _run(portal: Portal) -> int | None:
    return run_job(portal.state, "days", now=True)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every further day is one too many."""
    monkeypatch.setattr(figures, "_LONG", -1.0)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of it is counted in one run, on whatever machine."""
    monkeypatch.setattr(figures, "_LONG", 3600.0)


def test_every_day_is_counted_and_late_receipts_too(portal: Portal, now: dt.datetime, patient: None) -> None:
    made = many_days.write(portal, [now - dt.timedelta(hours=each) for each in range(0, 200, 3)])
    assert _run(portal) is not None
    zone = portal.state.settings.zone
    assert many_days.kept(portal) == many_days.counted(made, zone)
    with portal.fresh() as session, session.begin():
        session.execute(sa.update(Message).where(Message.id == made[0]["id"]).values(state="undelivered"))
    made[0]["state"] = "undelivered"
    _run(portal)
    today = now.astimezone(zone).date()
    assert many_days.kept(portal)[today] == many_days.counted(made, zone)[today]


def test_history_is_filled_in_a_bit_at_a_time_and_goes_on_where_it_stands(
    portal: Portal, slow: None, now: dt.datetime
) -> None:
    made = many_days.write(portal, [now - dt.timedelta(days=each) for each in range(6)])
    assert [_run(portal) for _ in range(3)] == [2, 2, 2]
    found = many_days.kept(portal)
    assert len(found) == 4  # today each time, and another
    expected = many_days.counted(made, portal.state.settings.zone)
    assert found == {day: expected[day] for day in found}
    for _ in range(4):
        _run(portal)
    assert many_days.kept(portal) == expected


def test_a_portal_without_messages_writes_nothing(portal: Portal) -> None:
    assert _run(portal) == 0
    assert many_days.kept(portal) == {}


@pytest.mark.parametrize(("took", "rests"), [(0.1, 15.0), (2.0, 40.0), (100.0, REST)])
def test_a_long_run_is_followed_by_a_longer_rest(portal: Portal, took: float, rests: float) -> None:
    assert due.JOBS["days"].rest(portal.state, took) == dt.timedelta(seconds=rests)
    assert Work(every=lambda state: 5.0, run=lambda state, job: 0).rest(portal.state, took).total_seconds() == 5.0


def test_the_job_rests_as_it_should(portal: Portal) -> None:
    _run(portal)
    with portal.fresh() as session:
        row = session.get_one(Job, "days")
    assert row.ended_at is not None
    assert row.due_at - row.ended_at >= dt.timedelta(seconds=figures.EVERY)
