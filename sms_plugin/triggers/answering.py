"""One question about somebody, answered whole: what was decided, and what a trigger would decide now (X20)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError, worded
from sms_plugin.host.identity import RecordRef
from sms_plugin.host.search import label_of, load
from sms_plugin.models import Message
from sms_plugin.outbox import unfed
from sms_plugin.outbox.explain import Account, about, explain, of_client, of_record
from sms_plugin.outbox.history import Selection, about_number, about_record, narrowed
from sms_plugin.outbox.inbound import whose_number
from sms_plugin.outbox.unfed import Unfed
from sms_plugin.state import State
from sms_plugin.triggers.explaining import Standing, Subject, standings


@dataclass(frozen=True, kw_only=True)
class Question:
    """Whom it is about: somebody, a number, or one record; and what of theirs. At least one of the three is given."""

    somebody: RecordRef | None = None
    number: str | None = field(default=None, repr=False)  #: E.164
    record: RecordRef | None = None
    trigger: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Told:
    """What was decided, page by page; how the triggers stand now, where that was asked; and whom it is about."""

    account: Account
    standings: tuple[Standing, ...] = ()
    cut: bool = False  #: more records lead there than were looked at
    unfed: tuple[Unfed, ...] = ()  #: recipients of sends to many whose turn has not come, with the standings
    name: str = ""


def answer(
    session: Session,
    question: Question,
    *,
    state: State,
    now: datetime,
    most: int,
    before: UUID | None = None,
    after: UUID | None = None,
    standing: bool = True,
) -> Told:
    """The answer to a question. Reads only; ``standing`` asks the triggers, too, which reads the host's records.

    Give a session of which nothing else hangs; it is rolled back. Raises ``SmsError`` for an unknown trigger.
    """
    if question.trigger is not None:
        state.registry.reason(question.trigger)
    selection, name = _selection(session, question, state)
    selection = about(selection, trigger=question.trigger, record=question.record)
    selection = narrowed(selection, since=question.since, until=question.until)
    account = explain(session, of=selection, state=state, most=most, before=before, after=after)
    for each in account.messages:
        session.expunge(each.message)
    found: list[Standing] = []
    cut = False
    waiting = _unfed(session, question, state) if standing and question.trigger is None else []
    if standing:
        subject = Subject(somebody=_somebody(session, question, state), record=question.record)
        found, cut = standings(session, subject, trigger=question.trigger, state=state, now=now)
    return Told(account=account, standings=tuple(found), cut=cut, name=name, unfed=tuple(waiting))


def about_message(session: Session, message: UUID) -> Question | None:
    """The question that a message raises: its client, else its number, else its record, and its trigger. Reads only."""
    found = session.get(Message, message)
    if found is None:
        return None
    question = Question(trigger=found.trigger, number=found.number)
    if found.client_entity is not None and found.client is not None:
        somebody = RecordRef(entity=found.client_entity, key=found.client)
        return replace(question, somebody=somebody, number=None)
    if found.number is None and found.entity is not None and found.record is not None:
        return replace(question, record=RecordRef(entity=found.entity, key=found.record))
    return question


def _selection(session: Session, question: Question, state: State) -> tuple[Selection, str]:
    """The messages in question, and how the somebody or the record of it is called."""
    if question.somebody is not None:
        entity = state.registry.entities.get(question.somebody.entity)
        record = None if entity is None else load(session, entity, question.somebody.key)
        if entity is None or record is None:
            return of_client(question.somebody), ""
        return about_record(record, registry=state.registry), label_of(record, entity)
    if question.number is not None:
        return about_number(question.number), ""
    if question.record is None:
        raise SmsError(
            worded("Nobody is asked about."), code="no_question", hint=worded("Give a number, a client or a record.")
        )
    entity = state.registry.entities.get(question.record.entity)
    record = None if entity is None else load(session, entity, question.record.key)
    name = "" if entity is None or record is None else label_of(record, entity)
    return of_record(question.record), name


def _unfed(session: Session, question: Question, state: State) -> list[Unfed]:
    """The recipients in question of sends to many, of which no message tells yet; built in the time that is meant."""
    ref = question.somebody or question.record
    found: list[Unfed] = []
    if question.number is not None:
        found = unfed.of_number(session, question.number)
    elif ref is not None:
        entity = state.registry.entities.get(ref.entity)
        record = None if entity is None else load(session, entity, ref.key)
        found = unfed.of_client(session, ref) if record is None else unfed.of_record(session, record, state=state)
    since, until = question.since, question.until
    return [
        each for each in found if (since is None or each.built_at >= since) and (until is None or each.built_at < until)
    ]


def _somebody(session: Session, question: Question, state: State) -> RecordRef | None:
    if question.somebody is not None or question.number is None:
        return question.somebody
    owner = next(iter(whose_number(session, question.number, state)), None)
    return None if owner is None else owner.client or owner.person
