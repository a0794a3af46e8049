"""Days of the year that come round: 29 February on the 28th in other years (T13)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

#: The years whose dates are looked up one by one in the column's index: all since this one, and those that stand for
#: none in other systems.
_SINCE = 1850
_NO_YEARS = (1, 1600, 1604, 1753, 1800)
#: More days than this are reckoned instead, in a walk over the table: who was away for so long can wait for it.
_LOOKED_UP = 40


def anniversaries(column: Any, days: Sequence[date]) -> sa.ColumnElement[bool] | None:
    """What selects the rows whose day of the year is one of these days; None where there are none."""
    pairs = {(day.month, day.day) for day in days}
    pairs |= {(2, 29) for day in days if (day.month, day.day) == (2, 28) and not _is_leap(day.year)}
    if not pairs:
        return None
    if not isinstance(column.type, sa.DateTime) and len(pairs) <= _LOOKED_UP:
        return column.in_(sorted(_dates(pairs, last=max(day.year for day in days))))  # type: ignore[no-any-return]
    month, day_of_month = sa.extract("month", column), sa.extract("day", column)
    return sa.or_(*(sa.and_(month == pair[0], day_of_month == pair[1]) for pair in sorted(pairs)))


def is_anniversary(born: date, day: date) -> bool:
    """Whether a day is the anniversary of a date in its year."""
    if (born.month, born.day) == (2, 29) and not _is_leap(day.year):
        return (day.month, day.day) == (2, 28)
    return (born.month, born.day) == (day.month, day.day)


def _dates(pairs: Iterable[tuple[int, int]], *, last: int) -> set[date]:
    return {
        date(year, *pair)
        for pair in pairs
        for year in (*_NO_YEARS, *range(_SINCE, last + 1))
        if pair != (2, 29) or _is_leap(year)
    }


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
