"""The declarative base of the plugin's tables, and the column types that read the same on every database."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
#: How many ids were made, from anywhere on: another process's are as likely before as behind.
_MADE = count(secrets.randbits(32))


class Instant(TypeDecorator[datetime]):
    """A moment: aware UTC in Python, microseconds since 1970 in the database.

    Whole numbers compare and sort alike on every database, keep their microseconds, and can be set against the
    database's own clock.
    """

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Microseconds. Raises ``ValueError`` for a naive time, whose meaning nobody knows."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment needs a timezone: {value!r}")
        return (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Aware UTC."""
        return None if value is None else _EPOCH + timedelta(microseconds=int(value))


_MILLIONTH = Decimal(1_000_000)


class Money(TypeDecorator[Decimal]):
    """An amount: ``Decimal`` in Python, whole millionths in the database, so that it adds up alike on each of them."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        """Millionths, rounded half to even."""
        return None if value is None else int((value * _MILLIONTH).to_integral_value())

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """The amount, without zeros at its end."""
        return None if value is None else (Decimal(int(value)) / _MILLIONTH).normalize() + 0


def exact(length: int) -> sa.String:
    """A text in which capitals and accents count on every database: keys of the host's, references of a provider."""
    return sa.String(length).with_variant(mysql.VARCHAR(length, collation="utf8mb4_bin"), "mysql", "mariadb")


#: A digest of 16 bytes that stands in a unique index.
Digest = sa.LargeBinary(16).with_variant(mysql.BINARY(16), "mysql", "mariadb")

#: A row number; SQLite counts only in its own INTEGER.
RowNumber = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def constant(value: str) -> sa.ColumnClause[str]:
    """A text of ours in the statement itself: a parameter would be made anew for each row of a statement for many."""
    return sa.literal_column(f"'{value}'", sa.String())


class Base(DeclarativeBase):
    """Base of the ``sms_`` tables: beside the host's metadata, never in it."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def new_id(at: datetime) -> UUID:
    """A UUID (version 7, RFC 9562) that sorts by the moment given, to the microsecond, and among those of one moment by
    when this process made it: what a run writes goes in the order in which it found it.
    """
    return UUID(int=first_id(at).int | (next(_MADE) & 0xFFFF_FFFF) << 30 | secrets.randbits(30))


def random_ids(count: int) -> list[UUID]:
    """So many UUIDs (version 4), for which the system is asked once."""
    drawn = secrets.token_bytes(16 * count)
    return [UUID(bytes=drawn[at : at + 16], version=4) for at in range(0, len(drawn), 16)]


def first_id(at: datetime) -> UUID:
    """The smallest of the ids that ``new_id`` makes at this moment or later."""
    milliseconds, microseconds = divmod((at - _EPOCH) // _MICROSECOND, 1000)
    # RFC 9562, 6.2, method 3: the twelve bits behind the milliseconds are their fraction
    return UUID(int=(milliseconds << 80) | (7 << 76) | (microseconds * 4096 // 1000 << 64) | (2 << 62))
