"""From what fires to the messages that it writes, in key order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy import inspect
from sqlalchemy.exc import NoInspectionAvailable
from sqlalchemy.orm import Session

from sms_plugin.host.bound import BoundEntity, BoundHook, Target
from sms_plugin.host.identity import key_of
from sms_plugin.host.registry import Registry
from sms_plugin.host.when import Added, Changed
from sms_plugin.models import Template, TriggerRow
from sms_plugin.outbox.enqueue import OWN_ACTION, Draft, enqueue
from sms_plugin.outbox.truth import BY_HAND, ask, local_day
from sms_plugin.providers.active import active_id
from sms_plugin.state import State
from sms_plugin.triggers.drafting import Drafting, Firing, fitting, guarded, why
from sms_plugin.triggers.facts import Netted
from sms_plugin.wording.texts import inactive_because

#: For how long a message is worth sending, unless its trigger says otherwise.
VALIDITY = timedelta(hours=24)
#: What is asked of a trigger and of its template, and the attributes that each of their columns is.
_ASKED: Any = {
    model: {attribute.columns[0]: attribute.key for attribute in mapper.column_attrs}
    for model, mapper in ((TriggerRow, inspect(TriggerRow)), (Template, inspect(Template)))
}


def fire_all(session: Session, netted: Sequence[Netted], *, state: State, now: datetime, careful: bool) -> bool:
    """Write the messages of all that fires; whether any was written. In the caller's transaction, without a flush.

    With ``careful``, what the host's own code raises holds its message; without, it goes through, and the caller has to
    undo what was begun and to come again.
    """
    rows = active_rows(session, {each.trigger for each in netted}, registry=state.registry)
    if not rows:
        return False
    firings = [
        firing
        for each in netted
        if (firing := _firing(each, rows, session=session, state=state, now=now, careful=careful))
    ]
    return write(session, firings, state=state, now=now, careful=careful) > 0


def active_rows(session: Session, triggers: set[str], *, registry: Registry) -> dict[str, TriggerRow]:
    """The rows of those triggers that are on and have a text, apart from the session. Reads only, without a flush."""
    if not triggers:
        return {}
    table: Any = TriggerRow.__table__
    query = (
        sa.select(*_ASKED[TriggerRow], *_ASKED[Template])
        .select_from(table.outerjoin(Template.__table__))
        .where(table.c.key.in_(sorted(triggers)), table.c.is_on)
    )
    rows = [_row(found._mapping) for found in session.connection().execute(query)]
    return {row.key: row for row in rows if not inactive_because(row, registry.reason(row.key), registry=registry)}


def _row(found: Mapping[Any, Any]) -> TriggerRow:
    row, template = ({name: found[column] for column, name in _ASKED[model].items()} for model in _ASKED)
    return TriggerRow(**row, template=None if row["template_id"] is None else Template(**template))


def validity(row: TriggerRow) -> timedelta:
    """For how long the trigger's messages are worth sending."""
    return VALIDITY if row.validity_hours is None else timedelta(hours=row.validity_hours)


def write(session: Session, firings: Sequence[Firing], *, state: State, now: datetime, careful: bool = True) -> int:
    """Write the messages of these firings, each occurrence once; their number. In the caller's transaction."""
    if not firings:
        return 0
    provided = active_id(session) is not None
    work = Drafting(session=session, state=state, now=now, provided=provided, careful=careful)
    drafts: list[Draft] = []
    for (entity, trigger), group in groupby(sorted(firings, key=_order), key=_group):
        drafts += _drafts(work, list(group), hooks=state.registry.hooks_of(trigger, entity=entity))
    return len(enqueue(session, drafts, now=now))


def occasion(hook: BoundHook, record: object, *, usual: str, session: Session, careful: bool = True) -> tuple[str, str]:
    """What makes this occurrence another one than the last of the same record, and what the host's ``once`` raised."""
    once = hook.declared.once
    if once is None:
        return fitting(usual), ""
    try:
        with guarded(session, careful=careful):
            return fitting(str(once(record))), ""
    except Exception as error:  # noqa: BLE001 - the host's function may raise anything; it holds this message only
        return fitting(usual), why(error, careful=careful)


def _drafts(work: Drafting, firings: Sequence[Firing], *, hooks: Sequence[BoundHook]) -> list[Draft]:
    """The drafts of firings of one trigger and entity; those of records that are gone have none."""
    try:
        with guarded(work.session, careful=work.careful):
            answers = ask(work.session, entity=firings[0].entity, hooks=hooks, keys=[each.key for each in firings])
    except Exception as error:  # noqa: BLE001 - the host's expressions may fail in any way; it holds these messages only
        return [work.unanswered(each, error) for each in firings]
    known = [each for each in firings if each.key in answers]
    return [draft for each in known for draft in work.drafts(each, answers[each.key], hooks)]


def _order(firing: Firing) -> tuple[str, str, str, str]:
    return (*_group(firing), firing.key, firing.moment)


def _group(firing: Firing) -> tuple[str, str]:
    return (firing.entity.key, firing.reason.key)


def _firing(
    each: Netted, rows: dict[str, TriggerRow], *, session: Session, state: State, now: datetime, careful: bool
) -> Firing | None:
    row = rows.get(each.trigger)
    registry = state.registry
    hook = each.hook
    entity = registry.entity_of(type(each.record)) if hook is None else hook.entity
    if row is None or entity is None:
        return None
    if hook is None:
        moment, problem = fitting(each.once), ""
    else:
        usual = _moment(each, hook, state=state, now=now)
        moment, problem = occasion(hook, each.record, usual=usual, session=session, careful=careful)
    return Firing(
        reason=registry.reason(row.key),
        row=row,
        entity=entity,
        record=each.record,
        key=key_of(each.record),
        step=BY_HAND if hook is None else "",
        moment=moment,
        hook=hook,
        to=_to(each, entity, registry),
        priority=OWN_ACTION,
        operator=each.operator,
        expires_at=now + validity(row),
        problem=each.problem or problem,
    )


def _to(each: Netted, entity: BoundEntity, registry: Registry) -> tuple[Target, ...]:
    """Whom this firing reaches in place of the entity's own people; empty where it is those."""
    if each.hook is None:
        return registry.to_by_hand(each.trigger, entity=entity.key)
    if each.hook.of_member:
        return (Target(read=lambda record: each.member),)
    return each.hook.to


def _moment(each: Netted, hook: BoundHook, *, state: State, now: datetime) -> str:
    """What usually makes an occurrence of a hook of this kind another one."""
    if isinstance(hook.when, Changed):
        # a double click is one entry into a value, a second approval next week is another
        return f"{local_day(now, state.settings.zone)} {_short(each.value)}"
    if isinstance(hook.when, Added):
        return f"{type(each.member).__name__} {key_of(each.member)}"
    return ""


def _short(value: object) -> str:
    try:
        return key_of(value)
    except NoInspectionAvailable:
        return str(value)
