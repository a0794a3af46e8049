"""What messages cost: counted against the budget before they go, corrected by what the provider tells (P17, X10)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.gateways.contract import Outcome
from sms_plugin.models import Message
from sms_plugin.models.base import constant
from sms_plugin.outbox.moving import move
from sms_plugin.providers.budget import Ledger, budget_of, today
from sms_plugin.providers.costs import DEAREST, Tariff, tariff_of
from sms_plugin.settings import Settings
from sms_plugin.states import MessageState

if TYPE_CHECKING:
    from sms_plugin.outbox.settle import Finished

#: The states in which a message costs something, as far as anybody knows; in the others it did not go.
COSTS = frozenset({"sending", "sent", "delivered", "undelivered", "unknown"})
#: Why a message is held that the budget has no room for.
OVER = "budget"
_MESSAGE: Any = Message.__table__
_COSTS = (_MESSAGE.c.id, _MESSAGE.c.number, _MESSAGE.c.segments, _MESSAGE.c.cost, _MESSAGE.c.counted_on)


def beyond_budget(
    session: Session, ids: Sequence[UUID], *, provider_id: int, settings: Settings, now: datetime
) -> list[UUID]:
    """Those of the claimed messages that the provider's budget has no room for, in the order given; the others are
    counted. Nothing is asked of a provider without a budget. Writes in the caller's transaction, and locks the day.
    """
    if not ids:
        return []
    day = today(settings, now)
    budget = budget_of(session, provider_id, day=day, lock=True)
    if budget is None:
        return []
    prices = tariff_of(session, provider_id)
    rows = {row.id: row for row in session.execute(sa.select(*_COSTS).where(_MESSAGE.c.id.in_(ids)))}
    left, over, ledger = budget.left or Decimal(0), [], Ledger()
    counted: dict[Decimal, list[UUID]] = defaultdict(list)
    for row in (rows[each] for each in ids if rows[each].counted_on != day):
        cost = prices.cost(row.number, row.segments) or Decimal(0)
        if cost > left:
            over.append(row.id)
            continue
        left -= cost
        counted[cost].append(row.id)
        ledger.add(provider_id, day, cost)
        if row.counted_on is not None:  # it was to go on another day, and did not
            ledger.add(provider_id, row.counted_on, -(row.cost or Decimal(0)))
    for cost, some in counted.items():
        values = {"cost": cost, "currency": prices.currency, "counted_on": day}
        session.execute(sa.update(_MESSAGE).where(_MESSAGE.c.id.in_(sorted(some))).values(values))
    ledger.write(session)
    return over


def let_go(session: Session, *, most: int, who: str, now: datetime) -> tuple[int, int]:
    """Queue messages again that the budget held, the oldest first, each as long as it is valid; how many of them went
    and how many were too late. Their claim asks the budget again. Writes in the caller's transaction.
    """
    asked = (
        sa.select(_MESSAGE.c.id, _MESSAGE.c.expires_at)
        .where(_MESSAGE.c.state == constant(MessageState.HELD), _MESSAGE.c.reason == constant(OVER))
        .order_by(_MESSAGE.c.id)
        .limit(most)
    )
    rows = session.execute(asked).all()
    late = [row.id for row in rows if row.expires_at is not None and row.expires_at <= now]
    fresh = [row.id for row in rows if row.id not in late]
    held = {MessageState.HELD}
    move(session, late, MessageState.EXPIRED, reason="too_late", now=now, who=who, only_from=held)
    values = {"due_at": now}
    went = move(session, fresh, MessageState.QUEUED, reason="released", now=now, who=who, only_from=held, values=values)
    return len(went), len(late)


def is_price(told: Decimal | None) -> bool:
    """Whether what a provider told can be the price of a message, and be kept."""
    return told is not None and told.is_finite() and 0 <= told <= DEAREST


@dataclass(frozen=True, kw_only=True)
class Charge:
    """What a message costs as its provider told; without a price, that it was not taken and costs nothing."""

    message: UUID
    provider_id: int
    price: Decimal | None = None
    currency: str = ""
    segments: int | None = None


def charges_of(finished: Iterable[Finished]) -> list[Charge]:
    """What verdicts say of costs: nearly always nothing."""
    return [
        Charge(
            message=each.id,
            provider_id=each.provider_id,
            price=each.verdict.price if is_price(each.verdict.price) else None,
            currency=each.verdict.currency,
            segments=each.verdict.segments,
        )
        for each in finished
        if is_price(each.verdict.price) or (each.verdict.outcome is Outcome.REFUSED and each.verdict.for_good)
    ]


def charge(session: Session, charges: Sequence[Charge]) -> None:
    """Write what was told on the messages, and correct their days. Saying the same twice changes nothing.

    Writes in the caller's transaction.
    """
    told = {each.message: each for each in charges}
    columns = (*_COSTS, _MESSAGE.c.currency, _MESSAGE.c.is_charged)
    asked = sa.select(*columns).where(_MESSAGE.c.id.in_(sorted(told))).order_by(_MESSAGE.c.id).with_for_update()
    ledger = Ledger()
    for row in session.execute(asked).all():
        each = told[row.id]
        values: dict[str, Any] = {"counted_on": None}
        if each.price is not None:
            values = {"cost": each.price, "currency": each.currency[:8], "is_charged": True}
            values |= {} if each.segments is None else {"segments": each.segments}
        elif row.counted_on is None or row.is_charged:
            continue
        correct(ledger, row, each.provider_id, price=each.price, currency=each.currency)
        session.execute(sa.update(_MESSAGE).where(_MESSAGE.c.id == row.id).values(values))
    ledger.write(session)


def correct(ledger: Ledger, row: Any, provider_id: int, *, price: Decimal | None, currency: str) -> None:
    """Note what a day's cost changes by, where the message counts on one. In another currency it stays as expected."""
    on: date | None = row.counted_on
    if on is None or (price is not None and currency != row.currency):
        return
    ledger.add(provider_id, on, (price or Decimal(0)) - (row.cost or Decimal(0)))


def told_by_receipts(session: Session, message: Any, receipts: Sequence[Any], provider_id: int) -> dict[str, Any]:
    """What a message's receipts say of its way, its segments and its price, as far as it is new to the message.

    Where the way or the segments are told and no price is, the cost is worked out anew. Reads only.
    """
    told: dict[str, Any] = {}
    for receipt in sorted(receipts, key=lambda receipt: receipt.received_at):
        if receipt.channel:
            told["channel"] = receipt.channel
        if receipt.segments:
            told["segments"] = receipt.segments
        if receipt.price is not None:
            told |= {"cost": receipt.price, "currency": receipt.currency, "charged": True}
    if told and not message.charged and "cost" not in told:
        told |= _expected(tariff_of(session, provider_id), message, told)
    return {name: value for name, value in told.items() if getattr(message, name) != value}


def _expected(prices: Tariff, message: Any, told: dict[str, Any]) -> dict[str, Any]:
    segments, way = told.get("segments", message.segments), told.get("channel", message.channel)
    cost = prices.cost(message.number, segments, way=way)
    return {} if cost is None else {"cost": cost, "currency": prices.currency}
