"""Kannel: what its user guide says of sendsms, of reports and of texts from phones (P20)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from sms_plugin.errors import ForgedRequest, SmsError
from sms_plugin.gateways.contract import About, Inbound, Outcome, Part, ReceiptStatus, Report, WebRequest
from sms_plugin.gateways.http import Http
from sms_plugin.gateways.kannel import KannelGateway, KannelSettings
from sms_plugin.gateways.settings import BadSettings, build
from sms_plugin.testing.gateway_contract import GatewayContract, outgoing
from sms_plugin.testing.loopback import Reply
from tests.doubles import kannel
from tests.doubles.kannel import Kannel, report, text_from
from tests.doubles.troubled import Trouble

WEBHOOK = "https://portal.example/sms/receipts/token"
KEY = "a-key-of-the-webhook"
GET_URL = f"{WEBHOOK}?from=%p&to=%P&text=%b&coding=%c&charset=%C&ts=%T&id=%I&udh=%u&key={KEY}"
NUMBER = "+380671234567"
UKRAINIAN = "Ваш рахунок № 4711 до сплати: 250 ₴. Дякуємо! 👋"


def called(url: str) -> WebRequest:
    """The request that Kannel makes of an address."""
    return WebRequest(method="GET", url=url, headers={"user-agent": "Kannel/1.4.5"}, body=b"")


class TestKannel(GatewayContract):
    gateway = KannelGateway
    accepted = Reply(status=202, body=b"0: Accepted for delivery", content_type="text/html")
    refused_recipient = Reply(status=403, body=b"Not routable. Do not try again.", content_type="text/html")
    refused_account = Reply(status=403, body=b"Authorization failed for sendsms", content_type="text/html")

    def raw_settings(self, url: str) -> Mapping[str, object]:
        return {"base_url": url, "username": "portal-user", "password": "kannel-password", "webhook_key": KEY}

    def receipt(self, settings: Any) -> WebRequest:
        return called(f"{WEBHOOK}/{UUID(int=1)}?status=1&answer=&ts=1795664876&id={UUID(int=1)}&key={KEY}")

    def inbound(self, settings: Any) -> WebRequest:
        return called(text_from(GET_URL, sender=NUMBER, text="Так".encode("utf-16-be"), coding=2, charset="UTF-16BE"))

    def forgeries(self, request: WebRequest) -> Sequence[WebRequest]:
        return [
            replace(request, url=request.url.replace(KEY, "guessed")),
            replace(request, url=request.url.replace(f"&key={KEY}", "")),
            replace(request, url=request.url.replace(f"&key={KEY}", f"&KEY={KEY}")),
        ]


@pytest.fixture
def server() -> Iterator[Kannel]:
    with Kannel() as server:
        yield server


@pytest.fixture
def http() -> Iterator[Http]:
    with Http(read_timeout=0.4, private=True) as http:
        yield http


def gateway(url: str, http: Http, **more: object) -> KannelGateway:
    """Kannel at that address."""
    raw = {"base_url": url, "username": kannel.USER, "password": kannel.PASSWORD, "webhook_key": KEY, **more}
    return KannelGateway(build(KannelSettings, raw), http)


@pytest.mark.parametrize("text", ["Hello & {welcome}, 5 €", UKRAINIAN, "Olá, até amanhã: ção", "a+b %41 \n x"])
def test_a_text_arrives_as_it_was_written(server: Kannel, http: Http, text: str) -> None:
    """Also what GSM-7 does not carry: with coding 2, in UTF-8."""
    (verdict,) = gateway(server.url, http).send([outgoing(to=NUMBER, text=text)])
    (arrived,) = server.arrived
    assert (verdict.outcome, arrived.to, arrived.text) == (Outcome.ACCEPTED, NUMBER, text)


def test_what_gsm_carries_goes_without_ucs_2(server: Kannel, http: Http) -> None:
    gateway(server.url, http).send([outgoing(text="Olà 5 €")])
    assert server.requests[0].query["coding"] == "0"


def test_the_settings_go_along(server: Kannel, http: Http) -> None:
    given = {"sender": "Ixonn", "smsc": "kyivstar", "flash": "yes", "plus": "no"}
    gateway(server.url, http, **given).send([outgoing(to=NUMBER)])
    (arrived,) = server.arrived
    assert (arrived.to, arrived.sender, arrived.flash) == ("380671234567", "Ixonn", True)
    assert server.requests[0].query["smsc"] == "kyivstar"


def test_without_a_public_address_no_reports_are_asked_for(server: Kannel, http: Http) -> None:
    gateway(server.url, http).send([outgoing()])
    assert server.arrived[0].mask == 0
    assert "dlr-url" not in server.requests[0].query


@pytest.mark.parametrize(
    ("parts", "text", "fit"),
    [
        (1, "x" * 160, True),
        (1, "x" * 161, False),
        (1, "я" * 70, True),
        (1, "я" * 71, False),
        (3, "я" * 201, True),
        (3, "я" * 202, False),
        (2, "€" * 152, True),
        (2, "€" * 153, False),
    ],
)
def test_a_text_that_would_be_cut_is_refused(server: Kannel, http: Http, parts: int, text: str, fit: bool) -> None:
    """P19: Kannel accepts it and cuts it without a word."""
    server.max_messages = parts
    (verdict,) = gateway(server.url, http, max_parts=parts).send([outgoing(text=text)])
    assert [arrived.text for arrived in server.arrived] == ([text] if fit else [])
    assert verdict.reason == ("" if fit else "too_long")


@pytest.mark.parametrize("number", ["+380671234567 +380671234568", "", "Kyiv"])
def test_what_is_no_number_is_never_asked_for(server: Kannel, http: Http, number: str) -> None:
    """A space would make two recipients."""
    (verdict,) = gateway(server.url, http).send([outgoing(to=number)])
    assert (verdict.reason, verdict.about) == ("bad_number", About.RECIPIENT)
    assert server.requests == []


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (202, "3: Queued for later delivery", Outcome.ACCEPTED),
        (202, "Sent.", Outcome.ACCEPTED),
        (202, "Sent. Message splits: 3", Outcome.ACCEPTED),
        (202, "Something else", Outcome.UNKNOWN),
        (200, "0: Accepted for delivery", Outcome.UNKNOWN),
        (400, "Something else", Outcome.UNKNOWN),
        (500, "Something else", Outcome.UNKNOWN),
    ],
)
def test_only_documented_answers_are_an_acceptance(
    server: Kannel, http: Http, status: int, body: str, outcome: Outcome
) -> None:
    server.answers[NUMBER] = (status, body)
    assert gateway(server.url, http).send([outgoing(to=NUMBER)])[0].outcome is outcome


def test_the_parts_are_known_where_kannel_counts_them(server: Kannel, http: Http) -> None:
    server.answers[NUMBER] = (202, "Sent. Message splits: 3")
    assert gateway(server.url, http).send([outgoing(to=NUMBER)])[0].segments == 3


@pytest.mark.parametrize(
    ("status", "body", "reason", "about", "for_good"),
    [
        (403, "Authorization failed for sendsms", "bad_credentials", About.ACCOUNT, True),
        (403, "Not routable. Do not try again.", "unreachable", About.RECIPIENT, True),
        (400, "Missing receiver number, rejected", "bad_number", About.RECIPIENT, True),
        (400, "Empty receiver number not allowed, rejected", "bad_number", About.RECIPIENT, True),
        (400, "Number(s) has/have been denied by white- and/or black-lists.", "blocked", About.RECIPIENT, True),
        (202, "Sent. Denied receivers are: 380671234567", "blocked", About.RECIPIENT, True),
        (400, "Sender missing and no global set, rejected", "bad_sender", About.ACCOUNT, True),
        (400, "MClass field misformed, rejected", "rejected", About.MESSAGE, True),
        (400, "Charset or body misformed, rejected", "rejected", About.MESSAGE, True),
        (500, "Sending failed.", "server_error", About.MESSAGE, False),
        (500, "Sending failed. Failed receivers are: 380671234567", "server_error", About.MESSAGE, False),
        (503, "Temporal failure, try again later.", "throttled", About.ACCOUNT, False),
        (404, "Unknown request", "bad_address", About.ACCOUNT, True),
    ],
)
def test_a_refusal_is_told_by_its_words(
    server: Kannel, http: Http, status: int, body: str, reason: str, about: About, for_good: bool
) -> None:
    server.answers[NUMBER] = (status, body)
    (verdict,) = gateway(server.url, http).send([outgoing(to=NUMBER)])
    assert (verdict.outcome, verdict.reason) == (Outcome.REFUSED, reason)
    assert (verdict.about, verdict.for_good) == (about, for_good)
    assert "380671234567" not in repr(verdict)


def test_a_wrong_password_or_path_stops_the_provider(server: Kannel, http: Http) -> None:
    """P21."""
    assert gateway(server.url, http, password="guessed").send([outgoing()])[0].reason == "bad_credentials"
    assert gateway(server.url, http, path="/sendsms").send([outgoing()])[0].reason == "bad_address"


@pytest.mark.parametrize(
    ("trouble", "taken"),
    [(Trouble.LOST_BEFORE, 0), (Trouble.LOST_AFTER, 1), (Trouble.RESET_AFTER, 1), (Trouble.CUT, 1), (Trouble.HTML, 0)],
)
def test_a_lost_answer_is_unknown_whether_it_was_taken_or_not(
    server: Kannel, http: Http, trouble: Trouble, taken: int
) -> None:
    """X2."""
    server.trouble = trouble
    assert gateway(server.url, http).send([outgoing()])[0].outcome is Outcome.UNKNOWN
    assert len(server.arrived) == taken


@pytest.mark.parametrize(
    ("value", "status"),
    [
        (1, ReceiptStatus.DELIVERED),
        (2, ReceiptStatus.UNDELIVERED),
        (4, ReceiptStatus.SENT),
        (8, ReceiptStatus.SENT),
        (16, ReceiptStatus.FAILED),
    ],
)
def test_every_report_that_is_asked_for_is_understood(
    server: Kannel, http: Http, value: int, status: ReceiptStatus
) -> None:
    """X3: whatever ids Kannel gives, ours tells the message."""
    subject = gateway(server.url, http)
    subject.send([outgoing(7, receipts=f"{WEBHOOK}/{UUID(int=7)}")])
    (arrived,) = server.arrived
    for id in ("", "25392ba1-ce51-452d-9793-218d06813b15"):
        (told,) = subject.read_webhook(called(report(arrived, value, id=id)))
        assert isinstance(told, Report)
        assert (told.status, told.message_id, told.reference) == (status, UUID(int=7), None)
        assert told.occurred_at == datetime(2026, 11, 26, 3, 47, 56, tzinfo=UTC)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("ACK/", ""),
        ("NACK/0x0000000b/Invalid destination address", "0x0000000b"),
        (
            "id:1 sub:001 dlvrd:000 submit date:2611260348 done date:2611260349 stat:UNDELIV err:027 text:",
            "UNDELIV 027",
        ),
        (f"stat:REJECTD err:1 text:{UKRAINIAN}", "REJECTD 1"),
    ],
)
def test_of_what_the_smsc_said_only_its_codes_are_kept(server: Kannel, http: Http, answer: str, code: str) -> None:
    """Promise 9: a receipt may quote the text."""
    subject = gateway(server.url, http)
    subject.send([outgoing(receipts=WEBHOOK)])
    (told,) = subject.read_webhook(called(report(server.arrived[0], 2, answer=answer)))
    assert isinstance(told, Report)
    assert told.provider_code == code


def test_a_message_of_which_the_smsc_knows_nothing_has_not_failed(http: Http) -> None:
    """Promise 3: Kannel 1.4.5 hands the state UNKNOWN of an SMPP receipt on as not delivered."""
    said = "id%3A1%20sub%3A001%20dlvrd%3A000%20stat%3AUNKNOWN%20err%3A000%20text%3A-"
    url = f"{WEBHOOK}?key={KEY}&status=2&answer={said}&ts=1795703006&id={UUID(int=1)}"
    assert gateway("http://127.0.0.1:1", http).read_webhook(called(url)) == []


def test_an_intermediate_report_tells_nothing(http: Http) -> None:
    url = f"{WEBHOOK}?status=32&id={UUID(int=1)}&key={KEY}"
    assert gateway("http://127.0.0.1:1", http).read_webhook(called(url)) == []


@pytest.mark.parametrize(
    ("charset", "coding", "bytes_of"),
    [("UTF-8", 0, "utf-8"), ("UTF-16BE", 2, "utf-16-be"), ("", 2, "utf-16-be"), ("", 0, "utf-8"), ("zlib", 0, "utf-8")],
)
def test_a_text_from_a_phone_is_read_in_its_charset(http: Http, charset: str, coding: int, bytes_of: str) -> None:
    """Q5: the bytes come as they are, whatever they are."""
    url = text_from(GET_URL, sender=NUMBER, text=UKRAINIAN.encode(bytes_of), coding=coding, charset=charset)
    (text,) = gateway("http://127.0.0.1:1", http).read_webhook(called(url))
    assert isinstance(text, Inbound)
    assert (text.sender, text.to, text.text) == (NUMBER, kannel.GLOBAL_SENDER, UKRAINIAN)
    assert text.reference == "4152af62-5510-4012-ad2c-92689e5578b3"
    assert text.part is None


@pytest.mark.parametrize(
    ("udh", "part"),
    [
        (b"\x05\x00\x03\x0a\x03\x02", Part(group=f"{NUMBER} 0a", number=2, total=3)),
        (b"\x06\x08\x04\x01\x0a\x02\x02", Part(group=f"{NUMBER} 010a", number=2, total=2)),
        (b"\x0b\x05\x04\x00\x01\x00\x02\x00\x03\xff\x02\x01", Part(group=f"{NUMBER} ff", number=1, total=2)),
        (b"\x05\x00\x03\x0a\x02\x03", None),
        (b"\x05\x00\x03", None),
        (b"", None),
    ],
)
def test_a_part_has_its_place(http: Http, udh: bytes, part: Part | None) -> None:
    """Where the bearerbox is told not to put them together."""
    url = text_from(GET_URL, sender=NUMBER, text=b"first", coding=0, charset="UTF-8", udh=udh)
    (text,) = gateway("http://127.0.0.1:1", http).read_webhook(called(url))
    assert isinstance(text, Inbound)
    assert text.part == part


def test_bytes_that_are_no_text_are_left_out(http: Http) -> None:
    url = text_from(GET_URL, sender=NUMBER, text=b"\x00\xe9", coding=1, charset="8-BIT")
    assert gateway("http://127.0.0.1:1", http).read_webhook(called(url)) == []


def test_whatever_is_taken_is_answered_with_200_and_nothing(http: Http) -> None:
    """Any other answer would become a text to the phone."""
    answer = gateway("http://127.0.0.1:1", http).webhook_answer([])
    assert (answer.status, answer.body) == (200, b"")


def test_without_a_key_of_its_own_the_address_alone_is_trusted(http: Http) -> None:
    subject = gateway("http://127.0.0.1:1", http, webhook_key="")
    (told,) = subject.read_webhook(called(f"{WEBHOOK}?status=8&id={UUID(int=1)}"))
    assert isinstance(told, Report)


def test_what_is_neither_report_nor_text_is_not_read(http: Http) -> None:
    for query in ("", "status=delivered&", "from=1&"):
        with pytest.raises(SmsError) as raised:
            gateway("http://127.0.0.1:1", http).read_webhook(called(f"{WEBHOOK}?{query}key={KEY}"))
        assert not isinstance(raised.value, ForgedRequest)


@pytest.mark.parametrize(
    ("field", "raw"),
    [
        ("base_url", {"base_url": "http://u:p@kannel"}),
        ("path", {"path": "cgi-bin/sendsms"}),
        ("webhook_key", {"webhook_key": "100%d"}),
    ],
)
def test_settings_that_cannot_work_are_named(field: str, raw: Mapping[str, str]) -> None:
    with pytest.raises(BadSettings) as raised:
        build(KannelSettings, {"username": "u", "password": "p", **raw})
    assert list(raised.value.problems) == [field]
