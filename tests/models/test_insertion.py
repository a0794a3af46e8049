"""Inserting rows that may stand already, one and many, on every database (promise 2)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from sms_plugin.models import Message, new_id
from sms_plugin.models.insertion import insert_once
from tests.portal import Portal

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
_MESSAGE: Any = Message.__table__


def _row(name: str, **values: Any) -> dict[str, Any]:
    return {
        "id": new_id(NOW),
        "direction": "out",
        "state": "queued",
        "occurrence": None if not name else name.encode().ljust(16),
        "purpose": "service",
        "priority": 0,
        "number": None,
        "text": name,
        "due_at": NOW,
        "created_at": NOW,
        "changed_at": NOW,
        **values,
    }


def _inserted(portal: Portal, *rows: dict[str, Any]) -> list[UUID]:
    with portal.fresh() as session, session.begin():
        return insert_once(session.connection(), _MESSAGE, rows, unique="occurrence")


def _texts(portal: Portal) -> list[str]:
    with portal.fresh() as session:
        return sorted(session.scalars(sa.select(_MESSAGE.c.text)))


def test_many_rows_are_told_in_their_order(portal: Portal) -> None:
    rows = [_row(name) for name in ("c", "a", "b")]
    assert _inserted(portal, *rows) == [row["id"] for row in rows]
    assert _texts(portal) == ["a", "b", "c"]


@pytest.mark.parametrize("known", [("b",), ("a", "c"), ("a", "b", "c")])
def test_of_many_rows_those_that_stood_already_are_left_alone_and_not_told(
    portal: Portal, known: tuple[str, ...]
) -> None:
    for name in known:
        _inserted(portal, _row(name, text=f"{name} of old"))
    rows = [_row(name) for name in ("a", "b", "c")]
    assert _inserted(portal, *rows) == [row["id"] for row in rows if row["text"] not in known]
    assert _texts(portal) == sorted(f"{name} of old" if name in known else name for name in ("a", "b", "c"))


def test_the_same_key_twice_among_many_is_one_row(portal: Portal) -> None:
    first, second = _row("a"), _row("a", text="again")
    assert _inserted(portal, first, second) == [first["id"]]
    assert _texts(portal) == ["a"]


def test_rows_without_a_key_are_all_inserted(portal: Portal) -> None:
    """A text by hand has no occurrence."""
    assert len(_inserted(portal, _row("", text="x"), _row("", text="x"))) == 2


def test_more_rows_than_are_asked_for_at_once(portal: Portal) -> None:
    _inserted(portal, _row("500"))
    rows = [_row(str(number)) for number in range(1201)]
    assert _inserted(portal, *rows) == [row["id"] for row in rows if row["text"] != "500"]


def test_what_does_not_fit_its_column_is_refused(portal: Portal) -> None:
    """Never cut; SQLite, which knows no lengths, keeps it whole."""
    if portal.db.engine.dialect.name == "sqlite":
        _inserted(portal, _row("a"), _row("b", number="+" * 17))
        assert len(_texts(portal)) == 2
        return
    with pytest.raises(DBAPIError):
        _inserted(portal, _row("a"), _row("b", number="+" * 17))
    assert _texts(portal) == []


def test_columns_that_nobody_gave_hold_their_defaults_in_many_rows_as_in_one(portal: Portal) -> None:
    _inserted(portal, _row("one"))
    _inserted(portal, _row("many"), _row("more"))
    with portal.fresh() as session:
        rows = session.execute(sa.select(_MESSAGE)).mappings().all()
    given = {"id", "occurrence", "text"}
    assert len(rows) == 3
    assert len({tuple(value for name, value in row.items() if name not in given) for row in rows}) == 1


def test_values_of_many_rows_come_back_as_those_of_one(portal: Portal) -> None:
    """Moments, money, keys and texts with signs of the drivers' own in them."""
    own = {"cost": Decimal("0.0350"), "version": b"v" * 16, "text": "100 % of %(this)s, ? or :that", "segments": 2}
    _inserted(portal, _row("one", **own))
    _inserted(portal, _row("many", **own), _row("more", **{**own, "cost": None, "version": None}))
    with portal.fresh() as session:
        rows = session.execute(sa.select(*(_MESSAGE.c[name] for name in (*own, "due_at"))).order_by(_MESSAGE.c.id))
        one, many, more = map(tuple, rows)
    assert many == one == (Decimal("0.035"), b"v" * 16, own["text"], 2, NOW)
    assert more == (None, None, own["text"], 2, NOW)
