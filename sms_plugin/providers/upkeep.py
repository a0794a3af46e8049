"""What an admin does to a saved provider beside its settings: its pace, and taking it away (P18, P13)."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError
from sms_plugin.models import Change, Provider
from sms_plugin.providers.active import record

#: What a provider has done once messages may have gone through it.
USED = ("activated", "tried")
_MOST = 100_000


def set_rate(
    session: Session, provider: Provider, *, count: int | None, seconds: int | None, who: str, now: datetime
) -> None:
    """Let ``count`` messages go in any ``seconds``; with neither, as many as can. Raises ``SmsError``. Flushes."""
    if bool(count) != bool(seconds) or not 0 <= (count or 0) <= _MOST or not 0 <= (seconds or 0) <= _MOST:
        raise SmsError(
            "A rate is so many messages in so many seconds.",
            code="bad_rate",
            hint=f"Give both, from 1 to {_MOST}, or neither for no limit.",
        )
    provider.rate_count, provider.rate_seconds = count or None, seconds or None
    provider.next_slot_at = None
    provider.changed_at = now
    record(session, provider, f"rate {count} in {seconds} s" if count else "no rate", who=who, now=now)
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
        f"The provider {name!r} has been used: its messages and their receipts still need it.",
        code="provider_used",
        hint="Deactivate it instead; an inactive provider sends nothing.",
    )
