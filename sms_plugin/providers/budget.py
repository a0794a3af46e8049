"""What a provider's messages may cost in a day and in a month, and what they have cost so far (X10).

A message counts once, on the day of its claim, with what it is expected to cost: ``counted_on`` says so on the message
itself, so that one which is claimed again costs nothing more. What the provider charges corrects it later.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.models import Provider, Spend
from sms_plugin.models.insertion import insert_once
from sms_plugin.settings import Settings

_NOTHING = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class Budget:
    """The most that may be spent, and what is; ``None`` is no limit. Amounts are in the currency of the prices."""

    day: Decimal | None
    month: Decimal | None
    today: Decimal = _NOTHING
    this_month: Decimal = _NOTHING

    @property
    def left(self) -> Decimal | None:
        """What may still be spent today; None without a limit."""
        rooms = [
            most - spent for most, spent in ((self.day, self.today), (self.month, self.this_month)) if most is not None
        ]
        return min(rooms, default=None)


def today(settings: Settings, now: datetime) -> date:
    """The day by the portal's calendar."""
    return now.astimezone(settings.zone).date()


def budget_of(session: Session, provider_id: int, *, day: date, lock: bool = False) -> Budget | None:
    """What a provider may spend and has spent; None where it has no budget.

    With ``lock`` nobody else counts anything on that day until the caller's transaction ends.
    """
    limits = session.execute(
        sa.select(Provider.budget_day, Provider.budget_month).where(Provider.id == provider_id)
    ).one_or_none()
    if limits is None or (limits.budget_day is None and limits.budget_month is None):
        return None
    if lock:
        _there(session, provider_id, day)
    spent = spent_in_month(session, provider_id, day=day, lock=lock)
    return Budget(
        day=limits.budget_day,
        month=limits.budget_month,
        today=spent.get(day, _NOTHING),
        this_month=sum(spent.values(), _NOTHING),
    )


def spent_in_month(session: Session, provider_id: int, *, day: date, lock: bool = False) -> dict[date, Decimal]:
    """What the days of a day's month cost, as far as they were counted. With ``lock`` they are read as they stand, by
    whatever view of the database the caller's transaction began with, and stand still until it ends.
    """
    first = day.replace(day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    asked = (
        sa.select(Spend.day, Spend.amount)
        .where(Spend.provider_id == provider_id, Spend.day >= first, Spend.day < following)
        .order_by(Spend.day)
    )
    rows = session.execute(asked.with_for_update() if lock else asked)
    return {row.day: row.amount for row in rows}


@dataclass(frozen=True)
class Ledger:
    """Changes of what days cost, gathered so that their rows are locked last, and in order."""

    amounts: dict[tuple[int, date], Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def add(self, provider_id: int, day: date, amount: Decimal) -> None:
        """Note that a day cost so much more, or less."""
        self.amounts[provider_id, day] += amount

    def write(self, session: Session) -> None:
        """Write it in the caller's transaction, which locks no message afterwards. A day on which nothing was counted
        for the provider stays without a sum: the message counts elsewhere.
        """
        for (provider_id, day), amount in sorted(self.amounts.items()):
            if amount:
                session.execute(
                    sa.update(Spend)
                    .where(Spend.provider_id == provider_id, Spend.day == day)
                    .values(amount=Spend.amount + amount)
                    .execution_options(synchronize_session=False)
                )
        self.amounts.clear()


def _there(session: Session, provider_id: int, day: date) -> None:
    known = sa.select(Spend.day).where(Spend.provider_id == provider_id, Spend.day == day)
    if session.scalar(known) is None:
        row: Sequence[Any] = [{"provider_id": provider_id, "day": day, "amount": _NOTHING}]
        insert_once(session.connection(), Spend.__table__, row, unique=("provider_id", "day"))  # type: ignore[arg-type]
