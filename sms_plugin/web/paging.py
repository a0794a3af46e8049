"""Pages of a list without counting and without OFFSET: a cursor says after which row the next page begins (promise 10).

The cursor is signed with the app's key, so that what comes back is what was given out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import current_app
from itsdangerous import BadData, URLSafeSerializer

from sms_plugin.models.base import Instant

#: The name of the cursor in an address.
PARAMETER = "at"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST = 2**63


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """Where a page begins: beyond a row, forwards or backwards in the list's order."""

    values: tuple[Any, ...]  #: of the list's ordering columns
    back: bool = False


def write_cursor(cursor: Cursor, *, of: str) -> str:
    """The cursor for an address. ``of`` is the list that it belongs to: it opens no other."""
    return _signer(of).dumps([int(cursor.back), *map(_written, cursor.values)])  # type: ignore[no-any-return]


def read_cursor(text: str, *, of: str, columns: Sequence[Any]) -> Cursor:
    """The cursor in an address. Raises ``ValueError`` for one that this list never gave out."""
    try:
        back, *values = _signer(of).loads(text)
        if len(values) != len(columns):
            raise ValueError("another order")
        read = tuple(read_value(column, value) for column, value in zip(columns, values, strict=True))
    except (BadData, TypeError, ValueError) as error:
        raise ValueError("no cursor of this list") from error
    return Cursor(values=read, back=bool(back))


def beyond(columns: Sequence[Any], values: Sequence[Any], *, descending: bool, dialect: str) -> sa.ColumnElement[bool]:
    """That a row comes after these values, in an order whose columns all go one way and are never null."""

    def after(column: Any, value: Any) -> sa.ColumnElement[bool]:
        beyond_it: sa.ColumnElement[bool] = column < value if descending else column > value
        return beyond_it

    if len(columns) == 1:
        return after(columns[0], values[0])
    if dialect in ("mysql", "mariadb"):
        # these find no range in a comparison of rows, so it is spelled out behind a bound that gives one
        first, value = columns[0], values[0]
        bound = first <= value if descending else first >= value
        rest = beyond(columns[1:], values[1:], descending=descending, dialect=dialect)
        return sa.and_(bound, sa.or_(after(first, value), sa.and_(first == value, rest)))
    given = [sa.literal(value, column.type) for column, value in zip(columns, values, strict=True)]
    return after(sa.tuple_(*columns), sa.tuple_(*given))


def read_value(column: Any, value: object) -> Any:
    """A column's value out of an address or a form. Raises ``ValueError`` for what the column cannot hold.

    A database would not only refuse it: PostgreSQL ends the transaction with it.
    """
    kind = column.type
    if isinstance(kind, Instant):
        return _EPOCH + timedelta(microseconds=_whole(value))
    if isinstance(kind, sa.Uuid):
        return UUID(str(value))
    if isinstance(kind, sa.Integer):
        return _whole(value)
    text = str(value)
    if "\x00" in text or len(text) > (getattr(kind, "length", None) or 255):
        raise ValueError("no such text")
    return text


def _whole(value: object) -> int:
    number = int(str(value))
    if not -_LARGEST <= number < _LARGEST:
        raise ValueError("no such number")
    return number


def _written(value: object) -> object:
    if isinstance(value, datetime):
        return (value - _EPOCH) // timedelta(microseconds=1)
    return str(value) if isinstance(value, UUID) else value


def _signer(of: str) -> Any:
    return URLSafeSerializer(current_app.secret_key or "", salt=f"sms-cursor-{of}")
