"""Quiet hours, asked again at the claim: whatever brought a message back to the queue, it goes when it may (X6)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.host.stepping import is_dated
from sms_plugin.models import TriggerRow
from sms_plugin.outbox.moving import move, put_off
from sms_plugin.outbox.quiet import QUIET_HOURS, quiet_of
from sms_plugin.people.recipients import zone_named
from sms_plugin.state import State
from sms_plugin.states import MessageState

#: A person had it sent now.
_HURRIED = frozenset({"sent_now"})
#: A person had it sent although its trigger may be off.
_DECIDED = _HURRIED | {"released", "retried", "resent_by_hand"}
_TRIGGER: Any = TriggerRow.__table__
_ASKED = [_TRIGGER.c[name] for name in ("key", "is_on", "quiet", "opens", "closes", "weekdays")]
_ASKED.append(_TRIGGER.c.on_holidays.label("holidays"))


def awake(session: Session, rows: Sequence[Any], *, state: State, now: datetime) -> list[Any]:
    """Those of the claimed messages that may go at this hour of their recipient's; the others wait until they may, or
    are dropped where that is too late. So is a reminder whose trigger was switched off before its time came.

    What a person fired, and what is of no trigger, goes at any hour. Writes in the caller's transaction: one query
    for the triggers among the messages, none where there are none.
    """
    asked = [row for row in rows if row.trigger is not None and not row.operator]
    if not asked:
        return list(rows)
    known = {
        row.key: row
        for row in session.execute(sa.select(*_ASKED).where(_TRIGGER.c.key.in_(sorted({row.trigger for row in asked}))))
    }
    off: list[UUID] = []
    late: list[UUID] = []
    until: dict[datetime, list[UUID]] = defaultdict(list)
    alike: dict[tuple[Any, ...], datetime | None] = {}  # hundreds of one trigger may go at the same hour
    for row in asked:
        rules = known.get(row.trigger)
        if is_dated(row.step) and row.reason not in _DECIDED and (rules is None or not rules.is_on):
            off.append(row.id)
            continue
        kind = (row.trigger, row.timezone, row.reason in _HURRIED)
        if kind not in alike:
            alike[kind] = _opens(row, rules, state=state, now=now)
        opens = alike[kind]
        if opens is None or (opens > now and row.expires_at is not None and row.expires_at <= opens):
            late.append(row.id)
        elif opens > now:
            until[opens].append(row.id)
    move(session, off, MessageState.SUPPRESSED, reason="switched_off", now=now)
    move(session, late, MessageState.EXPIRED, reason=QUIET_HOURS, now=now)
    put_off(session, until, reason=QUIET_HOURS, now=now)
    gone = {*off, *late, *(each for some in until.values() for each in some)}
    return [row for row in rows if row.id not in gone] if gone else list(rows)


def _opens(row: Any, rules: Any, *, state: State, now: datetime) -> datetime | None:
    """When the message may go: now, later or never."""
    reason = state.registry.reasons.get(row.trigger)
    if reason is None or row.reason in _HURRIED:
        return now
    quiet = quiet_of(rules, reason, settings=state.settings)
    return quiet.open_at(now, zone_named(row.timezone, settings=state.settings))
