"""The database is restarted, or cuts its connections, while messages leave: the drain goes on by itself (X2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sms_plugin.outbox.tallies import counts_by_state
from sms_plugin.states import MessageState
from sms_plugin.testing.phone_network import Mode
from sms_plugin.testing.phone_server import PhoneServer
from sms_plugin.transactions import look
from tests import databases
from tests.kill.servers import Server, missing, private
from tests.portal import Portal
from tests.processes.running import Processes, until
from tests.processes.served import made

pytestmark = [pytest.mark.slow, pytest.mark.restarts, pytest.mark.timeout(300)]

QUEUED = 300
#: Requests that cannot be waited for long: what departed and was not written comes to an end within the test.
QUICK = {"SMS_CONNECT_TIMEOUT": 0.5, "SMS_READ_TIMEOUT": 1}


def _restart(server: Server) -> None:
    server.stop()
    server.start()


def _crash(server: Server) -> None:
    server.crash()
    server.start()


def _cut(server: Server) -> None:
    assert server.cut() > 0


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(kind, marks=pytest.mark.one_database(kind, "has a server of its own"))
        for kind in (databases.POSTGRESQL, databases.MARIADB)
    ],
)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server of the tests' own. Without its programs the test fails: ``tests.needs`` leaves it out where it may."""
    assert missing(request.param) == []
    with private(request.param) as found:
        yield found


@pytest.mark.parametrize("happens", [_restart, _crash, _cut], ids=["restarted", "killed", "connections cut"])
def test_what_happens_to_the_database_costs_no_message_and_repeats_none(
    happens: Callable[[Server], None], server: Server, phone: PhoneServer, tmp_path: Path
) -> None:
    """The worker lives through it, and shows no error of ours: SQLAlchemy tells of each connection that was cut."""
    phone.set(mode=Mode.NO_RECEIPTS, latency_ms=40)
    portal = made(server.url, tables=True, SMS_SCHEDULER="off")
    processes = Processes(database=server.url, folder=tmp_path)
    with portal.app.app_context():
        number = portal.use(phone, name=f"phone {happens.__name__} {id(phone)}")
        assert number
        before = _counts(portal)
        for _ in range(QUEUED):
            portal.queue()
        worker = processes.worker(**QUICK)
        try:
            until(lambda: len(phone.ledger()) > QUEUED // 6 or worker.process.poll() is not None)
            happens(server)
            until(lambda: len(phone.ledger()) > QUEUED // 2 or worker.process.poll() is not None)
            portal.db.engine.dispose()
            until(
                lambda: _counts(portal)["queued"] + _counts(portal)["sending"] == 0 or worker.process.poll() is not None
            )
            assert worker.process.poll() is None
            worker.terminate()
            assert worker.left() == 0
        finally:
            processes.close()
        counts = _counts(portal) - before
        portal.db.engine.dispose()
    submitted = Counter(line["id"] for line in phone.ledger())
    assert max(submitted.values()) == 1
    settings = portal.state.settings
    assert counts[MessageState.SENT] + counts[MessageState.UNKNOWN] == QUEUED
    assert counts[MessageState.UNKNOWN] <= settings.threads + settings.threads // 2
    assert len(submitted) >= counts[MessageState.SENT]
    assert [line for line in processes.troubles() if "ERROR sms_plugin" in line] == []


def _counts(portal: Portal) -> Counter[str]:
    return Counter(look(portal.state, counts_by_state))
