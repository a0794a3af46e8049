"""Which dates of a host's records come due in a window of time, as SQL, and when exactly each of them does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from sms_plugin.host.when import Dated, Yearly
from sms_plugin.hours import at_hour, aware, days_due, end_of


@dataclass(frozen=True, kw_only=True)
class Window:
    """The moments after ``after``, up to and with ``until``, as one date hook sees them."""

    when: Dated | Yearly
    after: datetime
    until: datetime
    hour: int
    zone: ZoneInfo

    @property
    def days(self) -> list[date]:
        """The local days whose hour lies in the window."""
        return days_due(self.after, self.until, hour=self.hour, zone=self.zone)

    def condition(self) -> sa.ColumnElement[bool] | None:
        """What selects the due rows, or None where nothing can be due."""
        if isinstance(self.when, Yearly):
            return _anniversaries(self.when.at, self.days)
        if not self.when.by_day:
            return self._between(self.after - self.when.offset, self.until - self.when.offset, open_start=True)
        days = self.days
        if not days:
            return None
        first, last = days[0] - self.when.offset, days[-1] - self.when.offset
        if _has_time(self.when.at):
            return self._between(
                datetime.combine(first, time(), tzinfo=self.zone),
                datetime.combine(last + timedelta(days=1), time(), tzinfo=self.zone) - timedelta(microseconds=1),
            )
        return sa.and_(self.when.at >= first, self.when.at <= last)

    def fires_at(self, value: date) -> datetime:
        """When the hook fires for a record with this date, aware UTC."""
        if isinstance(self.when, Yearly):
            return max(
                (at_hour(day, self.hour, self.zone) for day in self.days if _same_day(_day(value, self.zone), day))
            )
        if self.when.by_day:
            return at_hour(_day(value, self.zone) + self.when.offset, self.hour, self.zone)
        return _moment(value, self.zone) + self.when.offset

    def moment(self, value: date) -> str:
        """What tells this occurrence from another of the same record: the date, or the year of an anniversary."""
        if isinstance(self.when, Yearly):
            return str(self.fires_at(value).astimezone(self.zone).year)
        return value.isoformat()

    def useless_from(self, value: date) -> datetime | None:
        """When a reminder of what lies ahead has been overtaken by it."""
        if isinstance(self.when, Yearly) or self.when.offset > timedelta():
            return None
        return aware(value, self.zone) if isinstance(value, datetime) else end_of(value, self.zone)

    def _between(self, first: datetime, last: datetime, *, open_start: bool = False) -> sa.ColumnElement[bool]:
        column = self.when.at
        bounds = [self._bound(first), self._bound(last)]
        lower = column > bounds[0] if open_start else column >= bounds[0]
        return sa.and_(lower, column <= bounds[1])

    def _bound(self, moment: datetime) -> datetime:
        """The moment in the way that the host's column holds its times."""
        if getattr(self.when.at.type, "timezone", False):
            return moment.astimezone(UTC)
        return moment.astimezone(self.zone).replace(tzinfo=None)


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


def _has_time(column: Any) -> bool:
    kind = column.type
    return isinstance(kind, sa.DateTime) or isinstance(getattr(kind, "impl", None), sa.DateTime)


def _day(value: date, zone: ZoneInfo) -> date:
    return aware(value, zone).astimezone(zone).date() if isinstance(value, datetime) else value


def _moment(value: date, zone: ZoneInfo) -> datetime:
    whole = value if isinstance(value, datetime) else datetime.combine(value, time())
    return aware(whole, zone)
