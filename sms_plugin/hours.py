"""Local days and hours as moments. Pure: the time is always given."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

#: When date hooks fire that count in days, unless the admin says otherwise.
DEFAULT_HOUR = 10


def at_hour(day: date, hour: int, zone: ZoneInfo) -> datetime:
    """The moment (aware UTC) of an hour of a local day.

    An hour that the clocks skip is the one after the gap, one that comes twice is the first: each day has one moment.
    """
    return datetime.combine(day, time(hour), tzinfo=zone).astimezone(UTC)


def days_due(after: datetime, until: datetime, *, hour: int, zone: ZoneInfo) -> list[date]:
    """The local days whose hour lies in (after, until]."""
    day = after.astimezone(zone).date() - timedelta(days=1)
    last = until.astimezone(zone).date()
    days: list[date] = []
    while day <= last:
        if after < at_hour(day, hour, zone) <= until:
            days.append(day)
        day += timedelta(days=1)
    return days


def end_of(day: date, zone: ZoneInfo) -> datetime:
    """The first moment after a local day, aware UTC."""
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=zone).astimezone(UTC)


def aware(moment: datetime, zone: ZoneInfo) -> datetime:
    """A host's time in aware UTC; a naive one is read in the zone."""
    return (moment.replace(tzinfo=zone) if moment.tzinfo is None else moment).astimezone(UTC)
