"""What became of the messages of a day, by the portal's calendar: counted by ranges of their ids, a piece at a time, so
that a page can show it without counting anything (promise 10).

A message belongs to the day on which it was decided: its id says so, and never changes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.hours import end_of
from sms_plugin.models import Attempt, Day, Message, first_id
from sms_plugin.models.base import constant
from sms_plugin.models.insertion import insert_once
from sms_plugin.states import MessageState

#: So many messages are counted by one statement.
AT_ONCE = 10_000
#: Times to delivery are told by these limits, in seconds; what took longer stands under ``LONGER``.
LIMITS = (5, 15, 60, 300, 1800, 7200)
LONGER = 0
#: So many days are counted, today among them, and kept right: receipts come late, and what is held goes some day.
HISTORY = 92
#: For so long a day is as it was counted, by its age in days: the first line that it is not older than holds.
_FRESH = ((0, timedelta()), (1, timedelta(minutes=1)), (3, timedelta(minutes=10)), (7, timedelta(hours=1)))
_OLD = timedelta(hours=12)
#: Of older days only what was not over yet is looked at again.
_LATE = 31
#: What costs: it reached the provider, or the provider charged it.
_WENT = (MessageState.SENT, MessageState.DELIVERED, MessageState.UNDELIVERED)
_OPEN = (MessageState.HELD, MessageState.QUEUED, MessageState.SENDING, MessageState.UNKNOWN)
_MESSAGE: Any = Message.__table__
_ATTEMPT: Any = Attempt.__table__
_DAY: Any = Day.__table__


@dataclass(kw_only=True)
class Count:
    """What messages of one provider and currency came to."""

    states: Counter[str] = field(default_factory=Counter)
    segments: int = 0
    cost: Decimal = Decimal(0)
    delays: Counter[int] = field(default_factory=Counter)  #: how many were delivered within a limit of ``LIMITS``


#: By provider, 0 where there is none, and currency.
Counts = dict[tuple[int, str], Count]


def range_of(day: date, zone: tzinfo) -> tuple[UUID, UUID]:
    """The ids of a day's messages: from the first one on, and before the second."""
    return first_id(end_of(day - timedelta(days=1), zone)), first_id(end_of(day, zone))


def count_some(session: Session, *, since: UUID, before: UUID) -> tuple[Counts, UUID | None]:
    """What the next messages of a range of ids come to, and where those behind them begin, None at its end. Reads."""
    counts: Counts = {}
    ranged = _MESSAGE.c.id >= since, _MESSAGE.c.id < before
    edge = session.scalar(sa.select(_MESSAGE.c.id).where(*ranged).order_by(_MESSAGE.c.id).offset(AT_ONCE).limit(1))
    some = _MESSAGE.c.id >= since, _MESSAGE.c.id < (before if edge is None else edge)
    provider = sa.func.coalesce(_MESSAGE.c.provider_id, 0).label("provider")
    went = sa.or_(_MESSAGE.c.state.in_([constant(each.value) for each in _WENT]), _MESSAGE.c.is_charged.is_(True))
    for row in session.execute(
        sa.select(
            provider,
            _MESSAGE.c.currency,
            _MESSAGE.c.state,
            sa.func.count().label("messages"),
            sa.func.sum(sa.case((went, _MESSAGE.c.segments), else_=0)).label("segments"),
            sa.func.sum(sa.case((went, _MESSAGE.c.cost))).label("cost"),
        )
        .where(*some)
        .group_by(provider, _MESSAGE.c.currency, _MESSAGE.c.state)
    ):
        count = counts.setdefault((row.provider, row.currency), Count())
        count.states[row.state] += row.messages
        count.segments += int(row.segments)
        count.cost += row.cost or 0
    _count_delays(session, counts, some)
    return counts, edge


def add(counts: Counts, more: Counts) -> None:
    """Add what further messages of the same day came to."""
    for key, count in more.items():
        known = counts.setdefault(key, Count())
        known.states.update(count.states)
        known.delays.update(count.delays)
        known.segments += count.segments
        known.cost += count.cost


def _count_delays(session: Session, counts: Counts, some: Any) -> None:
    """How long what arrived was on its way: from its departure to the receipt that moved it for good."""
    changed, departed = (sa.type_coerce(at, sa.BigInteger) for at in (_MESSAGE.c.changed_at, _ATTEMPT.c.departed_at))
    took = changed - departed
    limit = sa.case(*((took <= each * 1_000_000, each) for each in LIMITS), else_=LONGER).label("limit")
    provider = sa.func.coalesce(_MESSAGE.c.provider_id, 0).label("provider")
    for row in session.execute(
        sa.select(provider, _MESSAGE.c.currency, limit, sa.func.count().label("messages"))
        .join_from(_MESSAGE, _ATTEMPT, _ATTEMPT.c.id == _MESSAGE.c.attempt_id)
        .where(*some, _MESSAGE.c.state == constant(MessageState.DELIVERED.value))
        .group_by(provider, _MESSAGE.c.currency, limit)
    ):
        counts.setdefault((row.provider, row.currency), Count()).delays[row.limit] += row.messages


def keep(session: Session, day: date, counts: Mapping[tuple[int, str], Count], *, now: datetime) -> None:
    """Write down what a day came to, in place of what was known of it. In the caller's transaction.

    A day has a row without provider and currency in any case, which says that it was counted.
    """
    session.execute(sa.delete(_DAY).where(_DAY.c.day == day))
    rows = [
        {
            "day": day,
            "provider_id": provider,
            "currency": currency,
            "states": dict(count.states),
            "segments": count.segments,
            "cost": count.cost,
            "delays": {str(limit): number for limit, number in count.delays.items()},
            "counted_at": now,
        }
        for (provider, currency), count in sorted({(0, ""): Count(), **counts}.items())
    ]
    # whoever counts the same day at this moment comes to the same sums, or comes again soon
    insert_once(session.connection(), _DAY, rows, unique=("day", "provider_id", "currency"))


def to_count(session: Session, *, zone: tzinfo, now: datetime) -> list[date]:
    """The days that were not counted lately enough, the newest first: today is always among them. Reads only."""
    today = now.astimezone(zone).date()
    first = session.scalar(sa.select(_MESSAGE.c.id).order_by(_MESSAGE.c.id).limit(1))
    if first is None:
        return []
    oldest = today - timedelta(days=HISTORY - 1)
    known: dict[date, tuple[datetime, bool]] = {}
    for row in session.execute(sa.select(_DAY.c.day, _DAY.c.counted_at, _DAY.c.states).where(_DAY.c.day >= oldest)):
        at, is_open = known.get(row.day, (row.counted_at, False))
        known[row.day] = min(at, row.counted_at), is_open or any(row.states.get(state) for state in _OPEN)
    found: list[date] = []
    for age in range(HISTORY):
        day = today - timedelta(days=age)
        if range_of(day, zone)[1] <= first:
            break
        if day not in known or _is_stale(day, age, *known[day], zone=zone, now=now):
            found.append(day)
    return found


def _is_stale(day: date, age: int, counted_at: datetime, is_open: bool, *, zone: tzinfo, now: datetime) -> bool:
    if counted_at < end_of(day, zone):
        return True
    if age > _LATE and not is_open:
        return False
    fresh = next((rest for most, rest in _FRESH if age <= most), _OLD)
    return counted_at <= now - fresh
