"""A day's figures are what a count of each message by itself gives, on every database and around changed clocks."""

from __future__ import annotations

import datetime as dt
import threading
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from sms_plugin.outbox import counting
from sms_plugin.outbox.counting import Count, Counts, add, count_some, keep, range_of, to_count
from sms_plugin.transactions import within
from tests import many_days
from tests.portal import Portal

LISBON = ZoneInfo("Europe/Lisbon")
NOW = dt.datetime(2026, 11, 26, 15, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 26)


def _count(portal: Portal, day: dt.date, zone: ZoneInfo = LISBON) -> Counts:
    counts: Counts = {}
    since, before = range_of(day, zone)
    at: UUID | None = since
    with portal.fresh() as session:
        while at is not None:
            some, at = count_some(session, since=at, before=before)
            add(counts, some)
    return counts


def _keep(portal: Portal, day: dt.date, counts: Counts, *, at: dt.datetime) -> None:
    with portal.fresh() as session, session.begin():
        keep(session, day, counts, now=at)


def _to_count(portal: Portal, *, at: dt.datetime = NOW) -> list[dt.date]:
    with portal.fresh() as session:
        return to_count(session, zone=LISBON, now=at)


def _every(step: dt.timedelta, *, since: dt.datetime, hours: int) -> list[dt.datetime]:
    return [since + step * n for n in range(int(dt.timedelta(hours=hours) / step))]


def test_days_come_to_what_each_message_by_itself_comes_to(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "AT_ONCE", 7)
    made = many_days.write(portal, _every(dt.timedelta(minutes=17), since=NOW - dt.timedelta(hours=70), hours=70))
    expected = many_days.counted(made, LISBON)
    assert len(expected) == 4
    assert {day: _count(portal, day) for day in expected} == expected


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Lisbon", dt.date(2026, 3, 29), 23),
        ("Europe/Lisbon", dt.date(2026, 10, 25), 25),
        ("Atlantic/Azores", dt.date(2026, 10, 25), 25),  # the hour after midnight comes twice
        ("Asia/Beirut", dt.date(2026, 3, 29), 23),  # midnight itself is skipped
        ("Pacific/Kiritimati", dt.date(2026, 6, 1), 24),
    ],
)
def test_a_day_on_which_the_clocks_change_has_its_own_messages(
    portal: Portal, zone: str, day: dt.date, hours: int
) -> None:
    began = dt.datetime.combine(day, dt.time(), tzinfo=dt.UTC) - dt.timedelta(hours=40)
    made = many_days.write(portal, _every(dt.timedelta(minutes=30), since=began, hours=96))
    there = ZoneInfo(zone)
    expected = many_days.counted(made, there)
    assert _count(portal, day, there) == expected[day]
    assert sum(count.states.total() for count in expected[day].values()) == 2 * hours


def test_what_is_counted_again_stands_in_place_of_what_was(portal: Portal) -> None:
    first = {(1, "EUR"): Count(segments=3, cost=Decimal("0.15")), (2, ""): Count(segments=1)}
    for count in first.values():
        count.states["sent"] += 2
    _keep(portal, TODAY, first, at=NOW)
    again = {(1, "EUR"): Count(segments=5, cost=Decimal("0.25"))}
    again[1, "EUR"].states["delivered"] += 4
    again[1, "EUR"].delays[60] += 4
    _keep(portal, TODAY, again, at=NOW)
    assert many_days.kept(portal) == {TODAY: again}


def test_without_messages_there_is_nothing_to_count(portal: Portal) -> None:
    assert _to_count(portal) == []


def test_history_is_counted_as_far_as_it_reaches_and_no_further_than_it_is_shown(portal: Portal) -> None:
    many_days.write(portal, [NOW - dt.timedelta(days=2), NOW])
    assert _to_count(portal) == [TODAY - dt.timedelta(days=age) for age in range(3)]
    many_days.write(portal, [NOW - dt.timedelta(days=400)])
    assert len(_to_count(portal)) == counting.HISTORY


@pytest.mark.parametrize(
    ("age", "since", "again"),
    [
        (0, dt.timedelta(), True),
        (1, dt.timedelta(seconds=30), False),
        (1, dt.timedelta(minutes=2), True),
        (3, dt.timedelta(minutes=2), False),
        (3, dt.timedelta(minutes=11), True),
        (5, dt.timedelta(minutes=50), False),
        (5, dt.timedelta(hours=2), True),
        (20, dt.timedelta(hours=2), False),
        (20, dt.timedelta(hours=13), True),
        (50, dt.timedelta(days=9), False),
        (50, dt.timedelta(days=49, hours=20), True),  # counted while it went on, and never since
    ],
)
def test_younger_days_are_counted_again_more_often(portal: Portal, age: int, since: dt.timedelta, again: bool) -> None:
    many_days.write(portal, [NOW - dt.timedelta(days=60)])
    day = TODAY - dt.timedelta(days=age)
    _keep(portal, day, {}, at=NOW - since)
    assert (day in _to_count(portal)) is again


def test_an_old_day_with_something_that_waits_is_looked_at_again(portal: Portal) -> None:
    """What is held or planned for later goes some day."""
    many_days.write(portal, [NOW - dt.timedelta(days=60)])
    day = TODAY - dt.timedelta(days=50)
    waits = {(0, ""): Count()}
    waits[0, ""].states["held"] = 1
    _keep(portal, day, waits, at=NOW - dt.timedelta(hours=13))
    assert day in _to_count(portal)


def test_two_who_count_the_same_day_at_once_do_not_stumble_over_each_other(portal: Portal) -> None:
    """The job's lease keeps them apart; where it ran out, nothing breaks."""
    together = threading.Barrier(2, timeout=30)
    failed: list[Exception] = []

    def count() -> None:
        found = {(1, "EUR"): Count(segments=1), (0, ""): Count()}
        found[1, "EUR"].states["sent"] += 1
        with portal.app.app_context():
            for _ in range(5):
                together.wait()
                try:
                    within(portal.state, lambda session: keep(session, TODAY, found, now=NOW))
                except Exception as error:  # noqa: BLE001 - told below
                    failed.append(error)

    threads = [threading.Thread(target=count) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert many_days.kept(portal)[TODAY][1, "EUR"].states == {"sent": 1}
