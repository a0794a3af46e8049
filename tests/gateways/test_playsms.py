"""playSMS against a double of its webservices (P10)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from uuid import UUID

import pytest

from sms_plugin.errors import SmsError
from sms_plugin.gateways.contract import About, Outcome, Outgoing, ReceiptStatus, Sent
from sms_plugin.gateways.http import Http
from sms_plugin.gateways.playsms import PlaySmsGateway
from sms_plugin.gateways.playsms_settings import PlaySmsSettings
from sms_plugin.gateways.references import joined
from sms_plugin.gateways.settings import BadSettings, build
from sms_plugin.testing.gateway_contract import GatewayContract, ScriptedServer, outgoing, sent
from sms_plugin.testing.loopback import Reply, json_reply
from tests.doubles.playsms import BAD, TOKEN, USER, PlaySmsServer
from tests.doubles.troubled import Trouble

NUMBERS = ("+628120000001", f"+{BAD}", "+628120000002")


def taken(id: str = "30", queue: str = "afb5") -> dict[str, str]:
    """One number's result."""
    return {"status": "OK", "error": "0", "smslog_id": id, "queue": queue, "to": "5511987650001"}


class TestPlaySms(GatewayContract):
    gateway = PlaySmsGateway
    accepted = json_reply({"data": [taken()], "error_string": None})
    refused_account = json_reply({"status": "ERR", "error": "100", "error_string": "authentication failed"})
    balance_told = json_reply({"status": "OK", "error": "0", "credit": "1000.00"})
    fetched = json_reply({"data": [{"id": "7", "src": "+5511987650001", "dst": "628110", "msg": "Olá 👋"}]})

    def raw_settings(self, url: str) -> Mapping[str, object]:
        return {"base_url": url, "user": "play-user", "token": "play-token-value"}

    def accepted_all(self, messages: Sequence[Outgoing]) -> Reply:
        return json_reply({"data": [taken(str(30 + at)) for at in range(len(messages))], "error_string": None})

    def asked_for(self, count: int) -> Sequence[Sent]:
        return [sent(at, reference=str(29 + at)) for at in range(1, count + 1)]

    def polled(self, asked: Sequence[Sent]) -> Sequence[Reply]:
        return [json_reply({"data": [{"smslog_id": one.reference, "status": "3"}]}) for one in asked]


@pytest.fixture
def server() -> Iterator[PlaySmsServer]:
    with PlaySmsServer() as server:
        yield server


@pytest.fixture
def http() -> Iterator[Http]:
    with Http(read_timeout=0.5, private=True) as http:
        yield http


def made(url: str, http: Http, **more: object) -> PlaySmsGateway:
    """The gateway at the server."""
    return PlaySmsGateway(build(PlaySmsSettings, {"base_url": url, "user": USER, "token": TOKEN, **more}), http)


def test_one_text_to_several_numbers_is_one_request_with_results_by_position(server: PlaySmsServer, http: Http) -> None:
    messages = [outgoing(at + 1, to=number) for at, number in enumerate(NUMBERS)]
    verdicts = made(server.url, http).send([*messages, outgoing(9, text="Another", to=NUMBERS[0])])
    assert [(verdict.outcome, verdict.reference) for verdict in verdicts] == [
        (Outcome.ACCEPTED, "30"),
        (Outcome.REFUSED, None),
        (Outcome.ACCEPTED, "31"),
        (Outcome.ACCEPTED, "32"),
    ]
    assert (verdicts[1].reason, verdicts[1].for_good, verdicts[1].provider_code) == ("try_again", False, "200")
    assert len(server.requests) == 2


@pytest.mark.parametrize("text", ["Hello [€]", "Привіт 👋", "Olá"])
def test_a_text_arrives_as_it_was_written_and_without_the_users_footer(
    server: PlaySmsServer, http: Http, text: str
) -> None:
    made(server.url, http).send([outgoing(text=text)])
    assert [(line.dst, line.msg, line.type) for line in server.log] == [("5511987650001", text, "text")]


def test_the_token_is_in_no_address(server: PlaySmsServer, http: Http) -> None:
    """A web server writes addresses in its log."""
    made(server.url, http).send([outgoing()])
    assert server.requests[0].target == "/index.php?app=ws"


def test_flash_sender_and_the_meaning_of_a_type_are_on_the_wire(server: PlaySmsServer, http: Http) -> None:
    """P10."""
    lines = "voice = smsc=voice1&lang=pt\npromotional = smsc=promo"
    made(server.url, http, flash=True, sender="SHOP", message_type="voice", type_parameters=lines).send([outgoing()])
    assert server.log[0].type == "flash"
    assert server.log[0].extra == {"from": "SHOP", "smsc": "voice1", "lang": "pt"}


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ({"message_type": "voice"}, "type_parameters"),
        ({"type_parameters": "voice"}, "type_parameters"),
        ({"type_parameters": "fax = smsc=f"}, "type_parameters"),
        ({"type_parameters": "voice = to=1"}, "type_parameters"),
        ({"base_url": "sms.example.com"}, "base_url"),
    ],
)
def test_settings_that_cannot_hold_are_refused_when_saved(raw: dict[str, object], field: str) -> None:
    with pytest.raises(BadSettings) as raised:
        build(PlaySmsSettings, {"base_url": "https://sms.example.com", "user": USER, "token": TOKEN, **raw})
    assert set(raised.value.problems) == {field}


@pytest.mark.parametrize(
    ("body", "reason", "about"),
    [
        ({"status": "ERR", "error": "100"}, "bad_credentials", About.ACCOUNT),
        ({"status": "ERR", "error": "103"}, "no_credit", About.ACCOUNT),
        ({"status": "ERR", "error": "106"}, "account_refused", About.ACCOUNT),
        ({"status": "ERR", "error": "107"}, "account_refused", About.ACCOUNT),
        ({"status": "ERR", "error": "201"}, "rejected_text", About.MESSAGE),
        ({"data": [{"status": "ERR", "error": "103"}]}, "no_credit", About.ACCOUNT),
    ],
)
def test_a_known_error_is_a_refusal(http: Http, body: object, reason: str, about: About) -> None:
    with ScriptedServer() as server:
        server.will(json_reply(body))
        (verdict,) = made(server.url, http).send([outgoing()])
    assert (verdict.outcome, verdict.reason, verdict.about) == (Outcome.REFUSED, reason, about)


def test_without_credit_and_with_a_wrong_token_the_provider_stops(http: Http) -> None:
    """P21."""
    with PlaySmsServer(credits=0) as server:
        reasons = [made(server.url, http, token=token).send([outgoing()])[0].reason for token in (TOKEN, "guessed")]
    assert reasons == ["no_credit", "bad_credentials"]


@pytest.mark.parametrize(
    "body",
    [
        {"status": "ERR", "error": "999"},
        {"data": [{"status": "OK", "error": "0", "smslog_id": "", "queue": "", "to": ""}]},
        {"data": [taken(), taken("31")]},
        {"data": ["30"]},
    ],
)
def test_an_answer_on_no_list_is_unknown(http: Http, body: object) -> None:
    """X2."""
    with ScriptedServer() as server:
        server.will(json_reply(body))
        assert made(server.url, http).send([outgoing()])[0].outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("trouble", "arrived"),
    [
        (Trouble.LOST_BEFORE, 0),
        (Trouble.LOST_AFTER, 2),
        (Trouble.RESET_AFTER, 2),
        (Trouble.CUT, 2),
        (Trouble.HTML, 0),
        (Trouble.DOWN, 0),
    ],
)
def test_in_trouble_nobody_knows(server: PlaySmsServer, http: Http, trouble: Trouble, arrived: int) -> None:
    """X2."""
    server.trouble = trouble
    verdicts = made(server.url, http).send([outgoing(1, to=NUMBERS[0]), outgoing(2, to=NUMBERS[2])])
    assert [verdict.outcome for verdict in verdicts] == [Outcome.UNKNOWN] * 2
    assert len(server.log) == arrived


def test_states_are_asked_for_by_id(server: PlaySmsServer, http: Http) -> None:
    gateway = made(server.url, http)
    verdicts = gateway.send([outgoing(at, to=f"+62812000001{at}") for at in range(4)])
    for line, status in zip(server.log, "0123", strict=True):
        line.status = status
    asked = [sent(at, reference=verdict.reference or "") for at, verdict in enumerate(verdicts)]
    reports = gateway.poll([*asked, sent(9, reference="999")])
    assert [(report.message_id, report.status) for report in reports] == [
        (UUID(int=1), ReceiptStatus.SENT),
        (UUID(int=2), ReceiptStatus.FAILED),
        (UUID(int=3), ReceiptStatus.DELIVERED),
    ]


def test_where_the_server_queues_the_queue_and_the_number_name_a_message(http: Http) -> None:
    """The daemon gives each message its id later."""
    with PlaySmsServer(daemon=True) as server:
        gateway = made(server.url, http)
        messages = [outgoing(at + 1, to=number) for at, number in enumerate(NUMBERS)]
        verdicts = gateway.send(messages)
        queue = server.pending[0].queue
        assert [verdict.reference for verdict in verdicts] == [
            joined(queue, NUMBERS[0]),
            None,
            joined(queue, NUMBERS[2]),
        ]
        asked = [sent(at + 1, reference=verdicts[at].reference or "", to=NUMBERS[at]) for at in (0, 2)]
        assert gateway.poll(asked) == []
        server.process_queue()
        server.log[0].status, server.log[1].status = "3", "2"
        before = len(server.requests)
        reports = gateway.poll(asked)
        assert len(server.requests) - before == 1
    assert [(report.message_id, report.status) for report in reports] == [
        (UUID(int=1), ReceiptStatus.DELIVERED),
        (UUID(int=3), ReceiptStatus.FAILED),
    ]


def test_a_queue_that_was_processed_without_a_state_was_sent(http: Http) -> None:
    with ScriptedServer() as server:
        server.will(json_reply({"status": "ERR", "error": "402"}))
        (report,) = made(server.url, http).poll([sent(reference=joined("afb5", NUMBERS[0]), to=NUMBERS[0])])
    assert report.status is ReceiptStatus.SENT


@pytest.mark.parametrize("inbox", ["ix", "in"])
def test_replies_are_fetched_in_order_and_each_once(server: PlaySmsServer, http: Http, inbox: str) -> None:
    """Q5: the server gives the newest first."""
    gateway = made(server.url, http, inbox=inbox)
    assert gateway.fetch("").texts == []
    long = "Не пишіть мені більше 🙅 " * 12
    server.receive("+380501234567", long)
    server.receive("+380501234567", "СТОП")
    first = gateway.fetch("")
    assert [(text.sender, text.text, text.reference) for text in first.texts] == [
        ("+380501234567", long, "1"),
        ("+380501234567", "СТОП", "2"),
    ]
    server.receive("+380501234567", "СТАРТ")
    second = gateway.fetch(first.cursor)
    assert [text.text for text in second.texts] == ["СТАРТ"]
    assert gateway.fetch(second.cursor).texts == []
    assert gateway.fetch(second.cursor).cursor == second.cursor


def test_without_an_inbox_no_replies_are_asked_for() -> None:
    raw = {"base_url": "https://sms.example.com", "user": USER, "token": TOKEN}
    assert PlaySmsGateway.capabilities(build(PlaySmsSettings, raw)).inbound_polled
    assert not PlaySmsGateway.capabilities(build(PlaySmsSettings, {**raw, "inbox": "none"})).inbound_polled


def test_the_balance_is_the_users_credit(server: PlaySmsServer, http: Http) -> None:
    """P17."""
    assert made(server.url, http).balance().amount == Decimal(1000)
    with pytest.raises(SmsError) as raised:
        made(server.url, http, token="guessed").balance()
    assert raised.value.code == "bad_credentials"
