"""Many rows in one parameter, on SQLite."""

from __future__ import annotations

from uuid import uuid4

import pytest
import sqlalchemy as sa

from sms_plugin.models import random_ids
from sms_plugin.models.listed import in_json, listed
from tests.portal import Portal


@pytest.mark.one_database("sqlite", "it is how SQLite is given many rows")
def test_what_is_listed_comes_back_as_it_went_in(portal: Portal) -> None:
    rows = [(uuid4(), 'with "quotes", {braces} and ї'), (uuid4(), None)]
    asked = listed("b_rows", id=sa.Uuid(), word=sa.String())
    with portal.fresh() as session:
        found = session.execute(sa.select(asked.c.id, asked.c.word), {"b_rows": in_json(rows)}).all()
        none = session.execute(sa.select(asked.c.id), {"b_rows": in_json([])}).all()
    assert [tuple(row) for row in found] == rows
    assert none == []


def test_ids_that_are_drawn_together_are_as_good_as_those_drawn_alone() -> None:
    drawn = random_ids(1000)
    assert len(set(drawn)) == 1000
    assert {each.version for each in drawn} == {4}
    assert random_ids(0) == []
