"""Local days and hours as moments."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sms_plugin.hours import EVERY_DAY, Hours, at_hour, aware, days_due, end_of

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


BUSINESS = Hours(opens=9, closes=21)
NIGHT = Hours(opens=18, closes=2)
WORKDAYS = Hours(opens=9, closes=18, weekdays=0b001_1111, holidays={dt.date(2026, 12, 25)})


@pytest.mark.parametrize(
    ("hours", "moment", "following", "previous"),
    [
        (BUSINESS, _utc(2026, 11, 13, 12, 7), _utc(2026, 11, 13, 12, 7), _utc(2026, 11, 13, 12, 7)),
        (BUSINESS, _utc(2026, 11, 13, 21), _utc(2026, 11, 14, 9), _utc(2026, 11, 13, 20, 59)),
        (BUSINESS, _utc(2026, 11, 14, 8, 59), _utc(2026, 11, 14, 9), _utc(2026, 11, 13, 20, 59)),
        pytest.param(NIGHT, _utc(2026, 11, 13, 1, 30), *[_utc(2026, 11, 13, 1, 30)] * 2, id="over midnight"),
        (NIGHT, _utc(2026, 11, 13, 12), _utc(2026, 11, 13, 18), _utc(2026, 11, 13, 1, 59)),
        pytest.param(WORKDAYS, _utc(2026, 11, 14, 12), _utc(2026, 11, 16, 9), _utc(2026, 11, 13, 17, 59), id="weekend"),
        pytest.param(WORKDAYS, _utc(2026, 12, 25, 10), _utc(2026, 12, 28, 9), _utc(2026, 12, 24, 17, 59), id="holiday"),
        (Hours(), _utc(2026, 11, 13, 3), _utc(2026, 11, 13, 3), _utc(2026, 11, 13, 3)),
        (Hours(opens=9, closes=0), _utc(2026, 11, 13, 23, 59), *[_utc(2026, 11, 13, 23, 59)] * 2),
        (Hours(opens=9, closes=9), _utc(2026, 11, 13, 12), None, None),
        pytest.param(Hours(weekdays=0), _utc(2026, 11, 13, 12), None, None, id="no day"),
        pytest.param(
            Hours(opens=1, closes=2), _utc(2026, 3, 29), _utc(2026, 3, 30), _utc(2026, 3, 28, 1, 59), id="skipped hour"
        ),
        pytest.param(
            Hours(opens=1, closes=2),
            _utc(2026, 10, 25, 1, 30),
            *[_utc(2026, 10, 25, 1, 30)] * 2,
            id="twice",
        ),
    ],
)
def test_hours_say_when_a_text_may_go_next_and_when_it_last_might(
    hours: Hours, moment: dt.datetime, following: dt.datetime | None, previous: dt.datetime | None
) -> None:
    """X6, in Lisbon: over midnight, weekends, holidays and both changes of the clocks; None where no minute is left."""
    assert hours.next(moment, LISBON) == following
    assert hours.last(moment, LISBON) == previous
    assert hours.allows(moment, LISBON) is (following == moment)


def test_a_country_that_rests_all_year_has_no_hour() -> None:
    class Always:
        def __contains__(self, day: object) -> bool:
            return True

    assert Hours(holidays=Always()).next(_utc(2026, 11, 13), LISBON) is None


ZONES = sorted(available_timezones())
MOMENTS = st.datetimes(dt.datetime(2017, 1, 1), dt.datetime(2027, 12, 31), timezones=st.just(dt.UTC))


@given(
    moment=MOMENTS,
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    opens=st.integers(0, 23),
    closes=st.integers(0, 24),
    weekdays=st.integers(1, EVERY_DAY),
)
def test_no_minute_is_passed_over_in_any_timezone(
    moment: dt.datetime, zone: ZoneInfo, opens: int, closes: int, weekdays: int
) -> None:
    """Against a walk in steps of a quarter of an hour; both answers lie inside the hours (X6)."""
    hours = Hours(opens=opens, closes=closes, weekdays=weekdays)
    assume(opens != (closes or 24))
    following, previous = hours.next(moment, zone), hours.last(moment, zone)
    assert following is not None
    assert previous is not None
    assert hours.allows(following, zone)
    assert hours.allows(previous, zone)
    quarter = dt.timedelta(minutes=15)
    begun = moment.replace(minute=moment.minute // 15 * 15, second=0, microsecond=0)
    for step in range(1, 200):
        if begun + step * quarter < following:
            assert not hours.allows(begun + step * quarter, zone)
        last_minute = begun - (step - 1) * quarter - dt.timedelta(minutes=1)
        if last_minute > previous:
            assert not hours.allows(last_minute, zone)
