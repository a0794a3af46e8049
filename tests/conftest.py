"""What all tests share: a portal on a database of its own, and a phone gateway on loopback."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sms_plugin.testing.phone_server import PhoneServer
from tests import databases
from tests.portal import Client, Portal, make_portal

KINDS = os.environ.get("SMS_TEST_DATABASES", databases.SQLITE).split(",")


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database that nobody else uses."""
    with databases.fresh(request.param, tmp_path) as url:
        yield url


@pytest.fixture
def portal(database_url: str) -> Iterator[Portal]:
    """The tests' portal, inside its app context; no provider, every trigger off."""
    made = make_portal(database_url)
    with made.app.app_context():
        yield made
        made.db.session.remove()
        made.db.engine.dispose()


@pytest.fixture
def phone() -> Iterator[PhoneServer]:
    """The phone gateway's server, in this process."""
    with PhoneServer() as server:
        yield server


@pytest.fixture
def ana(portal: Portal) -> Client:
    """A client with a good number, committed."""
    client = Client(name="Ana", phone="912 345 678", language="en")
    portal.db.session.add(client)
    portal.db.session.commit()
    return client
