"""Holding a run that would write unusually many messages, as one group that a person lets go or drops (X5).

A run is what the sweep finds of one trigger for one day, or what the portal's own changes fire: of those, all that one
transaction brings over the limit is held, and all of that day behind it. What an operator sent by hand was shown to
them before, and is not asked about again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from hashlib import blake2b
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.hours import end_of
from sms_plugin.models import Message, Surge, TriggerRow, first_id
from sms_plugin.models.insertion import insert_once
from sms_plugin.outbox.enqueue import Draft
from sms_plugin.outbox.truth import BY_HAND
from sms_plugin.state import State
from sms_plugin.states import MessageState
from sms_plugin.triggers.volumes import SURGE, Limit, limit_of

#: The states of a group.
HELD, APPROVED, DROPPED = "held", "approved", "dropped"
#: For so long a process trusts its own count of a trigger's day, while that is under the limit.
COUNT_EVERY = timedelta(seconds=10)
_MESSAGE: Any = Message.__table__
_SURGE: Any = Surge.__table__


def group_of(session: Session, trigger: str, day: date, limit: Limit, *, now: datetime) -> UUID | None:
    """The group that a run over its limit joins, opened where there is none that waits; None where one of that day was
    approved, so that its rest goes. Writes in the caller's transaction, without a flush.
    """
    query = sa.select(_SURGE.c.id, _SURGE.c.state).where(_SURGE.c.trigger == trigger, _SURGE.c.day == day)
    known = session.connection().execute(query).all()
    if any(each.state == APPROVED for each in known):
        return None
    waiting = [each.id for each in known if each.state == HELD]
    if waiting:
        return UUID(str(waiting[0]))
    # two that open it at once make the same row
    digest = blake2b(f"{trigger} {day} {len(known)}".encode(), digest_size=16).digest()
    group = UUID(bytes=digest, version=5)  # MariaDB takes none without its bits
    row = {
        "id": group,
        "trigger": trigger,
        "day": day,
        "began_at": now,
        "ceiling": limit.most,
        "usual": limit.usual,
        "state": HELD,
        "who": "",
    }
    insert_once(session.connection(), _SURGE, [row], unique="id")
    return group


def hold(draft: Draft, group: UUID) -> Draft:
    """The draft, held with its group where it would have been queued: worded, and asked again at its claim."""
    if draft.state is not MessageState.QUEUED:
        return draft
    return replace(draft, state=MessageState.HELD, reason=SURGE, detail=str(group))


def hold_excess(
    session: Session, drafts: Sequence[Draft], rows: Mapping[str, TriggerRow], *, state: State, now: datetime
) -> list[Draft]:
    """The drafts of what one transaction fires; those of triggers that go over their limit by them are held.

    Writes in the caller's transaction, without a flush; nothing is asked of a trigger whose day is known to be far from
    its limit.
    """
    numbers = Counter(draft.trigger for draft in drafts if _counts(draft) and draft.trigger is not None)
    groups: dict[str | None, UUID] = {}
    for trigger, number in numbers.items():
        over = _memory(state).over(session, rows[trigger], number, state=state, now=now)
        if over is None:
            continue
        day = now.astimezone(state.settings.zone).date()
        group = group_of(session, trigger, day, over, now=now)
        if group is not None:
            groups[trigger] = group
    return [
        hold(draft, groups[draft.trigger]) if draft.trigger in groups and _counts(draft) else draft for draft in drafts
    ]


def _counts(draft: Draft) -> bool:
    by_a_person = draft.step == BY_HAND and bool(draft.operator)
    return draft.state is MessageState.QUEUED and not by_a_person


@dataclass(kw_only=True)
class _Seen:
    """What a process knows of a trigger's day."""

    day: date
    ceiling: int | None
    limit: Limit | None
    amount: int  #: as counted, with what this process added since
    at: datetime


class _Memory:
    """The days of one portal's triggers, so that not every commit of the host's counts them anew.

    Others' messages are seen when it counts again: a limit may be exceeded by what they write within ``COUNT_EVERY``.
    What was rolled back stays added until then; whatever would be held is counted first.
    """

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}

    def over(self, session: Session, row: TriggerRow, number: int, *, state: State, now: datetime) -> Limit | None:
        """The limit that so many more go over; None where they do not."""
        day = now.astimezone(state.settings.zone).date()
        seen = self._seen.get(row.key)
        if seen is None or not self._holds(seen, row, day, number, now):
            limit = limit_of(session, row.key, day, ceiling=row.ceiling)
            amount = 0 if limit is None else _amount(session, row.key, day, limit.most, state)
            seen = _Seen(day=day, ceiling=row.ceiling, limit=limit, amount=amount, at=now)
            self._seen[row.key] = seen
        seen.amount += number
        return seen.limit if seen.limit is not None and seen.amount > seen.limit.most else None

    def _holds(self, seen: _Seen, row: TriggerRow, day: date, number: int, now: datetime) -> bool:
        if seen.day != day or seen.ceiling != row.ceiling or not timedelta() <= now - seen.at < COUNT_EVERY:
            return False
        return seen.limit is None or seen.amount + number <= seen.limit.most


_memories: WeakKeyDictionary[State, _Memory] = WeakKeyDictionary()


def _memory(state: State) -> _Memory:
    return _memories.setdefault(state, _Memory())


def _amount(session: Session, trigger: str, day: date, most: int, state: State) -> int:
    """How many messages a trigger wrote since the day began, ``most`` + 1 standing for more: by its index."""
    begins = end_of(day - timedelta(days=1), state.settings.zone)
    some = (
        sa.select(sa.literal(1))
        .where(_MESSAGE.c.trigger == trigger, _MESSAGE.c.id >= first_id(begins))
        .limit(most + 1)
        .subquery()
    )
    return session.connection().scalar(sa.select(sa.func.count()).select_from(some)) or 0
