"""Local days and hours as moments, and the hours in which a text may go. Pure: the time is always given."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache

#: When date hooks fire that count in days, unless the admin says otherwise.
DEFAULT_HOUR = 10
EVERY_DAY = 0b111_1111
#: Boundaries of local hours, and changes of the clocks, lie at whole quarters of an hour by UTC.
_QUARTER = timedelta(minutes=15)
#: Clocks are moved by less, and not twice in this time.
_SHIFT = timedelta(hours=3)
#: A rest so long does not end.
_NEVER = timedelta(days=400)


@lru_cache(maxsize=4096)
def at_hour(day: date, hour: int, zone: tzinfo) -> datetime:
    """The moment (aware UTC) of an hour of a local day.

    An hour that the clocks skip is the one after the gap, one that comes twice is the first: each day has one moment.
    """
    return datetime.combine(day, time(hour), tzinfo=zone).astimezone(UTC)


def days_due(after: datetime, until: datetime, *, hour: int, zone: tzinfo) -> list[date]:
    """The local days whose hour lies in (after, until]."""
    day = after.astimezone(zone).date() - timedelta(days=1)
    last = until.astimezone(zone).date()
    days: list[date] = []
    while day <= last:
        if after < at_hour(day, hour, zone) <= until:
            days.append(day)
        day += timedelta(days=1)
    return days


def end_of(day: date, zone: tzinfo) -> datetime:
    """The first moment after a local day, aware UTC."""
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=zone).astimezone(UTC)


def aware(moment: datetime, zone: tzinfo) -> datetime:
    """A host's time in aware UTC; a naive one is read in the zone."""
    return (moment.replace(tzinfo=zone) if moment.tzinfo is None else moment).astimezone(UTC)


@dataclass(frozen=True, kw_only=True)
class Hours:
    """The local hours of a week in which a text may go (X6): what the clocks show decides, whatever moved them.

    They may reach over midnight (from 18 to 2): each of the two days is then asked for itself whether it is a good one.
    """

    opens: int = 0  #: the first hour in which it may go
    closes: int = 24  #: the hour in which it may no longer; 0 is midnight, too
    weekdays: int = EVERY_DAY  #: the days on which it may go: Monday is bit 0
    holidays: Container[date] = field(default=(), repr=False)  #: days on which it may not

    def allows(self, moment: datetime, zone: tzinfo) -> bool:
        """Whether a text may go at this moment, as the clocks of the zone show it."""
        return self._allow(moment.astimezone(zone))

    def next(self, moment: datetime, zone: tzinfo) -> datetime | None:
        """The moment itself where a text may go then, else the first one after it; None where there never is one."""
        if not self._ever:
            return None
        at, end = moment, moment + _NEVER
        while at < end:
            local = at.astimezone(zone)
            if self._allow(local):
                return at
            at = _quarter_of(at) + _QUARTER + max(timedelta(), self._shut_for(local) - _SHIFT)
        return None

    def last(self, moment: datetime, zone: tzinfo) -> datetime | None:
        """The moment itself where a text may go then, else the last minute before it in which one may; None where
        there never was one.
        """
        if self.allows(moment, zone):
            return moment
        if not self._ever:
            return None
        minute = timedelta(minutes=1)
        at, end = _quarter_of(moment) - minute, moment - _NEVER
        while at > end:
            local = at.astimezone(zone)
            if self._allow(local):
                return at
            at -= _QUARTER * (1 + max(timedelta(), self._shut_since(local) - _SHIFT) // _QUARTER)
        return None

    @property
    def _ever(self) -> bool:
        """Whether there is any hour; holidays apart."""
        return self.opens != self._closing and bool(self.weekdays & EVERY_DAY)

    @property
    def _closing(self) -> int:
        return self.closes or 24

    @property
    def _over_midnight(self) -> bool:
        return self.opens > self._closing

    def _allow(self, local: datetime) -> bool:
        return self._opens_at(local.hour) and self._good(local)

    def _opens_at(self, hour: int) -> bool:
        if self._over_midnight:
            return hour >= self.opens or hour < self._closing
        return self.opens <= hour < self._closing

    def _good(self, local: datetime) -> bool:
        return bool(self.weekdays >> local.weekday() & 1) and local.date() not in self.holidays

    def _shut_for(self, local: datetime) -> timedelta:
        """For how long the clocks show nothing better, at least, unless they are moved; to the whole hour."""
        waits = self.opens if self._good(local) and local.hour < self.opens else 24
        return timedelta(hours=waits - local.hour - 1)

    def _shut_since(self, local: datetime) -> timedelta:
        """For how long they have shown nothing better, at least, unless they were moved; to the whole hour."""
        began = self._closing if self._good(local) and local.hour >= self._closing else 0
        return timedelta(hours=local.hour - began)


def _quarter_of(moment: datetime) -> datetime:
    """The quarter of an hour that the moment lies in, by UTC."""
    moment = moment.astimezone(UTC)
    return moment.replace(minute=moment.minute - moment.minute % 15, second=0, microsecond=0)
