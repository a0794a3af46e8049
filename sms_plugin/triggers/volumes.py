"""How many messages a trigger usually writes on such a day, learned from the days that are over (X5)."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil
from statistics import median
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.hours import end_of
from sms_plugin.models import Message, TriggerRow, Volume, first_id
from sms_plugin.models.insertion import insert_once
from sms_plugin.settings import Settings

#: A run of so many times the usual is none.
TIMES = 3
#: A learned limit is never lower: a handful more is no surge.
LEAST = 100
#: Fewer days than these teach nothing.
KNOWN = 7
#: The days that tell what is usual: recent ones, and the same day of as many months back as fit into these.
RECENT, REMEMBERED, MONTHS = timedelta(days=28), timedelta(days=100), (1, 2, 3)
#: Messages are decided before they are due, by so much at most.
_AHEAD = timedelta(days=2)
#: What nobody let go teaches nothing.
SURGE, DROPPED = "surge", "surge_dropped"
_MESSAGE: Any = Message.__table__


@dataclass(frozen=True, kw_only=True)
class Limit:
    """The most that a run may write without being asked about. ``usual`` is None where the admin set it."""

    most: int
    usual: int | None


def limit_of(session: Session, trigger: str, day: date, *, ceiling: int | None) -> Limit | None:
    """What limits a trigger's run on a day: the ceiling that was set, else what was learned; None where too little is
    known. Reads only, without a flush.
    """
    if ceiling is not None:
        return Limit(most=ceiling, usual=None)
    rows = session.connection().execute(
        sa.select(Volume.day, Volume.amount).where(
            Volume.trigger == trigger, Volume.day >= day - REMEMBERED, Volume.day < day
        )
    )
    known = usual({row.day: row.amount for row in rows}, day)
    return None if known is None else Limit(most=max(LEAST, TIMES * known), usual=known)


def usual(known: Mapping[date, int], day: date) -> int | None:
    """What is usual on a day, by what earlier days wrote; None where fewer than ``KNOWN`` are known.

    The highest of three: the median of the last 28 days, that of the same weekday among them, and that of the same day
    of the last three months, give or take one for weekends: the first's billing run is usual on the first.
    """
    if len(known) < KNOWN:
        return None
    recent = {at: amount for at, amount in known.items() if timedelta() < day - at <= RECENT}
    weekday = [amount for at, amount in recent.items() if at.weekday() == day.weekday()]
    months = [max(found) for back in MONTHS if (found := [known[at] for at in _around(day, back) if at in known])]
    return ceil(max((median(each) for each in (list(recent.values()), weekday, months) if each), default=0))


def _around(day: date, months_back: int) -> list[date]:
    """The same day of an earlier month, or its last one, with the days beside it."""
    year, month = divmod(day.year * 12 + day.month - 1 - months_back, 12)
    at = date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
    return [at - timedelta(days=1), at, at + timedelta(days=1)]


def keys(session: Session) -> list[str]:
    """The triggers that somebody ever set up. Reads only."""
    return list(session.scalars(sa.select(TriggerRow.key).order_by(TriggerRow.key)))


def counted(session: Session, trigger: str, *, settings: Settings, now: datetime) -> dict[date, int]:
    """What a trigger wrote on each day that is over and not yet known, by the portal's calendar. Reads only."""
    today = now.astimezone(settings.zone).date()
    last = session.scalar(sa.select(sa.func.max(Volume.day)).where(Volume.trigger == trigger))
    day = last + timedelta(days=1) if last is not None else _first(session, trigger, settings)
    if day is None:
        return {}
    day = max(day, today - REMEMBERED)
    found: dict[date, int] = {}
    while day < today:
        found[day] = _amount(session, trigger, day, settings)
        day += timedelta(days=1)
    return found


def learn(session: Session, trigger: str, amounts: Mapping[date, int]) -> int:
    """Keep what days wrote, those of which it is not known yet; how many were given. In the caller's transaction."""
    rows = [{"trigger": trigger, "day": day, "amount": amount} for day, amount in amounts.items()]
    insert_once(session.connection(), Volume.__table__, rows, unique=("trigger", "day"))  # type: ignore[arg-type]
    return len(rows)


def _first(session: Session, trigger: str, settings: Settings) -> date | None:
    """The day of the trigger's first message, from the front of its index."""
    query = (
        sa.select(_MESSAGE.c.created_at)
        .where(_MESSAGE.c.trigger >= trigger, _MESSAGE.c.trigger <= trigger)
        .order_by(_MESSAGE.c.trigger, _MESSAGE.c.id)
        .limit(1)
    )
    at = session.scalar(query)
    return None if at is None else at.astimezone(settings.zone).date()


def _amount(session: Session, trigger: str, day: date, settings: Settings) -> int:
    """How many messages of a trigger were due on a day: a range of its index, from a little before it."""
    begins, ends = end_of(day - timedelta(days=1), settings.zone), end_of(day, settings.zone)
    query = (
        sa.select(sa.func.count())
        .select_from(_MESSAGE)
        .where(
            _MESSAGE.c.trigger == trigger,
            _MESSAGE.c.id >= first_id(begins - _AHEAD),
            _MESSAGE.c.id < first_id(ends),
            _MESSAGE.c.due_at >= begins,
            _MESSAGE.c.due_at < ends,
            _MESSAGE.c.reason.not_in(_taught_nothing()),
        )
    )
    return session.scalar(query) or 0


def _taught_nothing() -> Iterable[str]:
    return (SURGE, DROPPED)
