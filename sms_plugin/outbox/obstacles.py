"""Why nothing goes at this moment, whatever the single messages say (P13, P21)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.models import Provider, Runner

#: A runner that was not seen for so long is not running any more.
ALIVE = timedelta(seconds=30)


@dataclass(frozen=True, kw_only=True)
class Obstacle:
    """One thing that keeps all messages. ``code`` is no_provider, provider_stopped, provider_paused or no_runner."""

    code: str
    provider: str = ""
    reason: str = ""
    detail: str = ""
    since: datetime | None = None
    until: datetime | None = None


def obstacles(session: Session, *, now: datetime) -> tuple[Obstacle, ...]:
    """What keeps all messages at this moment; empty where they go. Reads only."""
    provider = session.scalar(sa.select(Provider).where(Provider.active == 1))
    found = [_of_provider(provider, now), _of_runners(session, now)]
    return tuple(each for each in found if each is not None)


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
