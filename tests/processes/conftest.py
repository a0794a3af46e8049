"""A portal whose processes are others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sms_plugin.testing.phone_network import Mode
from sms_plugin.testing.phone_server import PhoneServer
from tests.portal import Portal
from tests.processes.running import Processes
from tests.processes.served import made


@pytest.fixture
def office(database_url: str, phone: PhoneServer) -> Iterator[Portal]:
    """The portal in this process, which runs nothing; the phone gateway is active and reports nothing."""
    phone.set(mode=Mode.NO_RECEIPTS)
    portal = made(database_url, SMS_SCHEDULER="off")
    with portal.app.app_context():
        portal.use(phone)
        yield portal
        portal.db.session.remove()
        portal.db.engine.dispose()


@pytest.fixture
def processes(office: Portal, database_url: str, tmp_path: Path) -> Iterator[Processes]:
    """Where its other processes come from. None of them may log an error."""
    several = Processes(database=database_url, folder=tmp_path)
    yield several
    several.close()
    assert several.troubles() == []
