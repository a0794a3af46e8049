"""What will be texted in the next days, to whom, when and at what cost: the sweep without its writes (X4).

Days are the portal's. What dates bring is read and drafted as the sweep does it, and let go as the claim will do it,
from the records as they stand now; what waits in the queue already is part of it. What an event of the portal will
bring (a new record, a payment), nobody can foresee.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.host.stepping import is_dated
from sms_plugin.models import TriggerRow
from sms_plugin.outbox.gathering import GATHERED
from sms_plugin.providers.budget import today
from sms_plugin.state import State
from sms_plugin.triggers.expecting import Expected, Reckoning
from sms_plugin.triggers.lookahead import Look, let_go, walk
from sms_plugin.triggers.volumes import LEAST, Limit, limit_of

_DAY = timedelta(days=1)


@dataclass(kw_only=True)
class Cell:
    """What one trigger brings on one day."""

    messages: int = 0
    queued: int = 0  #: of them, those that are written already
    segments: int = 0
    cost: Decimal = Decimal(0)
    unpriced: int = 0  #: of the messages, those whose cost nobody knows
    left_out: Counter[str] = field(default_factory=Counter)  #: who gets nothing, by reason
    run: int = 0  #: occurrences of dates, as the sweep counts its run: each debt of a message is one (X5, X21)
    _last: tuple[str | None, str, str] | None = field(default=None, repr=False)

    def add(self, each: Expected) -> None:
        """Count one more."""
        name = (each.record, each.step, each.moment)
        if (each.message is None or is_dated(each.step) or each.step == GATHERED) and name != self._last:
            self.run += each.records  # several people are told of it one after the other
            self._last = name
        if not each.goes:
            self.left_out[each.problem] += 1
            return
        self.messages += 1
        self.queued += each.message is not None
        self.segments += each.segments
        if each.cost is None:
            self.unpriced += 1
        else:
            self.cost += each.cost


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which messages are listed beside the totals: so many, after a place, of a day where one is given."""

    most: int
    day: date | None = None
    after: str | None = None


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """The totals by day and trigger, and a page of the messages; the trigger "" is what no trigger decided."""

    days: tuple[date, ...]
    cells: dict[tuple[date, str], Cell]
    currency: str
    provided: bool  #: whether a provider is active: without one nothing will go
    limits: dict[tuple[date, str], Limit]  #: of runs that are large: one above it waits for approval (X5)
    entries: tuple[Expected, ...] = ()
    next: str | None = None  #: the place after which the next page begins; None at the end
    lost: bool = False  #: the place that was given is not there any more
    whole: bool = True  #: everything was looked at; else the totals are a beginning

    def is_held(self, day: date, trigger: str) -> bool:
        """Whether the trigger's run of the day is so large that it will wait for approval (X5)."""
        limit, cell = self.limits.get((day, trigger)), self.cells.get((day, trigger))
        return limit is not None and cell is not None and cell.messages > cell.queued and cell.run > limit.most

    @property
    def triggers(self) -> list[str]:
        """Those that bring anything, in their order."""
        return sorted({trigger for _, trigger in self.cells})

    def of_day(self, day: date) -> Cell:
        """What all of them bring on a day."""
        return _sum(cell for (on, _), cell in self.cells.items() if on == day)

    @property
    def total(self) -> Cell:
        """What all of them bring on all of the days."""
        return _sum(iter(self.cells.values()))


def _sum(cells: Iterator[Cell]) -> Cell:
    total = Cell()
    for cell in cells:
        total.messages += cell.messages
        total.queued += cell.queued
        total.segments += cell.segments
        total.cost += cell.cost
        total.unpriced += cell.unpriced
        total.left_out.update(cell.left_out)
    return total


def forecast(
    session: Session,
    look: Look,
    *,
    state: State,
    now: datetime,
    wanted: Wanted | None = None,
    most: int | None = None,
) -> Forecast:
    """The totals of the days, with a page of the messages. Memory grows with days and triggers and, under a cap, with
    one day's numbers; never with the messages.

    With ``most`` at most so many messages are looked at. Give a session of which nothing else hangs: the host's
    attributes are read, and it is rolled back. Raises ``SmsError`` for a trigger that is unknown or has nothing to say.
    """
    reckoning = Reckoning(session, state=state, now=now)
    cells: dict[tuple[date, str], Cell] = {}
    listed, seen, whole = _Listed(wanted), 0, True
    for each in walk(session, look, reckoning=reckoning, state=state, now=now, most=most):
        seen += each.records
        if most is not None and seen > most:
            whole = False
            break
        if look.trigger is None or each.trigger == look.trigger:
            day = today(state.settings, each.due_at)
            cells.setdefault((day, each.trigger or ""), Cell()).add(each)
            listed.take(each, day)
    let_go(session)
    return Forecast(
        days=_days(look, state=state, now=now),
        cells=dict(sorted(cells.items())),
        currency=reckoning.prices.currency,
        provided=reckoning.provided,
        limits=_limits(session, cells),
        entries=tuple(listed.entries),
        next=listed.next,
        lost=listed.lost,
        whole=whole,
    )


def _days(look: Look, *, state: State, now: datetime) -> tuple[date, ...]:
    first = today(state.settings, now)
    return tuple(first + n * _DAY for n in range(look.days))


class _Listed:
    """The page of messages, gathered while all of them go by."""

    def __init__(self, wanted: Wanted | None) -> None:
        self._wanted = wanted
        self.lost = wanted is not None and wanted.after is not None  #: until its place has come by
        self.entries: list[Expected] = []
        self.next: str | None = None

    def take(self, each: Expected, day: date) -> None:
        """Keep a message that belongs to the page."""
        if self._wanted is None or self._wanted.day not in {None, day}:
            return
        if self.lost:
            self.lost = each.place != self._wanted.after
        elif len(self.entries) < self._wanted.most:
            self.entries.append(each)
        elif self.next is None:
            self.next = self.entries[-1].place


def _limits(session: Session, cells: dict[tuple[date, str], Cell]) -> dict[tuple[date, str], Limit]:
    """What limits the runs that may go over it: a learned limit is never lower than ``LEAST``."""
    wanted = sorted({trigger for _, trigger in cells if trigger})
    rows = session.execute(sa.select(TriggerRow.key, TriggerRow.ceiling).where(TriggerRow.key.in_(wanted)))
    ceilings = {row.key: row.ceiling for row in rows}
    limits: dict[tuple[date, str], Limit] = {}
    for (day, trigger), cell in cells.items():
        ceiling = ceilings.get(trigger)
        if trigger and (ceiling is not None or cell.run > LEAST):
            limit = limit_of(session, trigger, day, ceiling=ceiling)
            if limit is not None:
                limits[day, trigger] = limit
    return limits
