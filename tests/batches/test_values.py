"""What an operator types into a filter: days, weeks and months of the calendar, numbers as they are spelt."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_plugin.batches.values import BadCondition, number, period, text
from sms_plugin.host.bound import BoundFilter, FilterKind

DAYS = st.dates(dt.date(1901, 1, 1), dt.date(2199, 12, 31))
DAY = dt.timedelta(days=1)
TODAY = dt.date(2026, 11, 26)


def wanted(kind: FilterKind = FilterKind.DATE, holds: Any = dt.date) -> BoundFilter:
    return BoundFilter(name="due", kind=kind, label={"en": "Due"}, help={}, holds=holds)


def days_of(op: str, *given: str, today: dt.date = TODAY) -> tuple[dt.date | None, dt.date | None]:
    return period(wanted(), op, given, today=today)


@given(DAYS)
def test_a_week_is_from_monday_to_sunday_whichever_of_its_days_is_given(day: dt.date) -> None:
    first, end = days_of("week", day.isoformat())
    assert first is not None
    assert end == first + 7 * DAY
    assert first.weekday() == 0
    assert first <= day < end


@given(DAYS)
def test_a_month_holds_its_own_days_and_no_others(day: dt.date) -> None:
    first, end = days_of("month", f"{day:%Y-%m}")
    assert first is not None
    assert end is not None
    assert (first.day, end.day) == (1, 1)
    inside = [first + number * DAY for number in range((end - first).days)]
    assert {(each.year, each.month) for each in inside} == {(day.year, day.month)}
    assert (end.year, end.month) != (day.year, day.month)
    assert days_of("month", day.isoformat()) == (first, end)


@given(DAYS)
def test_before_and_after_leave_the_day_itself_out_and_together_with_it_leave_out_none(day: dt.date) -> None:
    assert days_of("before", day.isoformat()) == (None, day)
    assert days_of("on", day.isoformat()) == (day, day + DAY)
    assert days_of("after", day.isoformat()) == (day + DAY, None)


@given(DAYS, st.integers(0, 400))
def test_days_are_counted_back_and_ahead_from_the_chosen_day(day: dt.date, distance: int) -> None:
    chosen = day.isoformat()
    if day - distance * DAY >= dt.date.min and day + (distance + 1) * DAY <= dt.date.max:
        assert days_of("ago", str(distance), chosen)[0] == day - distance * DAY
        assert days_of("ahead", str(distance), chosen)[0] == day + distance * DAY


@given(DAYS)
def test_today_is_the_day_on_which_somebody_asks(today: dt.date) -> None:
    for op in ("on", "before", "after", "week", "month"):
        assert days_of(op, "today", today=today) == days_of(op, today.isoformat(), today=today)


@given(DAYS, DAYS)
def test_two_days_bound_a_period_in_either_order(one: dt.date, other: dt.date) -> None:
    low, high = min(one, other), max(one, other)
    assert days_of("between", one.isoformat(), other.isoformat()) == (low, high + DAY)


@pytest.mark.parametrize(
    ("op", "given", "days"),
    [
        ("month", "2028-02", (dt.date(2028, 2, 1), dt.date(2028, 3, 1))),
        ("month", "02/2027", (dt.date(2027, 2, 1), dt.date(2027, 3, 1))),
        ("month", "2026-12", (dt.date(2026, 12, 1), dt.date(2027, 1, 1))),
        ("week", "2026-01-01", (dt.date(2025, 12, 29), dt.date(2026, 1, 5))),
        ("on", "28/02/2027", (dt.date(2027, 2, 28), dt.date(2027, 3, 1))),
        ("on", "29.02.2028", (dt.date(2028, 2, 29), dt.date(2028, 3, 1))),
    ],
)
def test_days_are_read_as_they_are_written(op: str, given: str, days: tuple[dt.date, dt.date]) -> None:
    assert days_of(op, given) == days


@pytest.mark.parametrize(
    ("op", "given", "code"),
    [
        ("on", ["2027-02-29"], "bad_day"),
        ("on", ["soon"], "bad_day"),
        ("on", ["0001-01-01"], "bad_day"),
        ("on", ["9999-12-31"], "bad_day"),
        ("on", ["  "], "no_value"),
        ("month", ["2026-13"], "bad_month"),
        ("month", ["May"], "bad_month"),
        ("month", [""], "no_value"),
        ("ago", ["-1", "today"], "bad_days"),
        ("ahead", ["1.5", "today"], "bad_days"),
        ("ahead", ["99999999999999", "today"], "bad_days"),
        ("between", ["2026-01-01", ""], "no_value"),
    ],
)
def test_a_day_that_is_none_is_told_by_the_filters_name(op: str, given: list[str], code: str) -> None:
    with pytest.raises(BadCondition, match=r"^Due: ") as caught:
        period(wanted(), op, given, today=TODAY)
    assert caught.value.code == code
    assert caught.value.hint


@pytest.mark.parametrize(
    ("given", "holds", "value"),
    [
        ("12", int, 12),
        ("1 200", int, 1200),
        ("12,50", Decimal, Decimal("12.50")),
        ("-3.25", Decimal, Decimal("-3.25")),
        ("2.5", float, 2.5),
    ],
)
def test_a_number_is_read_as_it_is_spelt(given: str, holds: type, value: object) -> None:
    assert number(wanted(FilterKind.NUMBER, holds), given) == value


@pytest.mark.parametrize("given", ["", "abc", "NaN", "Infinity", "1e99", "1,2,3", "12.5"])
def test_what_is_no_number_is_told(given: str) -> None:
    with pytest.raises(BadCondition, match=r"^Due: "):
        number(wanted(FilterKind.NUMBER, int), given)


@given(st.text(max_size=200).filter(lambda each: each.strip() and each.isprintable()))
def test_a_text_is_taken_as_it_is_but_for_the_room_around_it(given: str) -> None:
    assert text(wanted(FilterKind.TEXT, str), f" {given}") == given.strip()


@pytest.mark.parametrize("given", ["", "  ", "a\0b", "a\nb", "x" * 201])
def test_a_text_that_nobody_can_search_for_is_told(given: str) -> None:
    with pytest.raises(BadCondition, match=r"^Due: "):
        text(wanted(FilterKind.TEXT, str), given)
