"""Whom an operator can write to: found by name or number among the people whom the admin would show (S1, S8)."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field

from flask_admin import Admin
from sqlalchemy.orm import Session

from sms_plugin.catalog.loader import in_language
from sms_plugin.host.bound import BoundEntity
from sms_plugin.host.identity import RecordRef
from sms_plugin.host.search import find, label_of, load
from sms_plugin.outbox.inbound import whose_number
from sms_plugin.people.numbers import Listed, numbers_of
from sms_plugin.people.owners import Owner
from sms_plugin.state import State
from sms_plugin.text.phones import PhoneError, parse_phone
from sms_plugin.web.apart import reading
from sms_plugin.web.looks import listed, looked
from sms_plugin.web.reasons import reason_words
from sms_plugin.web.sights import shown
from sms_plugin.web.translation import gettext, language

log = logging.getLogger(__name__)

#: What a look at those who are offered is kept as.
PLACE = "people"
#: So many people are offered at most.
OFFERED = 8
_LONGEST = 100


@dataclass(frozen=True, kw_only=True)
class Number:
    """One of somebody's numbers, as a page offers it."""

    value: str = field(repr=False)  #: E.164; empty where it cannot be texted
    written: str = field(repr=False)
    kinds: str
    problem: str = ""  #: why it cannot be texted, in words


@dataclass(frozen=True, kw_only=True)
class Somebody:
    """A person that can be written to, as a page offers them."""

    entity: str
    key: str
    name: str
    kind: str  #: what they are: a client, staff
    numbers: tuple[Number, ...] = ()

    @property
    def value(self) -> str:
        """What a form sends for them."""
        return f"{self.entity}|{self.key}"


def people(words: str, *, admin: Admin | None, state: State) -> list[Somebody]:
    """Up to ``OFFERED`` people by what was typed, a name or a number; the newest where nothing was. Reads only; that
    their numbers were looked at is kept (X23).
    """
    written = words[:_LONGEST].strip()
    with reading(state) as session:
        found = list(_found(session, written, state))
        session.rollback()
    once = {(entity.key, key): (entity, key) for entity, key in found}
    seen = shown(list(once.values()), admin=admin)
    offered = [each for entity, key in seen[:OFFERED] if (each := _somebody(entity, key, state=state)) is not None]
    listed(state, [number.written for each in offered for number in each.numbers], full=True, place=PLACE)
    return offered


def somebody(value: str, *, admin: Admin | None, state: State) -> Somebody | None:
    """The person that a form names, with their numbers; None where the admin would not show them. Reads only; that
    they were looked at is kept (X23).
    """
    entity, key = _named(value, state)
    if entity is None or not shown([(entity, key)], admin=admin):
        return None
    found = _somebody(entity, key, state=state)
    if found is not None and found.numbers:
        looked(state, about=RecordRef(entity=entity.key, key=key))
    return found


def owner_of(session: Session, number: str, *, state: State) -> Owner | None:
    """Whose number it is, where exactly one client has it. Reads only."""
    found = whose_number(session, number, state, former=False)
    return found[0] if len(found) == 1 else None


def kind_of(entity: BoundEntity, *, state: State) -> str:
    """What the people of an entity are called."""
    label = in_language(state.catalogue.sections.get(entity.section, {}), language())
    return label if len(_of_section(entity.section, state)) == 1 and label else entity.model.__name__


def _of_section(section: str, state: State) -> list[BoundEntity]:
    return [each for each in _entities(state) if each.section == section]


def _entities(state: State) -> list[BoundEntity]:
    return [each for each in state.registry.entities.values() if each.person is not None]


def _found(session: Session, written: str, state: State) -> Iterable[tuple[BoundEntity, str]]:
    """By the number first, where it is one; then by name, some of each kind."""
    registry, settings = state.registry, state.settings
    try:
        number = parse_phone(written, region=settings.region).e164
    except PhoneError:
        number = ""
    if number:
        for owner in whose_number(session, number, state, former=False):
            if owner.person is not None:
                yield registry.entities[owner.person.entity], owner.person.key
    for entity in _entities(state):
        with session.no_autoflush:
            for each in find(session, entity, written, most=OFFERED):
                yield entity, each.key


def _named(value: str, state: State) -> tuple[BoundEntity | None, str]:
    name, _, key = value.partition("|")
    entity = state.registry.entities.get(name)
    return (entity, key) if entity is not None and entity.person is not None else (None, "")


def _somebody(entity: BoundEntity, key: str, *, state: State) -> Somebody | None:
    assert entity.person is not None  # noqa: S101 - only people are asked for
    with reading(state) as session, session.no_autoflush:
        record = load(session, entity, key)
        if record is None:
            return None
        name = label_of(record, entity)
        try:
            found = numbers_of(record, person=entity.person, settings=state.settings)
        except Exception as error:  # noqa: BLE001 - a host's attribute may raise anything; it costs the numbers only
            log.warning("the numbers of a record of %s cannot be read: %s", entity.key, type(error).__name__)
            found = []
        session.rollback()
    numbers = tuple(_number(each) for each in found)
    return Somebody(entity=entity.key, key=key, name=name, kind=kind_of(entity, state=state), numbers=numbers)


def _number(each: Listed) -> Number:
    known = {"mobile": gettext("mobile"), "billing": gettext("billing"), "marketing": gettext("marketing")}
    known |= {"others": "", "phone": gettext("phone")}
    return Number(
        value=each.number or "",
        written=each.written or each.number or "",
        kinds=", ".join(filter(None, (known.get(kind, kind.replace("_", " ")) for kind in each.kinds))),
        problem=reason_words(each.problem) if each.problem else "",
    )
