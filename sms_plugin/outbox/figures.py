"""What pages say of the last days and of this moment, read and not counted: the sums of days, and a bounded look at
what waits (issue 7 item 1, promise 10).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.models import Day, Message
from sms_plugin.models.base import constant
from sms_plugin.outbox.counting import LIMITS, LONGER
from sms_plugin.outbox.enqueue import BATCH, OWN_ACTION
from sms_plugin.states import MessageState

#: So many of what waits for a person are looked at for their reasons; behind them stands "and more".
LOOK_AT = 1000
_MESSAGE: Any = Message.__table__
_S = MessageState
#: What left the portal, and what the provider took of it.
WENT = (_S.SENT, _S.DELIVERED, _S.UNDELIVERED, _S.FAILED)
#: What may still change.
WAITING = (_S.QUEUED, _S.SENDING, _S.HELD, _S.UNKNOWN)
#: What was decided against.
STOPPED = (_S.SUPPRESSED, _S.EXPIRED, _S.CANCELLED)


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What became of the messages of a day or of several."""

    states: Mapping[str, int] = field(default_factory=dict)
    segments: int = 0
    cost: Mapping[str, Decimal] = field(default_factory=dict)  #: by currency, as far as it is known
    delays: Mapping[int, int] = field(default_factory=dict)  #: delivered messages by ``counting.LIMITS``, in seconds

    def of(self, *states: MessageState) -> int:
        """How many are in any of these states."""
        return sum(self.states.get(state.value, 0) for state in states)

    @property
    def written(self) -> int:
        """All that the portal decided, received ones apart."""
        return sum(self.states.values()) - self.of(_S.RECEIVED)

    @property
    def delivered_share(self) -> float | None:
        """The share of those that left which reached the phone; None where no provider ever told."""
        if not self.of(_S.DELIVERED, _S.UNDELIVERED):
            return None
        return self.of(_S.DELIVERED) / self.of(*WENT)

    def within(self, share: float) -> int | None:
        """The limit in seconds within which so large a share of what was delivered arrived, or ``LONGER``; None where
        nothing was.
        """
        all_of_them, passed = sum(self.delays.values()), 0
        if not all_of_them:
            return None
        for limit in LIMITS:
            passed += self.delays.get(limit, 0)
            if passed >= share * all_of_them:
                return limit
        return LONGER


@dataclass(frozen=True, kw_only=True)
class Period:
    """Days one after the other, each with what became of its messages."""

    days: Mapping[date, Figures]
    counted_at: datetime | None  #: when the last of them was counted; None where nothing was yet
    missing: int  #: days that are still to be counted, before the counted ones

    @property
    def total(self) -> Figures:
        """All of its days together."""
        return together(self.days.values())


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why some messages wait for a person."""

    state: str
    reason: str
    messages: int


def period(session: Session, *, last: date, days: int) -> Period:
    """So many days up to the last one. Reads a few rows for each, whatever was sent."""
    first = last - timedelta(days=days - 1)
    rows = session.scalars(sa.select(Day).where(Day.day >= first, Day.day <= last)).all()
    by_day: dict[date, list[Day]] = defaultdict(list)
    for row in rows:
        by_day[row.day].append(row)
    every = [first + timedelta(days=n) for n in range(days)]
    return Period(
        days={day: together(_figures(row) for row in by_day[day]) if day in by_day else Figures() for day in every},
        counted_at=max((row.counted_at for row in by_day.get(last, [])), default=None),
        missing=_uncounted(session, by_day, first) if rows else 0,
    )


def _uncounted(session: Session, by_day: Mapping[date, object], first: date) -> int:
    """The days between the first message, or the first day asked for, and the first that was counted."""
    known = min(by_day)
    began = session.scalar(sa.select(_MESSAGE.c.created_at).order_by(_MESSAGE.c.id).limit(1))
    return 0 if began is None else max((known - max(began.date(), first)).days, 0)


def together(some: Iterable[Figures]) -> Figures:
    """Several days or parts of them as one."""
    states, delays = Counter[str](), Counter[int]()
    cost: dict[str, Decimal] = defaultdict(Decimal)
    segments = 0
    for each in some:
        states.update(each.states)
        delays.update(each.delays)
        segments += each.segments
        for currency, amount in each.cost.items():
            cost[currency] += amount
    return Figures(states=states, segments=segments, cost=dict(cost), delays=delays)


def _figures(row: Day) -> Figures:
    return Figures(
        states={state: int(number) for state, number in row.states.items()},
        segments=row.segments,
        cost={row.currency: row.cost} if row.cost else {},
        delays={int(limit): int(number) for limit, number in row.delays.items()},
    )


def oldest_due(session: Session, *, now: datetime) -> datetime | None:
    """Since when the message that waits longest is due; None where nothing is. Reads one entry of the index a rank."""
    found = [
        session.scalar(
            sa.select(_MESSAGE.c.due_at)
            .where(_MESSAGE.c.state == constant(_S.QUEUED.value), _MESSAGE.c.priority == priority)
            .order_by(_MESSAGE.c.due_at)
            .limit(1)
        )
        for priority in range(OWN_ACTION, BATCH + 1)
    ]
    return min((at for at in found if at is not None and at <= now), default=None)


def reasons_to_wait(session: Session) -> list[Reason]:
    """Why messages are held or unknown, what concerns most of them first: of the newest ``LOOK_AT`` in each state."""
    found: list[Reason] = []
    for state in (_S.HELD, _S.UNKNOWN):
        # said as a range, so that the order is that of the index and no planner goes by the keys of all messages
        newest = (
            sa.select(_MESSAGE.c.reason)
            .where(_MESSAGE.c.state >= state.value, _MESSAGE.c.state <= state.value)
            .order_by(_MESSAGE.c.state.desc(), _MESSAGE.c.id.desc())
            .limit(LOOK_AT)
            .subquery()
        )
        rows = session.execute(sa.select(newest.c.reason, sa.func.count().label("messages")).group_by(newest.c.reason))
        found += [Reason(state=state.value, reason=row.reason, messages=row.messages) for row in rows]
    return sorted(found, key=lambda each: (-each.messages, each.state, each.reason))
