"""When a trigger last wrote a message, and when it next looks for what has come due."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.host.bound import BoundHook
from sms_plugin.hours import DEFAULT_HOUR, at_hour
from sms_plugin.models import Job, Mark, Message, TriggerRow
from sms_plugin.state import State
from sms_plugin.triggers.steps import steps_of
from sms_plugin.wording.texts import inactive_because


@dataclass(frozen=True, kw_only=True)
class Last:
    """The newest message of a trigger."""

    id: UUID
    at: datetime
    state: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Runs:
    """A trigger's last message and its sweeps; None where there is none."""

    last: Last | None = None
    swept_until: datetime | None = None  #: up to when its dates have been looked at
    next_at: datetime | None = None  #: when its dates are next looked at; None while it is inactive, or without dates


def runs(session: Session, rows: Mapping[str, TriggerRow], *, state: State, now: datetime) -> dict[str, Runs]:
    """The runs of these triggers, by key: three queries, each by an index. Reads only."""
    last = _last(session, rows)
    marks = session.execute(
        sa.select(Mark.trigger, sa.func.min(Mark.swept_until).label("until")).group_by(Mark.trigger)
    )
    swept = {row.trigger: row.until for row in marks}
    sweep = session.scalar(sa.select(Job.due_at).where(Job.name == "sweep"))
    return {
        key: Runs(
            last=last.get(key),
            swept_until=swept.get(key),
            next_at=_next(row, state.registry.hooks_of(key), sweep=sweep, state=state, now=now),
        )
        for key, row in rows.items()
    }


def _last(session: Session, triggers: Iterable[str]) -> dict[str, Last]:
    newest = [_newest(key) for key in sorted(triggers)]
    if not newest:
        return {}
    ids = session.scalars(sa.union_all(*newest)).all()
    found = session.execute(
        sa.select(Message.trigger, Message.id, Message.created_at, Message.state, Message.reason).where(
            Message.id.in_(ids)
        )
    )
    return {row.trigger: Last(id=row.id, at=row.created_at, state=row.state, reason=row.reason) for row in found}


def _newest(trigger: str) -> sa.Select[Any]:
    """The newest message of one trigger. A range in the order of its index: asked for by equality, a planner may go
    back through all messages until it meets one, which for a rare trigger is never.
    """
    first = (
        sa.select(Message.id)
        .where(Message.trigger >= trigger, Message.trigger <= trigger)
        .order_by(Message.trigger.desc(), Message.id.desc())
        .limit(1)
        .subquery()
    )
    return sa.select(first.c.id)


def _next(
    row: TriggerRow, hooks: Iterable[BoundHook], *, sweep: datetime | None, state: State, now: datetime
) -> datetime | None:
    reason = state.registry.reason(row.key)
    if inactive_because(row, reason, registry=state.registry):
        return None
    moments: list[datetime] = []
    for step in (step for hook in hooks for step in steps_of(hook, row)):
        if step.by_day:
            moments.append(_next_hour(DEFAULT_HOUR if row.hour is None else row.hour, state=state, now=now))
        else:
            moments.append(max(sweep or now, now))
    return min(moments, default=None)


def _next_hour(hour: int, *, state: State, now: datetime) -> datetime:
    today = now.astimezone(state.settings.zone).date()
    moment = at_hour(today, hour, state.settings.zone)
    return moment if moment > now else at_hour(today + timedelta(days=1), hour, state.settings.zone)
