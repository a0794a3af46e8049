"""A portal with its pages, for the tests of gateways that go the whole way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.demo.visitor import Visitor
from tests.portal import make_portal
from tests.web.hosts import host
from tests.whole.office import Office


@pytest.fixture
def office(database_url: str) -> Iterator[Office]:
    """Nothing is set up yet. No app context is open around a request, as in real life."""
    portal = make_portal(database_url, mount=host())
    yield Office(portal=portal, visitor=Visitor(client=portal.app.test_client()))
    with portal.app.app_context():
        portal.db.session.remove()
        portal.db.engine.dispose()
