"""The provider's rate: N messages in any S seconds over all processes, because its row grants the slots (P18)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.models import Pace, Provider
from sms_plugin.models.insertion import insert_once

#: Slots are granted no further ahead than this, so that a process that dies takes few of them along.
HORIZON = timedelta(seconds=1)
#: Whoever found no slot free asks again when so much of the horizon is: a claim for each slot would keep the database,
#: and on SQLite everybody, from their departures.
GATHER = HORIZON / 4

_STRETCHED = 1_015_000  #: a second's microseconds and fifteen thousandths more: what a request is late by


@dataclass(frozen=True, kw_only=True)
class Slots:
    """Send times that were granted."""

    times: tuple[datetime, ...] = ()
    apart: timedelta = timedelta()  #: between two of them, whoever they were granted to; nothing without a rate
    again_at: datetime | None = None  #: when to ask for more, where there were too few


@dataclass(frozen=True, kw_only=True)
class Free:
    """How many send times would be granted, as far as an unlocked look can tell."""

    count: int
    apart: timedelta = timedelta()
    again_at: datetime | None = None  #: when to look again, where there is none


def free(session: Session, provider_id: int, *, want: int, now: datetime, apart: timedelta | None = None) -> Free:
    """How many of ``want`` messages the rate has send times for. Locks nothing, so that nobody waits to learn that
    there is none. ``apart`` is the rate, where the caller has read it. Reads only.
    """
    apart = _apart(session, provider_id) if apart is None else apart
    if not apart:
        return Free(count=want)
    stands = session.scalar(sa.select(Pace.next_slot_at).where(Pace.provider_id == provider_id))
    first = _first(stands, now=now, start=now, apart=apart)
    count = _granted(want, first=first, now=now, apart=apart)
    return Free(count=count, apart=apart, again_at=None if count else first - HORIZON + GATHER)


def reserve(
    session: Session,
    provider_id: int,
    *,
    want: int,
    now: datetime,
    lead: timedelta = timedelta(),
    apart: timedelta | None = None,
) -> Slots:
    """Up to ``want`` send times, evenly spaced, none of them sooner than ``lead`` from now. ``apart`` as in ``free``.

    Under a rate it locks the provider's pace until the caller's transaction ends: call it last.
    """
    if want <= 0:
        return Slots()
    apart = _apart(session, provider_id) if apart is None else apart
    if not apart:
        return Slots(times=(now,) * want)
    first = _first(_locked(session, provider_id, now=now), now=now, start=now + lead, apart=apart)
    granted = _granted(want, first=first, now=now, apart=apart)
    following = first + granted * apart
    if granted:
        session.execute(
            sa.update(Pace)
            .where(Pace.provider_id == provider_id)
            .values(next_slot_at=following)
            .execution_options(synchronize_session=False)
        )
    return Slots(
        times=tuple(first + number * apart for number in range(granted)),
        apart=apart,
        again_at=None if granted == want else following - HORIZON + GATHER,
    )


def forget(session: Session, provider_id: int) -> None:
    """Grant from now on again, whatever was granted: the rate has changed. Writes in the caller's transaction."""
    session.execute(sa.delete(Pace).where(Pace.provider_id == provider_id))


def spacing(count: int | None, seconds: int | None) -> timedelta:
    """The time between two of ``count`` messages in any ``seconds``: rounded up, or one more would slip in, and a
    little longer, because requests do not arrive on the dot. Nothing without a rate.
    """
    return timedelta(microseconds=-(-seconds * _STRETCHED // count)) if count and seconds else timedelta()


def _apart(session: Session, provider_id: int) -> timedelta:
    """The time between two messages; nothing without a rate."""
    row = session.execute(sa.select(Provider.rate_count, Provider.rate_seconds).where(Provider.id == provider_id)).one()
    return spacing(row.rate_count, row.rate_seconds)


def _locked(session: Session, provider_id: int, *, now: datetime) -> datetime:
    asked = sa.select(Pace.next_slot_at).where(Pace.provider_id == provider_id).with_for_update()
    stands = session.scalar(asked)
    if stands is None:
        row = {"provider_id": provider_id, "next_slot_at": now}
        insert_once(session.connection(), Pace.__table__, [row], unique="provider_id")  # type: ignore[arg-type]
        stands = session.scalars(asked).one()
    return stands


def _first(stands: datetime | None, *, now: datetime, start: datetime, apart: timedelta) -> datetime:
    """The first send time to grant: never further ahead than was ever granted, as the clock may have been put back."""
    return min(max(stands or start, start), now + HORIZON + apart)


def _granted(want: int, *, first: datetime, now: datetime, apart: timedelta) -> int:
    return min(want, max(0, (now + HORIZON - first) // apart + 1))
