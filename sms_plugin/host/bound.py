"""Declarations after they were checked: readers in place of paths, models in place of names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from sqlalchemy.orm.interfaces import LoaderOption

from sms_plugin.host.entity import Hook, LinkTo
from sms_plugin.host.when import When

Reader: TypeAlias = Callable[[Any], object]


@dataclass(frozen=True, kw_only=True)
class MoneyReader:
    """Reads an amount and its currency."""

    amount: Reader
    currency: Reader | None


@dataclass(frozen=True, kw_only=True)
class LinkReader:
    """Reads what the address of a page needs."""

    declared: LinkTo
    values: Mapping[str, Reader]


ShortcodeReader: TypeAlias = Reader | MoneyReader | LinkReader


@dataclass(frozen=True, kw_only=True)
class BoundPerson:
    """How to read a person."""

    name: Reader
    phones: Mapping[str, Reader]
    language: Reader | None
    timezone: Reader | None
    region: Reader | None
    consents: Callable[[Any, str], bool | None] | None
    client: Reader | None
    client_by: tuple[Any, ...] = ()  #: the relationships of the path to the client, where a person may have none yet


@dataclass(frozen=True, kw_only=True)
class Target:
    """One way from a record to people: by a reader, or the record itself as an inline person."""

    read: Reader
    person: BoundPerson | None = None  #: set when the record itself is the person


@dataclass(frozen=True, kw_only=True)
class BoundEntity:
    """An entity whose declaration holds."""

    key: str
    model: type[Any]
    section: str
    person: BoundPerson | None
    to: Mapping[str, tuple[Target, ...]]
    also: Mapping[str, Reader]
    shortcodes: Mapping[str, ShortcodeReader]
    reaches: frozenset[str]  #: keys of the entities that `to` and `also` lead to
    eager: tuple[LoaderOption, ...] = field(default=(), repr=False)


@dataclass(frozen=True, kw_only=True, eq=False)
class BoundHook:
    """A hook of an entity, with its trigger found."""

    trigger: str
    entity: BoundEntity
    when: When
    step: str
    declared: Hook[Any]
    to: tuple[Target, ...] = ()  #: empty: the entity's own
    of_member: bool = False  #: whoever was added is the recipient
    reaches: frozenset[str] = frozenset()  #: keys of the entities that only this hook leads to


@dataclass(frozen=True, kw_only=True)
class Reason:
    """A trigger as the catalogue or the host declares it."""

    key: str
    section: str
    audience: str
    purpose: str
    label: Mapping[str, str]
    text: Mapping[str, str]


@dataclass(kw_only=True)
class Plan:
    """The hooks of one model, by what they watch."""

    created: list[BoundHook] = field(default_factory=list)
    changed: dict[str, list[BoundHook]] = field(default_factory=dict)
    added: dict[str, list[BoundHook]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.created or self.changed or self.added)
