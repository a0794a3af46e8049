"""What was said to somebody and about something, read in pages whose cost does not grow with the table (Q4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, object_session

from sms_plugin.host.bound import BoundEntity
from sms_plugin.host.identity import RecordRef, key_text
from sms_plugin.host.registry import Registry
from sms_plugin.models import Message, first_id
from sms_plugin.models.message import shown_text
from sms_plugin.outbox.joining import COPY
from sms_plugin.outbox.truth import key_columns

_MESSAGE: Any = Message.__table__
#: So many people are looked for who became a client later; somebody with more of them is no client.
_FORMER = 50
_READ = (
    "id",
    "created_at",
    "due_at",
    "direction",
    "state",
    "reason",
    "detail",
    "step",
    "trigger",
    "subject",
    "operator",
    "entity",
    "record",
    "person_entity",
    "person",
    "client_entity",
    "client",
    "number",
    "text",
    "segments",
    "cost",
    "currency",
    "channel",
)
#: The text as it may be shown.
_COLUMNS = tuple(shown_text.label(name) if name == "text" else _MESSAGE.c[name] for name in _READ)


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which messages: those in one of the ``ranges``, which an index serves each, that meet all of ``also``.

    Ranges hold no message in common.
    """

    ranges: tuple[sa.ColumnElement[bool], ...] = (sa.true(),)
    also: tuple[sa.ColumnElement[bool], ...] = ()


@dataclass(frozen=True, kw_only=True)
class HistoryPage:
    """One page, the newest message last, and from where its neighbours are read; None where there is none."""

    messages: tuple[Any, ...]
    older: UUID | None
    newer: UUID | None


def about_number(number: str) -> Selection:
    """All messages to and from a number in E.164, whoever had it; what came for several clients is there once."""
    return Selection(ranges=(_MESSAGE.c.number == number,), also=(_MESSAGE.c.reason != COPY,))


def about_record(record: object, *, registry: Registry) -> Selection:
    """The conversation with a client and its people, or with a person at a client; for other records what they caused.

    Former leads count where their way to the client is a declared path. Reads the host's tables, without a flush.
    Raises ``LookupError`` for a record of no declared entity.
    """
    entity, ref = registry.entity_of(type(record)), registry.ref_of(record)
    if entity is None or ref is None:
        raise LookupError(f"{type(record).__name__} is no declared entity")
    if entity.person is None:
        return Selection(ranges=(_about("entity", "record", ref),))
    if entity.person.client is not None:
        return Selection(ranges=(_about("person_entity", "person", ref),))
    former = [
        _about("person_entity", "person", each) & _MESSAGE.c.client_entity.is_(None)
        for each in _former_people(record, registry=registry)
    ]
    return Selection(ranges=(_about("client_entity", "client", ref), *former))


def narrowed(
    selection: Selection, *, words: str = "", since: datetime | None = None, until: datetime | None = None
) -> Selection:
    """Those of the selection that hold the words in text or subject, from ``since`` to before ``until``."""
    also = list(selection.also)
    if since is not None:
        also.append(_MESSAGE.c.id >= first_id(since))
    if until is not None:
        also.append(_MESSAGE.c.id < first_id(until))
    if words.strip():
        also.append(_holds(words.strip()))
    return Selection(ranges=selection.ranges, also=tuple(also))


def history(
    session: Session, *, of: Selection, before: UUID | None = None, after: UUID | None = None, most: int = 50
) -> HistoryPage:
    """The newest page, or the one just before or after a message. Reads only, without a flush."""
    if after is not None:
        found = read(session, of=of, after=after, most=most + 1)
        more, rows = len(found) > most, found[:most]
        older, newer = bool(rows), more
    else:
        found = read(session, of=of, before=before, most=most + 1, newest_first=True)
        more, rows = len(found) > most, found[:most][::-1]
        older, newer = more, before is not None
    return HistoryPage(
        messages=tuple(rows),
        older=rows[0].id if rows and older else None,
        newer=rows[-1].id if rows and newer else None,
    )


def read(
    session: Session,
    *,
    of: Selection,
    before: UUID | None = None,
    after: UUID | None = None,
    most: int,
    newest_first: bool = False,
) -> Sequence[Any]:
    """Up to ``most`` messages of the selection beside a message, as plain rows. Reads only, without a flush."""
    order = _MESSAGE.c.id.desc() if newest_first else _MESSAGE.c.id
    found: list[Any] = []
    for part in of.ranges:
        query = sa.select(*_COLUMNS).where(part, *of.also).order_by(order).limit(most)
        if before is not None:
            query = query.where(_MESSAGE.c.id < before)
        if after is not None:
            query = query.where(_MESSAGE.c.id > after)
        with session.no_autoflush:
            found += session.execute(query).all()
    if len(of.ranges) > 1:
        found.sort(key=lambda row: row.id, reverse=newest_first)
    return found[:most]


def _about(entity: str, key: str, ref: RecordRef) -> sa.ColumnElement[bool]:
    same: sa.ColumnElement[bool] = sa.and_(_MESSAGE.c[entity] == ref.entity, _MESSAGE.c[key] == ref.key)
    return same


def _former_people(client: object, *, registry: Registry) -> list[RecordRef]:
    """Those who lead to the client now and may have been texted before they did."""
    session = object_session(client)
    found: list[RecordRef] = []
    for entity in registry.entities.values():
        if session is None or entity.person is None or not entity.person.client_by:
            continue
        if not isinstance(client, entity.person.client_by[-1].property.mapper.class_):
            continue
        found += _those_of(session, entity, client)
    return found


def _those_of(session: Session, entity: BoundEntity, client: object) -> list[RecordRef]:
    assert entity.person is not None  # noqa: S101 - the caller looked
    *between, last = entity.person.client_by
    leads = last.contains(client) if last.property.uselist else last == client
    for step in reversed(between):
        leads = step.any(leads) if step.property.uselist else step.has(leads)
    with session.no_autoflush:
        rows = session.execute(sa.select(*key_columns(entity.model)).where(leads).limit(_FORMER))
        return [RecordRef(entity=entity.key, key=key_text(tuple(row))) for row in rows]


def _holds(words: str) -> sa.ColumnElement[bool]:
    """The words in text or subject, large and small alike; SQLite itself only knows the large letters of English."""
    spellings = dict.fromkeys((words, words.lower(), words.upper(), words.capitalize()))
    return sa.or_(
        *(
            column.icontains(spelling, autoescape=True)
            for column in (shown_text, _MESSAGE.c.subject)
            for spelling in spellings
        )
    )
