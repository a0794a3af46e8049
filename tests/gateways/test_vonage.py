"""Vonage: what its specification and its guides say of requests, signatures, receipts and texts from phones (P20)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from sms_plugin.errors import ForgedRequest, SmsError
from sms_plugin.gateways.contract import About, Inbound, Outcome, Part, ReceiptStatus, Report, WebRequest
from sms_plugin.gateways.http import Http
from sms_plugin.gateways.settings import BadSettings, build
from sms_plugin.gateways.vonage import VonageGateway, VonageSettings
from sms_plugin.gateways.vonage_signature import METHODS, signature
from sms_plugin.testing.gateway_contract import GatewayContract, outgoing
from sms_plugin.testing.loopback import Reply, json_reply
from tests.doubles import vonage
from tests.doubles.troubled import Trouble
from tests.doubles.vonage import Vonage, as_json, form, receipt, signed, text_from

WEBHOOK = "https://portal.example/sms/receipts/token"
NUMBER = "+447700900000"
UKRAINIAN = "Ваш рахунок № 4711 до сплати: 250 ₴. Дякуємо! 👋"
FORM = {"content-type": "application/x-www-form-urlencoded"}


def posted(fields: Mapping[str, str]) -> WebRequest:
    """A webhook with method POST."""
    return WebRequest(method="POST", url=WEBHOOK, headers=FORM, body=form(fields))


class TestVonage(GatewayContract):
    gateway = VonageGateway
    accepted = json_reply(
        {"message-count": "1", "messages": [{"status": "0", "message-id": "0C01", "message-price": "0.03330000"}]}
    )
    refused_recipient = json_reply({"message-count": "1", "messages": [{"status": "6", "error-text": "Unroutable"}]})
    refused_account = json_reply({"message-count": "1", "messages": [{"status": "9", "error-text": "Quota"}]})
    throttled = json_reply({}, status=429, headers={"Retry-After": "1"})
    balance_told = json_reply({"value": 3.14, "autoReload": False})

    def raw_settings(self, url: str) -> Mapping[str, object]:
        return {
            "api_key": "abcd1234",
            "api_secret": "vonage-api-secret",
            "sender": "Ixonn",
            "signature_secret": vonage.SIGNATURE_SECRET,
            "base_url": url,
        }

    def receipt(self, settings: Any) -> WebRequest:
        told = {"msisdn": "447700900000", "to": "Ixonn", "messageId": "0C01", "status": "delivered", "err-code": "0"}
        return posted(signed(told))

    def inbound(self, settings: Any) -> WebRequest:
        return posted(signed(text_from(sender="447700900000", text="Yes")))

    def signed_anew(self, request: WebRequest, settings: Any) -> WebRequest:
        """As JSON, which can write more than a form can."""
        fields = dict(request.form)
        sig = signature(fields, secret=settings.signature_secret, method=settings.signature_method)
        return replace(request, headers={"content-type": "application/json"}, body=as_json({**fields, "sig": sig}))

    def forgeries(self, request: WebRequest) -> Sequence[WebRequest]:
        return [
            replace(request, body=request.body.replace(b"msisdn=4", b"msisdn=5")),
            replace(request, body=request.body.partition(b"&sig=")[0]),
            replace(request, body=request.body.replace(b"sig=", b"sig=0")),
            replace(request, body=b""),
        ]


@pytest.fixture
def server() -> Iterator[Vonage]:
    with Vonage() as server:
        yield server


@pytest.fixture
def http() -> Iterator[Http]:
    with Http(read_timeout=0.4, private=True) as http:
        yield http


def gateway(url: str, http: Http, **more: object) -> VonageGateway:
    """Vonage at that address; its webhooks are not signed unless a secret is given."""
    raw = {"api_key": vonage.KEY, "api_secret": vonage.SECRET, "sender": "Ixonn", "base_url": url, **more}
    return VonageGateway(build(VonageSettings, raw), http)


def deaf(http: Http, **more: object) -> VonageGateway:
    """One that is asked nothing."""
    return gateway("http://127.0.0.1:1", http, **more)


@pytest.mark.parametrize("text", ["Hello & {welcome}, 5 €", UKRAINIAN, "Olá, até amanhã: ção", "a+b %41 \n x"])
def test_a_text_is_taken_as_it_was_written(server: Vonage, http: Http, text: str) -> None:
    """What GSM-7 does not carry has to be called unicode."""
    (verdict,) = gateway(server.url, http).send([outgoing(to=NUMBER, text=text)])
    (message,) = server.taken
    assert (verdict.outcome, verdict.reference) == (Outcome.ACCEPTED, message.id)
    assert (message.to, message.sender, message.text) == ("447700900000", "Ixonn", text)
    assert message.reference == str(UUID(int=1))


def test_a_flash_message_is_of_class_0(server: Vonage, http: Http) -> None:
    gateway(server.url, http).send([outgoing()])
    gateway(server.url, http, flash="yes").send([outgoing()])
    assert [message.flash for message in server.taken] == [False, True]


@pytest.mark.parametrize(
    ("address", "given"),
    [
        (f"https://p.example/{'t' * 30}/{UUID(int=1)}", f"https://p.example/{'t' * 30}/{UUID(int=1)}"),
        (f"https://p.example/{'t' * 60}/{UUID(int=1)}", f"https://p.example/{'t' * 60}"),
        (f"https://p.example/{'t' * 90}/{UUID(int=1)}", ""),
        (None, ""),
    ],
)
def test_the_address_of_the_receipts_is_never_too_long(
    server: Vonage, http: Http, address: str | None, given: str
) -> None:
    """At most 100 characters; our reference tells the message anyway."""
    (verdict,) = gateway(server.url, http).send([outgoing(receipts=address)])
    assert verdict.outcome is Outcome.ACCEPTED
    assert server.taken[0].callback == given


@pytest.mark.parametrize(("text", "parts"), [("x" * 160, 1), ("x" * 161, 2), ("я" * 71, 2), ("я" * 140, 3)])
def test_each_part_counts_and_costs(server: Vonage, http: Http, text: str, parts: int) -> None:
    """P17: one item for each part."""
    (verdict,) = gateway(server.url, http).send([outgoing(text=text)])
    assert (verdict.segments, verdict.price, verdict.currency) == (parts, Decimal("0.0333") * parts, "EUR")
    assert verdict.reference == server.taken[0].id


def test_a_message_of_which_a_part_was_refused_is_unknown(server: Vonage, http: Http) -> None:
    """X2: some of it is on its way."""
    server.later_parts = "9"
    (verdict,) = gateway(server.url, http).send([outgoing(text="x" * 400)])
    assert (verdict.outcome, verdict.reason, verdict.provider_code) == (Outcome.UNKNOWN, "part_refused", "9")


@pytest.mark.parametrize(
    ("status", "reason", "about", "for_good"),
    [
        ("1", "throttled", About.ACCOUNT, False),
        ("2", "rejected", About.MESSAGE, True),
        ("3", "rejected", About.MESSAGE, True),
        ("4", "bad_credentials", About.ACCOUNT, True),
        ("5", "server_error", About.MESSAGE, False),
        ("6", "unreachable", About.RECIPIENT, True),
        ("7", "blocked", About.RECIPIENT, True),
        ("8", "account_suspended", About.ACCOUNT, True),
        ("9", "no_credit", About.ACCOUNT, True),
        ("10", "throttled", About.ACCOUNT, False),
        ("11", "account_refused", About.ACCOUNT, True),
        ("12", "too_long", About.MESSAGE, True),
        ("14", "bad_credentials", About.ACCOUNT, True),
        ("15", "bad_sender", About.ACCOUNT, True),
        ("22", "rejected", About.MESSAGE, True),
        ("23", "bad_receipt_address", About.ACCOUNT, True),
        ("29", "trial_account", About.ACCOUNT, True),
        ("32", "bad_credentials", About.ACCOUNT, True),
        ("33", "unknown_number", About.RECIPIENT, True),
    ],
)
def test_a_status_inside_of_200_says_whom_the_refusal_is_about(
    server: Vonage, http: Http, status: str, reason: str, about: About, for_good: bool
) -> None:
    server.statuses["447700900000"] = (status, "No, +447700900000")
    (verdict,) = gateway(server.url, http).send([outgoing(to=NUMBER)])
    assert (verdict.outcome, verdict.reason, verdict.provider_code) == (Outcome.REFUSED, reason, status)
    assert (verdict.about, verdict.for_good) == (about, for_good)
    assert "447700900000" not in repr(verdict)


@pytest.mark.parametrize(
    "told",
    [
        {"messages": [{"status": "99", "error-text": "?"}]},
        {"messages": [{"status": 0, "message-id": "1"}]},
        {"messages": [{"status": "0"}]},
        {"messages": [{"error-text": "?"}]},
        {"messages": ["0"]},
        {"messages": {}},
    ],
)
def test_what_is_not_documented_is_unknown(http: Http, told: object) -> None:
    class Odd(Vonage):
        def does(self, request: object) -> Reply:
            return json_reply(told)

    with Odd() as server:
        assert gateway(server.url, http).send([outgoing()])[0].outcome is Outcome.UNKNOWN


def test_a_wrong_secret_stops_the_provider(server: Vonage, http: Http) -> None:
    """P21."""
    assert gateway(server.url, http, api_secret="guessed").send([outgoing()])[0].reason == "bad_credentials"


def test_too_many_requests_wait(server: Vonage, http: Http) -> None:
    server.throttled = json_reply({}, status=429, headers={"Retry-After": "3"})
    (verdict,) = gateway(server.url, http).send([outgoing()])
    assert (verdict.reason, verdict.retry_after) == ("throttled", 3.0)


@pytest.mark.parametrize(
    ("trouble", "taken"),
    [
        (Trouble.LOST_BEFORE, 0),
        (Trouble.LOST_AFTER, 1),
        (Trouble.RESET_AFTER, 1),
        (Trouble.CUT, 1),
        (Trouble.HTML, 0),
        (Trouble.DOWN, 0),
    ],
)
def test_a_lost_answer_is_unknown_whether_it_was_taken_or_not(
    server: Vonage, http: Http, trouble: Trouble, taken: int
) -> None:
    """X2."""
    server.trouble = trouble
    assert gateway(server.url, http).send([outgoing()])[0].outcome is Outcome.UNKNOWN
    assert len(server.taken) == taken


@pytest.mark.parametrize("number", ["123", "+4477009000001234", "Ixonn", "447700900000 447700900001"])
def test_what_is_no_number_is_never_asked_for(server: Vonage, http: Http, number: str) -> None:
    (verdict,) = gateway(server.url, http).send([outgoing(to=number)])
    assert (verdict.reason, verdict.about) == ("bad_number", About.RECIPIENT)
    assert server.requests == []


@pytest.mark.parametrize("method", METHODS)
def test_the_signature_is_made_in_every_way(http: Http, method: str) -> None:
    """In capitals or not; & and = within values are no separators."""
    fields = signed(text_from(sender="447700900000", text="a=b & c"), method=method)
    subject = deaf(http, signature_secret=vonage.SIGNATURE_SECRET, signature_method=method)
    (text,) = subject.read_webhook(posted(fields))
    assert isinstance(text, Inbound)
    assert text.text == "a=b & c"
    other = next(name for name in METHODS if name != method)
    with pytest.raises(ForgedRequest):
        subject.read_webhook(posted(signed(text_from(sender="447700900000", text="a=b & c"), method=other)))


@pytest.mark.parametrize(("hours", "held"), [(0, True), (24, True), (26, False), (-26, False)])
def test_a_signature_is_good_as_long_as_vonage_tries(http: Http, hours: int, held: bool) -> None:
    """X3: what was overheard is worth nothing later."""
    signed_at = datetime.fromtimestamp(1795664876, UTC)
    request = posted(signed(text_from(sender="447700900000", text="STOP")))
    request = replace(request, came_at=signed_at + timedelta(hours=hours))
    subject = deaf(http, signature_secret=vonage.SIGNATURE_SECRET)
    if held:
        assert len(subject.read_webhook(request)) == 1
    else:
        with pytest.raises(ForgedRequest):
            subject.read_webhook(request)


def test_what_is_signed_is_every_parameter_in_order() -> None:
    """Written out by hand from the guide."""
    expected = hashlib.md5(b"&a=1_2&b=x_y&timestamp=7secret").hexdigest()  # noqa: S324
    assert (
        signature({"timestamp": "7", "b": "x&y", "a": "1=2", "sig": "?"}, secret="secret", method="md5hash") == expected
    )


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("accepted", ReceiptStatus.SENT),
        ("buffered", ReceiptStatus.SENT),
        ("submitted", ReceiptStatus.SENT),
        ("delivered", ReceiptStatus.DELIVERED),
        ("expired", ReceiptStatus.UNDELIVERED),
        ("failed", ReceiptStatus.UNDELIVERED),
        ("rejected", ReceiptStatus.FAILED),
    ],
)
def test_a_receipt_has_our_status_and_our_id(server: Vonage, http: Http, word: str, status: ReceiptStatus) -> None:
    """X3; the recipient is msisdn, whatever "to" says."""
    subject = gateway(server.url, http)
    (verdict,) = subject.send([outgoing(7, to=NUMBER)])
    (told,) = subject.read_webhook(posted(receipt(server.taken[0], word)))
    assert isinstance(told, Report)
    assert (told.status, told.reference, told.message_id) == (status, verdict.reference, UUID(int=7))
    assert (told.number, told.provider_code) == ("447700900000", "")
    assert told.occurred_at == datetime(2026, 11, 26, 3, 48, tzinfo=UTC)


@pytest.mark.parametrize(
    ("code", "reason"), [("1", ""), ("2", "unreachable"), ("4", "blocked"), ("6", "filtered"), ("9", "bad_number")]
)
def test_a_receipt_of_a_failure_has_its_reason(server: Vonage, http: Http, code: str, reason: str) -> None:
    subject = gateway(server.url, http)
    subject.send([outgoing()])
    (told,) = subject.read_webhook(posted(receipt(server.taken[0], "failed", err=code)))
    assert isinstance(told, Report)
    assert (told.provider_code, told.reason) == (code, reason)


def test_a_receipt_that_knows_nothing_tells_nothing(server: Vonage, http: Http) -> None:
    subject = gateway(server.url, http)
    subject.send([outgoing()])
    assert subject.read_webhook(posted(receipt(server.taken[0], "unknown"))) == []


def test_a_webhook_comes_in_whichever_form_the_dashboard_says(http: Http) -> None:
    """Q5."""
    fields = text_from(sender="447700900000", text=UKRAINIAN)
    query = form(fields).decode()
    ways = [
        posted(fields),
        WebRequest(method="GET", url=f"{WEBHOOK}?{query}", headers={}, body=b""),
        WebRequest(method="POST", url=WEBHOOK, headers={"content-type": "application/json"}, body=as_json(fields)),
    ]
    for way in ways:
        (text,) = deaf(http).read_webhook(way)
        assert isinstance(text, Inbound)
        assert (text.sender, text.to, text.text) == ("447700900000", "447700900001", UKRAINIAN)
        assert (text.reference, text.part) == ("0B00000057CC7BC7", None)
        assert text.received_at == datetime(2026, 11, 26, 3, 49, tzinfo=UTC)


@pytest.mark.parametrize(
    ("more", "part"),
    [
        (
            {"concat-ref": "54", "concat-total": "3", "concat-part": "2"},
            Part(group="447700900000 54", number=2, total=3),
        ),
        ({"concat-ref": "54", "concat-total": "3", "concat-part": "4"}, None),
        ({"concat-ref": "54"}, None),
    ],
)
def test_a_part_has_its_place(http: Http, more: dict[str, str], part: Part | None) -> None:
    fields = text_from(sender="447700900000", text="second", concat="true", **more)
    (text,) = deaf(http).read_webhook(posted(fields))
    assert isinstance(text, Inbound)
    assert text.part == part


def test_bytes_that_are_no_text_are_left_out(http: Http) -> None:
    fields = text_from(sender="447700900000", text="", data="0011", udh="06050415811581") | {"type": "binary"}
    del fields["text"]
    assert deaf(http).read_webhook(posted(fields)) == []


def test_the_dashboards_own_test_tells_nothing(http: Http) -> None:
    assert deaf(http).read_webhook(WebRequest(method="GET", url=WEBHOOK, headers={}, body=b"")) == []


@pytest.mark.parametrize("fields", [{"a": "1"}, {"messageId": "1"}, {"messageId": "1", "status": "lost"}])
def test_what_is_neither_receipt_nor_text_is_not_read(http: Http, fields: dict[str, str]) -> None:
    with pytest.raises(SmsError) as raised:
        deaf(http).read_webhook(posted(fields))
    assert not isinstance(raised.value, ForgedRequest)


def test_the_balance_is_in_euros(server: Vonage, http: Http) -> None:
    """P17."""
    balance = gateway(server.url, http).balance()
    assert (balance.amount, balance.unit) == (Decimal("3.14"), "EUR")


def test_a_stranger_is_told_no_balance(server: Vonage, http: Http) -> None:
    with pytest.raises(SmsError) as raised:
        gateway(server.url, http, api_secret="guessed").balance()
    assert raised.value.code == "bad_credentials"


@pytest.mark.parametrize("trouble", [Trouble.HTML, Trouble.DOWN, Trouble.LOST_AFTER])
def test_a_balance_that_cannot_be_had_is_an_error(server: Vonage, http: Http, trouble: Trouble) -> None:
    server.trouble = trouble
    with pytest.raises(SmsError):
        gateway(server.url, http).balance()


def test_a_base_address_that_cannot_be_is_named() -> None:
    with pytest.raises(BadSettings) as raised:
        build(VonageSettings, {"api_key": "k", "api_secret": "s", "sender": "x", "base_url": "nexmo"})
    assert list(raised.value.problems) == ["base_url"]
