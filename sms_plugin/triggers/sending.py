"""What a hand would send for some records of one entity, seen before it is sent, and sent once (S9, S1, X2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError
from sms_plugin.host.bound import BoundEntity
from sms_plugin.host.identity import key_of
from sms_plugin.host.search import label_of
from sms_plugin.models import TriggerRow
from sms_plugin.outbox.by_hand import VALIDITY
from sms_plugin.outbox.enqueue import OWN_ACTION, Draft, enqueue, occurrence
from sms_plugin.outbox.truth import BY_HAND, Answer, ask
from sms_plugin.people.recipients import Recipient, recipients
from sms_plugin.providers.active import active_id
from sms_plugin.state import State
from sms_plugin.states import MessageState
from sms_plugin.triggers.drafting import Drafting, Firing, fitting, guarded, why
from sms_plugin.triggers.firing import active_rows, validity
from sms_plugin.triggers.planned import Planned, Wish, one_for_each_number, with_the_last, without_opted_out
from sms_plugin.wording.rendering import Rendered, pick, render_for
from sms_plugin.wording.texts import inactive_because

#: What a person writes by hand is about the service that the client has, unless a trigger says otherwise.
PURPOSE = "service"


def offered(entity: BoundEntity, *, state: State) -> list[str]:
    """The triggers that a hand may fire for records of an entity: those that it hooks, then those of its section."""
    registry = state.registry
    hooked = [hook.trigger for hook in registry.hooks if hook.entity.key == entity.key]
    alike = [reason.key for reason in registry.reasons.values() if reason.section == entity.section]
    return list(dict.fromkeys([*hooked, *alike]))


def numbers(record: object, *, entity: BoundEntity, state: State) -> list[Recipient]:
    """Everybody whom a record leads to, by each of their numbers, the usual one first. Raises ``SmsError``."""
    return _people(record, entity, state, every=True)


def plan(
    session: Session, records: Sequence[object], *, entity: BoundEntity, wish: Wish, state: State, now: datetime
) -> list[Planned]:
    """What would be sent for these records, in their order, as it would be decided now. Reads only.

    Give a session of which nothing else hangs: the host's attributes are read. Raises ``SmsError`` for a trigger that
    is not offered.
    """
    if not records:
        return []
    drafted = _by_trigger if wish.trigger else _by_words
    found = drafted(session, records, entity=entity, wish=wish, state=state, now=now)
    found = without_opted_out(session, found)
    found = found if wish.each else one_for_each_number(found)
    return with_the_last(session, found)


def send(session: Session, planned: Iterable[Planned], *, now: datetime) -> list[UUID]:
    """Write the messages that go, each occurrence once; the ids of those written now. In the caller's transaction."""
    return enqueue(session, [each.draft for each in planned if each.draft is not None and each.goes], now=now)


def digest(planned: Iterable[Planned]) -> str:
    """A short name of exactly what would be sent to whom: whoever confirms it confirms this and nothing else."""
    said = [(each.draft.number, each.draft.text) for each in planned if each.draft is not None and each.goes]
    return blake2b(repr(said).encode(), digest_size=16).hexdigest()


def _by_trigger(
    session: Session, records: Sequence[object], *, entity: BoundEntity, wish: Wish, state: State, now: datetime
) -> list[Planned]:
    trigger = wish.trigger or ""
    if trigger not in offered(entity, state=state):
        raise SmsError(
            f"{trigger!r} cannot be sent for this.", code="not_offered", hint="Choose one of those on offer."
        )
    row = active_rows(session, {trigger}, registry=state.registry).get(trigger)
    if row is None:
        standing = session.get(TriggerRow, trigger)
        problem = inactive_because(standing, state.registry.reason(trigger), registry=state.registry)
        return [_blocked(record, entity, problem) for record in records]
    hooks = state.registry.hooks_of(trigger, entity=entity.key)
    answers = ask(session, entity=entity, hooks=hooks, keys=[key_of(record) for record in records])
    work = Drafting(session=session, state=state, now=now, provided=active_id(session) is not None, careful=True)
    return [
        each
        for record in records
        for each in _fired(work, _firing(record, row, entity=entity, wish=wish, state=state, now=now), answers)
    ]


def _firing(record: Any, row: TriggerRow, *, entity: BoundEntity, wish: Wish, state: State, now: datetime) -> Firing:
    return Firing(
        reason=state.registry.reason(row.key),
        row=row,
        entity=entity,
        record=record,
        key=key_of(record),
        step=BY_HAND,
        moment=fitting(wish.once),
        to=state.registry.to_by_hand(row.key, entity=entity.key),
        priority=OWN_ACTION,
        operator=wish.operator,
        expires_at=now + validity(row),
    )


def _fired(work: Drafting, firing: Firing, answers: Mapping[str, Answer]) -> list[Planned]:
    answer = answers.get(firing.key)
    if answer is None:
        return [_blocked(firing.record, firing.entity, "record_gone")]
    hooks = work.state.registry.hooks_of(firing.reason.key, entity=firing.entity.key)
    names = _names(work.state, firing)
    return [
        Planned(
            record=label_of(firing.record, firing.entity),
            person=names.get(draft.number or "", ""),
            draft=draft,
            problem="" if draft.state is MessageState.QUEUED else draft.reason,
            detail=draft.detail,
        )
        for draft in work.drafts(firing, answer, hooks)
    ]


def _names(state: State, firing: Firing) -> dict[str, str]:
    """How those who are reached are called, by number; nobody where the host cannot say, which its drafts tell."""
    try:
        people = recipients(
            firing.record,
            entity=firing.entity,
            to=firing.to,
            purpose=firing.reason.purpose,
            audience=firing.reason.audience,
            registry=state.registry,
            settings=state.settings,
        )
    except Exception:  # noqa: BLE001 - the drafts hold the reason
        return {}
    return {each.number or "": _name(each) for each in people}


def _by_words(
    session: Session, records: Sequence[object], *, entity: BoundEntity, wish: Wish, state: State, now: datetime
) -> list[Planned]:
    provided = active_id(session) is not None
    found: list[Planned] = []
    for record in records:
        try:
            with guarded(session, careful=True):
                people = _people(record, entity, state, every=wish.number is not None)
        except Exception as error:  # noqa: BLE001 - a host's attribute may raise anything; it leaves out this record only
            found.append(_blocked(record, entity, "recipients_failed", detail=why(error, careful=True)))
            continue
        chosen = [each for each in people if wish.number in {None, each.number}]
        found += [_worded(session, record, each, entity, wish, state=state, now=now) for each in chosen]
        if not chosen:
            found.append(_blocked(record, entity, "no_recipient" if wish.number is None else "not_their_number"))
    return found if provided else [replace(each, problem=each.problem or "no_provider") for each in found]


def _worded(
    session: Session, record: Any, to: Recipient, entity: BoundEntity, wish: Wish, *, state: State, now: datetime
) -> Planned:
    planned = Planned(record=label_of(record, entity), person=_name(to), draft=None)
    if to.number is None:
        return replace(planned, problem=to.problem)
    if not to.agrees:
        return replace(planned, problem="no_consent")
    chosen = pick(wish.texts, to.language, fallback=state.settings.language)
    if chosen is None:
        return replace(planned, problem="no_text")
    try:
        with guarded(session, careful=True):
            rendered = render_for(
                chosen[1],
                record=record,
                entity=entity,
                people=[each for each in (to.record, to.client) if each is not None],
                language=to.language,
                zone=to.zone,
                state=state,
            )
    except Exception as error:  # noqa: BLE001 - a host's attribute may raise anything; it leaves out this record only
        problem = error.code if isinstance(error, SmsError) else "render_failed"
        return replace(planned, problem=problem, detail=why(error, careful=True))
    if not rendered.text.strip():
        return replace(planned, problem="no_text")
    return replace(planned, draft=_draft(record, to, to.number, entity, wish, rendered, now=now))


def _draft(
    record: Any, to: Recipient, number: str, entity: BoundEntity, wish: Wish, rendered: Rendered, *, now: datetime
) -> Draft:
    own = (entity.key, key_of(record)) if wish.each else ()
    return Draft(
        occurrence=occurrence("send", wish.once, *own, number),
        state=MessageState.QUEUED,
        purpose=PURPOSE,
        priority=OWN_ACTION,
        step=BY_HAND,
        moment=fitting(wish.once),
        operator=wish.operator,
        entity=entity.key,
        record=key_of(record),
        person_entity=to.ref.entity if to.ref else None,
        person=to.ref.key if to.ref else None,
        client_entity=to.client_ref.entity if to.client_ref else None,
        client=to.client_ref.key if to.client_ref else None,
        number=number,
        language=to.language,
        text=rendered.text,
        encoding=str(rendered.measure.encoding),
        segments=rendered.measure.segments,
        due_at=now,
        expires_at=now + VALIDITY,
    )


def _people(record: object, entity: BoundEntity, state: State, *, every: bool) -> list[Recipient]:
    """Whom words of an operator's own go to: the client that the record leads to, else whoever it leads to."""
    audience = "client" if "client" in entity.to else next(iter(entity.to), "client")
    return recipients(
        record,
        entity=entity,
        to=(),
        purpose=PURPOSE,
        audience=audience,
        registry=state.registry,
        settings=state.settings,
        every=every,
    )


def _name(to: Recipient) -> str:
    return "" if to.entity is None else label_of(to.record, to.entity)


def _blocked(record: object, entity: BoundEntity, problem: str, *, detail: str = "") -> Planned:
    return Planned(record=label_of(record, entity), person="", draft=None, problem=problem, detail=detail)
