"""Records by name: their keys as text, and back."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column
from sqlalchemy.types import TypeDecorator

from sms_plugin import ConfigurationError
from sms_plugin.host.identity import check_key, key_of, key_values


class Colour(Enum):
    RED = 1


class Guid(TypeDecorator[UUID]):
    """The usual recipe, which does not say what it gives."""

    impl = sa.CHAR(36)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> str | None:
        return None if value is None else str(value)

    def process_result_value(self, value: Any, dialect: Any) -> UUID | None:
        return None if value is None else UUID(value)


class Ticket(TypeDecorator[str]):
    """A number that reads "T-5"."""

    impl = sa.Integer
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> int | None:
        return None if value is None else int(value.removeprefix("T-"))

    def process_result_value(self, value: Any, dialect: Any) -> str | None:
        return None if value is None else f"T-{value}"


class Base(DeclarativeBase):
    pass


#: MariaDB keeps whole seconds unless it is told otherwise.
_EXACT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")
#: Of one connection only: nothing is left in the database.
_TEMPORARY: dict[str, Any] = {"__table_args__": {"prefixes": ["TEMPORARY"]}}


def _model(name: str, *kinds: Any) -> type[Any]:
    columns = {f"key_{n}": mapped_column(kind, primary_key=True) for n, kind in enumerate(kinds)}
    return type(name, (Base,), {"__tablename__": f"key_{name.lower()}", **_TEMPORARY, **columns})


KEYS: list[tuple[type[Any], tuple[Any, ...], str]] = [
    (_model("Number", sa.Integer), (5,), "5"),
    (_model("Text", sa.String(20)), ('x,"y',), 'x,"y'),
    (_model("Day", sa.Date), (dt.date(2026, 1, 2),), "2026-01-02"),
    (_model("Moment", _EXACT), (dt.datetime(2026, 1, 2, 3, 4, 5, 6),), "2026-01-02T03:04:05.000006"),
    (_model("Amount", sa.Numeric(10, 2)), (Decimal(5),), "5"),
    (_model("Choice", sa.Enum(Colour)), (Colour.RED,), "RED"),
    (_model("Ticketed", Ticket), ("T-5",), "T-5"),
    (_model("Pair", sa.Integer, sa.String(20)), (1, 'x,"ã'), '["1","x,\\"ã"]'),
    (_model("Dated", sa.Date, sa.Integer), (dt.date(2026, 1, 2), 3), '["2026-01-02","3"]'),
]
UUIDS = [_model("Native", sa.Uuid), _model("Decorated", Guid)]


def _stored(url: str, model: type[Any], values: tuple[Any, ...]) -> tuple[str, bool]:
    """The key of a record as text, and whether the text finds the record again."""
    engine = sa.create_engine(url)
    with engine.connect() as connection, Session(connection) as session:
        model.__table__.create(connection, checkfirst=False)
        record = model(**{f"key_{n}": value for n, value in enumerate(values)})
        session.add(record)
        session.flush()
        text = key_of(record)
        session.expunge_all()
        found = session.get(model, key_values(model, text))
        same = found is not None and key_of(found) == text
    engine.dispose()
    return text, same


@pytest.mark.parametrize(("model", "values", "text"), KEYS, ids=[model.__name__ for model, *_ in KEYS])
@pytest.mark.filterwarnings("ignore:Dialect sqlite\\+pysqlite does \\*not\\* support Decimal")
def test_a_key_is_a_text_that_finds_its_record_again(
    database_url: str, model: type[Any], values: tuple[Any, ...], text: str
) -> None:
    assert _stored(database_url, model, values) == (text, True)


@pytest.mark.parametrize("model", UUIDS, ids=["native", "decorated"])
def test_a_uuid_is_a_text_that_finds_its_record_again(database_url: str, model: type[Any]) -> None:
    key = uuid4()
    assert _stored(database_url, model, (key,)) == (str(key), True)


def test_a_record_without_a_key_has_no_name_yet() -> None:
    with pytest.raises(ValueError, match="flush it first"):
        key_of(KEYS[0][0]())


@pytest.mark.parametrize("text", ['["\\ud800","1"]', '["\\u0000","1"]', "[" * 100_000])
def test_a_text_that_no_database_can_hold_is_no_key(text: str) -> None:
    """An address brings anything: each is a ``ValueError`` here, and none reaches a database."""
    with pytest.raises(ValueError, match=r"key|surrogates"):
        key_values(KEYS[7][0], text)


@pytest.mark.parametrize("text", ["[]", "5", '["1"]', '["1","2","3"]', "{}"])
def test_a_text_that_is_no_key_of_the_model_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no key of Pair"):
        key_values(KEYS[7][0], text)


@pytest.mark.parametrize("kind", [sa.LargeBinary, sa.BINARY(16)])
def test_a_key_of_bytes_is_refused(kind: Any) -> None:
    model = _model(f"Bytes{id(kind)}", kind)
    with pytest.raises(ConfigurationError) as raised:
        check_key(model, where="here")
    assert raised.value.code == "bytes_key"
