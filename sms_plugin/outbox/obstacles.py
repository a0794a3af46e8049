"""Why nothing goes at this moment, whatever the single messages say (P13, P21)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.models import Provider, Runner
from sms_plugin.providers.balance import is_low
from sms_plugin.providers.budget import budget_of, today
from sms_plugin.providers.costs import Tariff
from sms_plugin.settings import Settings

#: A runner that was not seen for so long is not running any more.
ALIVE = timedelta(seconds=30)


@dataclass(frozen=True, kw_only=True)
class Obstacle:
    """One thing that keeps all messages. ``code`` is no_provider, provider_stopped, provider_paused, provider_outage or
    no_runner; of those that keep some, only will, or that somebody should know of, budget_used, balance_low and
    standby_sends.
    """

    code: str
    provider: str = ""
    reason: str = ""
    detail: str = ""
    since: datetime | None = None
    until: datetime | None = None


def obstacles(session: Session, *, now: datetime) -> tuple[Obstacle, ...]:
    """What keeps all messages at this moment; empty where they go. Reads only."""
    provider = session.scalar(sa.select(Provider).where(Provider.active == 1))
    found = [_of_provider(provider, now) or _of_outage(session, provider), _of_runners(session, now)]
    return tuple(each for each in found if each is not None)


def worries(session: Session, *, settings: Settings, now: datetime) -> tuple[Obstacle, ...]:
    """What keeps messages one by one, or will keep them all unless somebody does something: a budget that is used up,
    an account that runs low. Reads only.
    """
    provider = session.scalar(sa.select(Provider).where(Provider.active == 1))
    if provider is None:
        return ()
    found: list[Obstacle] = []
    if _is_used_up(session, provider, settings=settings, now=now):
        found.append(Obstacle(code="budget_used", provider=provider.name))
    if is_low(provider):
        left = f"{provider.balance:f} {provider.balance_unit}"
        found.append(Obstacle(code="balance_low", provider=provider.name, detail=left, since=provider.balance_at))
    standby = _standing_by(session) if provider.open_since is not None and provider.stopped_at is None else None
    if standby is not None:
        found.append(Obstacle(code="standby_sends", provider=provider.name, detail=standby, since=provider.open_since))
    return tuple(found)


def _of_outage(session: Session, provider: Provider | None) -> Obstacle | None:
    """That the active provider cannot be reached, where none stands by that can (X9)."""
    if provider is None or provider.open_since is None or _standing_by(session) is not None:
        return None
    return Obstacle(code="provider_outage", provider=provider.name, since=provider.open_since, until=provider.probe_at)


def _standing_by(session: Session) -> str | None:
    """The name of the standby, where it may send."""
    usable = sa.and_(Provider.standby == 1, Provider.active.is_(None), Provider.stopped_at.is_(None))
    return session.scalar(sa.select(Provider.name).where(usable, Provider.open_since.is_(None)))


def _is_used_up(session: Session, provider: Provider, *, settings: Settings, now: datetime) -> bool:
    """Whether the budget has no room for the cheapest message."""
    budget = budget_of(session, provider.id, day=today(settings, now))
    prices = Tariff(currency=provider.currency, prices=provider.prices or {}).range
    return budget is not None and budget.left is not None and prices is not None and budget.left < prices[0]


def _of_provider(provider: Provider | None, now: datetime) -> Obstacle | None:
    if provider is None:
        return Obstacle(code="no_provider")
    if provider.stopped_at is not None:
        return Obstacle(
            code="provider_stopped",
            provider=provider.name,
            reason=provider.stopped_reason,
            detail=provider.stopped_detail,
            since=provider.stopped_at,
        )
    if provider.paused_until is not None and provider.paused_until > now:
        return Obstacle(code="provider_paused", provider=provider.name, until=provider.paused_until)
    return None


def _of_runners(session: Session, now: datetime) -> Obstacle | None:
    seen = session.scalar(sa.select(sa.func.max(Runner.seen_at)))
    if seen is not None and seen > now - ALIVE:
        return None
    return Obstacle(code="no_runner", since=seen)
