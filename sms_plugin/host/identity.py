"""Records by name: a primary key as text, and back through the column's own type."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import inspect
from sqlalchemy.orm.attributes import instance_state

from sms_plugin.errors import ConfigurationError


@dataclass(frozen=True)
class RecordRef:
    """A record of the host, named softly: entity key and primary key as text."""

    entity: str
    key: str


def check_key(model: type[Any], *, where: str) -> None:
    """Refuse a model whose key cannot be kept as text. Raises ``ConfigurationError``."""
    for column in inspect(model).primary_key:
        if isinstance(column.type, sa.LargeBinary) or _python_type(column) is bytes:
            raise ConfigurationError(
                f"{where}: the primary key {column.name!r} of {model.__name__} holds bytes, not to be kept as text.",
                code="bytes_key",
                hint="Declare an entity whose key is a number, a text, a date or a UUID.",
            )


def key_text(values: tuple[Any, ...]) -> str:
    """A primary key as text; a composite one as a JSON list."""
    if len(values) == 1:
        return _part(values[0])
    parts = [_part(value) for value in values]
    return json.dumps(parts, separators=(",", ":"), ensure_ascii=False)


def key_of(record: object) -> str:
    """The primary key of a flushed record as text. Raises ``ValueError`` where it has none yet."""
    try:
        identity = instance_state(record).identity  # as ``inspect`` finds it, with less to decide
    except AttributeError:
        identity = inspect(record).identity
    if identity is None:
        raise ValueError("the record has no primary key yet: flush it first")
    return key_text(tuple(identity))


def key_values(model: type[Any], key: str) -> tuple[Any, ...]:
    """The primary key's values again. Raises ``ValueError`` for a text that is no key of this model."""
    columns, whole = _columns(model)  # type: ignore[arg-type]  # a class is hashable
    if whole and key.isascii() and key.isdecimal():  # as nearly every key is
        return (int(key),)
    try:
        parts = [key] if len(columns) == 1 else json.loads(key)
    except RecursionError:
        raise ValueError("a key is no tree") from None
    if not isinstance(parts, list) or len(parts) != len(columns):
        raise ValueError(f"{key!r} is no key of {model.__name__}")
    if b"\0" in "".join(map(str, parts)).encode():  # half a surrogate pair is a ValueError, too
        raise ValueError("a key is text that every database can hold")
    return tuple(_read_back(column, part) for column, part in zip(columns, parts, strict=True))


@lru_cache(maxsize=256)
def _columns(model: type[Any]) -> tuple[tuple[sa.Column[Any], ...], bool]:
    """The primary key's columns, and whether they are one whole number."""
    columns = tuple(inspect(model).primary_key)
    return columns, len(columns) == 1 and _python_type(columns[0]) is int


def _part(value: Any) -> str:
    if type(value) is int or type(value) is str:  # as nearly every key is
        return str(value)
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, Decimal):
        # 5 and 5.00 are one key; what the host assigned and what the database gives back differ in that
        return f"{value.normalize():f}"
    return str(value.isoformat()) if hasattr(value, "isoformat") else str(value)


def _read_back(column: sa.Column[Any], part: str) -> Any:
    kind = _python_type(column)
    if kind is not None:
        return _value(kind, part)
    # a decorated type that does not say what it gives mostly gives what it decorates, else what is written
    below = getattr(getattr(column.type, "impl", None), "python_type", str)
    try:
        return _value(below, part)
    except ValueError:
        return part


def _value(kind: Any, part: str) -> Any:
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind[part]
    if hasattr(kind, "fromisoformat"):
        return kind.fromisoformat(part)
    return kind(part)


def _python_type(column: sa.Column[Any]) -> Any:
    """What the column gives in Python, or None for a type that does not say."""
    try:
        kind = column.type.python_type
    except NotImplementedError:
        return None
    return None if kind is object else kind
