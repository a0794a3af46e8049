"""Which dates of a host's records come due in a window of time, as SQL, and when exactly each of them does.

The day of a date is the recipient's own: a record is found as soon as its hour could have come for anybody whom its
hook may reach, wherever they live.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from sms_plugin.host.stepping import own_step
from sms_plugin.host.when import MOST_LEAD, Dated, Yearly, lead_time
from sms_plugin.hours import at_hour, aware, end_of
from sms_plugin.triggers.anniversaries import anniversaries, is_anniversary
from sms_plugin.triggers.seconds import seconds_between
from sms_plugin.triggers.steps import Step

#: Clocks are moved by an hour or two, and not twice in this time.
_SHIFT = timedelta(hours=3)
_DAY = timedelta(days=1)
#: Where a day begins first, and where last.
EAST, WEST = timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))


@dataclass(frozen=True, kw_only=True)
class Timing:
    """When one occurrence of a date hook is due, by the clocks of whoever is told of it."""

    step: str  #: the name of its step, with the record's own lead time where it has one
    moment: str  #: what tells it from another one of the same record and step
    value: date  #: a day, or a moment in aware UTC
    offset: timedelta
    by_day: bool
    hour: int
    ahead: bool  #: it reminds of what is still to come
    after: datetime  #: whose own moment is not after this is not told: the trigger was off then, or it is long past

    def own(self, zone: tzinfo) -> datetime:
        """The moment at which it is due, quiet hours apart."""
        if not self.by_day:
            assert isinstance(self.value, datetime)  # noqa: S101 - hours from a date are refused
            return self.value + self.offset
        day = self.value.astimezone(zone).date() if isinstance(self.value, datetime) else self.value
        return at_hour(day + self.offset, self.hour, zone)

    def overtaken(self, zone: tzinfo) -> datetime | None:
        """When what it reminds of is here, or over; None for what tells of the past."""
        if not self.ahead:
            return None
        return self.value if isinstance(self.value, datetime) else end_of(self.value, zone)


@dataclass(frozen=True, kw_only=True)
class Window:
    """The own moments after ``after``, up to and with ``until``, as one step of a date hook sees them."""

    when: Dated | Yearly
    step: Step
    after: datetime
    until: datetime
    hour: int
    zone: ZoneInfo  #: the portal's, in which the host's naive times are meant
    everywhere: bool = True  #: whether those who are told may live in other zones than the portal's

    @cached_property
    def days(self) -> list[date]:
        """The local days whose hour may lie in the window."""
        east, west = self._zones
        day, last = self.after.astimezone(west).date() - _DAY, self.until.astimezone(east).date()
        slack = _SHIFT if self.everywhere else timedelta()
        days: list[date] = []
        while day <= last:
            if at_hour(day, self.hour, west) + slack > self.after and at_hour(day, self.hour, east) <= self.until:
                days.append(day)
            day += _DAY
        return days

    def condition(self) -> sa.ColumnElement[bool] | None:
        """What selects the due rows, or None where nothing can be due. It may select more: ask ``timing`` of each."""
        at, offset = self.when.at, self.step.offset
        if isinstance(self.when, Yearly):
            return anniversaries(at, self.days)
        if self.step.own:
            return self._by_own_lead(self.when)
        if not self.step.by_day:
            return self._between(self.after - offset, self.until - offset)
        if _is_time(at):
            # the hour of a time's own day is at most so long before it, and so long behind it
            back, on = timedelta(hours=self.hour) + _SHIFT, timedelta(hours=24 - self.hour) + _SHIFT
            return self._between(self.after - offset - back, self.until - offset + on)
        if not self.days:
            return None
        return sa.and_(at >= self.days[0] - offset, at <= self.days[-1] - offset)

    def timing(self, value: date, lead: Any = None) -> Timing | None:
        """When a record with this date, and this own lead time, comes due; None where it does not in the window."""
        if isinstance(self.when, Yearly):
            day = max((day for day in self.days if is_anniversary(value, day)), default=None)
            return None if day is None else self._timing(day, timedelta(), moment=str(day.year))
        offset, step = self.step.offset, self.step.name
        if self.step.own:
            own = lead_time(self.when, lead)
            if own is None:
                return None
            offset = -own if self.when.direction == "before" else own
            step = own_step(self.when.direction, own, by_day=self.step.by_day)
        found = self._timing(self._told(value), offset, moment=value.isoformat(), step=step)
        first, last = self._reach(found)
        return found if last > self.after and first <= self.until else None

    def _reach(self, found: Timing) -> tuple[datetime, datetime]:
        """The first and the last moment at which it may be due for anybody who may be told."""
        if not self.step.by_day or not self.everywhere:
            return found.own(self.zone), found.own(self.zone)
        if isinstance(found.value, datetime):
            # whatever their clocks show at that time, the hour of that day is less than a day away
            last = found.value + found.offset + timedelta(hours=self.hour)
            return last - _DAY - _SHIFT, last + _SHIFT
        return found.own(EAST), found.own(WEST) + _SHIFT

    @property
    def _zones(self) -> tuple[tzinfo, tzinfo]:
        """Where a day begins first among those who may be told, and where last."""
        return (EAST, WEST) if self.everywhere else (self.zone, self.zone)

    def _timing(self, value: date, offset: timedelta, *, moment: str, step: str = "") -> Timing:
        return Timing(
            step=step or self.step.name,
            moment=moment,
            value=value,
            offset=offset,
            by_day=self.step.by_day,
            hour=self.hour,
            ahead=isinstance(self.when, Dated) and (offset < timedelta() or (self.step.by_day and not offset)),
            after=self.after,
        )

    def _told(self, value: date) -> date:
        """A day as it is, a time in aware UTC. A database without timezones gives back what it was given: UTC."""
        if not isinstance(value, datetime):
            return value if self.step.by_day else aware(datetime.combine(value, time()), self.zone)
        if value.tzinfo is None and _is_aware(self.when.at):
            return value.replace(tzinfo=UTC)
        return aware(value, self.zone)

    def _by_own_lead(self, when: Dated) -> sa.ColumnElement[bool]:
        """A range of the date's index, which ends with the longest lead time, and in it the sum itself."""
        assert when.lead is not None  # noqa: S101 - only such hooks have such steps
        before = when.direction == "before"
        slack = 2 * _DAY if when.by_day else _SHIFT
        lead: Any = when.lead * int(when.unit.total_seconds()) * (-1 if before else 1)
        first, last = (self.after - slack, self.until + slack)
        reach = (first, last + MOST_LEAD) if before else (first - MOST_LEAD, last)
        return sa.and_(
            when.lead > 0,
            self._between(*reach),
            seconds_between(self._naive(first), when.at) + lead > 0,
            seconds_between(self._naive(last), when.at) + lead <= 0,
        )

    def _between(self, first: datetime, last: datetime) -> sa.ColumnElement[bool]:
        column = self.when.at
        if _is_aware(column):
            return sa.and_(column >= first.astimezone(UTC), column <= last.astimezone(UTC))
        low, high = min(self._written(first)), max(self._written(last))
        return (
            sa.and_(column >= low, column <= high)
            if _is_time(column)
            else sa.and_(column >= low.date(), column <= high.date())
        )

    def _naive(self, moment: datetime) -> sa.BindParameter[Any]:
        """The moment as the column would hold it."""
        kind: Any = sa.DateTime(timezone=True) if _is_aware(self.when.at) else sa.DateTime()
        written = moment.astimezone(UTC if _is_aware(self.when.at) else self.zone)
        return sa.literal(written if _is_aware(self.when.at) else written.replace(tzinfo=None), kind)

    def _written(self, moment: datetime) -> list[datetime]:
        """The moment as the clocks show it, and as they would if they had not just been moved.

        Around such a change a naive time may stand for another moment than the one it seems to.
        """
        naive = moment.astimezone(UTC).replace(tzinfo=None)
        offsets = ((moment - back).astimezone(self.zone).utcoffset() for back in (timedelta(), _SHIFT))
        return [naive + offset for offset in offsets if offset is not None]


def _is_time(column: Any) -> bool:
    return any(isinstance(kind, sa.DateTime) for kind in (column.type, getattr(column.type, "impl", None)))


def _is_aware(column: Any) -> bool:
    return bool(getattr(column.type, "timezone", False))
