"""The function of a filter may read the host's database itself, whatever the host's transactions begin with (S2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from sms_plugin import Filter
from sms_plugin.batches.groups import Wanted, create
from sms_plugin.states import BatchState
from sms_plugin.transactions import within
from tests.batches.desk import WHO, Desk, clients, desk_for, now, speaks_as
from tests.portal import Client

AS_EVA = {"filter": "speaks_as", "op": "is", "value": "Eva"}


@pytest.fixture(params=["", "BEGIN", "BEGIN IMMEDIATE"], ids=["driver's", "deferred", "immediate"])
def reading(request: pytest.FixtureRequest, database_url: str) -> Iterator[Desk]:
    """A portal with such a filter, which does not wait for a lock; one client speaks as Eva, another does not."""
    options: dict[str, Any] = {}
    if database_url.startswith("sqlite"):
        options["SQLALCHEMY_ENGINE_OPTIONS"] = {"connect_args": {"timeout": 0}}
    made = desk_for(database_url, Filter("speaks_as", speaks_as), **options)
    with made.portal.app.app_context():
        made.portal.use_kind("console", {}, name="console")
        made.add(
            Client(id=1, name="Ana", phone="911 111 111", language="en"),
            Client(id=2, name="Eva", phone="912 222 222", language="en"),
            Client(id=3, name="Rui", phone="913 333 333", language="pt"),
        )
        made.portal.db.session.remove()
        if request.param:
            made.portal.begin_first(request.param)
        yield made
        made.portal.db.session.remove()
        made.portal.db.engine.dispose()


def test_its_recipients_are_found_confirmed_and_fed(reading: Desk) -> None:
    batch = reading.built(clients(AS_EVA))
    assert reading.batch(batch).state == BatchState.READY
    assert reading.texts(batch) == ["Hi Ana", "Hi Eva"]
    reading.confirm(batch)
    reading.follow()
    assert len(reading.messages(batch)) == 2
    assert not reading.portal.db.session.registry.has()


def test_it_is_read_again_when_their_turn_comes(reading: Desk) -> None:
    """Promise 4"""
    batch = reading.built(clients(AS_EVA))
    reading.confirm(batch)
    with reading.portal.fresh() as session, session.begin():
        session.execute(sa.update(Client).where(Client.name == "Eva").values(language="pt"))
    reading.follow()
    assert [(each.record, each.reason) for each in reading.messages(batch)] == [("1", "no_longer_true"), ("2", "")]


def test_it_is_added_to_what_was_built(reading: Desk) -> None:
    batch = reading.built(clients({"filter": "name", "op": "is", "value": "Rui"}))
    reading.add_sources(batch, clients(AS_EVA))
    reading.build(batch)
    assert len(reading.texts(batch)) == 3


def test_it_is_kept_in_a_group(reading: Desk) -> None:
    """S6"""
    wanted = Wanted(name="As Eva", entity="clients/Client", conditions=(AS_EVA,))
    state = reading.portal.state
    assert within(state, lambda session: create(session, wanted, state=state, who=WHO, now=now()).id)
