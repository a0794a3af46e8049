"""Jasmin: what its documentation says of the HTTP API, of receipts and of texts from phones (P20)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from sms_plugin.errors import ForgedRequest, SmsError
from sms_plugin.gateways.contract import About, Inbound, Outcome, ReceiptStatus, Report, WebRequest
from sms_plugin.gateways.http import Http
from sms_plugin.gateways.jasmin import JasminGateway, JasminSettings
from sms_plugin.gateways.settings import BadSettings, build
from sms_plugin.testing.gateway_contract import GatewayContract, outgoing
from sms_plugin.testing.loopback import Reply, json_reply
from tests.doubles import jasmin
from tests.doubles.jasmin import Jasmin, receipt, text_from
from tests.doubles.troubled import Trouble

WEBHOOK = "https://portal.example/sms/receipts/token"
KEY = "a-key-of-the-webhook"
NUMBER = "+380671234567"
UKRAINIAN = "Ваш рахунок № 4711 до сплати: 250 ₴. Дякуємо! 👋"
ID = "07033084-5cfd-4812-90a4-e4d24ffb6e3d"
FORM = {"content-type": "application/x-www-form-urlencoded"}


def posted(body: bytes, *, url: str = f"{WEBHOOK}?key={KEY}") -> WebRequest:
    """The request that Jasmin makes of an address, with method POST."""
    return WebRequest(method="POST", url=url, headers=FORM, body=body)


class TestJasmin(GatewayContract):
    gateway = JasminGateway
    accepted = Reply(body=f'Success "{ID}"'.encode(), content_type="text/plain")
    refused_recipient = Reply(status=412, body=b'Error "No route found"', content_type="text/plain")
    refused_account = Reply(
        status=403, body=b'Error "Authentication failure for username:u"', content_type="text/plain"
    )
    throttled = Reply(status=403, body=b'Error "User throughput exceeded"', headers={"Retry-After": "2"})
    balance_told = json_reply({"balance": 100.0, "sms_count": "ND"})

    def raw_settings(self, url: str) -> Mapping[str, object]:
        return {"base_url": url, "username": "jasmin-user", "password": "jasmin-password", "webhook_key": KEY}

    def receipt(self, settings: Any) -> WebRequest:
        return posted(f"id={ID}&message_status=DELIVRD&level=2&connector=c".encode())

    def inbound(self, settings: Any) -> WebRequest:
        return posted(text_from(sender="380671234567", content="Так".encode("utf-16-be"), coding=8))

    def forgeries(self, request: WebRequest) -> Sequence[WebRequest]:
        return [replace(request, url=WEBHOOK), replace(request, url=f"{WEBHOOK}?key=guessed")]


@pytest.fixture
def server() -> Iterator[Jasmin]:
    with Jasmin() as server:
        yield server


@pytest.fixture
def http() -> Iterator[Http]:
    with Http(read_timeout=0.4, private=True) as http:
        yield http


def gateway(url: str, http: Http, **more: object) -> JasminGateway:
    """Jasmin at that address."""
    raw = {"base_url": url, "username": jasmin.USER, "password": jasmin.PASSWORD, "webhook_key": KEY, **more}
    return JasminGateway(build(JasminSettings, raw), http)


def deaf(http: Http) -> JasminGateway:
    """One that is asked nothing."""
    return gateway("http://127.0.0.1:1", http)


@pytest.mark.parametrize("text", ["Hello & {welcome}, 5 €", UKRAINIAN, "Olá, até amanhã: ção", "a+b %41 \n x"])
def test_a_text_arrives_as_it_was_written(server: Jasmin, http: Http, text: str) -> None:
    (verdict,) = gateway(server.url, http).send([outgoing(to=NUMBER, text=text)])
    (message,) = server.submitted
    assert (verdict.outcome, verdict.reference) == (Outcome.ACCEPTED, message.id)
    assert (message.to, message.text) == ("380671234567", text)


def test_the_settings_go_along(server: Jasmin, http: Http) -> None:
    gateway(server.url, http, sender="Ixonn", plus="yes").send([outgoing(to=NUMBER, receipts=WEBHOOK)])
    (message,) = server.submitted
    assert (message.to, message.sender, message.level) == (NUMBER, "Ixonn", 3)
    assert message.receipt_url == f"{WEBHOOK}?key={KEY}"


def test_without_a_public_address_no_receipts_are_asked_for(server: Jasmin, http: Http) -> None:
    gateway(server.url, http).send([outgoing()])
    assert (server.submitted[0].level, server.submitted[0].receipt_url) == (0, "")


@pytest.mark.parametrize(
    ("text", "fit"), [("x" * 306, True), ("x" * 307, False), ("я" * 134, True), ("я" * 135, False)]
)
def test_a_text_that_would_be_cut_is_refused(server: Jasmin, http: Http, text: str, fit: bool) -> None:
    """P19: Jasmin accepts it and cuts it without a word."""
    server.max_parts = 2
    (verdict,) = gateway(server.url, http, max_parts="2").send([outgoing(text=text)])
    assert [message.text for message in server.submitted] == ([text] if fit else [])
    assert verdict.reason == ("" if fit else "too_long")


@pytest.mark.parametrize(
    ("status", "words", "reason", "about", "for_good"),
    [
        (403, "Authentication failure for username:portal", "bad_credentials", About.ACCOUNT, True),
        (403, "Cannot charge submit_sm, check RouterPB log file for details", "no_credit", About.ACCOUNT, True),
        (403, "User throughput exceeded", "throttled", About.ACCOUNT, False),
        (400, "Argument [to] has an invalid value: [380671234567].", "bad_number", About.RECIPIENT, True),
        (400, "Argument [content] has an invalid value: [x].", "rejected", About.MESSAGE, True),
        (400, "Argument [dlr-url] has an invalid value: [x].", "bad_receipt_address", About.ACCOUNT, True),
        (400, "Value filter failed for user [u] (content filter mismatch).", "rejected", About.MESSAGE, True),
        (400, "Authorization failed for user [u] (Can not send MT messages).", "account_refused", About.ACCOUNT, True),
        (
            400,
            "Value filter failed for user [u] (destination_address filter mismatch).",
            "rejected",
            About.RECIPIENT,
            True,
        ),
        (
            400,
            "Value filter failed for user [u] (source_address filter mismatch).",
            "account_refused",
            About.ACCOUNT,
            True,
        ),
        (412, "No route found", "unreachable", About.RECIPIENT, True),
        (412, "Failover route has no bound connectors", "server_error", About.MESSAGE, False),
        (500, "Cannot send submit_sm, check SMPPClientManagerPB log file", "server_error", About.MESSAGE, False),
        (503, "InterceptorPB not connected !", "server_error", About.MESSAGE, False),
    ],
)
def test_a_refusal_is_told_by_its_words(
    server: Jasmin, http: Http, status: int, words: str, reason: str, about: About, for_good: bool
) -> None:
    """403 has three causes."""
    server.errors["380671234567"] = (status, words)
    (verdict,) = gateway(server.url, http).send([outgoing(to=NUMBER)])
    assert (verdict.outcome, verdict.reason) == (Outcome.REFUSED, reason)
    assert (verdict.about, verdict.for_good) == (about, for_good)
    assert "380671234567" not in repr(verdict)


@pytest.mark.parametrize(("status", "words"), [(500, "Unknown error: list index out of range"), (502, "x"), (403, "x")])
def test_an_error_that_nobody_documents_is_unknown(server: Jasmin, http: Http, status: int, words: str) -> None:
    server.errors["380671234567"] = (status, words)
    assert gateway(server.url, http).send([outgoing(to=NUMBER)])[0].outcome is Outcome.UNKNOWN


def test_a_wrong_password_stops_the_provider(server: Jasmin, http: Http) -> None:
    """P21."""
    assert gateway(server.url, http, password="guessed").send([outgoing()])[0].reason == "bad_credentials"


@pytest.mark.parametrize("wrong", [{"password": "x" * 17}, {"username": "x" * 17}])
def test_a_name_or_a_password_that_jasmin_does_not_even_read_stops_the_provider(
    server: Jasmin, http: Http, wrong: dict[str, str]
) -> None:
    """P21: Jasmin 0.11 takes 16 characters of each; no message is to blame."""
    (verdict,) = gateway(server.url, http, **wrong).send([outgoing()])
    assert (verdict.reason, verdict.about) == ("bad_credentials", About.ACCOUNT)
    assert "xxxx" not in repr(verdict)


@pytest.mark.parametrize(
    ("trouble", "taken"),
    [(Trouble.LOST_BEFORE, 0), (Trouble.LOST_AFTER, 1), (Trouble.RESET_AFTER, 1), (Trouble.CUT, 1), (Trouble.HTML, 0)],
)
def test_a_lost_answer_is_unknown_whether_it_was_taken_or_not(
    server: Jasmin, http: Http, trouble: Trouble, taken: int
) -> None:
    """X2."""
    server.trouble = trouble
    assert gateway(server.url, http).send([outgoing()])[0].outcome is Outcome.UNKNOWN
    assert len(server.submitted) == taken


@pytest.mark.parametrize(
    ("word", "level", "status"),
    [
        ("ESME_ROK", 1, ReceiptStatus.SENT),
        ("ESME_RINVNUMDESTS", 1, ReceiptStatus.FAILED),
        ("ACCEPTD", 2, ReceiptStatus.SENT),
        ("DELIVRD", 2, ReceiptStatus.DELIVERED),
        ("UNDELIV", 2, ReceiptStatus.UNDELIVERED),
        ("EXPIRED", 2, ReceiptStatus.UNDELIVERED),
        ("REJECTD", 2, ReceiptStatus.FAILED),
        ("DELETED", 2, ReceiptStatus.FAILED),
    ],
)
def test_a_receipt_has_our_status(server: Jasmin, http: Http, word: str, level: int, status: ReceiptStatus) -> None:
    """X3."""
    subject = gateway(server.url, http)
    (verdict,) = subject.send([outgoing(receipts=f"{WEBHOOK}/{UUID(int=1)}")])
    (message,) = server.submitted
    request = posted(receipt(message, word, level=level), url=message.receipt_url)
    (told,) = subject.read_webhook(request)
    assert isinstance(told, Report)
    assert (told.status, told.reference, told.provider_code) == (status, verdict.reference, word)


def test_the_error_of_a_receipt_is_kept(server: Jasmin, http: Http) -> None:
    subject = gateway(server.url, http)
    subject.send([outgoing(receipts=WEBHOOK)])
    (told,) = subject.read_webhook(posted(receipt(server.submitted[0], "UNDELIV", level=2, err="027")))
    assert isinstance(told, Report)
    assert told.provider_code == "UNDELIV 027"


def test_a_receipt_may_come_by_get(http: Http) -> None:
    url = f"{WEBHOOK}?key={KEY}&id={ID}&message_status=DELIVRD&level=2"
    (told,) = deaf(http).read_webhook(WebRequest(method="GET", url=url, headers={}, body=b""))
    assert isinstance(told, Report)
    assert told.reference == ID


@pytest.mark.parametrize("word", ["ESME_RTHROTTLED", "ESME_RMSGQFUL", "ESME_RSYSERR", "ESME_RINVSCHED"])
def test_a_submission_that_jasmin_makes_again_has_not_failed(http: Http, word: str) -> None:
    """Promise 3: it may well arrive, and nothing more is told of it."""
    assert deaf(http).read_webhook(posted(f"id={ID}&message_status={word}&level=1&connector=c".encode())) == []


@pytest.mark.parametrize("word", ["UNKNOWN", "ENROUTE"])
def test_a_receipt_that_knows_nothing_tells_nothing(http: Http, word: str) -> None:
    assert deaf(http).read_webhook(posted(f"id={ID}&message_status={word}&level=2".encode())) == []


@pytest.mark.parametrize(
    ("coding", "charset", "text"),
    [
        (8, "utf-16-be", UKRAINIAN),
        (3, "latin-1", "Olá, até já"),
        (0, "utf-8", "Olá, até já"),
        (0, "latin-1", "Olá, até já"),
        (0, "ascii", "STOP"),
        (1, "ascii", "STOP"),
        (6, "iso8859-5", "Дякую"),
        (0x18, "utf-16-be", UKRAINIAN),
    ],
)
def test_a_text_from_a_phone_is_read_by_its_coding(http: Http, coding: int, charset: str, text: str) -> None:
    """Q5."""
    body = text_from(sender="380671234567", content=text.encode(charset), coding=coding)
    (told,) = deaf(http).read_webhook(posted(body))
    assert isinstance(told, Inbound)
    assert (told.sender, told.to, told.text) == ("380671234567", "13013", text)
    assert told.reference == "4152af62-5510-4012-ad2c-92689e5578b3"


def test_a_text_in_the_alphabet_of_phones_is_read_as_such(http: Http) -> None:
    """What an SMSC hands on as it came: 5 € @ and a brace."""
    (told,) = deaf(http).read_webhook(posted(text_from(sender="1", content=b"5 \x1be \x00 \x1b(", coding=0)))
    assert isinstance(told, Inbound)
    assert told.text == "5 € @ {"


@pytest.mark.parametrize("coding", ["8", "%08", "ucs2"])
def test_a_coding_may_be_a_number_a_byte_or_a_name(http: Http, coding: str) -> None:
    """Q5: Jasmin 0.11.1 writes the byte, its documentation the number."""
    body = f"id={ID}&from=380671234567&to=1&coding={coding}&binary={'Так 👋'.encode('utf-16-be').hex()}"
    (told,) = deaf(http).read_webhook(posted(body.encode()))
    assert isinstance(told, Inbound)
    assert told.text == "Так 👋"


@pytest.mark.parametrize("coding", [2, 4])
def test_bytes_that_are_no_text_tell_nothing(http: Http, coding: int) -> None:
    assert deaf(http).read_webhook(posted(text_from(sender="1", content=bytes(range(40)), coding=coding))) == []


def test_the_only_answer_that_jasmin_takes(http: Http) -> None:
    answer = deaf(http).webhook_answer([])
    assert (answer.status, answer.body) == (200, b"ACK/Jasmin")


@pytest.mark.parametrize("body", [b"", b"id=1", b"id=1&message_status=HM", b"id=1&from=2&coding=8&content=&binary=zz"])
def test_what_is_neither_receipt_nor_text_is_not_read(http: Http, body: bytes) -> None:
    with pytest.raises(SmsError) as raised:
        deaf(http).read_webhook(posted(body))
    assert not isinstance(raised.value, ForgedRequest)


def test_the_balance_is_the_users(server: Jasmin, http: Http) -> None:
    """P17."""
    balance = gateway(server.url, http).balance()
    assert (balance.amount, balance.unit) == (Decimal("100.0"), "credits")


def test_a_credit_without_a_limit_is_no_balance(server: Jasmin, http: Http) -> None:
    server.credit = "ND"
    with pytest.raises(SmsError) as raised:
        gateway(server.url, http).balance()
    assert raised.value.code == "unlimited"


def test_a_stranger_is_told_no_balance(server: Jasmin, http: Http) -> None:
    with pytest.raises(SmsError) as raised:
        gateway(server.url, http, password="guessed").balance()
    assert raised.value.code == "bad_credentials"


@pytest.mark.parametrize("trouble", [Trouble.HTML, Trouble.DOWN, Trouble.LOST_AFTER])
def test_a_balance_that_cannot_be_had_is_an_error(server: Jasmin, http: Http, trouble: Trouble) -> None:
    server.trouble = trouble
    with pytest.raises(SmsError):
        gateway(server.url, http).balance()


@pytest.mark.parametrize(
    ("field", "raw"), [("base_url", {"base_url": "ftp://jasmin"}), ("webhook_key", {"webhook_key": "a&b"})]
)
def test_settings_that_cannot_work_are_named(field: str, raw: Mapping[str, str]) -> None:
    with pytest.raises(BadSettings) as raised:
        build(JasminSettings, {"username": "u", "password": "p", **raw})
    assert list(raised.value.problems) == [field]
