"""Texts from phones: kept once each, put into the history of whoever has the number, and done what they ask (Q5, X7).

A text is read in two steps: whose it is, which asks the host and writes nothing, and then what is kept of it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.gateways.contract import Inbound, Part, Wish
from sms_plugin.host.identity import RecordRef
from sms_plugin.models import Attempt, Message, new_id
from sms_plugin.models.message import attempts_provider_of_named
from sms_plugin.outbox.enqueue import OWN_ACTION, occurrence
from sms_plugin.outbox.joining import COPY, MOST_PARTS, SHARED, Piece, join, key_of_group, write_once
from sms_plugin.outbox.matching import kept_reference
from sms_plugin.outbox.optouts import confirm, stop
from sms_plugin.people.consent import NOT_ME, REPLY, Word, opt_in
from sms_plugin.people.owners import STRANGER, Owner, owners
from sms_plugin.signals import message_received
from sms_plugin.state import State
from sms_plugin.states import MessageState
from sms_plugin.text.phones import sender_number
from sms_plugin.text.segments import measure
from sms_plugin.text.storage import storable
from sms_plugin.text.wishes import Said, wish_in
from sms_plugin.trails import trail

log = logging.getLogger(__name__)

_MESSAGE: Any = Message.__table__
#: So many of the latest texts to a number tell who has it.
_LATEST = 50
#: No text is longer, in characters: 255 parts of 153.
_LONGEST = 39_015
#: The same words of which a provider tells neither id nor time are one text for so long.
_REPEATED = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A text, and where it belongs."""

    told: Inbound
    provider_id: int
    number: str | None = field(repr=False)  #: None for a sender that is no number
    key: bytes  #: of the text, or of the group whose part it is
    owners: tuple[Owner, ...]
    about: RecordRef | None  #: what the message that it answers was about

    @property
    def part(self) -> Part | None:
        """Which part it is of a text; None for a whole one, and for a part that says nothing one could go by."""
        part = self.told.part
        return part if part is not None and 1 <= part.number <= part.total <= MOST_PARTS else None

    @property
    def text(self) -> str:
        """What was written, as every database can hold it."""
        return storable(self.told.text, _LONGEST)


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """A text that was not known before, or the last part of one."""

    messages: tuple[UUID, ...]  #: one for each client who has the number
    number: str | None = field(repr=False)
    text: str = field(repr=False)
    said: Said | None
    people: tuple[RecordRef, ...]
    answered: bool  #: a text that confirms it was queued


def place(session: Session, texts: Sequence[Inbound], *, provider_id: int, state: State, now: datetime) -> list[Placed]:
    """Those of the texts that are not kept yet, and whose they are. Reads only: the host's records, too."""
    placed: list[Placed] = []
    for told in texts:
        number = sender_number(told.sender, region=state.settings.region)
        unplaced = Placed(told=told, provider_id=provider_id, number=number, key=b"", owners=(), about=None)
        key = _key(unplaced, now)
        if unplaced.part is None and (_is_known(session, key) or _is_repeated(session, unplaced, now)):
            continue
        whose = tuple(whose_number(session, number, state)) if number else ()
        about = _answered(session, told, provider_id=provider_id)
        placed.append(replace(unplaced, key=key, owners=whose, about=about))
    return placed


def take_in(session: Session, placed: Sequence[Placed], *, state: State, now: datetime) -> list[Arrival]:
    """Keep the texts, and do what their words ask. A text that is known by now costs no row. Writes in the caller's
    transaction.
    """
    arrivals: list[Arrival] = []
    for each in placed:
        if each.part is not None:
            piece = Piece(group=each.key, part=each.part, text=each.text, rows=_rows(each, now))
            joined = join(session, piece, number=each.number, now=now)
            ids, text = joined.messages, joined.text
        else:
            ids, text = _kept(session, each, now), each.text
        if ids:
            arrivals.append(_arrived(session, each, ids, text, state=state, now=now))
    return arrivals


def announce(arrivals: Sequence[Arrival], *, app: object, state: State) -> None:
    """Tell the host of what came, outside of any transaction; what it does about it is its own affair."""
    for each in arrivals:
        try:
            message_received.send(
                app,
                messages=list(each.messages),
                number=each.number,
                text=each.text,
                said=each.said.value if each.said else "",
                people=list(each.people),
            )
        except Exception as error:  # noqa: BLE001 - the text is kept; the others are told of, too
            log.error("the host failed over a text that came: %s", trail(error))
    if any(each.answered for each in arrivals):
        state.wake.set()


def _kept(session: Session, each: Placed, now: datetime) -> tuple[UUID, ...]:
    """The ids of its rows; none where the text is known."""
    first, *copies = _rows(each, now)
    return write_once(session, first, copies)


def _arrived(
    session: Session, each: Placed, ids: tuple[UUID, ...], text: str, *, state: State, now: datetime
) -> Arrival:
    found = None if each.part is not None else wish_in(text)
    said, by_provider = (found.said if found else None), each.told.wish
    if by_provider in {Wish.STOP, Wish.START}:
        said = Said(by_provider.value)
    people = tuple(ref for owner in each.owners if (ref := owner.person or owner.client) is not None)
    answered: Sequence[UUID] = ()
    if said is not None and each.number is not None:
        word = Word(source=NOT_ME if said is Said.NOT_ME else REPLY, wording=text, people=people)
        is_new = _done(session, each.number, said, word, now=now)
        if is_new and said is Said.STOP and by_provider is None:
            answered = confirm(
                session,
                each.number,
                language=found.language if found else "",
                owner=next(iter(each.owners), None),
                settings_language=state.settings.language,
                now=now,
            )
    return Arrival(messages=ids, number=each.number, text=text, said=said, people=people, answered=bool(answered))


def _done(session: Session, number: str, said: Said, word: Word, *, now: datetime) -> bool:
    """Whether what was asked for was not so before."""
    if said is Said.START:
        return opt_in(session, number, source=word.source, now=now, wording=word.wording, people=word.people)
    return stop(session, number, word, now=now)


def _key(each: Placed, now: datetime) -> bytes:
    """What makes two texts the same one: the provider's id; where it gives none, sender, words and time."""
    told, whose = each.told, ("in", str(each.provider_id))
    sender = each.number or told.sender
    if each.part is not None:
        return key_of_group(*whose, sender, told.to, each.part.group, str(each.part.total))
    if told.reference:
        # the parts of a text may have its id in common
        return occurrence(*whose, told.reference, *(() if told.part is None else (str(told.part.number),)))
    at = told.received_at.isoformat() if told.received_at else f"{now:%Y-%m-%dT%H:%M}"
    return occurrence(*whose, sender, told.to, told.text, at)


def _is_known(session: Session, key: bytes) -> bool:
    return session.execute(sa.select(_MESSAGE.c.id).where(_MESSAGE.c.occurrence == key)).first() is not None


def _is_repeated(session: Session, each: Placed, now: datetime) -> bool:
    """Whether a text of which the provider tells neither id nor time came less than a minute ago, in the minute of the
    clock before this one.
    """
    if each.told.reference or each.told.received_at:
        return False
    before = _key(each, now - _REPEATED)
    came_at = session.scalar(sa.select(_MESSAGE.c.created_at).where(_MESSAGE.c.occurrence == before))
    return came_at is not None and came_at > now - _REPEATED


def _answered(session: Session, told: Inbound, *, provider_id: int) -> RecordRef | None:
    """The record that the message was about which this one answers, where the provider says which that is."""
    wanted = told.answers_id
    reference = kept_reference(told.answers)
    if wanted is None and reference is not None:
        wanted = session.scalar(
            sa.select(Attempt.message_id)
            .where(Attempt.reference == reference, attempts_provider_of_named == provider_id)
            .limit(1)
        )
    if wanted is None:
        return None
    row = session.execute(sa.select(_MESSAGE.c.entity, _MESSAGE.c.record).where(_MESSAGE.c.id == wanted)).first()
    return RecordRef(entity=row.entity, key=row.record) if row is not None and row.entity else None


def whose_number(session: Session, number: str, state: State, *, former: bool = True) -> list[Owner]:
    """Those who have a number: of those who were texted at it lately, then of the host's people. Where nobody has it by
    now and ``former`` ones count, who was texted at it last. Reads only.
    """
    columns = [_MESSAGE.c[name] for name in ("person_entity", "person", "client_entity", "client", "language")]
    rows = session.execute(
        sa.select(*columns)
        .where(_MESSAGE.c.number == number, _MESSAGE.c.direction == "out")
        .order_by(_MESSAGE.c.id.desc())
        .limit(_LATEST)
    )
    texted = [
        Owner(
            person=_ref(row.person_entity, row.person),
            client=_ref(row.client_entity, row.client),
            language=row.language,
        )
        for row in dict.fromkeys(rows)
        if row.person_entity or row.client_entity
    ]
    return owners(session, number, texted=texted, registry=state.registry, settings=state.settings, former=former)


def _ref(entity: str | None, key: str | None) -> RecordRef | None:
    return RecordRef(entity=entity, key=key) if entity and key is not None else None


def _rows(each: Placed, now: datetime) -> list[dict[str, Any]]:
    """A row for each client who has the number, or one for nobody; the first has the text's own key."""
    several = len(each.owners) > 1
    return [
        _row(each, owner, now)
        | {
            "occurrence": each.key if place == 0 else None,
            "reason": (SHARED if place == 0 else COPY) if several else "",
        }
        for place, owner in enumerate(each.owners or (None,))
    ]


def _row(each: Placed, owner: Owner | None, now: datetime) -> dict[str, Any]:
    size = measure(each.text)
    return {
        "id": new_id(now),
        "direction": "in",
        "state": MessageState.RECEIVED.value,
        "detail": "" if each.number else storable(each.told.sender, 64),
        "step": "",
        "moment": each.key.hex(),
        "purpose": "service",
        "priority": OWN_ACTION,
        "subject": "",
        "operator": "",
        "entity": each.about.entity if each.about else None,
        "record": each.about.key if each.about else None,
        **(owner or STRANGER).columns,
        "number": each.number,
        "language": (owner.language if owner else "")[:12],
        "text": each.text,
        "encoding": str(size.encoding),
        "segments": size.segments,
        "currency": "",
        "channel": "",
        "due_at": each.told.received_at or now,
        "created_at": now,
        "changed_at": now,
        "provider_id": each.provider_id,
        "attempts": 0,
        "lapses": 0,
    }
