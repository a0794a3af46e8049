"""What one record would send, by each of its triggers, on or off, with nothing written: "what would this invoice send?"
(X4).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError, worded
from sms_plugin.host.bound import BoundEntity, BoundHook, Target
from sms_plugin.host.identity import key_of
from sms_plugin.host.search import label_of, load
from sms_plugin.host.when import Added, Dated, Yearly
from sms_plugin.models import TriggerRow
from sms_plugin.outbox.enqueue import OWN_ACTION, Draft
from sms_plugin.outbox.truth import BY_HAND, ask
from sms_plugin.people.consent import opted_out, stands_against
from sms_plugin.providers.costs import tariff
from sms_plugin.state import State
from sms_plugin.triggers.expecting import Expected, expected_of
from sms_plugin.triggers.fired import Firing, validity
from sms_plugin.triggers.firing import drafted
from sms_plugin.triggers.foresight import comings
from sms_plugin.triggers.lookahead import foreseen_row
from sms_plugin.triggers.sending import offered


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What one trigger would send for the record: at its date, or once it is fired."""

    trigger: str
    off: bool  #: it is switched off, and would send nothing by itself
    dated: bool  #: it comes by itself, at a date of the record
    expected: tuple[Expected, ...] = ()
    problem: str = ""  #: why there is nothing: a reason's code, "no_date", "past"


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What a record would send."""

    label: str
    currency: str
    tried: tuple[Tried, ...]


def try_out(
    session: Session, entity: str, key: str, *, state: State, now: datetime, trigger: str | None = None
) -> Trial:
    """What one record would send by the triggers that may be fired for it, or by one of them.

    Give a session of which nothing else hangs: the host's attributes are read, and it is rolled back. Raises
    ``SmsError`` for an unknown entity, record or trigger, and for a trigger that is not about such records.
    """
    bound = state.registry.entities.get(entity)
    if bound is None:
        known = ", ".join(sorted(state.registry.entities))
        raise SmsError(
            worded("There is no entity %(entity)r.", entity=entity),
            code="unknown_entity",
            hint=worded("Give one of %(known)s.", known=known),
        )
    record = load(session, bound, key)
    if record is None:
        raise SmsError(
            worded("There is no %(entity)s %(key)r.", entity=entity, key=key),
            code="unknown_record",
            hint=worded("Look for another one."),
        )
    keys = _keys(bound, trigger, state=state)
    prices, label = tariff(session), label_of(record, bound)
    try:
        found = [_tried(session, each, bound, key, state=state, now=now) for each in keys]
    finally:
        session.rollback()
        session.expunge_all()
    priced = tuple(
        replace(each, expected=tuple(replace(one, cost=prices.cost(one.number, one.segments)) for one in each.expected))
        for each in found
    )
    return Trial(label=label, currency=prices.currency, tried=priced)


def _keys(entity: BoundEntity, trigger: str | None, *, state: State) -> list[str]:
    """The triggers that may be fired for such records, or the one that is asked for."""
    keys = offered(entity, state=state)
    if trigger is None:
        return keys
    state.registry.reason(trigger)
    if trigger not in keys:
        raise SmsError(
            worded("%(trigger)r is not about such records.", trigger=trigger),
            code="not_offered",
            hint=worded("Choose another trigger or record."),
        )
    return [trigger]


def _tried(session: Session, trigger: str, entity: BoundEntity, key: str, *, state: State, now: datetime) -> Tried:
    hooks = state.registry.hooks_of(trigger, entity=entity.key)
    on = session.scalar(sa.select(TriggerRow.on).where(TriggerRow.key == trigger))
    dated = [hook for hook in hooks if isinstance(hook.when, (Dated, Yearly))]
    common: dict[str, Any] = {"trigger": trigger, "off": not on, "dated": bool(dated)}
    try:
        row = foreseen_row(session, trigger, state=state, now=now)
    except SmsError as error:
        return Tried(problem=error.code, **common)
    record = load(session, entity, key)
    if record is None:
        return Tried(problem="record_gone", **common)
    if not dated:
        firings = [_fired(row, entity, record, hooks, state=state, now=now)]
    else:
        several = [*_coming(session, dated, row, record, state=state, now=now)]
        firings = [firing for firing, at in several if at > now]
        if not firings:
            return Tried(problem="past" if several else "no_date", **common)
    drafts = drafted(session, firings, state=state, now=now, provided=True)
    expected = tuple(_told(session, drafts))
    return Tried(expected=expected, problem="" if expected else "not_true", **common)


def _coming(
    session: Session, hooks: list[BoundHook], row: TriggerRow, record: Any, *, state: State, now: datetime
) -> Iterator[tuple[Firing, datetime]]:
    answer = ask(session, entity=hooks[0].entity, hooks=hooks, keys=[key_of(record)]).get(key_of(record))
    if answer is None:
        return
    for hook, value, lead in zip(hooks, answer.dates, answer.leads, strict=True):
        if isinstance(value, date):
            for coming in comings(session, hook, row, record, value, lead=lead, state=state, now=now):
                yield coming.firing, coming.at


def _fired(
    row: TriggerRow,
    entity: BoundEntity,
    record: Any,
    hooks: tuple[BoundHook, ...],
    *,
    state: State,
    now: datetime,
) -> Firing:
    """The trigger fired for the record now, as its event would fire it."""
    member = next((hook for hook in hooks if hook.of_member and isinstance(hook.when, Added)), None)
    to = _members(member) if member is not None else state.registry.to_by_hand(row.key, entity=entity.key)
    return Firing(
        reason=state.registry.reason(row.key),
        row=row,
        entity=entity,
        record=record,
        key=key_of(record),
        step=BY_HAND,
        moment="",
        to=to,
        priority=OWN_ACTION,
        expires_at=now + validity(row),
    )


def _members(hook: BoundHook) -> tuple[Target, ...]:
    """Whoever is a member already stands for the one who would be added."""
    assert isinstance(hook.when, Added)  # noqa: S101 - the caller looked
    name = hook.when.attribute.key
    return (Target(read=lambda record: list(getattr(record, name))),)


def _told(session: Session, drafts: list[Draft]) -> Iterator[Expected]:
    outs = opted_out(session, {draft.number for draft in drafts if draft.number})
    for number, draft in enumerate(drafts):
        each = expected_of(draft, place=f"t {number}")
        if each.goes and each.number and stands_against(each.number, each.purpose, outs):
            each = replace(each, problem="opted_out")
        yield each
