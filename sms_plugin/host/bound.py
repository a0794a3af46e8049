"""Declarations after they were checked: readers in place of paths, models in place of names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

from sqlalchemy.orm.interfaces import LoaderOption

from sms_plugin.host.entity import Hook, LinkTo
from sms_plugin.host.paths import Path
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


@dataclass(frozen=True, kw_only=True)
class BoundDebt:
    """How to read a debt."""

    amount: MoneyReader
    since: Reader


class FilterKind(StrEnum):
    """What can be asked of a filter."""

    BOOL = "bool"
    CHOICE = "choice"
    NUMBER = "number"
    DATE = "date"
    TEXT = "text"


@dataclass(frozen=True, kw_only=True)
class Records:
    """The records that a filter chooses among."""

    model: type[Any]
    key: Any  #: the column whose value stands in the foreign key


@dataclass(frozen=True, kw_only=True, eq=False)
class BoundFilter:
    """A filter whose declaration holds: it asks a column, or a function that gives SQL."""

    name: str
    kind: FilterKind
    label: Mapping[str, str]  #: by language
    help: Mapping[str, str]
    holds: Any  #: the Python type of its values; None where the column does not say
    column: Any = None
    function: Callable[..., Any] | None = None
    takes_value: bool = True  #: whether its function does; one that takes none answers yes or no
    through: tuple[Any, ...] = ()  #: relationships, from the entity on
    choices: Any = None  #: as declared: pairs, or a function of none or of the value of ``within``
    records: Records | None = None
    leads: bool = False
    within: str = ""
    of: Mapping[str, str] = field(default_factory=dict)  #: what the records behind ``through`` are called, by language


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
    found_by: tuple[Path, ...] = ()  #: paths to the columns that hold numbers: the database finds the person by them
    client_by: tuple[Any, ...] = ()  #: the relationships of the path to the client, where a person may have none yet
    client_path: Path | None = None  #: the path to the client, where one is declared


@dataclass(frozen=True, kw_only=True)
class Target:
    """One way from a record to people: by a reader, or the record itself as an inline person."""

    read: Reader
    person: BoundPerson | None = None  #: set when the record itself is the person
    path: Path | None = None  #: the way that is read, where it is a path: the database can go it backwards


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
    debt: BoundDebt | None = None
    filters: tuple[BoundFilter, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class BoundHook:
    """A hook of an entity, with its trigger found."""

    trigger: str
    entity: BoundEntity
    when: When
    step: str  #: the first of those that it declares; empty where it looks at no date
    declared: Hook[Any]
    to: tuple[Target, ...] = ()  #: empty: the entity's own
    of_member: bool = False  #: whoever was added is the recipient
    reaches: frozenset[str] = frozenset()  #: keys of the entities that only this hook leads to
    leads: bool = True  #: the first of its trigger, entity and direction: steps that the admin sets are its


@dataclass(frozen=True, kw_only=True)
class Reason:
    """A trigger as the catalogue or the host declares it."""

    key: str
    section: str
    audience: str
    purpose: str
    label: Mapping[str, str]
    text: Mapping[str, str]
    help: Mapping[str, str] = field(default_factory=dict)
    quiet: str = "defer"  #: what quiet hours do to it: defer, forward, ignore (X6)


@dataclass(kw_only=True)
class Plan:
    """The hooks of one model, by what they watch."""

    created: list[BoundHook] = field(default_factory=list)
    changed: dict[str, list[BoundHook]] = field(default_factory=dict)
    added: dict[str, list[BoundHook]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.created or self.changed or self.added)
