"""What can be chosen of a filter: its declared choices, an enumeration's members, or records of the host's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from inspect import signature
from typing import Any

import sqlalchemy as sa
from sqlalchemy import inspect
from sqlalchemy.orm import Session

from sms_plugin.catalog.loader import in_language
from sms_plugin.host.bound import BoundFilter, FilterKind, Records
from sms_plugin.host.identity import key_of
from sms_plugin.host.naming import by_language
from sms_plugin.host.search import text_columns

#: So many choices are shown in a list; beyond them one types.
MOST = 500
#: So many are named where what was typed fits several.
NAMED = 10
_LONGEST = 200


@dataclass(frozen=True, kw_only=True)
class Offer:
    """One thing that can be chosen: as a condition holds it, and as a person reads it, by language."""

    value: str
    label: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Offers:
    """What can be chosen, in the order of a list; ``more`` where there are others that only typing finds."""

    those: tuple[Offer, ...] = ()
    more: bool = False


def written(value: object) -> str:
    """A value that can be chosen, as a condition and a form hold it."""
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value.isoformat()) if hasattr(value, "isoformat") else str(value)


def offers(session: Session, wanted: BoundFilter, *, outer: Any = None) -> Offers:
    """What can be chosen, at most ``MOST``. ``outer`` is the value of the filter that it is within. Reads only; what a
    host's function raises is raised.
    """
    if wanted.kind is not FilterKind.CHOICE:
        return Offers()
    if wanted.records is not None:
        return _of_records(session, wanted.records)
    pairs = _pairs(wanted, outer)
    those = [Offer(value=written(value), label=_label(label)) for value, label in pairs[: MOST + 1]]
    return Offers(those=tuple(those[:MOST]), more=len(those) > MOST)


def typed(session: Session, wanted: BoundFilter, words: str, *, outer: Any = None) -> Sequence[Offer]:
    """What fits words that a person typed: the one that is called so, else those that begin so, a few at most."""
    said = " ".join(words.replace("\0", " ").split())[:_LONGEST]
    if not said:
        return []
    if wanted.records is not None:
        return _records_called(session, wanted.records, said)
    offered = [Offer(value=written(value), label=_label(label)) for value, label in _pairs(wanted, outer)]
    folded = said.casefold()
    same = [each for each in offered if folded in {label.casefold() for label in each.label.values()}]
    begin = [each for each in offered if any(label.casefold().startswith(folded) for label in each.label.values())]
    return (same or begin)[:NAMED]


def labels(
    session: Session | None, wanted: BoundFilter, values: Iterable[str], *, outer: Any = None, language: str = "en"
) -> dict[str, str]:
    """How a person reads values that were chosen; one that is not there any more is missing. Reads only, and without a
    session no records.
    """
    given = set(values)
    if wanted.records is not None:
        return {} if session is None else _named(session, wanted.records, given)
    return {
        text: in_language(_label(words), language)
        for value, words in _pairs(wanted, outer)
        if (text := written(value)) in given
    }


def _pairs(wanted: BoundFilter, outer: Any) -> Sequence[tuple[Any, Any]]:
    declared = wanted.choices
    if declared is None:
        return [(each, each.name.replace("_", " ").capitalize()) for each in _members(wanted.holds)]
    if not callable(declared):
        return list(declared)
    return list(declared(outer) if wanted.within and signature(declared).parameters else declared())


def _members(holds: Any) -> Iterable[Enum]:
    return holds if isinstance(holds, type) and issubclass(holds, Enum) else ()


def _label(words: Any) -> dict[str, str]:
    told = words if isinstance(words, (str, dict)) else str(words)
    return dict(by_language(told))


def _of_records(session: Session, records: Records) -> Offers:
    keys = inspect(records.model).primary_key
    query = sa.select(records.model).order_by(*keys).limit(MOST + 1)
    found = list(session.scalars(query).unique())
    those = sorted((_offer(each, records) for each in found[:MOST]), key=lambda each: each.label["en"].casefold())
    return Offers(those=tuple(those), more=len(found) > MOST)


def _records_called(session: Session, records: Records, said: str) -> list[Offer]:
    columns = text_columns(records.model)
    for test in (lambda column: column == said, lambda column: column.istartswith(said, autoescape=True)):
        if not columns:
            break
        query = sa.select(records.model).where(sa.or_(*map(test, columns))).limit(NAMED)
        found = [_offer(each, records) for each in session.scalars(query).unique()]
        if found:
            return found
    return []


def _named(session: Session, records: Records, given: set[str]) -> dict[str, str]:
    column = records.key
    held = {each: value for each in given if (value := _held(column, each)) is not None}
    if not held:
        return {}
    found = session.scalars(sa.select(records.model).where(column.in_(list(held.values())))).unique()
    return {offer.value: offer.label["en"] for each in found if (offer := _offer(each, records))}


def _held(column: Any, given: str) -> Any | None:
    try:
        kind = column.type.python_type
        value = kind(given)
    except (NotImplementedError, ValueError, TypeError, ArithmeticError):
        return None
    return None if isinstance(value, int) and not -(2**63) <= value < 2**63 else value


def _offer(record: Any, records: Records) -> Offer:
    return Offer(value=written(getattr(record, records.key.key)), label={"en": _called(record)})


def _called(record: Any) -> str:
    says_so: Any = type(record).__str__
    if says_so is not object.__str__ and (said := str(record).strip()):
        return said
    for name in ("name", "title", "label"):
        called = getattr(record, name, None)
        if isinstance(called, str) and called.strip():
            return called.strip()
    return f"{type(record).__name__} {key_of(record)}"
