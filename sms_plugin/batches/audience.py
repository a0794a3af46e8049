"""Whom a send to many reaches: any mix of sources, and what holds for all of them (S2, S3, S5, S6)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.batches import conditions as filtering
from sms_plugin.errors import SmsError, did_you_mean, worded
from sms_plugin.host.bound import BoundEntity
from sms_plugin.models import Group, GroupMember
from sms_plugin.state import State

#: Kinds of sources.
FILTERS, GROUP, RECORDS, NUMBERS, FILE = "filters", "group", "records", "numbers", "file"
KINDS: Final = (FILTERS, GROUP, RECORDS, NUMBERS, FILE)
#: Which numbers of a person: the main one, every one, those flagged for billing or for marketing (S3).
MAIN, ALL, BILLING, MARKETING = "main", "all", "billing", "marketing"
WHICH: Final = (MAIN, ALL, BILLING, MARKETING)
#: What quiet hours do to it (X6): it waits for the recipient's morning, or goes at the hour that the operator chose.
DEFER, IGNORE = "defer", "ignore"
#: A prefix that every mobile has.
EVERY_MOBILE: Final = "0"
#: Each charge of a client, however many there are.
ALL_DEBTS: Final = 0
#: More sources, numbers typed in or single records than anybody adds by hand.
MOST_SOURCES, MOST_NUMBERS, MOST_RECORDS = 50, 100_000, 10_000
_APART = re.compile(r"[;,\n\r\t|]+")
_NO_NAME = re.compile(r"[^a-z0-9_]+")
#: What is written of each kind of source.
_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    FILTERS: ("entity", "conditions"),
    GROUP: ("group",),
    RECORDS: ("entity", "keys"),
    NUMBERS: ("text",),
    FILE: ("name", "columns", "phone"),
}


@dataclass(frozen=True, kw_only=True)
class Source:
    """One way by which recipients are found. Which fields count depends on the kind."""

    kind: str
    entity: str = ""  #: filters, records: the entity's key
    conditions: tuple[Mapping[str, Any], ...] = ()  #: filters: all of them hold together; none: everybody
    group: int = 0
    keys: tuple[str, ...] = ()  #: records
    text: str = field(default="", repr=False)  #: numbers: as they were typed, apart by ";" or a new line
    name: str = ""  #: file: its name, to be shown
    columns: tuple[str, ...] = ()  #: file: its columns as they are headed
    phone: str = ""  #: file: the column that holds the number
    #: filters, group: the keys of the records that the operator could see, of the entities of which the host's own
    #: lists show a part; of others, all count
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Source:
        """The source that this JSON says. Raises ``SmsError`` for a kind that there is not."""
        kind = str(given.get("kind", ""))
        if kind not in KINDS:
            raise SmsError(
                worded("There is no source %(kind)s.", kind=repr(kind)),
                code="unknown_source",
                hint=did_you_mean(kind, KINDS) or _ONE_OF,
            )
        values = {name: given[name] for name in _FIELDS[kind] if name in given}
        for name in ("conditions", "keys", "columns"):
            if name in values:
                values[name] = tuple(values[name])
        only = {str(entity): tuple(keys) for entity, keys in dict(given.get("only") or {}).items()}
        return cls(kind=kind, only=only, **values)

    def as_json(self) -> dict[str, Any]:
        """What is kept of it."""
        kept = {name: getattr(self, name) for name in _FIELDS[self.kind]}
        plain = {name: list(value) if isinstance(value, tuple) else value for name, value in kept.items()}
        if "conditions" in plain:
            plain["conditions"] = [dict(each) for each in plain["conditions"]]
        only = {entity: list(keys) for entity, keys in self.only.items()}
        return {"kind": self.kind, **plain, **({"only": only} if only else {})}


_ONE_OF = worded("Choose filters, a group, single records, numbers, or a file.")


@dataclass(frozen=True, kw_only=True)
class Audience:
    """Whom a send reaches. An audience without sources reaches nobody, and can be kept as a draft."""

    sources: tuple[Source, ...] = ()
    numbers: str = MAIN  #: which of a person's numbers
    prefixes: tuple[str, ...] = ()  #: first digits after the area code in Brazil, of the national number elsewhere
    debts: int | None = None  #: at most so many charges of one client, the oldest first; 0 or none: all
    each: bool = False  #: one message for each charge or record, in place of one for each number
    without: tuple[str, ...] = ()  #: numbers in E.164 that are left out
    quiet: str = DEFER

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Audience:
        """The audience that this JSON says. Raises ``SmsError`` for a source of an unknown kind."""
        return cls(
            sources=tuple(Source.read(each) for each in given.get("sources", ())),
            numbers=str(given.get("numbers") or MAIN),
            prefixes=tuple(str(each) for each in given.get("prefixes") or ()),
            debts=given.get("debts"),
            each=bool(given.get("each", False)),
            without=tuple(given.get("without") or ()),
            quiet=str(given.get("quiet") or DEFER),
        )

    def as_json(self) -> dict[str, Any]:
        """What is kept of it, as ``Batch.audience``."""
        return {
            "sources": [each.as_json() for each in self.sources],
            "numbers": self.numbers,
            "prefixes": list(self.prefixes),
            "debts": self.debts,
            "each": self.each,
            "without": list(self.without),
            "quiet": self.quiet,
        }


@lru_cache(maxsize=8)
def typed_numbers(text: str) -> tuple[str, ...]:
    """The numbers that were typed in, in their order, each as it was written; the same writing counts once."""
    written = (" ".join(each.split()) for each in _APART.split(text))
    return tuple(dict.fromkeys(each for each in written if each))


def prefixes_of(text: str) -> tuple[str, ...]:
    """The prefixes that were typed in, several by comma; none where all mobiles are meant."""
    found = tuple(dict.fromkeys(each for each in re.split(r"[,;\s]+", text) if each))
    return () if EVERY_MOBILE in found else found


def shortcode_of(column: str) -> str:
    """The shortcode by which a text names a column of a file: "Nome Próprio" is ``{nome_proprio}``; empty where a
    heading has nothing to make one of.
    """
    plain = unicodedata.normalize("NFKD", column.casefold()).encode("ascii", "ignore").decode()
    name = _NO_NAME.sub("_", plain).strip("_")
    return f"_{name}" if name[:1].isdigit() else name


def check(audience: Audience, *, session: Session, state: State) -> None:
    """Refuse an audience that nobody could be looked for in. Reads only.

    Raises ``SmsError`` that names what is wrong: ``empty_audience``, ``unknown_entity``, ``unknown_group``,
    ``unknown_filter`` and what else the conditions say, ``bad_prefix``, ``bad_choice``, ``too_many``.
    """
    if not audience.sources:
        raise SmsError(
            worded("Nobody is chosen yet."),
            code="empty_audience",
            hint=worded("Choose filters, a group, clients, numbers or a file."),
        )
    if len(audience.sources) > MOST_SOURCES:
        raise SmsError(
            worded("These are too many sources."),
            code="too_many",
            hint=worded("Choose at most %(most)s.", most=MOST_SOURCES),
        )
    _check_choices(audience)
    for source in audience.sources:
        check_source(source, session=session, state=state)


def check_source(source: Source, *, session: Session, state: State) -> None:
    """Refuse a source that finds nobody because it cannot be asked. Raises ``SmsError``. Reads only."""
    if source.kind == FILTERS:
        _check_filters(source.conditions, entity_named(source.entity, state=state), state=state)
    elif source.kind == GROUP:
        group = group_of(session, source)
        if group.entity is not None:
            _check_filters(group.conditions, entity_named(group.entity, state=state), state=state)
    elif source.kind == RECORDS:
        entity_named(source.entity, state=state)
        _check_size(len(source.keys), most=MOST_RECORDS)
    elif source.kind == NUMBERS:
        _check_size(len(typed_numbers(source.text)), most=MOST_NUMBERS)
    elif source.phone not in source.columns:
        raise SmsError(
            worded("The file has no column %(column)s.", column=repr(source.phone)),
            code="missing_column",
            hint=worded("Choose the column with the numbers: %(columns)s.", columns=", ".join(source.columns)),
        )


def entity_named(key: str, *, state: State) -> BoundEntity:
    """The entity of this key. Raises ``SmsError`` (``unknown_entity``) where the portal declares it no more."""
    found = state.registry.entities.get(key)
    if found is None:
        raise SmsError(
            worded("The portal has no %(entity)s to choose from any more.", entity=repr(key)),
            code="unknown_entity",
            hint=did_you_mean(key, state.registry.entities) or worded("Choose again."),
        )
    return found


def group_of(session: Session, source: Source) -> Group:
    """The group of a source. Raises ``SmsError`` (``unknown_group``) where it was deleted."""
    found = session.scalar(sa.select(Group).where(Group.id == source.group))
    if found is None:
        raise SmsError(
            worded("A group that was chosen is gone."), code="unknown_group", hint=worded("Choose another one.")
        )
    return found


def entities_of(audience: Audience, *, session: Session, state: State) -> list[BoundEntity]:
    """The entities whose records the audience finds; free numbers and files have none. Raises ``SmsError``."""
    keys: dict[str, None] = {}
    for source in audience.sources:
        if source.kind in {FILTERS, RECORDS}:
            keys[source.entity] = None
        elif source.kind == GROUP:
            group = group_of(session, source)
            keys.update(dict.fromkeys([group.entity] if group.entity else _members(session, group.id)))
    return [entity_named(key, state=state) for key in keys]


def _members(session: Session, group: int) -> Sequence[str]:
    return session.scalars(sa.select(GroupMember.entity).where(GroupMember.group_id == group).distinct()).all()


def _check_filters(conditions: Sequence[Mapping[str, Any]], entity: BoundEntity, *, state: State) -> None:
    filtering.check(list(conditions), entity=entity, state=state)


def _check_size(size: int, *, most: int) -> None:
    if not size:
        raise SmsError(
            worded("Nobody is chosen yet."), code="empty_audience", hint=worded("Write a number, or choose a record.")
        )
    if size > most:
        raise SmsError(
            worded("These are %(count)s.", count=size),
            code="too_many",
            hint=worded("Give at most %(most)s at once.", most=most),
        )


def _check_choices(audience: Audience) -> None:
    if audience.numbers not in WHICH or audience.quiet not in {DEFER, IGNORE}:
        raise SmsError(
            worded("Such numbers there are not."),
            code="bad_choice",
            hint=worded("Choose one of %(choices)s.", choices=", ".join(WHICH)),
        )
    wrong = next((each for each in audience.prefixes if not (each.isascii() and each.isdecimal())), None)
    if wrong is not None:
        raise SmsError(
            worded("%(prefix)s is no prefix.", prefix=repr(wrong)),
            code="bad_prefix",
            hint=worded("Write the first digits of the numbers, several by comma, such as 91, 93; 0 is every mobile."),
        )
    if audience.debts is not None and audience.debts < 0:
        raise SmsError(
            worded("So few charges cannot be told."), code="bad_choice", hint=worded("Choose 1, 2, 3 or all.")
        )
