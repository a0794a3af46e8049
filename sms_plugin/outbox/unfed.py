"""Recipients of sends to many whose turn has not come: they are built, and no message tells of them yet (X20, Q4)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.host.bound import BoundEntity, BoundPerson
from sms_plugin.host.identity import RecordRef
from sms_plugin.models import Batch, BatchRecipient
from sms_plugin.people.numbers import numbers_of
from sms_plugin.people.recipients import recipients
from sms_plugin.state import State
from sms_plugin.states import BatchState

log = logging.getLogger(__name__)

#: What a send is whose recipients stand as they were shown: built, and not all of them messages.
_STANDING = (BatchState.READY, BatchState.WAITING, BatchState.RUNNING, BatchState.PAUSED, BatchState.CANCELLED)
#: So many of somebody's newest recipients are looked at, and so many are told of.
_LOOKED_AT, MOST = 200, 20
_BATCH: Any = Batch.__table__
_RECIPIENT: Any = BatchRecipient.__table__


@dataclass(frozen=True, kw_only=True)
class Unfed:
    """A recipient as it was built, and the send that it is of; both as plain rows."""

    recipient: Any
    batch: Any

    @property
    def built_at(self) -> datetime:
        """When the recipients of the send were all found."""
        at: datetime = self.batch.built_at or self.batch.created_at
        return at


def of_number(session: Session, number: str) -> list[Unfed]:
    """Those to a number in E.164, the newest first, so many at most. Reads only."""
    return _standing(session, [_RECIPIENT.c.number == number], lambda row: True)


def of_client(session: Session, client: RecordRef) -> list[Unfed]:
    """Those of a client and its people, as they name it themselves. Reads only."""
    return _standing(session, [_is_of(client)], lambda row: True)


def of_record(session: Session, record: object, *, state: State) -> list[Unfed]:
    """Those to a client and its people, or to a person at a client; for another record, those that tell of it.

    The host's attributes are read: give a session of which nothing else hangs. Where they fail, nobody is found.
    Somebody who is at no client is found by their numbers, so not where they are left out for want of one.
    """
    entity, ref = state.registry.entity_of(type(record)), state.registry.ref_of(record)
    if entity is None or ref is None:
        return []
    try:
        with session.no_autoflush:
            ways, keep = _ways(record, ref, entity, state)
    except Exception as error:  # noqa: BLE001 - a host's attribute may raise anything; the rest is told all the same
        log.warning("where a record of %s leads to cannot be read: %s", entity.key, type(error).__name__)
        return []
    return _standing(session, ways, keep)


def _ways(
    record: object, ref: RecordRef, entity: BoundEntity, state: State
) -> tuple[list[sa.ColumnElement[bool]], Callable[[Any], bool]]:
    """By which index they are looked for, and which of those found there are meant."""
    person = entity.person
    if person is None:
        found = recipients(
            record,
            entity=entity,
            to=(),
            purpose="service",
            audience="client" if "client" in entity.to else next(iter(entity.to), "client"),
            registry=state.registry,
            settings=state.settings,
            every=True,
        )
        ways = [_is_of(each.client_ref) for each in found if each.client_ref is not None]
        ways += [_RECIPIENT.c.number == each.number for each in found if each.client_ref is None and each.number]
        return ways, lambda row: row.entity == ref.entity and ref.key in (row.records or [row.record])
    if person.client is None:
        return [_is_of(ref)], lambda row: True
    client = person.client(record)
    client_ref = None if client is None else state.registry.ref_of(client)
    ways = _by_numbers(record, person, state) if client_ref is None else [_is_of(client_ref)]
    return ways, lambda row: (row.person_entity, row.person) == (ref.entity, ref.key)


def _by_numbers(record: object, person: BoundPerson, state: State) -> list[sa.ColumnElement[bool]]:
    listed = numbers_of(record, person=person, settings=state.settings)
    return [_RECIPIENT.c.number == each.number for each in listed if each.number]


def _is_of(client: RecordRef) -> sa.ColumnElement[bool]:
    same: sa.ColumnElement[bool] = sa.and_(
        _RECIPIENT.c.client_entity == client.entity, _RECIPIENT.c.client == client.key
    )
    return same


def _standing(session: Session, ways: Iterable[sa.ColumnElement[bool]], keep: Callable[[Any], bool]) -> list[Unfed]:
    """The recipients first, by their own index; then the sends that they are of."""
    rows: dict[int, Any] = {}
    with session.no_autoflush:
        for way in ways:
            query = sa.select(_RECIPIENT).where(way).order_by(_RECIPIENT.c.id.desc()).limit(_LOOKED_AT)
            rows |= {row.id: row for row in session.execute(query) if keep(row)}
        batches = _sends(session, {row.batch_id for row in rows.values()})
    newest = sorted(rows.values(), key=lambda row: -row.id)
    found = [Unfed(recipient=row, batch=batches[row.batch_id]) for row in newest if row.batch_id in batches]
    return [each for each in found if each.recipient.id > each.batch.fed][:MOST]


def _sends(session: Session, ids: Iterable[Any]) -> dict[Any, Any]:
    wanted: Sequence[Any] = sorted(ids)
    if not wanted:
        return {}
    query = sa.select(_BATCH).where(_BATCH.c.id.in_(wanted), _BATCH.c.state.in_([each.value for each in _STANDING]))
    return {row.id: row for row in session.execute(query)}
