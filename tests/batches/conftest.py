"""What the tests of sending to many share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sms_plugin.testing.phone_server import PhoneServer
from tests.batches.desk import Desk, desk_for


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    """An operator at a portal that has a provider which sends nothing anywhere, inside its app context."""
    made = desk_for(database_url)
    with made.portal.app.app_context():
        made.portal.use_kind("console", {}, name="console")
        yield made
        made.portal.db.session.remove()
        made.portal.db.engine.dispose()


@pytest.fixture
def phoned(database_url: str, phone: PhoneServer) -> Iterator[Desk]:
    """The same with the phones for a provider."""
    made = desk_for(database_url)
    with made.portal.app.app_context():
        made.portal.use(phone)
        yield made
        made.portal.db.session.remove()
        made.portal.db.engine.dispose()
