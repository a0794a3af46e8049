"""From what fires to the messages that it writes, in key order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from sms_plugin.host.bound import BoundHook
from sms_plugin.host.identity import key_of
from sms_plugin.host.registry import Registry
from sms_plugin.host.when import Added, Changed
from sms_plugin.models import TriggerRow
from sms_plugin.outbox.enqueue import OWN_ACTION, Draft, enqueue
from sms_plugin.outbox.truth import BY_HAND, ask, local_day
from sms_plugin.providers.active import active_id
from sms_plugin.state import State
from sms_plugin.triggers.drafting import Drafting, Firing
from sms_plugin.triggers.facts import Netted
from sms_plugin.wording.texts import inactive_because

#: For how long a message is worth sending, unless its trigger says otherwise.
VALIDITY = timedelta(hours=24)


def fire_all(session: Session, netted: Sequence[Netted], *, state: State, now: datetime) -> bool:
    """Write the messages of all that fires; whether any was written. In the caller's transaction, without a flush."""
    rows = active_rows(session, {each.trigger for each in netted}, registry=state.registry)
    if not rows:
        return False
    firings = [firing for each in netted if (firing := _firing(each, rows, state=state, now=now)) is not None]
    return write(session, firings, state=state, now=now) > 0


def active_rows(session: Session, triggers: set[str], *, registry: Registry) -> dict[str, TriggerRow]:
    """The rows of those triggers that are on and have a text. Reads only."""
    if not triggers:
        return {}
    with session.no_autoflush:
        found = session.scalars(sa.select(TriggerRow).where(TriggerRow.key.in_(sorted(triggers)), TriggerRow.on))
        return {row.key: row for row in found if not inactive_because(row, registry.reason(row.key))}


def validity(row: TriggerRow) -> timedelta:
    """For how long the trigger's messages are worth sending."""
    return VALIDITY if row.validity_hours is None else timedelta(hours=row.validity_hours)


def write(session: Session, firings: Sequence[Firing], *, state: State, now: datetime) -> int:
    """Write the messages of these firings, each occurrence once; their number. In the caller's transaction."""
    if not firings:
        return 0
    work = Drafting(session=session, state=state, now=now, provided=active_id(session) is not None)
    drafts: list[Draft] = []
    for (entity, trigger), group in groupby(sorted(firings, key=_order), key=_group):
        members = list(group)
        hooks = [hook for hook in state.registry.hooks_of(trigger) if hook.entity.key == entity]
        answers = ask(session, entity=members[0].entity, hooks=hooks, keys=[each.key for each in members])
        for firing in members:
            if firing.key in answers:
                drafts += work.drafts(firing, answers[firing.key], hooks)
    return len(enqueue(session, drafts, now=now))


def _order(firing: Firing) -> tuple[str, str, str, str]:
    return (*_group(firing), firing.key, firing.moment)


def _group(firing: Firing) -> tuple[str, str]:
    return (firing.entity.key, firing.reason.key)


def _firing(each: Netted, rows: dict[str, TriggerRow], *, state: State, now: datetime) -> Firing | None:
    row = rows.get(each.trigger)
    registry = state.registry
    hook = each.hook
    entity = registry.entity_of(type(each.record)) if hook is None else hook.entity
    if row is None or entity is None:
        return None
    return Firing(
        reason=registry.reason(row.key),
        row=row,
        entity=entity,
        record=each.record,
        key=key_of(each.record),
        step=BY_HAND if hook is None else "",
        moment=(each.once if hook is None else _moment(each, hook, state=state, now=now))[:64],
        to=() if hook is None else hook.to,
        priority=OWN_ACTION,
        operator=each.operator,
        expires_at=now + validity(row),
    )


def _moment(each: Netted, hook: BoundHook, *, state: State, now: datetime) -> str:
    """What makes this occurrence another one than the last of the same record."""
    if hook.declared.once is not None:
        return hook.declared.once(each.record)
    if isinstance(hook.when, Changed):
        # a double click is one entry into a value, a second approval next week is another
        return f"{local_day(now, state.settings.zone)} {_short(each.value)}"
    if isinstance(hook.when, Added):
        return f"{type(each.member).__name__} {key_of(each.member)}"
    return ""


def _short(value: object) -> str:
    try:
        return key_of(value)
    except SQLAlchemyError:
        return str(value)
