"""What an admin does to a saved provider beside its settings: pace, prices, standing by, taking it away (P18, P17, X9,
P13).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError, worded
from sms_plugin.models import Change, Provider
from sms_plugin.providers.active import lock, record
from sms_plugin.providers.costs import Tariff
from sms_plugin.providers.rate import forget

#: What a provider has done once messages may have gone through it.
USED = ("activated", "tried", "standby")
_MOST = 100_000
#: What accounts count in that hold no money.
CREDITS = "credits"
_ISO = re.compile("[A-Z]{3}")
_MOST_MONEY = Decimal(10**9)


@dataclass(frozen=True, kw_only=True)
class Money:
    """What an admin says of a provider's costs; None is no limit."""

    currency: str = ""
    prices: Mapping[str, str] = field(default_factory=dict)  #: as ``providers.costs`` reads them
    balance_low: Decimal | None = None
    budget_day: Decimal | None = None
    budget_month: Decimal | None = None


def set_rate(
    session: Session, provider: Provider, *, count: int | None, seconds: int | None, who: str, now: datetime
) -> None:
    """Let ``count`` messages go in any ``seconds``; with neither, as many as can. Raises ``SmsError``. Flushes."""
    if bool(count) != bool(seconds) or not 0 <= (count or 0) <= _MOST or not 0 <= (seconds or 0) <= _MOST:
        raise SmsError(
            worded("A rate is so many messages in so many seconds."),
            code="bad_rate",
            hint=worded("Give both, from 1 to %(most)s, or neither for no limit.", most=_MOST),
        )
    before = _rate(provider)
    provider.rate_count, provider.rate_seconds = count or None, seconds or None
    forget(session, provider.id)
    provider.changed_at = now
    action = f"rate {count} in {seconds} s" if count else "no rate"
    record(session, provider, action, who=who, now=now, detail={"rate": [before, _rate(provider)]})
    session.flush()


def set_money(session: Session, provider: Provider, money: Money, *, who: str, now: datetime) -> None:
    """Say what its messages cost, what they may cost, and below which balance the staff is warned (P17, X10).

    Raises ``SmsError`` for amounts that cannot be meant, and for a budget without a price for every number. Flushes.
    """
    currency = money.currency.strip()
    currency = currency.lower() if currency.lower() == CREDITS else currency.upper()
    if (currency or money.prices) and currency != CREDITS and not _ISO.fullmatch(currency):
        raise SmsError(
            worded("%(currency)r is no currency.", currency=currency[:10]),
            code="bad_currency",
            hint=worded("Write its code of three letters, such as EUR, or %(credits)s.", credits=CREDITS),
        )
    amounts = (money.balance_low, money.budget_day, money.budget_month)
    if not all(amount is None or (amount.is_finite() and 0 <= amount <= _MOST_MONEY) for amount in amounts):
        raise SmsError(
            worded("An amount is from 0 to a milliard."), code="bad_amount", hint=worded("Write digits, such as 25.50.")
        )
    tariff = Tariff(currency=currency, prices=money.prices)
    if (money.budget_day is not None or money.budget_month is not None) and not tariff.knows_every_number:
        raise SmsError(
            worded("A budget needs a price for every number: without one nobody knows what is spent."),
            code="budget_without_price",
            hint=worded("Add a line such as: * 0.05"),
        )
    before = _money(provider)
    provider.currency, provider.prices = currency, dict(money.prices)
    provider.balance_low = money.balance_low
    provider.budget_day, provider.budget_month = money.budget_day, money.budget_month
    provider.changed_at = now
    after = _money(provider)
    detail = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
    record(session, provider, "prices and budget", who=who, now=now, detail=detail)
    session.flush()


def _rate(provider: Provider) -> str | None:
    return f"{provider.rate_count} / {provider.rate_seconds} s" if provider.rate_count else None


def _money(provider: Provider) -> dict[str, Any]:
    """What it costs and may cost, as the record of changes keeps it."""
    amounts = {name: getattr(provider, name) for name in ("balance_low", "budget_day", "budget_month")}
    told = {name: None if amount is None else f"{amount:f}" for name, amount in amounts.items()}
    return {"currency": provider.currency, "prices": dict(provider.prices or {}), **told}


def stand_by(session: Session, provider: Provider, *, who: str, now: datetime) -> None:
    """Make it the only standby: it sends while the active one cannot be reached (X9). Raises ``SmsError``. Flushes."""
    if provider.active is not None:
        raise SmsError(
            worded("The provider %(name)r is active.", name=provider.name),
            code="standby_active",
            hint=worded("Choose another one to stand by for it."),
        )
    lock(session)
    session.execute(sa.update(Provider).where(Provider.standby == 1, Provider.id != provider.id).values(standby=None))
    session.execute(sa.update(Provider).where(Provider.id == provider.id).values(standby=1, changed_at=now))
    record(session, provider, "standby", who=who, now=now)
    session.flush()


def stand_down(session: Session, provider: Provider, *, who: str, now: datetime) -> None:
    """Let it stand by no longer: only the active provider sends. Flushes."""
    lock(session)
    session.execute(sa.update(Provider).where(Provider.id == provider.id).values(standby=None, changed_at=now))
    record(session, provider, "no standby", who=who, now=now)
    session.flush()


def is_used(session: Session, provider: Provider) -> bool:
    """Whether messages may have gone through the provider: it was active once, or tried. Reads only."""
    told = sa.select(Change.id).where(Change.what == f"provider {provider.name}", Change.action.in_(USED))
    return provider.active is not None or session.scalar(told.limit(1)) is not None


def remove(session: Session, provider: Provider, *, who: str, now: datetime) -> None:
    """Take a provider away that was never used. Raises ``SmsError`` for one that was. Flushes."""
    if is_used(session, provider):
        raise _needed(provider.name)
    record(session, provider, "removed", who=who, now=now)
    name = provider.name
    session.delete(provider)
    try:
        session.flush()
    except IntegrityError:
        raise _needed(name) from None


def _needed(name: str) -> SmsError:
    return SmsError(
        worded("The provider %(name)r has been used: its messages and their receipts still need it.", name=name),
        code="provider_used",
        hint=worded("Deactivate it instead; an inactive provider sends nothing."),
    )
