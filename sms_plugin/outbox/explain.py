"""Why each message went, waits or did not go: its line of decisions, from what fired it to what it cost (X20)."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from sms_plugin.host.bound import BoundEntity, BoundHook, BoundPerson
from sms_plugin.host.identity import RecordRef, key_of
from sms_plugin.host.when import Added, Changed, HookKind
from sms_plugin.models import Batch, Gathered, Message
from sms_plugin.outbox.history import HistoryPage, Selection, history
from sms_plugin.outbox.names import names_of
from sms_plugin.outbox.timeline import Moment, timelines
from sms_plugin.outbox.truth import BY_HAND, among
from sms_plugin.people.choice import kind_of
from sms_plugin.state import State
from sms_plugin.states import MessageState

log = logging.getLogger(__name__)

_MESSAGE: Any = Message.__table__
#: Two messages to one number so close to each other are told of with each of them.
NEAR = timedelta(hours=24)
#: A message that was due so soon after its decision was not put off.
_AT_ONCE = timedelta(seconds=1)
#: What stands before the moments that follow a decision.
_BEFORE = frozenset({"decided", "received", "confirmed", "approved"})
#: Of what is told in one message together, so many records are named.
_NAMED = 20
#: The states in which nobody was, or will be, texted.
_SILENT = frozenset({MessageState.SUPPRESSED, MessageState.EXPIRED, MessageState.CANCELLED, MessageState.RECEIVED})
#: A kind of firing that is no hook: a hand that fired a trigger, words without a trigger, a send to many, a text that
#: came in, a trigger that nobody hooks any more.
HAND, WORDS, MANY, RECEIVED, UNHOOKED = "hand", "words", "many", "received", "unhooked"
#: A number that is written in the record itself, and one that the person no longer has.
WRITTEN, FORMER = "written", "former"


@dataclass(frozen=True, kw_only=True)
class Fired:
    """What fired a message: the kind of the hook or one of the words above, its step, and what occasion it was."""

    kind: str
    step: str = ""
    moment: str = ""
    who: str = ""


@dataclass(frozen=True, kw_only=True)
class Explained:
    """One message with all that was decided about it, in codes: doors put them into words."""

    message: Message
    fired: Fired
    name: str  #: of whom it goes to; empty where nobody can say
    number_is: str  #: why that number: the kind by which the person has it, or one of the words above; empty: unknown
    put_off_until: datetime | None  #: decided to go later than at once
    gathered: tuple[RecordRef, ...]  #: the records that it tells of together, where it tells of several
    moments: tuple[Moment, ...]  #: what happened after the decision; the last one says how it stands
    confirmed: tuple[Moment, ...] = ()  #: who let the send to many go that it belongs to
    batch: str = ""  #: the name of that send
    near: tuple[UUID, ...] = ()  #: others to the same number within a day, on the same page


@dataclass(frozen=True, kw_only=True)
class Account:
    """A page of what was decided, the newest last; ``older`` and ``newer`` are where its neighbours begin."""

    messages: tuple[Explained, ...]
    older: UUID | None
    newer: UUID | None


def about(selection: Selection, *, trigger: str | None = None, record: RecordRef | None = None) -> Selection:
    """Those of the selection that a trigger decided, or that are about one record."""
    also = list(selection.also)
    if trigger is not None:
        also.append(_MESSAGE.c.trigger == trigger)
    if record is not None:
        also += [_MESSAGE.c.entity == record.entity, _MESSAGE.c.record == record.key]
    return replace(selection, also=tuple(also))


def of_record(record: RecordRef) -> Selection:
    """All messages that one record caused."""
    return Selection(ranges=(sa.and_(_MESSAGE.c.entity == record.entity, _MESSAGE.c.record == record.key),))


def of_client(client: RecordRef) -> Selection:
    """All messages of one client's, as they name it themselves."""
    return Selection(ranges=(sa.and_(_MESSAGE.c.client_entity == client.entity, _MESSAGE.c.client == client.key),))


def explain(
    session: Session,
    *,
    of: Selection,
    state: State,
    most: int,
    before: UUID | None = None,
    after: UUID | None = None,
) -> Account:
    """The newest page of the selection, or the one beside a message, each explained. Reads only, without a flush.

    The host's attributes are read: give a session of which nothing else hangs.
    """
    page = history(session, of=of, before=before, after=after, most=most)
    messages = _whole(session, page)
    lives, together = timelines(session, messages), _gathered(session, messages)
    people, sends = _people(session, messages, state), _sends(session, messages)
    names = names_of(session, messages, registry=state.registry)
    explained = [
        Explained(
            message=each,
            fired=fired_by(each, state),
            name=names.get(_named(each), "") if _named(each) else "",  # type: ignore[arg-type]
            number_is=_number_is(each, people, state),
            put_off_until=_put_off(each),
            gathered=together.get(each.id, ()),
            moments=tuple(moment for moment in lives[each.id] if moment.what not in _BEFORE),
            confirmed=tuple(moment for moment in lives[each.id] if moment.what in {"confirmed", "approved"}),
            batch=sends.get(each.batch_id, ""),
        )
        for each in messages
    ]
    return Account(messages=_with_the_near(explained), older=page.older, newer=page.newer)


def _sends(session: Session, messages: Iterable[Message]) -> dict[UUID | None, str]:
    """The names of the sends to many that they belong to."""
    ids = {each.batch_id for each in messages if each.batch_id is not None}
    if not ids:
        return {}
    return {row.id: row.name for row in session.execute(sa.select(Batch.id, Batch.name).where(Batch.id.in_(ids)))}


def fired_by(message: Message, state: State) -> Fired:
    """What fired a message, as far as the declarations that stand now can say."""
    said = {"step": message.step, "moment": message.moment, "who": message.operator}
    if message.direction == "in":
        return Fired(kind=RECEIVED)
    if message.batch_id is not None:
        return Fired(kind=MANY, who=message.operator)
    if message.trigger is None:
        return Fired(kind=WORDS, **said)
    if message.step == BY_HAND:
        return Fired(kind=HAND, **said)
    hooks = state.registry.hooks_of(message.trigger, entity=message.entity)
    return Fired(kind=_kind(message, hooks), **said)


def _kind(message: Message, hooks: Sequence[BoundHook]) -> str:
    dated = [hook for hook in hooks if hook.when.kind in {HookKind.DATE, HookKind.YEARLY}]
    if message.step:
        exact = [hook for hook in dated if hook.step == message.step]
        return next((hook.when.kind.value for hook in exact or dated), UNHOOKED)
    events = [hook for hook in hooks if hook not in dated]
    if len(events) > 1:
        # what tells kinds apart that have no step: a created record and a signal have no moment
        later = [hook for hook in events if isinstance(hook.when, (Changed, Added))]
        events = (later if message.moment else [hook for hook in events if hook not in later]) or events
    return next((hook.when.kind.value for hook in events), UNHOOKED)


def _put_off(message: Message) -> datetime | None:
    """Until when it was decided to wait. After a second attempt the due time is the attempt's."""
    if message.direction == "in" or message.attempts > 1:
        return None
    return message.due_at if message.due_at - message.created_at > _AT_ONCE else None


def _whole(session: Session, page: HistoryPage) -> list[Message]:
    ids = [row.id for row in page.messages]
    if not ids:
        return []
    with session.no_autoflush:
        found = {each.id: each for each in session.scalars(sa.select(Message).where(Message.id.in_(ids)))}
    return [found[each] for each in ids if each in found]


def _gathered(session: Session, messages: Iterable[Message]) -> dict[UUID, tuple[RecordRef, ...]]:
    ids = [each.id for each in messages]
    if not ids:
        return {}
    rows = session.execute(
        sa.select(Gathered.message_id, Gathered.entity, Gathered.record)
        .where(Gathered.message_id.in_(ids))
        .order_by(Gathered.message_id, Gathered.occurrence)
        .limit(_NAMED * len(ids))
    )
    found: dict[UUID, list[RecordRef]] = {}
    for row in rows:
        found.setdefault(row.message_id, []).append(RecordRef(entity=row.entity, key=row.record))
    return {message: tuple(refs[:_NAMED]) for message, refs in found.items()}


def _named(message: Message) -> RecordRef | None:
    pairs = ((message.person_entity, message.person), (message.client_entity, message.client))
    return next((RecordRef(entity=entity, key=key) for entity, key in pairs if entity and key is not None), None)


def _people(session: Session, messages: Iterable[Message], state: State) -> dict[RecordRef, Any]:
    """The records of whom the messages go to, as far as they are still there."""
    wanted: dict[str, set[str]] = {}
    for each in messages:
        if each.person_entity and each.person is not None:
            wanted.setdefault(each.person_entity, set()).add(each.person)
    found: dict[RecordRef, Any] = {}
    for entity, keys in sorted(wanted.items()):
        bound = state.registry.entities.get(entity)
        if bound is not None and bound.person is not None:
            found |= _records(session, bound, sorted(keys))
    return found


def _records(session: Session, entity: BoundEntity, keys: Sequence[str]) -> dict[RecordRef, Any]:
    try:
        with session.no_autoflush:
            query = sa.select(entity.model).where(among(entity.model, keys)).options(*entity.eager)
            records = session.scalars(query).unique().all()
    except (SQLAlchemyError, ValueError, LookupError) as error:
        log.warning("people of %s cannot be read: %s", entity.key, type(error).__name__)
        return {}
    return {RecordRef(entity=entity.key, key=key_of(record)): record for record in records}


def _number_is(message: Message, people: dict[RecordRef, Any], state: State) -> str:
    if message.number is None or message.direction == "in":
        return ""
    if message.person_entity is None or message.person is None:
        return WRITTEN if message.entity is not None else ""
    record = people.get(RecordRef(entity=message.person_entity, key=message.person))
    person = _person(message.person_entity, state)
    if record is None or person is None:
        return ""
    try:
        return kind_of(record, person, message.number, settings=state.settings) or FORMER
    except Exception as error:  # noqa: BLE001 - a host's attribute may raise anything; the rest is told all the same
        log.warning("the numbers of a record of %s cannot be read: %s", message.person_entity, type(error).__name__)
        return ""


def _person(entity: str, state: State) -> BoundPerson | None:
    bound = state.registry.entities.get(entity)
    return None if bound is None else bound.person


def _with_the_near(explained: Sequence[Explained]) -> tuple[Explained, ...]:
    """Each with the others that went, or will go, to its number within a day of it."""

    def goes(each: Explained) -> bool:
        return each.message.number is not None and each.message.state not in _SILENT

    def near(one: Explained, other: Explained) -> bool:
        apart = abs(_when(one.message) - _when(other.message))
        return other is not one and other.message.number == one.message.number and goes(other) and apart < NEAR

    return tuple(
        replace(each, near=tuple(other.message.id for other in explained if near(each, other))) if goes(each) else each
        for each in explained
    )


def _when(message: Message) -> datetime:
    return max(message.due_at, message.created_at)
