"""From what fires to the messages that it writes, in key order."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
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
from sms_plugin.models.busy import is_busy
from sms_plugin.outbox.enqueue import OWN_ACTION, Draft, enqueue
from sms_plugin.outbox.gathering import gather
from sms_plugin.outbox.truth import BY_HAND, ask, local_day
from sms_plugin.providers.active import active_id
from sms_plugin.state import State
from sms_plugin.states import MessageState
from sms_plugin.triggers.debts import parted
from sms_plugin.triggers.drafting import Drafting
from sms_plugin.triggers.facts import Netted
from sms_plugin.triggers.fired import VALIDITY as VALIDITY
from sms_plugin.triggers.fired import Firing, fitting
from sms_plugin.triggers.fired import validity as validity
from sms_plugin.triggers.reading import guarded, why
from sms_plugin.triggers.surge import hold_excess
from sms_plugin.wording.texts import inactive_because

log = logging.getLogger(__name__)

#: What is asked of a trigger and of its template, by the names of their attributes.
_ASKED: Any = {
    model: {attribute.columns[0]: attribute.key for attribute in mapper.column_attrs}
    for model, mapper in ((TriggerRow, inspect(TriggerRow)), (Template, inspect(Template)))
}
_NAMES: Any = {model: tuple(names.values()) for model, names in _ASKED.items()}
_TRIGGER: Any = TriggerRow.__table__
_ACTIVE = (
    sa.select(*_ASKED[TriggerRow], *_ASKED[Template])
    .select_from(_TRIGGER.outerjoin(Template.__table__))
    .where(_TRIGGER.c.key.in_(sa.bindparam("triggers", expanding=True)), _TRIGGER.c.is_on)
)


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

    def guard(drafts: list[Draft]) -> list[Draft]:
        return hold_excess(session, drafts, rows, state=state, now=now)

    return write(session, firings, state=state, now=now, careful=careful, guard=guard) > 0


def active_rows(session: Session, triggers: set[str], *, registry: Registry) -> dict[str, TriggerRow]:
    """The rows of those triggers that are on and have a text, apart from the session. Reads only, without a flush."""
    if not triggers:
        return {}
    found = session.connection().execute(_ACTIVE, {"triggers": sorted(triggers)})
    rows = [_row(tuple(each)) for each in found]
    return {row.key: row for row in rows if not inactive_because(row, registry.reason(row.key), registry=registry)}


def _row(found: tuple[Any, ...]) -> TriggerRow:
    own, theirs = (_NAMES[model] for model in (TriggerRow, Template))
    row = dict(zip(own, found, strict=False))
    template = None if row["template_id"] is None else Template(**dict(zip(theirs, found[len(own) :], strict=True)))
    return TriggerRow(**row, template=template)


def write(
    session: Session,
    firings: Sequence[Firing],
    *,
    state: State,
    now: datetime,
    careful: bool = True,
    guard: Callable[[list[Draft]], list[Draft]] = list,
) -> int:
    """Write the messages of these firings, each occurrence once; their number. In the caller's transaction.

    ``guard`` is given all of them before they are written, to hold what it must (X5).
    """
    drafts = drafted(session, firings, state=state, now=now, careful=careful)
    for draft in drafts:
        if draft.state is MessageState.HELD:
            log.warning("a message of %s is held: %s (%s)", draft.trigger, draft.reason, draft.detail)
    together, rest = parted(session, firings, guard(drafts), state=state)
    return gather(session, together, state=state, now=now) + len(enqueue(session, rest, now=now))


def drafted(
    session: Session,
    firings: Sequence[Firing],
    *,
    state: State,
    now: datetime,
    careful: bool = True,
    provided: bool | None = None,
) -> list[Draft]:
    """The messages that these firings are, each with its recipient, text and time, or why it does not go; those that
    are no longer true have none. Reads only, but for the savepoints in which the host's attributes are read.

    ``provided`` is whether a provider is active; unless given, the database is asked. With ``careful``, one savepoint
    stands around all of them first; where the host's own code breaks it, one around each reading, so that it holds its
    own message only.
    """
    if not firings:
        return []
    known = active_id(session) is not None if provided is None else provided
    if careful:
        drafts = _undisturbed(session, firings, state=state, now=now, provided=known)
        if drafts is not None:
            return drafts
        return _each(firings, Drafting(session=session, state=state, now=now, provided=known, careful=True))
    with guarded(session, careful=False):
        return _each(firings, Drafting(session=session, state=state, now=now, provided=known, careful=False))


def _undisturbed(
    session: Session, firings: Sequence[Firing], *, state: State, now: datetime, provided: bool
) -> list[Draft] | None:
    """The drafts of firings whose records can all be read; None where one cannot. Two savepoints for each message would
    cost as much as all the rest.
    """
    before = set(map(id, session.new))
    try:
        with guarded(session, careful=True):
            return _each(firings, Drafting(session=session, state=state, now=now, provided=provided, careful=False))
    except Exception as error:
        if is_busy(error):
            raise
        for added in [record for record in session.new if id(record) not in before]:
            session.expunge(added)  # what a shortcode added, it will add again
        return None


def _each(firings: Sequence[Firing], work: Drafting) -> list[Draft]:
    drafts: list[Draft] = []
    for (entity, trigger), group in groupby(sorted(firings, key=_order), key=_group):
        drafts += _drafts(work, list(group), hooks=work.state.registry.hooks_of(trigger, entity=entity))
    return drafts


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
        with work.reading():
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
        # an assignee who becomes a follower, too, is another occurrence (T14)
        return f"{hook.when.attribute.key} {type(each.member).__name__} {key_of(each.member)}"
    return ""


def _short(value: object) -> str:
    try:
        return key_of(value)
    except NoInspectionAvailable:
        return str(value)
