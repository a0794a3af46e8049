"""What a hand would send for some records of one entity, seen before it is sent, and sent once (S9, S1, X2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError, worded
from sms_plugin.host.bound import BoundEntity
from sms_plugin.host.identity import key_of
from sms_plugin.host.search import label_of
from sms_plugin.models import Message, TriggerRow
from sms_plugin.outbox.enqueue import OWN_ACTION, Draft, enqueue, occurrence
from sms_plugin.outbox.gathering import join
from sms_plugin.outbox.truth import BY_HAND, Answer, ask
from sms_plugin.people.owners import STRANGER, Owner
from sms_plugin.people.recipients import Recipient, recipients
from sms_plugin.providers.active import active_id
from sms_plugin.state import State
from sms_plugin.states import MessageState
from sms_plugin.triggers.drafting import Drafting
from sms_plugin.triggers.fired import Firing, fitting
from sms_plugin.triggers.firing import active_rows, validity
from sms_plugin.triggers.planned import (
    Planned,
    Wish,
    at_their_time,
    one_for_each_number,
    with_the_last,
    within_the_longest,
    without_opted_out,
)
from sms_plugin.triggers.reading import guarded
from sms_plugin.triggers.several import told_together
from sms_plugin.triggers.worded import blocked, by_words, name_of, to_a_number, whom
from sms_plugin.wording.texts import inactive_because


def offered(entity: BoundEntity, *, state: State) -> list[str]:
    """The triggers that a hand may fire for records of an entity: those that it hooks, then those of its section."""
    registry = state.registry
    hooked = [hook.trigger for hook in registry.hooks if hook.entity.key == entity.key]
    alike = [reason.key for reason in registry.reasons.values() if reason.section == entity.section]
    return list(dict.fromkeys([*hooked, *alike]))


def numbers(record: object, *, entity: BoundEntity, state: State) -> list[Recipient]:
    """Everybody whom a record leads to, by each of their numbers, the usual one first. Raises ``SmsError``."""
    return whom(record, entity=entity, state=state, every=True)


def plan(
    session: Session, records: Sequence[object], *, entity: BoundEntity, wish: Wish, state: State, now: datetime
) -> list[Planned]:
    """What would be sent for these records, in their order, as it would be decided now. Reads only.

    Give a session of which nothing else hangs: the host's attributes are read. Raises ``SmsError`` for a trigger that
    is not offered.
    """
    if not records:
        return []
    row = _row(session, entity, wish, state=state)
    if wish.trigger is None:
        found = by_words(session, records, entity=entity, wish=wish, state=state, now=now)
    elif row is None:
        standing = session.get(TriggerRow, wish.trigger)
        problem = inactive_because(standing, state.registry.reason(wish.trigger), registry=state.registry)
        return [blocked(record, entity, problem) for record in records]
    else:
        found = _by_trigger(session, records, row, entity=entity, wish=wish, state=state, now=now)
    found = without_opted_out(session, found)
    if not wish.each:
        found = told_together(session, found, row=row, entity=entity, wish=wish, state=state)
        found = one_for_each_number(found)
    found = within_the_longest(session, found, state=state)
    return at_their_time(with_the_last(session, found), wish=wish, row=row, state=state, now=now)


def plan_number(
    session: Session, number: str, *, wish: Wish, state: State, now: datetime, owner: Owner = STRANGER
) -> Planned:
    """What would be sent to a number (E.164) of nobody's record: the company's shortcodes only. Reads only."""
    found = without_opted_out(session, [to_a_number(session, number, wish=wish, state=state, now=now, owner=owner)])
    found = within_the_longest(session, found, state=state)
    return at_their_time(found, wish=wish, row=None, state=state, now=now)[0]


def send(session: Session, planned: Iterable[Planned], *, now: datetime) -> list[UUID]:
    """Write the messages that go, each occurrence once; the ids of those written now. In the caller's transaction."""
    going = [each for each in planned if each.draft is not None and each.goes]
    several = {each.draft.occurrence: each.gathered for each in going if each.draft is not None and each.gathered}
    written = enqueue(session, [each.draft for each in going if each.draft is not None], now=now)
    if several and written:
        rows = session.execute(sa.select(Message.id, Message.occurrence).where(Message.id.in_(written)))
        for row in rows.all():
            if row.occurrence is not None and (parts := several.get(bytes(row.occurrence))):
                join(session, row.id, parts)
    return written


def note(
    session: Session, record: object, text: str, *, entity: BoundEntity, wish: Wish, state: State, now: datetime
) -> Draft:
    """What is kept about a record and goes to nobody, in the history of the client whom it leads to, as far as the host
    can say. Reads only.
    """
    owner = STRANGER
    try:
        with guarded(session, careful=True):
            found = whom(record, entity=entity, state=state, every=False, purpose=wish.purpose)
            owner = Owner(person=found[0].ref, client=found[0].client_ref) if found else STRANGER
    except Exception:  # noqa: BLE001 - a host's attribute may raise anything; it costs the note its client only
        owner = STRANGER
    return Draft(
        occurrence=occurrence("note", wish.once, entity.key, key_of(record)),
        state=MessageState.SUPPRESSED,
        purpose=wish.purpose,
        priority=OWN_ACTION,
        step=BY_HAND,
        moment=fitting(wish.once),
        subject=wish.subject,
        operator=wish.operator,
        entity=entity.key,
        record=key_of(record),
        number=None,
        text=text,
        due_at=now,
        expires_at=None,
        **owner.columns,
    )


def digest(planned: Iterable[Planned]) -> str:
    """A short name of exactly what would be sent to whom: whoever confirms it confirms this and nothing else."""
    said = [(each.draft.number, each.draft.text) for each in planned if each.draft is not None and each.goes]
    return blake2b(repr(said).encode(), digest_size=16).hexdigest()


def _row(session: Session, entity: BoundEntity, wish: Wish, *, state: State) -> TriggerRow | None:
    """The wished trigger where it is active; None for one that is not, and for words. Raises ``SmsError``."""
    if wish.trigger is None:
        return None
    if wish.trigger not in offered(entity, state=state):
        raise SmsError(
            worded("%(trigger)r cannot be sent for this.", trigger=wish.trigger),
            code="not_offered",
            hint=worded("Choose one of those on offer."),
        )
    return active_rows(session, {wish.trigger}, registry=state.registry).get(wish.trigger)


def _by_trigger(
    session: Session,
    records: Sequence[object],
    row: TriggerRow,
    *,
    entity: BoundEntity,
    wish: Wish,
    state: State,
    now: datetime,
) -> list[Planned]:
    hooks = state.registry.hooks_of(row.key, entity=entity.key)
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
        return [blocked(firing.record, firing.entity, "record_gone")]
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
    return {each.number or "": name_of(each) for each in people}
