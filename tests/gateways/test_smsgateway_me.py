"""SmsGateway.me against a double of its server and its phone (P8)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from sms_plugin.errors import ForgedRequest, SmsError
from sms_plugin.gateways.contract import About, Inbound, Outcome, Outgoing, ReceiptStatus, Report, Sent, WebRequest
from sms_plugin.gateways.http import Http
from sms_plugin.gateways.settings import build
from sms_plugin.gateways.smsgateway_me import SmsGatewayMe, SmsGatewayMeSettings
from sms_plugin.testing.gateway_contract import GatewayContract, outgoing, sent
from sms_plugin.testing.loopback import Reply, json_reply
from tests.doubles.smsgateway_me import DEVICE, SECRET, TOKEN, SmsGatewayMeServer, posted, texted
from tests.doubles.troubled import Trouble

NOWHERE = "http://127.0.0.1:9"


def web(told: dict[str, Any], *, form: bool = False) -> WebRequest:
    """A callback as the portal's door gives it on."""
    kind, body = posted(told, form=form)
    url = "https://portal.example.com/sms/receipts/t"
    return WebRequest(method="POST", url=url, headers={"content-type": kind}, body=body)


def invalid(*keys: str) -> Reply:
    """The answer to a request in which these are wrong."""
    data = [{"key": key, "errors": ["?"]} for key in keys]
    return json_reply({"status": "fail", "message": "failed validation", "data": data}, status=400)


class TestSmsGatewayMe(GatewayContract):
    gateway = SmsGatewayMe
    accepted = json_reply([{"id": 59484209, "status": "pending"}])
    refused_recipient = invalid("0.phone_number")
    refused_account = json_reply({"status": "fail"}, status=401)

    def raw_settings(self, url: str) -> Mapping[str, object]:
        return {"base_url": url, "token": "the-token-value", "device_id": "7", "secret": SECRET}

    def accepted_all(self, messages: Sequence[Outgoing]) -> Reply:
        return json_reply([{"id": 59484209 + at, "status": "pending"} for at in range(len(messages))])

    def receipt(self, settings: Any) -> WebRequest:
        return web({"id": 59484209, "status": "sent", "secret": SECRET})

    def inbound(self, settings: Any) -> WebRequest:
        return web(texted("+5511987650001", "Olá 👋"), form=True)

    def forgeries(self, request: WebRequest) -> Sequence[WebRequest]:
        return [replace(request, body=request.body.replace(SECRET.encode(), guess)) for guess in (b"guessed", b"")]

    def polled(self, asked: Sequence[Sent]) -> Sequence[Reply]:
        return [json_reply({"id": one.reference, "status": "sent"}) for one in asked]


@pytest.fixture
def server() -> Iterator[SmsGatewayMeServer]:
    with SmsGatewayMeServer() as server:
        yield server


@pytest.fixture
def http() -> Iterator[Http]:
    with Http(read_timeout=0.5, private=True) as http:
        yield http


def made(url: str, http: Http, **more: object) -> SmsGatewayMe:
    """The gateway at the server."""
    raw = {"base_url": url, "token": TOKEN, "device_id": DEVICE, "secret": SECRET, **more}
    return SmsGatewayMe(build(SmsGatewayMeSettings, raw), http)


def test_messages_share_a_request_and_each_has_its_own_text_and_id(server: SmsGatewayMeServer, http: Http) -> None:
    told = made(server.url, http).send([outgoing(1, text="Привіт 👋"), outgoing(2, to="+351911111000", text="Olá")])
    assert [verdict.reference for verdict in told] == ["59484209", "59484210"]
    assert [(held["phone_number"], held["message"]) for held in server.messages.values()] == [
        ("+5511987650001", "Привіт 👋"),
        ("+351911111000", "Olá"),
    ]
    assert len(server.requests) == 1


def test_one_wrong_number_refuses_the_request_and_only_its_own_message_for_good(
    server: SmsGatewayMeServer, http: Http
) -> None:
    told = made(server.url, http).send([outgoing(1), outgoing(2, to="+0"), outgoing(3)])
    assert [(verdict.reason, verdict.about, verdict.for_good) for verdict in told] == [
        ("try_again", About.MESSAGE, False),
        ("bad_number", About.RECIPIENT, True),
        ("try_again", About.MESSAGE, False),
    ]
    assert server.messages == {}


@pytest.mark.parametrize(
    ("raw", "reason"), [({"token": "guessed"}, "bad_credentials"), ({"device_id": 8}, "no_device")]
)
def test_what_is_wrong_with_the_account_stops_the_provider(
    server: SmsGatewayMeServer, http: Http, raw: dict[str, object], reason: str
) -> None:
    """P21."""
    told = made(server.url, http, **raw).send([outgoing(1), outgoing(2)])
    assert [(verdict.outcome, verdict.about, verdict.reason) for verdict in told] == [
        (Outcome.REFUSED, About.ACCOUNT, reason)
    ] * 2


@pytest.mark.parametrize(
    ("trouble", "held"),
    [
        (Trouble.LOST_BEFORE, 0),
        (Trouble.LOST_AFTER, 2),
        (Trouble.RESET_AFTER, 2),
        (Trouble.CUT, 2),
        (Trouble.HTML, 0),
        (Trouble.DOWN, 0),
    ],
)
def test_in_trouble_nobody_knows(server: SmsGatewayMeServer, http: Http, trouble: Trouble, held: int) -> None:
    """X2."""
    server.trouble = trouble
    told = made(server.url, http).send([outgoing(1), outgoing(2)])
    assert [verdict.outcome for verdict in told] == [Outcome.UNKNOWN] * 2
    assert len(server.messages) == held


@pytest.mark.parametrize("form", [False, True])
@pytest.mark.parametrize(
    ("word", "status"),
    [("sent", ReceiptStatus.SENT), ("failed", ReceiptStatus.FAILED), ("canceled", ReceiptStatus.FAILED)],
)
def test_a_callback_of_either_shape_is_a_receipt(
    server: SmsGatewayMeServer, http: Http, word: str, status: ReceiptStatus, form: bool
) -> None:
    gateway = made(server.url, http)
    (verdict,) = gateway.send([outgoing()])
    (report,) = gateway.read_webhook(web(server.report(59484209, word), form=form))
    assert isinstance(report, Report)
    assert (report.status, report.reference) == (status, verdict.reference)
    assert gateway.read_webhook(web(server.report(59484209, "queued"), form=form)) == []


@pytest.mark.parametrize("form", [False, True])
def test_a_text_is_read_with_its_emoji_and_its_time(http: Http, form: bool) -> None:
    long = "Не пишіть мені більше 🙅 " * 12
    (text,) = made(NOWHERE, http).read_webhook(web(texted("+380501234567", long), form=form))
    assert isinstance(text, Inbound)
    assert (text.sender, text.text, text.reference) == ("+380501234567", long, "1")
    assert text.received_at == datetime(2026, 11, 20, 14, 0, tzinfo=UTC)


def test_a_callback_without_our_secret_is_a_forgery(http: Http) -> None:
    """X3."""
    for told in (texted("+380501234567", "?", secret="guessed"), {"id": 1, "status": "sent"}):
        with pytest.raises(ForgedRequest):
            made(NOWHERE, http).read_webhook(web(told))


def test_a_callback_that_says_nothing_cannot_be_read(http: Http) -> None:
    with pytest.raises(SmsError) as raised:
        made(NOWHERE, http).read_webhook(web({"secret": SECRET, "status": "sent"}))
    assert raised.value.code == "garbled"


def test_states_are_asked_for_one_by_one(server: SmsGatewayMeServer, http: Http) -> None:
    gateway = made(server.url, http)
    verdicts = gateway.send([outgoing(number) for number in range(1, 5)])
    for id, word in zip(server.messages, ["pending", "sent", "failed", "queued"], strict=True):
        server.messages[id]["status"] = word
    asked = [sent(at, reference=verdict.reference or "") for at, verdict in enumerate(verdicts, start=1)]
    reports = gateway.poll([*asked, sent(9, reference="1")])
    assert [(report.reference, report.status) for report in reports] == [
        ("59484210", ReceiptStatus.SENT),
        ("59484211", ReceiptStatus.FAILED),
    ]


def test_the_token_is_sent_bare(server: SmsGatewayMeServer, http: Http) -> None:
    made(server.url, http).send([outgoing()])
    assert server.requests[0].headers["authorization"] == TOKEN
    assert json.loads(server.requests[0].body)[0]["device_id"] == DEVICE
