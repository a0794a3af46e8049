"""Which dates of a host's records come due in a window of time, as SQL, and when exactly each of them does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from sms_plugin.host.when import Dated, Yearly
from sms_plugin.hours import at_hour, aware, days_due, end_of

#: Clocks are moved by an hour at most, and not twice in this time.
_SHIFT = timedelta(hours=3)


@dataclass(frozen=True, kw_only=True)
class Window:
    """The moments after ``after``, up to and with ``until``, as one date hook sees them."""

    when: Dated | Yearly
    after: datetime
    until: datetime
    hour: int
    zone: ZoneInfo

    @cached_property
    def days(self) -> list[date]:
        """The local days whose hour lies in the window."""
        return days_due(self.after, self.until, hour=self.hour, zone=self.zone)

    def condition(self) -> sa.ColumnElement[bool] | None:
        """What selects the due rows, or None where nothing can be due.

        It may select a little more around a change of the clocks: ask ``holds`` for each.
        """
        if isinstance(self.when, Yearly):
            return _anniversaries(self.when.at, self.days)
        if not self.when.by_day:
            return self._between(self.after - self.when.offset, self.until - self.when.offset)
        if not self.days:
            return None
        first, last = self.days[0] - self.when.offset, self.days[-1] - self.when.offset
        if _is_time(self.when.at):
            return self._between(end_of(first - timedelta(days=1), self.zone), end_of(last, self.zone))
        return sa.and_(self.when.at >= first, self.when.at <= last)

    def holds(self, value: date) -> bool:
        """Whether a record with this date comes due in the window."""
        return self.after < self.fires_at(value) <= self.until

    def fires_at(self, value: date) -> datetime:
        """When the hook fires for a record with this date, aware UTC."""
        if isinstance(self.when, Yearly):
            return max(at_hour(day, self.hour, self.zone) for day in self.days if _same_day(value, day))
        moment = self._moment(value)
        if self.when.by_day:
            return at_hour(moment.astimezone(self.zone).date() + self.when.offset, self.hour, self.zone)
        return moment + self.when.offset

    def moment(self, value: date) -> str:
        """What tells this occurrence from another of the same record: the date, or the year of an anniversary."""
        if isinstance(self.when, Yearly):
            return str(self.fires_at(value).astimezone(self.zone).year)
        return value.isoformat()

    def useless_from(self, value: date) -> datetime | None:
        """When a reminder of what lies ahead has been overtaken by it."""
        if isinstance(self.when, Yearly) or self.when.offset > timedelta():
            return None
        return self._moment(value) if isinstance(value, datetime) else end_of(value, self.zone)

    def _moment(self, value: date) -> datetime:
        """The moment of a date, aware UTC. A database without timezones gives back what it was given: UTC."""
        if not isinstance(value, datetime):
            return aware(datetime.combine(value, time()), self.zone)
        if value.tzinfo is None and _is_aware(self.when.at):
            return value.replace(tzinfo=UTC)
        return aware(value, self.zone)

    def _between(self, first: datetime, last: datetime) -> sa.ColumnElement[bool]:
        column = self.when.at
        if _is_aware(column):
            return sa.and_(column >= first.astimezone(UTC), column <= last.astimezone(UTC))
        return sa.and_(column >= min(self._written(first)), column <= max(self._written(last)))

    def _written(self, moment: datetime) -> list[datetime]:
        """The moment as the clocks show it, and as they would if they had not just been moved.

        Around such a change a naive time may stand for another moment than the one it seems to.
        """
        naive = moment.astimezone(UTC).replace(tzinfo=None)
        offsets = ((moment - back).astimezone(self.zone).utcoffset() for back in (timedelta(), _SHIFT))
        return [naive + offset for offset in offsets if offset is not None]


def _anniversaries(column: Any, days: list[date]) -> sa.ColumnElement[bool] | None:
    month, day_of_month = sa.extract("month", column), sa.extract("day", column)
    pairs = {(day.month, day.day) for day in days}
    pairs |= {(2, 29) for day in days if (day.month, day.day) == (2, 28) and not _is_leap(day.year)}
    if not pairs:
        return None
    return sa.or_(*(sa.and_(month == pair[0], day_of_month == pair[1]) for pair in sorted(pairs)))


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _same_day(born: date, day: date) -> bool:
    if (born.month, born.day) == (2, 29) and not _is_leap(day.year):
        return (day.month, day.day) == (2, 28)
    return (born.month, born.day) == (day.month, day.day)


def _is_time(column: Any) -> bool:
    return any(isinstance(kind, sa.DateTime) for kind in (column.type, getattr(column.type, "impl", None)))


def _is_aware(column: Any) -> bool:
    return bool(getattr(column.type, "timezone", False))
