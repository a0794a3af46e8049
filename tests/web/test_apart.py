"""A page's own transactions do not wait for the request's (X1)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from sms_plugin.outbox.tallies import tally, totals
from sms_plugin.web.apart import look, reading, within
from tests.portal import Client, Portal, make_portal

pytestmark = pytest.mark.one_database("sqlite", "only there a request can lock itself out")


@pytest.fixture(params=["", "BEGIN", "BEGIN IMMEDIATE"], ids=["driver's", "deferred", "immediate"])
def request_of(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Portal]:
    """A portal amid a request that has read and written, on a database that does not wait for a lock at all."""
    options = {"connect_args": {"timeout": 0}}
    portal = make_portal(f"sqlite:///{tmp_path / 'portal.db'}", SQLALCHEMY_ENGINE_OPTIONS=options)
    with portal.app.app_context():
        if request.param:
            portal.begin_first(request.param)
        portal.session.add(Client(name="Ana", phone="912 345 678", language="en"))
        portal.session.commit()
        portal.db.session.remove()
    with portal.app.test_request_context():
        client = portal.session.get_one(Client, 1)
        client.name = "seen"
        portal.session.flush()
        yield portal
        portal.db.session.remove()
        portal.db.engine.dispose()


def test_what_a_page_writes_does_not_wait_for_its_own_request(request_of: Portal) -> None:
    within(request_of.state, lambda session: tally(session, {"x": 1}))
    assert look(request_of.state, totals) == {"x": 1}
    with reading(request_of.state) as session:
        assert session.scalar(sa.select(Client.name)) == "seen"


def test_what_the_request_had_loaded_can_be_used_meanwhile(request_of: Portal) -> None:
    """Read anew, it would take a lock of its own in the middle of the page's transaction."""
    client = request_of.session.get_one(Client, 1)
    within(request_of.state, lambda session: tally(session, {client.name: 1}))
    assert look(request_of.state, totals) == {"seen": 1}
