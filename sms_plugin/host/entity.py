"""What a host declares: its entities, the people among them, their shortcodes and hooks.

Declarations are values. Nothing is inspected when they are made; ``registry.resolve`` checks them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeAlias, TypeVar

from sqlalchemy import ColumnElement, SQLColumnExpression

from sms_plugin.errors import ConfigurationError
from sms_plugin.host.when import When

M = TypeVar("M")
N = TypeVar("N", contravariant=True)

#: Read from a record: a dotted path ("invoice.client"), or a function of the record.
Read: TypeAlias = str | Callable[[N], object]
#: In one language, or by language.
Words: TypeAlias = str | Mapping[str, str]
#: Asked of the database.
Ask: TypeAlias = SQLColumnExpression[bool] | ColumnElement[bool]


@dataclass(frozen=True, kw_only=True)
class Person(Generic[N]):
    """How a record is a person that can be texted.

    ``phones`` is one number, or several by what they are for: "mobile" is the main one, "billing" gets what is about
    money, the others are only for lists. A value may be a number, a collection of numbers of any kind or None.
    """

    name: Read[N]
    phones: Read[N] | Mapping[str, Read[N]]
    language: Read[N] | None = None
    timezone: Read[N] | None = None
    region: Read[N] | None = None  #: ISO 3166 code for numbers without a country code
    consents: Callable[[N, str], bool | None] | None = None  #: (record, purpose) → yes, no, or None for not asked
    client: Read[N] | None = None  #: the client whose history this person belongs to
    #: paths to the columns that hold the numbers ("numbers.number"), where ``phones`` reads them in another way: a text
    #: from a number that was never texted finds its person by them
    found_by: str | Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Trigger:
    """A reason to text that the host adds to the catalogue (T30)."""

    key: str
    section: str
    label: str | Mapping[str, str]  #: in one language, or by language
    text: Mapping[str, str]  #: suggested, by language
    audience: str = "client"
    purpose: str = "service"  #: billing, service, marketing, staff
    help: str | Mapping[str, str] = ""  #: what it is for, in a line
    quiet: str = "defer"  #: what quiet hours do to it: "defer", "forward" (before them, where it looks ahead), "ignore"

    def __post_init__(self) -> None:
        """Raise ``ConfigurationError`` where a text stands in place of texts by language."""
        _check_kind(self.text, Mapping, f"Trigger {self.key!r}: text", 'text={"en": "…"}')


@dataclass(frozen=True)
class Hook(Generic[N]):
    """What makes a trigger fire for an entity.

    ``only`` is asked of the database when it fires and again just before sending. ``to`` names other recipients than
    the entity's own. ``once`` gives the moment of the occurrence in place of the usual one.
    """

    trigger: str | Trigger
    when: When
    only: Ask | None = None
    to: Read[N] | Sequence[Read[N]] | None = None
    once: Callable[[N], str] | None = None


@dataclass(frozen=True, kw_only=True)
class MoneyOf:
    """An amount and its currency, read by two paths."""

    amount: str
    currency: str | None


@dataclass(frozen=True)
class Debt(Generic[N]):
    """That each record is a debt: how much, and since when. It gives a text ``{debt_count}``, ``{debt_total}`` and
    ``{debt_oldest}``, and lets a trigger tell several of one person in one message (X21).
    """

    amount: MoneyOf
    since: Read[N]


@dataclass(frozen=True, kw_only=True)
class LinkTo:
    """The public address of one of the host's pages."""

    endpoint: str
    values: Mapping[str, str]


Shortcode: TypeAlias = Read[N] | MoneyOf | LinkTo


def money(amount: str, currency: str | None = None) -> MoneyOf:
    """A shortcode that shows an amount in the recipient's way; without a currency it is ``SMS_CURRENCY``."""
    return MoneyOf(amount=amount, currency=currency)


def link(endpoint: str, **values: str) -> LinkTo:
    """A shortcode with the public address of an endpoint, its values read by paths."""
    return LinkTo(endpoint=endpoint, values=values)


@dataclass(frozen=True)
class Filter:
    """A condition by which an operator chooses records of an entity for a send to many (S2).

    ``ask`` is a column, whose type says what can be asked of it (a yes or no, one of some, a date, a number, a text),
    or a function of a value that gives SQL (its annotation or its default says of what kind the value is; a function of
    none answers yes or no). All conditions hold together; those ``through`` the same relationship hold for the same one
    of its records, so that "open" and "due in May" mean one invoice. A dotted path goes on from there:
    ``through="services.access_point"`` speaks of the access point of the service that the other conditions speak of.
    """

    name: str
    ask: SQLColumnExpression[Any] | Callable[..., Ask]
    label: Words = ""  #: empty: made of the name
    #: what can be chosen, (value, label) each; unless given, an enumeration's members or the records of a foreign key.
    #: A function is asked each time, with the value of the filter that it is ``within`` where it takes one
    choices: Sequence[tuple[Any, Words]] | Callable[..., Sequence[tuple[Any, Words]]] | None = None
    #: the relationship of the entity whose records ``ask`` speaks of (``Client.invoices``), or a path of relationships
    through: Any = None
    leads: bool = False  #: one of those of which a selection begins with one at most ("consider")
    within: str = ""  #: the name of a filter that must be chosen first: a district within its city
    help: Words = ""  #: one line in the operator's words
    #: what the records that it goes ``through`` are called; the first of their filters that says so names them all
    of: Words = ""


@dataclass(frozen=True)
class Entity(Generic[M]):
    """The host's declaration of one of its models."""

    model: type[M]
    section: str
    person: Person[M] | None = None
    to: Mapping[str, Read[M] | Person[M] | Sequence[Read[M]]] = field(default_factory=dict)  #: people, by audience
    also: Mapping[str, str] = field(default_factory=dict)  #: another section → the path to its record
    shortcodes: Mapping[str, Shortcode[M]] = field(default_factory=dict)
    hooks: Sequence[Hook[M]] = ()
    filters: Sequence[Filter] = ()
    debt: Debt[M] | None = None  #: where each record is one
    key: str = ""  #: "section/ModelName" unless set

    def __post_init__(self) -> None:
        """Raise ``ConfigurationError`` for a single thing where several are expected."""
        where = f"Entity {self.name}"
        _check_kind(self.to, Mapping, f"{where}: to", 'to={"client": "client"}')
        _check_kind(self.also, Mapping, f"{where}: also", 'also={"invoice": "invoice"}')
        _check_kind(self.shortcodes, Mapping, f"{where}: shortcodes", 'shortcodes={"invoice_number": "number"}')
        _check_kind(self.hooks, Sequence, f"{where}: hooks", "hooks=[Hook(…)]")
        for each in self.hooks:
            _check_kind(each, Hook, f"{where}: hook {each!r}", 'Hook("charge_created", created())')
        _check_kind(self.filters, Sequence, f"{where}: filters", "filters=[Filter(…)]")

    @property
    def name(self) -> str:
        """The entity's key, under which messages keep its records."""
        return self.key or f"{self.section}/{getattr(self.model, '__name__', self.model)}"


@dataclass(frozen=True)
class Section:
    """Shortcodes that belong to no record, such as the company's: every text may use them."""

    name: str
    shortcodes: Mapping[str, Callable[[], object]]


#: What ``SMS(…)`` takes. A trigger by itself is one that is fired by hand only.
Declaration: TypeAlias = Entity[Any] | Section | Trigger


def _check_kind(value: object, kind: type[Any], where: str, example: str) -> None:
    if not isinstance(value, kind) or isinstance(value, str):
        raise ConfigurationError(
            f"{where} is {type(value).__name__}.", code="bad_declaration", hint=f"Write {example}."
        )
