"""Records by name: a primary key as text, and back through the column's own type."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import inspect

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
                f"{where}: the primary key {column.name!r} of {model.__name__} holds bytes, which cannot be kept as text.",
                code="bytes_key",
                hint="Declare an entity whose key is a number, a text, a date or a UUID.",
            )


def key_text(values: tuple[Any, ...]) -> str:
    """A primary key as text; a composite one as a JSON list."""
    parts = [part.isoformat() if hasattr(part, "isoformat") else str(part) for part in values]
    return parts[0] if len(parts) == 1 else json.dumps(parts, separators=(",", ":"), ensure_ascii=False)


def key_of(record: object) -> str:
    """The primary key of a flushed record as text. Raises ``ValueError`` where it has none yet."""
    identity = inspect(record).identity  # type: ignore[attr-defined]
    if identity is None:
        raise ValueError("the record has no primary key yet: flush it first")
    return key_text(tuple(identity))


def key_values(model: type[Any], key: str) -> tuple[Any, ...]:
    """The primary key's values again. Raises ``ValueError`` for a text that is no key of this model."""
    columns = inspect(model).primary_key
    parts = [key] if len(columns) == 1 else json.loads(key)
    if len(parts) != len(columns):
        raise ValueError(f"{key!r} is no key of {model.__name__}")
    return tuple(_read_back(column, part) for column, part in zip(columns, parts, strict=True))


def _read_back(column: sa.Column[Any], part: str) -> Any:
    kind = _python_type(column)
    if hasattr(kind, "fromisoformat"):
        return kind.fromisoformat(part)
    return kind(part)


def _python_type(column: sa.Column[Any]) -> Any:
    try:
        return column.type.python_type
    except NotImplementedError:
        return str
