"""The provider's rate: N messages in any S seconds over all processes, because its row grants the slots (P18)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.models import Provider

#: Slots are granted no further ahead than this, so that a process that dies takes few of them along.
HORIZON = timedelta(seconds=1)

_STRETCHED = 1_010_000  #: a second's microseconds and a hundredth more: what the last request of one is late by


@dataclass(frozen=True, kw_only=True)
class Slots:
    """Send times that were granted."""

    times: tuple[datetime, ...] = ()
    apart: timedelta = timedelta()  #: between two of them, whoever they were granted to; nothing without a rate
    again_at: datetime | None = None  #: when to ask for more, where there were too few


def reserve(session: Session, provider_id: int, *, want: int, now: datetime) -> Slots:
    """Up to ``want`` send times, evenly spaced.

    Under a rate it locks the provider's row until the caller's transaction ends: call it last. Without its key, which
    the attempts refer to that others open meanwhile.
    """
    if want <= 0:
        return Slots()
    asked = sa.select(Provider.rate_count, Provider.rate_seconds, Provider.next_slot_at).where(
        Provider.id == provider_id
    )
    row = session.execute(asked).one()
    if row.rate_count and row.rate_seconds:
        row = session.execute(asked.with_for_update(key_share=True)).one()
    if not row.rate_count or not row.rate_seconds:
        return Slots(times=(now,) * want)
    apart = spacing(row.rate_count, row.rate_seconds)
    # never further ahead than was ever granted: the clock may have been put back since
    first = min(max(row.next_slot_at or now, now), now + HORIZON + apart)
    granted = min(want, max(0, (now + HORIZON - first) // apart + 1))
    following = first + granted * apart
    if granted:
        session.execute(sa.update(Provider).where(Provider.id == provider_id).values(next_slot_at=following))
    return Slots(
        times=tuple(first + number * apart for number in range(granted)),
        apart=apart,
        again_at=None if granted == want else following - HORIZON,
    )


def spacing(count: int, seconds: int) -> timedelta:
    """The time between two of ``count`` messages in any ``seconds``: rounded up, or one more would slip in, and a
    hundredth longer, because requests do not arrive on the dot.
    """
    return timedelta(microseconds=-(-seconds * _STRETCHED // count))
