"""Finding a record of the host's by what a person types, without reading a large table from end to end (M7)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import inspect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import InstrumentedAttribute, Session

from sms_plugin.host.bound import BoundEntity
from sms_plugin.host.identity import key_of, key_values

#: So many of the newest records are looked through for the beginning of a word.
NEWEST = 2000
#: So many records are found at most.
MOST = 10
_WORDS = 5
_COLUMNS = 10
_LETTER = re.compile(r"[^\W\d_]")
_SECRET = re.compile(r"passw|secret|token|hash|salt|otp", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Found:
    """A record that was found, by its soft name."""

    entity: str
    key: str
    label: str


def find(session: Session, entity: BoundEntity, words: str, *, most: int = MOST, numbers: bool = True) -> list[Found]:
    """Up to ``most`` records: the one with this key, those with exactly this in an indexed column, then those of the
    newest ``NEWEST`` in which every word begins a word of some text; without words, the newest. Reads only.

    Without ``numbers`` nobody is found by the digits of a text, of which a telephone number could be guessed one by
    one (X23): where records have some, a word without a letter is a key, or nothing.
    """
    written = " ".join(words.replace("\0", " ").split())
    only_key = not numbers and _has_numbers(entity) and any(not _LETTER.search(word) for word in written.split())
    found: dict[str, Any] = {}
    for records in _ways(session, entity, written, most=most, only_key=only_key):
        for record in records:
            found.setdefault(key_of(record), record)
        if len(found) >= most:
            break
    return [
        Found(entity=entity.key, key=key, label=label_of(record, entity)) for key, record in list(found.items())[:most]
    ]


def label_of(record: object, entity: BoundEntity) -> str:
    """What a person calls a record: its name, else what it says of itself, else its class and key."""
    try:
        if entity.person is not None and (name := str(entity.person.name(record) or "").strip()):
            return name
        if type(record).__str__ is not object.__str__ and (told := str(record).strip()):
            return told
    except Exception:  # noqa: BLE001 - a host's attribute may raise anything; the record can still be chosen
        return f"{type(record).__name__} {key_of(record)}"
    return f"{type(record).__name__} {key_of(record)}"


def load(session: Session, entity: BoundEntity, key: str) -> Any | None:
    """The record with this key, or None; a text that is no key of the entity finds none. Reads only."""
    if "\0" in key:
        return None
    try:
        return session.get(entity.model, key_values(entity.model, key), options=list(entity.eager))
    except (ValueError, TypeError, ArithmeticError, KeyError):
        return None
    except DBAPIError:
        session.rollback()  # a number that the column cannot hold
        return None


def _ways(session: Session, entity: BoundEntity, written: str, *, most: int, only_key: bool) -> Iterable[list[Any]]:
    model = entity.model
    columns = text_columns(model)
    if not written:
        yield _newest(session, model, None, most=most)
        return
    named = load(session, entity, written)
    yield [] if named is None else [named]
    if only_key:
        return
    exact = [column == written for column in columns if column.key in _indexed(model)]
    if exact:
        yield list(session.scalars(sa.select(model).where(sa.or_(*exact)).limit(most)).unique())
    if columns:
        each = [sa.or_(*(_begins(column, word) for column in columns)) for word in written.split()[:_WORDS]]
        yield _newest(session, model, sa.and_(*each), most=most)


def _has_numbers(entity: BoundEntity) -> bool:
    """Whether a telephone number may stand in the entity's own table."""
    return entity.person is not None or any(each.person is not None for to in entity.to.values() for each in to)


def _newest(session: Session, model: type[Any], condition: sa.ColumnElement[bool] | None, *, most: int) -> list[Any]:
    keys = [getattr(model, attribute.key) for attribute in _key_attributes(model)]
    recent = sa.select(*keys).order_by(*(key.desc() for key in keys)).limit(NEWEST).subquery()
    same = [key == recent.c[number] for number, key in enumerate(keys)]
    query = sa.select(model).join(recent, sa.and_(*same)).order_by(*(key.desc() for key in keys)).limit(most)
    return list(session.scalars(query if condition is None else query.where(condition)).unique())


def _begins(column: InstrumentedAttribute[Any], word: str) -> sa.ColumnElement[bool]:
    return sa.or_(column.istartswith(word, autoescape=True), column.icontains(f" {word}", autoescape=True))


def text_columns(model: type[Any]) -> list[InstrumentedAttribute[Any]]:
    """The text columns that may be searched: none that keeps a secret, whose beginning could be guessed this way."""
    found = [
        getattr(model, attribute.key)
        for attribute in inspect(model).column_attrs
        if not attribute.deferred
        and isinstance(attribute.expression, sa.Column)
        and isinstance(attribute.expression.type, sa.String)
        and not isinstance(attribute.expression.type, sa.Enum)
        and not _SECRET.search(attribute.key)
        and not _SECRET.search(attribute.expression.name)
    ]
    return found[:_COLUMNS]


def _indexed(model: type[Any]) -> set[str]:
    """The attributes whose column an index begins with."""
    mapper = inspect(model)
    table: Any = mapper.local_table
    ordered = [*getattr(table, "indexes", ())]
    ordered += [each for each in getattr(table, "constraints", ()) if isinstance(each, sa.UniqueConstraint)]
    first = {column for each in ordered for column in list(each.columns)[:1]}
    return {attribute.key for attribute in mapper.column_attrs if first.intersection(attribute.columns)}


def _key_attributes(model: type[Any]) -> list[Any]:
    mapper = inspect(model)
    return [mapper.get_property_by_column(column) for column in mapper.primary_key]
