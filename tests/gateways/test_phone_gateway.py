"""The phone gateway with its server: the way over HTTP that the demo and the tests take."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests

from sms_plugin.gateways.contract import About, Inbound, Outcome, ReceiptStatus, Report, WebRequest
from sms_plugin.gateways.http import Http
from sms_plugin.gateways.settings import build
from sms_plugin.testing.gateway_contract import outgoing
from sms_plugin.testing.loopback import LoopbackServer, Received, Reply
from sms_plugin.testing.phone_gateway import PhoneGateway, PhoneSettings
from sms_plugin.testing.phone_server import PhoneServer

SINCE = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
NUMBER = "+351911111000"


class Portal(LoopbackServer):
    """Takes receipts; answers the first ones with 503."""

    def __init__(self, *, busy: int = 0) -> None:
        super().__init__()
        self.busy = busy
        self.received: list[WebRequest] = []
        self._came = threading.Condition()

    def answer(self, request: Received) -> Reply:
        with self._came:
            self.received.append(
                WebRequest(
                    method=request.method,
                    url=self.url + request.target,
                    headers=request.headers,
                    body=request.body,
                )
            )
            self._came.notify_all()
            return Reply(status=503 if len(self.received) <= self.busy else 204)

    def wait_for(self, count: int) -> None:
        """Return when so many requests have come."""
        with self._came:
            assert self._came.wait_for(lambda: len(self.received) >= count, timeout=30)


@pytest.fixture
def phones(tmp_path: Path) -> Iterator[PhoneServer]:
    with PhoneServer(ledger=tmp_path / "ledger.jsonl") as server:
        server.set(sent_after=0.0, delivered_after=0.01)
        yield server


@pytest.fixture
def gateway(phones: PhoneServer) -> Iterator[PhoneGateway]:
    with Http(private=True) as http:
        yield PhoneGateway(build(PhoneSettings, {"base_url": phones.url, "batch_size": 10}), http)


def test_a_message_arrives_and_is_in_the_ledger(gateway: PhoneGateway, phones: PhoneServer, tmp_path: Path) -> None:
    (verdict,) = gateway.send([outgoing(to=NUMBER, text="Olá")])
    written = [json.loads(line) for line in (tmp_path / "ledger.jsonl").read_text().splitlines()]
    assert verdict.outcome is Outcome.ACCEPTED
    assert list(phones.ledger()) == written
    assert (written[0]["id"], written[0]["to"], written[0]["text"], written[0]["outcome"]) == (
        "00000000-0000-0000-0000-000000000001",
        NUMBER,
        "Olá",
        "accepted",
    )


def test_each_message_of_a_batch_has_its_own_verdict(gateway: PhoneGateway) -> None:
    messages = [outgoing(1, to=NUMBER), outgoing(2, to="+351911110001"), outgoing(3, text="x" * 1601)]
    verdicts = gateway.send(messages)
    assert [verdict.outcome for verdict in verdicts] == [Outcome.ACCEPTED, Outcome.REFUSED, Outcome.REFUSED]
    assert [verdict.about for verdict in verdicts] == [None, About.RECIPIENT, About.MESSAGE]


@pytest.mark.parametrize(
    ("mode", "outcome", "reason", "lines"),
    [
        ("refuse", Outcome.REFUSED, "no_credit", 1),
        ("throttle", Outcome.REFUSED, "throttled", 1),
        ("timeout", Outcome.UNKNOWN, "timeout", 1),
        ("reset_before", Outcome.UNKNOWN, "reset", 0),
        ("reset_after", Outcome.UNKNOWN, "reset", 1),
        ("garbage", Outcome.UNKNOWN, "garbled", 1),
        ("server_error", Outcome.UNKNOWN, "server_error", 1),
        ("drip", Outcome.UNKNOWN, "timeout", 1),
        ("no_receipts", Outcome.ACCEPTED, "", 1),
    ],
)
def test_the_server_misbehaves_on_demand(
    phones: PhoneServer, mode: str, outcome: Outcome, reason: str, lines: int
) -> None:
    phones.set(mode=mode, retry_after=9)
    patience = 0.3 if reason == "timeout" else 30.0
    with Http(read_timeout=patience, private=True) as http:
        gateway = PhoneGateway(build(PhoneSettings, {"base_url": phones.url}), http)
        (verdict,) = gateway.send([outgoing(to=NUMBER)])
    assert (verdict.outcome, verdict.reason, len(phones.ledger())) == (outcome, reason, lines)
    assert verdict.retry_after == (9.0 if mode == "throttle" else None)


def test_a_wrong_token_is_about_the_account(phones: PhoneServer) -> None:
    """P21."""
    with Http(private=True) as http:
        stranger = PhoneGateway(build(PhoneSettings, {"base_url": phones.url, "token": "no"}), http)
        (verdict,) = stranger.send([outgoing()])
    assert (verdict.outcome, verdict.about) == (Outcome.REFUSED, About.ACCOUNT)


def reports(gateway: PhoneGateway, portal: Portal) -> list[Report]:
    """Every receipt that came, read."""
    told = [each for request in portal.received for each in gateway.read_webhook(request)]
    return [each for each in told if isinstance(each, Report)]


@pytest.mark.parametrize(
    ("number", "last"), [(NUMBER, ReceiptStatus.DELIVERED), ("+351911110002", ReceiptStatus.UNDELIVERED)]
)
def test_receipts_follow_signed_and_in_order(gateway: PhoneGateway, number: str, last: ReceiptStatus) -> None:
    with Portal() as portal:
        message = outgoing(5, to=number, receipts=portal.url + "/r/5?k=1")
        (verdict,) = gateway.send([message])
        portal.wait_for(2)
    came = reports(gateway, portal)
    assert [report.status for report in came] == [ReceiptStatus.SENT, last]
    assert {(report.reference, report.message_id) for report in came} == {(verdict.reference, message.id)}
    assert {request.url for request in portal.received} == {message.receipt_url}


def test_a_receipt_that_is_not_taken_comes_again(gateway: PhoneGateway) -> None:
    with Portal(busy=2) as portal:
        gateway.send([outgoing(to=NUMBER, receipts=portal.url)])
        portal.wait_for(4)
    came = [report.status for report in reports(gateway, portal)]
    assert sorted(came) == sorted([ReceiptStatus.SENT, ReceiptStatus.DELIVERED] * 2)


def test_a_message_is_looked_up_by_its_own_id(gateway: PhoneGateway, phones: PhoneServer) -> None:
    """The answer was lost, the message was not."""
    phones.set(mode="reset_after", sent_after=60, delivered_after=60)
    gateway.send([outgoing(9, to=NUMBER)])
    phones.set(mode="accept")
    (found,) = gateway.look_up(outgoing(9), reference=None, since=SINCE)
    assert found.status is ReceiptStatus.ACCEPTED
    assert gateway.look_up(outgoing(9), reference=found.reference, since=SINCE) == [found]
    assert gateway.look_up(outgoing(8), reference=None, since=SINCE) == []


def test_the_balance_falls_with_each_message(gateway: PhoneGateway) -> None:
    before = gateway.balance()
    gateway.send([outgoing(to=NUMBER)])
    assert (before.amount, gateway.balance().amount) == (Decimal(1000), Decimal(999))
    assert before.unit == "credits"


def test_control_ledger_and_reset_are_there_over_http(gateway: PhoneGateway, phones: PhoneServer) -> None:
    asked = requests.post(phones.url + "/control", json={"mode": "refuse", "latency_ms": 1}, timeout=5)
    assert (asked.json()["mode"], asked.json()["latency_ms"]) == ("refuse", 1)
    gateway.send([outgoing(to=NUMBER)])
    assert [line["outcome"] for line in ledger(phones.url)] == ["refused"]
    assert requests.post(phones.url + "/control", json={"mood": "bad"}, timeout=5).status_code == 400
    requests.post(phones.url + "/reset", timeout=5)
    assert ledger(phones.url) == []
    assert requests.get(phones.url + "/control", timeout=5).json()["mode"] == "accept"


def ledger(url: str) -> list[dict[str, Any]]:
    """The ledger as it is told over HTTP."""
    lines: list[dict[str, Any]] = requests.get(url + "/ledger", timeout=5).json()
    return lines


def test_a_page_of_another_site_cannot_send(phones: PhoneServer) -> None:
    headers = {"Authorization": "Bearer phone-token", "Sec-Fetch-Site": "cross-site"}
    told = {"id": "1", "to": NUMBER, "text": "x"}
    assert requests.post(phones.url + "/messages", json=told, headers=headers, timeout=5).status_code == 403


@pytest.mark.parametrize("told", [b"", b"[]", b"{}", b'{"id": 1, "to": "x", "text": "y"}', b'{"messages": 5}'])
def test_what_is_no_message_is_refused(phones: PhoneServer, told: bytes) -> None:
    headers = {"Authorization": "Bearer phone-token"}
    assert requests.post(phones.url + "/messages", data=told, headers=headers, timeout=5).status_code == 400


def test_the_page_shows_texts_as_text_and_runs_nothing_else(gateway: PhoneGateway, phones: PhoneServer) -> None:
    gateway.send([outgoing(1, to=NUMBER, text="<script>alert(1)</script>")])
    gateway.send([outgoing(2, to="+351922222000", text="Olá")])
    page = requests.get(phones.url, timeout=5)
    assert "<script>alert(1)" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text
    assert page.text.index("+351922222000") < page.text.index(NUMBER)
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_somebody_answers_on_a_phone(gateway: PhoneGateway, phones: PhoneServer) -> None:
    """Q5: the portal hears of it at the provider's address, signed, and until it takes it."""
    with Portal(busy=1) as portal:
        phones.set(mode="no_receipts")
        (verdict,) = gateway.send([outgoing(1, to=NUMBER, receipts=f"{portal.url}/sms/receipts/token/1")])
        told = {"number": NUMBER, "text": "Olá, às nove? 👍"}
        answer = requests.post(phones.url + "/reply", data=told, timeout=5, allow_redirects=False)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/")
        portal.wait_for(2)
    assert {request.url for request in portal.received} == {f"{portal.url}/sms/receipts/token"}
    (text,) = gateway.read_webhook(portal.received[-1])
    assert isinstance(text, Inbound)
    assert (text.sender, text.text, text.answers) == (NUMBER, "Olá, às nove? 👍", verdict.reference)
    assert text.reference
    assert gateway.read_webhook(portal.received[0]) == [text]


def test_only_the_servers_own_page_may_answer(gateway: PhoneGateway, phones: PhoneServer) -> None:
    gateway.send([outgoing(1, to=NUMBER)])
    for site, status in (("cross-site", 403), ("same-site", 403), ("same-origin", 303)):
        told = {"number": NUMBER, "text": "x"}
        answer = requests.post(
            phones.url + "/reply", data=told, headers={"Sec-Fetch-Site": site}, timeout=5, allow_redirects=False
        )
        assert answer.status_code == status


@pytest.mark.parametrize("told", [{}, {"number": NUMBER, "text": " "}, {"number": "+351900000000", "text": "x"}])
def test_nobody_answers_what_nobody_was_sent(phones: PhoneServer, told: dict[str, str]) -> None:
    requests.post(phones.url + "/reply", data=told, timeout=5)
    assert "class=mine" not in requests.get(phones.url, timeout=5).text


def test_the_ledger_holds_what_was_taken_when_the_server_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    command = [sys.executable, "-m", "sms_plugin.testing.phone_server", "--port", "0", "--ledger", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1].rstrip("/")
        with Http(private=True) as http:
            gateway = PhoneGateway(build(PhoneSettings, {"base_url": url}), http)
            verdicts = [gateway.send([outgoing(number, to=NUMBER)])[0] for number in range(1, 4)]
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert [verdict.outcome for verdict in verdicts] == [Outcome.ACCEPTED] * 3
    assert len(path.read_text().splitlines()) == 3
