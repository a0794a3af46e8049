"""Q2: a commit of one process reaches the gateway through another one's worker by a look, not by the period."""

from __future__ import annotations

import time

import pytest
import requests

from sms_plugin.testing.phone_server import PhoneServer
from tests.demo_process import free_port
from tests.portal import Portal
from tests.processes.running import Processes, runners, until

pytestmark = pytest.mark.slow

#: A test that leaned on the period would not come to an end.
NEVER = {"SMS_FLUSH_EVERY": 3600, "SMS_SWEEP_EVERY": 3600}


def test_each_commit_of_another_process_is_seen(office: Portal, processes: Processes, phone: PhoneServer) -> None:
    processes.worker(**NEVER)
    until(lambda: runners(office))
    for number in range(1, 6):
        office.queue()
        until(lambda number=number: len(phone.ledger()) == number)  # type: ignore[misc]
        time.sleep(0.1 * number)  # it has gone back to waiting, for longer each time


def test_a_commit_of_a_web_server_without_a_scheduler_is_seen_by_the_worker(
    office: Portal, processes: Processes, phone: PhoneServer
) -> None:
    processes.worker(**NEVER)
    port = free_port()
    config = {**NEVER, "SMS_SCHEDULER": "off"}
    web = processes.flask("run", "--port", str(port), url=f"http://127.0.0.1:{port}", config=config)
    web.open()
    until(lambda: runners(office))
    sent = requests.post(f"{web.url}/send", data={"text": "Hello"}, timeout=60).json()
    until(phone.ledger)
    assert [line["id"] for line in phone.ledger()] == [sent["id"]]
    assert [kind for kind, _ in runners(office)] == ["worker"]
