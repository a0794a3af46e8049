"""Whose number it is: the people whom we texted at it, then those of the host's who have it (issue Gateways 4).

The host's attributes are read, and whatever they raise costs that person only. Reads only, without a flush.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from sms_plugin.host.bound import BoundEntity, BoundPerson
from sms_plugin.host.identity import RecordRef
from sms_plugin.host.paths import Path, column_at
from sms_plugin.host.registry import Registry
from sms_plugin.host.search import load
from sms_plugin.host.several import members
from sms_plugin.settings import Settings
from sms_plugin.text.phones import PhoneError, parse_phone, spellings

log = logging.getLogger(__name__)

#: So many people at most have one number.
MOST = 10


@dataclass(frozen=True, kw_only=True)
class Owner:
    """Somebody who has a number, and the client in whose history it belongs."""

    person: RecordRef | None
    client: RecordRef | None
    language: str = ""

    @property
    def columns(self) -> dict[str, Any]:
        """The columns of a message that name them."""
        return {
            "person_entity": self.person.entity if self.person else None,
            "person": self.person.key if self.person else None,
            "client_entity": self.client.entity if self.client else None,
            "client": self.client.key if self.client else None,
        }


#: Nobody that is known.
STRANGER = Owner(person=None, client=None)


@dataclass(frozen=True, kw_only=True)
class _Reading:
    number: str
    session: Session
    registry: Registry
    settings: Settings

    def owner(self, entity: BoundEntity, record: object) -> Owner | None:
        """The record as an owner, or None where none of its numbers is this one, or it cannot be read."""
        assert entity.person is not None  # noqa: S101 - the callers look
        try:
            if self.number not in _numbers(record, entity.person, self.settings):
                return None
            client = record if entity.person.client is None else entity.person.client(record)
            language = None if entity.person.language is None else entity.person.language(record)
        except Exception as error:  # noqa: BLE001 - a host's attribute may raise anything
            log.warning("the numbers of %s cannot be read: %s", entity.key, type(error).__name__)
            return None
        ref = self.registry.ref_of(record)
        return Owner(
            person=ref,
            client=None if client is None else self.registry.ref_of(client),
            language=str(language or ""),
        )


def owners(
    session: Session,
    number: str,
    *,
    texted: Sequence[Owner],
    registry: Registry,
    settings: Settings,
    former: bool = True,
) -> list[Owner]:
    """Those who have the number, each client once: of those ``texted`` at it the ones who still have it, then others of
    the host's people. Where nobody has it by now and ``former`` ones count, those who were texted at it last.
    """
    reading = _Reading(number=number, session=session, registry=registry, settings=settings)
    with session.no_autoflush:
        still = [found for each in texted[:MOST] if (found := _still(reading, each)) is not None]
        others = [] if len(still) >= MOST else list(_of_host(reading))
    return _once([*still, *others]) or (_once(texted[:1]) if former else [])


def _still(reading: _Reading, known: Owner) -> Owner | None:
    """Somebody who was texted, as they are now; who stands inside another record cannot be asked, and counts."""
    if known.person is None:
        return known
    entity = reading.registry.entities.get(known.person.entity)
    if entity is None or entity.person is None:
        return None
    record = load(reading.session, entity, known.person.key)
    return None if record is None else reading.owner(entity, record)


def _of_host(reading: _Reading) -> Iterable[Owner]:
    written = spellings(reading.number)
    for entity in reading.registry.entities.values():
        paths = () if entity.person is None else entity.person.found_by
        for path in paths:
            for record in _having(reading.session, entity, path, written):
                found = reading.owner(entity, record)
                if found is not None:
                    yield found


def _having(session: Session, entity: BoundEntity, path: Path, written: Sequence[str]) -> Sequence[Any]:
    """Up to ``MOST`` records with one of these spellings in the column at the path's end."""
    query = sa.select(entity.model)
    for step in path.relationships:
        query = query.join(step)
    column = column_at(entity.model, path)
    try:
        with session.begin_nested():
            return session.scalars(query.where(column.in_(written)).limit(MOST)).unique().all()  # type: ignore[union-attr]
    except SQLAlchemyError as error:
        log.warning("people of %s cannot be looked for by number: %s", entity.key, type(error).__name__)
        return ()


def _numbers(record: object, person: BoundPerson, settings: Settings) -> set[str]:
    region = str((person.region and person.region(record)) or settings.region or "") or None
    found: set[str] = set()
    for read in person.phones.values():
        for each in members(read(record)):
            try:
                found.add(parse_phone(str(each or ""), region=region).e164)
            except PhoneError:
                continue
    return found


def _once(found: Iterable[Owner]) -> list[Owner]:
    """Each client once, by the first of its people; who has no client is one by itself."""
    once: dict[tuple[RecordRef | None, RecordRef | None], Owner] = {}
    for each in found:
        once.setdefault((each.client, None) if each.client is not None else (None, each.person), each)
    return list(once.values())[:MOST]
