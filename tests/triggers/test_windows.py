"""Which dates come due in a window, and when exactly."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from sms_plugin import after, before, on, yearly
from sms_plugin.host.when import Dated
from sms_plugin.triggers.steps import Step
from sms_plugin.triggers.windows import Timing, Window

LISBON, AUCKLAND, HONOLULU = ZoneInfo("Europe/Lisbon"), ZoneInfo("Pacific/Auckland"), ZoneInfo("Pacific/Honolulu")


class Base(DeclarativeBase):
    pass


class Row(Base):
    __tablename__ = "window_row"
    #: Of one connection only: nothing is left in the database.
    __table_args__ = {"prefixes": ["TEMPORARY"]}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[dt.date]
    time: Mapped[dt.datetime]
    moment: Mapped[dt.datetime] = mapped_column(sa.DateTime(timezone=True))
    lead: Mapped[int | None]


#: Gives the values of a column, among those given, that a window selects.
Selected = Callable[..., list[Any]]


def _window(when: Any, first: dt.datetime, last: dt.datetime, *, hour: int = 10, everywhere: bool = False) -> Window:
    point = when.points[0] if isinstance(when, Dated) else None
    step = (
        Step(name="yearly", offset=dt.timedelta(), by_day=True)
        if point is None
        else Step(name=point.name, offset=point.offset, by_day=point.by_day, own=point.own)
    )
    return Window(when=when, step=step, after=first, until=last, hour=hour, zone=LISBON, everywhere=everywhere)


def _timing(when: Any, value: dt.date, *, lead: object = None) -> Timing:
    found = _window(when, _utc(1, 0, month=1), _utc(31, 0, month=12), everywhere=True).timing(value, lead)
    assert found is not None
    return found


def _utc(day: int, hour: int, minute: int = 0, *, month: int = 11) -> dt.datetime:
    return dt.datetime(2026, month, day, hour, minute, tzinfo=dt.UTC)


@pytest.fixture
def selected(database_url: str) -> Iterator[Selected]:
    """The values that the window's condition selects in a real database, and that come due in it."""
    engine = sa.create_engine(database_url)
    usual = {"day": dt.date(2000, 1, 1), "time": dt.datetime(2000, 1, 1), "moment": _utc(1, 0), "lead": None}

    def select(window: Window, column: Any, *values: Any, leads: list[int | None] | None = None) -> list[Any]:
        condition = window.condition()
        if condition is None:
            return []
        rows = [{**usual, "id": n, column.key: value} for n, value in enumerate(values, 1)]
        for row, lead in zip(rows, leads or [], strict=False):
            row["lead"] = lead
        connection.execute(sa.delete(Row))
        connection.execute(sa.insert(Row), rows)
        found = connection.execute(sa.select(column, Row.lead).where(condition).order_by(Row.id))
        return [value for value, lead in found if window.timing(value, lead) is not None]

    with engine.connect() as connection:
        Base.metadata.create_all(connection, checkfirst=False)
        yield select
    engine.dispose()


def test_a_window_that_holds_no_hour_selects_nothing() -> None:
    assert _window(on(Row.day), _utc(13, 10), _utc(13, 12)).condition() is None


def test_days_before_and_after_are_counted_from_the_date(selected: Selected) -> None:
    days = [dt.date(2026, 11, day) for day in range(10, 17)]
    first, last = _utc(13, 9), _utc(13, 10)
    assert selected(_window(before(Row.day, days=3), first, last), Row.day, *days) == [dt.date(2026, 11, 16)]
    assert selected(_window(on(Row.day), first, last), Row.day, *days) == [dt.date(2026, 11, 13)]
    assert selected(_window(after(Row.day, days=1), first, last), Row.day, *days) == [dt.date(2026, 11, 12)]


def test_days_from_a_time_are_counted_from_its_local_day(selected: Selected) -> None:
    times = [dt.datetime(2026, 11, 13, 0, 0), dt.datetime(2026, 11, 13, 23, 59), dt.datetime(2026, 11, 14, 0, 0)]
    assert selected(_window(on(Row.time), _utc(13, 9), _utc(13, 10)), Row.time, *times) == times[:2]


def test_a_day_is_found_before_its_hour_comes_in_the_east_and_until_it_has_come_in_the_west(selected: Selected) -> None:
    day = dt.date(2026, 11, 13)
    for last, found in ((_utc(12, 19, 59), []), (_utc(12, 20), [day])):
        assert selected(_window(on(Row.day), _utc(10, 0), last, everywhere=True), Row.day, day) == found
    for first, found in ((_utc(13, 21, 59), [day]), (_utc(14, 1), [])):
        assert selected(_window(on(Row.day), first, _utc(20, 0), everywhere=True), Row.day, day) == found


def test_the_hour_of_the_day_is_each_recipients_own() -> None:
    due = _timing(on(Row.day), dt.date(2026, 11, 13))
    assert [due.own(zone) for zone in (AUCKLAND, LISBON, HONOLULU)] == [_utc(12, 21), _utc(13, 10), _utc(13, 20)]


def test_the_day_of_a_time_is_each_recipients_own() -> None:
    """Midnight in Lisbon is the day before in Honolulu."""
    due = _timing(before(Row.moment, days=1), _utc(13, 0, 30))
    assert [due.own(zone) for zone in (AUCKLAND, LISBON, HONOLULU)] == [_utc(11, 21), _utc(12, 10), _utc(11, 20)]


def test_the_start_of_a_window_is_open_and_its_end_is_closed(selected: Selected) -> None:
    """Two windows that follow one another have no moment in common and none between them."""
    times = [dt.datetime(2026, 11, 13, hour) for hour in (12, 13, 14)]
    window = _window(before(Row.time, hours=2), _utc(13, 10), _utc(13, 11))
    assert selected(window, Row.time, *times) == times[1:2]


def test_a_time_with_a_timezone_is_a_moment(selected: Selected) -> None:
    """A database without timezones gives it back as the UTC that it was given."""
    moments = [_utc(13, hour) for hour in (12, 13, 14)]
    window = _window(before(Row.moment, hours=2), _utc(13, 10), _utc(13, 11))
    (found,) = selected(window, Row.moment, *moments)
    assert found.replace(tzinfo=dt.UTC) == moments[1]
    assert found.utcoffset() in {None, dt.timedelta(0)}


@pytest.mark.parametrize(("column", "zone"), [(Row.time, None), (Row.moment, dt.UTC)])
def test_a_records_own_lead_time_says_when(selected: Selected, column: Any, zone: dt.tzinfo | None) -> None:
    """T12, T20: two hours, one day, none, 0, and one of more than a year."""
    times = [_utc(13, 12), _utc(14, 10), _utc(13, 10), _utc(13, 10), _utc(13, 12)]
    values = [time.replace(tzinfo=zone) for time in times]
    leads = [2, 24, None, 0, 9000]
    window = _window(before(column, hours=Row.lead), _utc(13, 9, 59), _utc(13, 10))
    found = selected(window, column, *values, leads=leads)
    assert [value.replace(tzinfo=zone) for value in found] == values[:2]
    earlier = _window(before(column, hours=Row.lead), _utc(13, 9), _utc(13, 9, 59))
    assert selected(earlier, column, *values, leads=leads) == []


def test_a_records_own_days_are_counted_from_its_day(selected: Selected) -> None:
    days = [dt.date(2026, 11, 16), dt.date(2026, 11, 14), dt.date(2026, 11, 14)]
    window = _window(before(Row.day, days=Row.lead), _utc(13, 9), _utc(13, 10))
    assert selected(window, Row.day, *days, leads=[3, 1, 2]) == days[:2]
    behind = _window(after(Row.day, days=Row.lead), _utc(18, 9), _utc(18, 10))
    assert selected(behind, Row.day, *days, leads=[2, 3, 4]) == [days[0], days[2]]


def test_an_own_lead_time_is_part_of_the_step() -> None:
    """A record that is to be told of earlier now is told again; one moved back is not."""
    assert _timing(before(Row.time, minutes=Row.lead), dt.datetime(2026, 11, 13, 12), lead=90).step == "before:own:90m"
    assert _timing(before(Row.day, days=Row.lead), dt.date(2026, 11, 13), lead=2).step == "before:own:2d"


def test_around_a_change_of_the_clocks_every_time_comes_due_exactly_once(selected: Selected) -> None:
    """Half-hourly windows over the night of 25 October 2026, when 01:00 to 02:00 comes twice in Lisbon."""
    night = dt.datetime(2026, 10, 25)
    times = [night + dt.timedelta(minutes=10 * step) for step in range(24)]
    found: list[dt.datetime] = []
    first = _utc(24, 21, 30, month=10)
    for step in range(16):
        start = first + dt.timedelta(minutes=30 * step)
        window = _window(before(Row.time, hours=1), start, start + dt.timedelta(minutes=30))
        found += selected(window, Row.time, *times)
    assert sorted(found) == times


@pytest.mark.parametrize(("until", "days"), [(_utc(28, 10, month=2), [28, 29]), (_utc(27, 10, month=2), [27])])
def test_29_february_comes_with_the_28th(selected: Selected, until: dt.datetime, days: list[int]) -> None:
    """T13."""
    born = [dt.date(1992, 2, day) for day in (27, 28, 29)]
    window = _window(yearly(Row.day), until - dt.timedelta(hours=1), until)
    assert [day.day for day in selected(window, Row.day, *born)] == days


def test_anniversaries_are_found_however_long_ago_they_began(selected: Selected) -> None:
    """A year that stands for none is a date too; after a long rest they are reckoned one by one."""
    born = [dt.date(year, 11, 13) for year in (1604, 1850, 1992, 2026)]
    for first in (_utc(13, 9), _utc(1, 9, month=6)):
        assert selected(_window(yearly(Row.day), first, _utc(13, 10)), Row.day, *born) == born


def test_the_moment_of_an_anniversary_is_its_year() -> None:
    """The year of its day where it is, which may have begun in the east while here it is still the old one."""
    assert _timing(yearly(Row.day), dt.date(1990, 11, 13)).moment == "2026"
    new_year = _window(yearly(Row.day), _utc(31, 12, month=12), _utc(31, 23, month=12), everywhere=True)
    found = new_year.timing(dt.date(1990, 1, 1))
    assert found is not None
    assert found.moment == "2027"
    assert _timing(on(Row.day), dt.date(2026, 11, 13)).moment == "2026-11-13"


def test_a_reminder_is_overtaken_by_its_date_and_a_notice_by_nothing() -> None:
    day, time = dt.date(2026, 11, 16), dt.datetime(2026, 11, 16, 15)
    assert _timing(before(Row.day, days=3), day).overtaken(LISBON) == _utc(17, 0)
    assert _timing(before(Row.day, days=3), day).overtaken(HONOLULU) == _utc(17, 10)
    assert _timing(before(Row.time, hours=3), time).overtaken(HONOLULU) == _utc(16, 15)
    assert _timing(after(Row.day, days=3), day).overtaken(LISBON) is None
    assert _timing(yearly(Row.day), day).overtaken(LISBON) is None
