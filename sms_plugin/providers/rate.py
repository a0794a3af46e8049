"""The provider's rate: N messages in any S seconds, exact over all processes, because the slots are granted by its row (P18)."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.models import Provider

#: Slots are granted no further ahead than this, so that a process that dies takes few of them along.
HORIZON = timedelta(seconds=1)


def reserve(session: Session, provider_id: int, *, want: int, now: datetime) -> tuple[list[datetime], datetime | None]:
    """Up to ``want`` send times, evenly spaced, and the moment to ask again where there were too few.

    Locks the provider's row until the caller's transaction ends: call it last.
    """
    row = session.execute(
        sa.select(Provider.rate_count, Provider.rate_seconds, Provider.next_slot_at)
        .where(Provider.id == provider_id)
        .with_for_update()
    ).one()
    if not row.rate_count or not row.rate_seconds:
        return [now] * want, None
    apart = timedelta(seconds=row.rate_seconds) / row.rate_count
    first = max(row.next_slot_at or now, now)
    granted = min(want, max(0, (now + HORIZON - first) // apart + 1))
    following = first + granted * apart
    if granted:
        session.execute(sa.update(Provider).where(Provider.id == provider_id).values(next_slot_at=following))
    again = None if granted == want else following - HORIZON
    return [first + number * apart for number in range(granted)], again
