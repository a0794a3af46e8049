"""How the people of messages are called now: messages keep their keys, the host's records their names."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from sms_plugin.host.bound import BoundEntity, BoundPerson, Reader
from sms_plugin.host.identity import RecordRef, key_of, key_values
from sms_plugin.host.registry import Registry
from sms_plugin.outbox.truth import among

log = logging.getLogger(__name__)

#: So many records are asked for in one statement.
_AT_ONCE = 500


def named_by(row: Any) -> RecordRef | None:
    """The record that says how the person of a message is called: the person, the client, else what it is about."""
    pairs = ((row.person_entity, row.person), (row.client_entity, row.client), (row.entity, row.record))
    return next((RecordRef(entity=entity, key=key) for entity, key in pairs if entity and key is not None), None)


def names_of(session: Session, rows: Iterable[Any], *, registry: Registry) -> dict[RecordRef, str]:
    """The names by ``named_by``; who is gone, has no name or cannot be read has none. Reads only, without a flush.

    The host's own attributes are read: give a session of which nothing else hangs.
    """
    wanted: dict[str, set[str]] = {}
    for row in rows:
        ref = named_by(row)
        if ref is not None:
            wanted.setdefault(ref.entity, set()).add(ref.key)
    names: dict[RecordRef, str] = {}
    for key, keys in sorted(wanted.items()):
        entity = registry.entities.get(key)
        person = None if entity is None else _person(entity)
        if entity is not None and person is not None:
            names |= _names(session, entity, person, sorted(keys))
    return names


def _person(entity: BoundEntity) -> BoundPerson | None:
    """How the entity's records name a person: themselves, or the one that stands in them."""
    inside = (target.person for targets in entity.to.values() for target in targets if target.person is not None)
    return entity.person or next(inside, None)


def _names(session: Session, entity: BoundEntity, person: BoundPerson, keys: Sequence[str]) -> dict[RecordRef, str]:
    names: dict[RecordRef, str] = {}
    for start in range(0, len(keys), _AT_ONCE):
        some = [key for key in keys[start : start + _AT_ONCE] if _is_key(entity, key)]
        try:
            with session.no_autoflush:
                records = session.scalars(sa.select(entity.model).where(among(entity.model, some))).unique().all()
        except SQLAlchemyError as error:
            log.warning("people of %s cannot be named: %s", entity.key, type(error).__name__)
            continue
        for record in records:
            names[RecordRef(entity=entity.key, key=key_of(record))] = _read(person.name, record, entity)
    return names


def _is_key(entity: BoundEntity, key: str) -> bool:
    """Whether the key can still be one of the model's, whose key may have another type by now."""
    try:
        key_values(entity.model, key)
    except (ValueError, LookupError):
        return False
    return True


def _read(name: Reader, record: object, entity: BoundEntity) -> str:
    try:
        return str(name(record) or "")
    except Exception as error:  # noqa: BLE001 - the host's attribute may raise anything; a page goes on without a name
        log.warning("a record of %s cannot be named: %s", entity.key, type(error).__name__)
        return ""
