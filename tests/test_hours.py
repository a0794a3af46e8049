"""Local days and hours as moments."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from sms_plugin.hours import at_hour, aware, days_due, end_of

LISBON, SAO_PAULO = ZoneInfo("Europe/Lisbon"), ZoneInfo("America/Sao_Paulo")


def _utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> dt.datetime:
    return dt.datetime(year, month, day, hour, minute, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("day", "hour", "zone", "moment"),
    [
        (dt.date(2026, 11, 13), 10, LISBON, _utc(2026, 11, 13, 10)),
        (dt.date(2026, 7, 13), 10, LISBON, _utc(2026, 7, 13, 9)),
        (dt.date(2026, 11, 13), 10, SAO_PAULO, _utc(2026, 11, 13, 13)),
        pytest.param(dt.date(2026, 3, 29), 1, LISBON, _utc(2026, 3, 29, 1), id="skipped: the hour after the gap"),
        pytest.param(dt.date(2026, 10, 25), 1, LISBON, _utc(2026, 10, 25, 0), id="twice: the first"),
        pytest.param(dt.date(2018, 11, 4), 0, SAO_PAULO, _utc(2018, 11, 4, 3), id="a midnight that was skipped"),
    ],
)
def test_each_hour_of_each_day_is_one_moment(day: dt.date, hour: int, zone: ZoneInfo, moment: dt.datetime) -> None:
    assert at_hour(day, hour, zone) == moment


def test_days_are_due_from_after_the_start_to_with_the_end() -> None:
    days = days_due(_utc(2026, 11, 12, 10), _utc(2026, 11, 14, 10), hour=10, zone=LISBON)
    assert days == [dt.date(2026, 11, 13), dt.date(2026, 11, 14)]


def test_no_day_is_due_before_its_hour() -> None:
    assert days_due(_utc(2026, 11, 13, 10), _utc(2026, 11, 14, 9, 59), hour=10, zone=LISBON) == []


@pytest.mark.parametrize("hour", [0, 1, 10, 23])
@pytest.mark.parametrize("zone", [LISBON, SAO_PAULO])
def test_windows_that_follow_one_another_have_every_day_once(zone: ZoneInfo, hour: int) -> None:
    """Over both changes of the clocks of a year."""
    start, found = _utc(2018, 1, 1, 12), []
    for step in range(365 * 4):
        first = start + dt.timedelta(hours=6 * step)
        found += days_due(first, first + dt.timedelta(hours=6), hour=hour, zone=zone)
    assert found == sorted(set(found))
    assert len(found) == 365


def test_a_day_ends_where_the_next_begins() -> None:
    assert end_of(dt.date(2026, 7, 13), LISBON) == _utc(2026, 7, 13, 23)


def test_a_naive_time_is_read_in_the_zone_and_an_aware_one_as_it_is() -> None:
    naive = dt.datetime(2026, 7, 13, 10)
    assert aware(naive, LISBON) == _utc(2026, 7, 13, 9)
    assert aware(naive.replace(tzinfo=SAO_PAULO), LISBON) == _utc(2026, 7, 13, 13)
