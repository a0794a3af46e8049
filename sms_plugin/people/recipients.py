"""From a record to the people it reaches, each resolved to a number ("who" of the triggers; S3 flags)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sms_plugin.errors import SmsError
from sms_plugin.host.bound import BoundEntity, BoundPerson, Reader, Target
from sms_plugin.host.identity import RecordRef
from sms_plugin.host.registry import Registry
from sms_plugin.host.several import members
from sms_plugin.settings import Settings
from sms_plugin.text.phones import PhoneError, parse_phone
from sms_plugin.values import made_often

#: Which of a person's numbers a send to many goes to: the one for its purpose, all that may get it, those with a flag.
MAIN, ALL, BILLING, MARKETING = "main", "all", "billing", "marketing"


@made_often(eq=False)
class Recipient:
    """A person with a number, or with the reason why there is none."""

    record: Any  #: the host's record that the person is
    entity: BoundEntity | None  #: None for a person inside another record
    ref: RecordRef | None
    client: Any | None  #: the client's record whose history this belongs to
    client_ref: RecordRef | None
    number: str | None  #: E.164
    problem: str = ""  #: why there is no number: a stable code
    language: str
    zone: ZoneInfo
    agrees: bool = True  #: the host's own consent for the purpose

    @property
    def people(self) -> list[Any]:
        """The records of the person and of the client behind, nearest first; most people are their own client."""
        several = (self.record,) if self.client is self.record else (self.record, self.client)
        return [each for each in several if each is not None]


def recipients(
    record: object,
    *,
    entity: BoundEntity,
    to: Sequence[Target],
    purpose: str,
    audience: str,
    registry: Registry,
    settings: Settings,
    every: bool = False,
    which: str = MAIN,
) -> list[Recipient]:
    """Everybody whom the record reaches, each number once; empty where it leads to nobody.

    With ``every`` a person is there by each number that can be texted, the one that would be chosen first; ``which``
    chooses other kinds of number than that one (S3): what is for billing goes to additional numbers only where they are
    flagged so.
    Without ``to`` the entity's own declaration for the audience counts, else the record is the person itself.
    Raises ``SmsError`` where a path leads to something that is no person; what a host's attribute raises goes through.
    """
    targets = to or entity.to.get(audience, ())
    if not targets and entity.person is not None:
        targets = (Target(read=lambda itself: itself, person=entity.person),)
    found: list[Recipient] = []
    for target in targets:
        for each in members(target.read(record)):
            person, owner = _person(each, target, registry)
            found.extend(
                _resolved(
                    each, person, owner, purpose=purpose, registry=registry, settings=settings, every=every, which=which
                )
            )
    return _each_number_once(found)


def _person(record: object, target: Target, registry: Registry) -> tuple[BoundPerson, BoundEntity | None]:
    entity = registry.person_of(type(record))
    if target.person is not None:
        return target.person, entity if entity is not None and entity.person is target.person else None
    if entity is None or entity.person is None:
        raise SmsError(
            f"{type(record).__name__} is no declared person.",
            code="no_person",
            hint=f"Declare Entity({type(record).__name__}, …, person=Person(…)).",
        )
    return entity.person, entity


def _resolved(
    record: Any,
    person: BoundPerson,
    entity: BoundEntity | None,
    *,
    purpose: str,
    registry: Registry,
    settings: Settings,
    every: bool,
    which: str,
) -> list[Recipient]:
    client = _client(record, person, entity)
    flags = _flags(person, purpose) if which in {MAIN, ALL} else [flag for flag in (which,) if flag in person.phones]
    numbers, problem = _numbers(record, person, flags=flags, settings=settings)
    if every or which == ALL:
        others = [flag for flag in person.phones if flag not in flags and (every or purpose != BILLING)]
        for flag in (*flags, *others):
            numbers += _numbers(record, person, flags=[flag], settings=settings)[0]
    ref = None if entity is None else registry.ref_of(record)
    # most people are their own client
    client_ref = ref if client is record and ref is not None else None if client is None else registry.ref_of(client)
    agrees = True if person.consents is None else person.consents(record, purpose) is not False

    language = str(_read(person.language, record) or settings.language)
    zone = zone_named(_read(person.timezone, record), settings=settings)
    return [
        Recipient(
            record=record,
            entity=entity,
            ref=ref,
            client=client,
            client_ref=client_ref,
            number=number,
            problem="" if number else problem,
            language=language,
            zone=zone,
            agrees=agrees,
        )
        for number in (*numbers, *([] if numbers else [None]))
    ]


def _read(reader: Reader | None, record: object) -> object:
    return None if reader is None else reader(record)


def _client(record: Any, person: BoundPerson, entity: BoundEntity | None) -> Any | None:
    """Whose history it belongs to: the client that the person names, else the person, where it is an entity."""
    if person.client is not None:
        return person.client(record)
    return record if entity is not None else None


def zone_named(name: object, *, settings: Settings) -> ZoneInfo:
    """The timezone of this name, the portal's where there is none of it."""
    try:
        return ZoneInfo(str(name)) if name else settings.zone
    except (KeyError, ValueError, OSError):
        return settings.zone


def zone_of(people: Iterable[object], *, registry: Registry, settings: Settings) -> ZoneInfo:
    """The timezone of the first of these records that is a declared person, else the portal's."""
    for record in people:
        entity = registry.person_of(type(record))
        if entity is not None and entity.person is not None:
            return zone_named(_read(entity.person.timezone, record), settings=settings)
    return settings.zone


def _numbers(record: object, person: BoundPerson, *, flags: Sequence[str], settings: Settings) -> tuple[list[str], str]:
    """The numbers to text of the first of these kinds that has any, else why there is none."""
    region = str(_read(person.region, record) or settings.region or "") or None
    problem = "no_number"
    for flag in flags:
        good: list[str] = []
        for written in members(person.phones[flag](record)):
            if not str(written).strip():
                continue
            try:
                good.append(parse_phone(str(written), region=region).e164)
            except PhoneError as error:
                problem = error.code
        if good:
            return good, ""
    return [], problem


def _flags(person: BoundPerson, purpose: str) -> list[str]:
    """The kinds of number for a purpose: for billing those flagged so, then the main one."""
    flags = [flag for flag in ("billing",) if flag in person.phones and purpose == "billing"]
    main = "mobile" if "mobile" in person.phones else next(iter(person.phones), None)
    return flags + ([main] if main is not None and main not in flags else [])


def _each_number_once(found: list[Recipient]) -> list[Recipient]:
    if len(found) == 1:
        return found
    seen: set[str] = set()
    once: list[Recipient] = []
    for each in found:
        name = each.number or f"{each.ref}"
        if name not in seen:
            seen.add(name)
            once.append(each)
    return once
