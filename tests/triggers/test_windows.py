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
from sms_plugin.triggers.windows import Window

LISBON = ZoneInfo("Europe/Lisbon")


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


#: Gives the values of a column, among those given, that a window selects.
Selected = Callable[..., list[Any]]


def _window(when: Any, first: dt.datetime, last: dt.datetime, *, hour: int = 10) -> Window:
    return Window(when=when, after=first, until=last, hour=hour, zone=LISBON)


def _utc(day: int, hour: int, minute: int = 0, *, month: int = 11) -> dt.datetime:
    return dt.datetime(2026, month, day, hour, minute, tzinfo=dt.UTC)


@pytest.fixture
def selected(database_url: str) -> Iterator[Selected]:
    """The values that the window's condition selects in a real database, and that hold."""
    engine = sa.create_engine(database_url)
    usual = {"day": dt.date(2000, 1, 1), "time": dt.datetime(2000, 1, 1), "moment": _utc(1, 0)}

    def select(window: Window, column: Any, *values: Any) -> list[Any]:
        condition = window.condition()
        if condition is None:
            return []
        rows = [{**usual, "id": n, column.key: value} for n, value in enumerate(values, 1)]
        connection.execute(sa.delete(Row))
        connection.execute(sa.insert(Row), rows)
        found = connection.scalars(sa.select(column).where(condition).order_by(Row.id))
        return [value for value in found if window.holds(value)]

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


def test_the_moment_of_an_anniversary_is_its_year() -> None:
    window = _window(yearly(Row.day), _utc(13, 9), _utc(13, 10))
    assert window.moment(dt.date(1990, 11, 13)) == "2026"
    assert _window(on(Row.day), _utc(13, 9), _utc(13, 10)).moment(dt.date(2026, 11, 13)) == "2026-11-13"


def test_a_reminder_is_useless_once_its_date_has_passed_and_a_notice_never() -> None:
    first, last = _utc(13, 9), _utc(13, 10)
    day, time = dt.date(2026, 11, 16), dt.datetime(2026, 11, 16, 15)
    assert _window(before(Row.day, days=3), first, last).useless_from(day) == _utc(17, 0)
    assert _window(before(Row.time, hours=3), first, last).useless_from(time) == _utc(16, 15)
    assert _window(after(Row.day, days=3), first, last).useless_from(day) is None
    assert _window(yearly(Row.day), first, last).useless_from(day) is None
