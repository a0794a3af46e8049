"""Twilio's gateway against Twilio's double: every request as published, and what becomes of a message (P1)."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest

from sms_plugin.errors import ForgedRequest, SmsError
from sms_plugin.gateways.contract import (
    About,
    Inbound,
    Outcome,
    ReceiptStatus,
    Report,
    Sent,
    Verdict,
    WebRequest,
    Wish,
)
from sms_plugin.gateways.http import Http
from sms_plugin.gateways.settings import build
from sms_plugin.gateways.twilio import TwilioGateway
from sms_plugin.gateways.twilio_settings import TwilioSettings
from sms_plugin.gateways.twilio_signature import verified_fields
from sms_plugin.testing.gateway_contract import outgoing
from sms_plugin.testing.loopback import Ending, Reply, json_reply
from tests.doubles.twilio import (
    ACCOUNT,
    KEY,
    KEY_SECRET,
    SENDER,
    SERVICE,
    TOKEN,
    Mishap,
    TwilioDouble,
    call,
    settings,
)

TO = "+5511987650001"
CALLBACK = "https://portal.example.com/sms/receipts/token/00000000-0000-0000-0000-000000000001"


@pytest.fixture
def twilio() -> Iterator[TwilioDouble]:
    with TwilioDouble() as double:
        yield double


@pytest.fixture
def http() -> Iterator[Http]:
    with Http(read_timeout=0.5, private=True) as http:
        yield http


def gateway(twilio: TwilioDouble, http: Http, **more: str) -> TwilioGateway:
    """The gateway with the double's account."""
    return TwilioGateway(build(TwilioSettings, settings(twilio.url, **more)), http)


def sent(twilio: TwilioDouble, http: Http, text: str = "Hello", **more: str) -> Verdict:
    """The verdict on one message."""
    (verdict,) = gateway(twilio, http, **more).send([outgoing(text=text, receipts=CALLBACK)])
    return verdict


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"sender": "12345"},
        {"sender": "Padaria Sol"},
        {"messaging_service_sid": SERVICE},
        {"sender": "", "messaging_service_sid": SERVICE},
        {"api_key_sid": KEY, "api_key_secret": KEY_SECRET},
        {"validity": "1"},
        {"validity": "36000"},
    ],
)
@pytest.mark.parametrize("text", ["Hello", "Дякую 👋 & até já = 100%", "x" * 1600])
def test_every_request_is_as_published(twilio: TwilioDouble, http: Http, text: str, more: dict[str, str]) -> None:
    verdict = sent(twilio, http, text, **more)
    assert (verdict.outcome, twilio.complaints) == (Outcome.ACCEPTED, [])
    assert twilio.messages[str(verdict.reference)]["body"] == text


@pytest.mark.parametrize(("given", "told"), [("", None), ("0", None), ("600", "600")])
def test_the_validity_is_told_where_the_admin_set_one(
    twilio: TwilioDouble, http: Http, given: str, told: str | None
) -> None:
    verdict = sent(twilio, http, validity=given)
    assert twilio.validities[str(verdict.reference)] == told


def test_a_messaging_service_counts_the_segments_later(twilio: TwilioDouble, http: Http) -> None:
    verdict = sent(twilio, http, "x" * 200, sender="", messaging_service_sid=SERVICE)
    assert (verdict.outcome, verdict.segments) == (Outcome.ACCEPTED, None)
    twilio.becomes(str(verdict.reference), "sent")
    (report,) = gateway(twilio, http).poll([asked(verdict)])
    assert report.segments == 2


def asked(*verdicts: Verdict) -> Sent:
    """The message of the verdict, as a poll asks for it."""
    return Sent(reference=str(verdicts[0].reference), id=UUID(int=1), number=TO, departed_at=datetime.now(UTC))


@pytest.mark.parametrize("mishap", [Ending.HANG, Ending.RESET])
@pytest.mark.parametrize("taken", [True, False])
def test_a_lost_answer_is_unknown_and_the_look_up_knows(
    twilio: TwilioDouble, http: Http, mishap: Ending, taken: bool
) -> None:
    """X2: whether Twilio had taken the message or not looks the same from here."""
    twilio.mishaps.append(Mishap(ending=mishap, taken=taken))
    since = datetime.now(UTC)
    assert sent(twilio, http).outcome is Outcome.UNKNOWN
    found = gateway(twilio, http).look_up(outgoing(text="Hello"), reference=None, since=since)
    assert [one.reference for one in found] == list(twilio.messages)
    assert len(found) == taken
    assert twilio.complaints == []


def test_the_look_up_reads_every_page(twilio: TwilioDouble, http: Http) -> None:
    twilio.longest_page = 2
    since = datetime.now(UTC)
    for text in ("a", "b", "c", "d", "Hello"):
        sent(twilio, http, text)
    (found,) = gateway(twilio, http).look_up(outgoing(text="Hello"), reference=None, since=since)
    assert found.reference == list(twilio.messages)[-1]


@pytest.mark.parametrize("ending", [Ending.CUT, Ending.DRIP])
def test_an_answer_that_does_not_come_whole_is_unknown(twilio: TwilioDouble, http: Http, ending: Ending) -> None:
    twilio.mishaps.append(Mishap(ending=ending, taken=True))
    assert sent(twilio, http).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (Reply(status=201, body=b"<html>Gateway</html>"), Outcome.UNKNOWN),
        (Reply(status=201, body=b'{"sid": "SM1"}'), Outcome.UNKNOWN),
        (json_reply({"code": 20500, "status": 500}, status=500), Outcome.UNKNOWN),
        (Reply(status=503, body=b"<html>try later</html>"), Outcome.UNKNOWN),
    ],
)
def test_an_answer_that_makes_no_sense_is_unknown(
    twilio: TwilioDouble, http: Http, reply: Reply, outcome: Outcome
) -> None:
    twilio.mishaps.append(reply)
    assert sent(twilio, http).outcome is outcome


def test_a_throttled_account_waits(twilio: TwilioDouble, http: Http) -> None:
    twilio.throttled = 1
    verdict = sent(twilio, http)
    assert (verdict.reason, verdict.about, verdict.retry_after) == ("throttled", About.ACCOUNT, 3.0)
    assert sent(twilio, http).outcome is Outcome.ACCEPTED


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"auth_token": "another"}, "bad_credentials"),
        ({"api_key_sid": KEY, "api_key_secret": "another"}, "bad_credentials"),
        ({"account_sid": "AC" + "ff" * 16, "api_key_sid": KEY, "api_key_secret": KEY_SECRET}, "bad_address"),
        ({"sender": "not_a_sender"}, "bad_sender"),
    ],
)
def test_an_account_that_is_set_up_wrongly_stops(
    twilio: TwilioDouble, http: Http, more: dict[str, str], reason: str
) -> None:
    """P21."""
    verdict = sent(twilio, http, **more)
    assert (verdict.outcome, verdict.about, verdict.reason) == (Outcome.REFUSED, About.ACCOUNT, reason)


@pytest.mark.parametrize(
    ("code", "reason"), [(21211, "bad_number"), (21610, "opted_out"), (21614, "not_mobile"), (21612, "unreachable")]
)
def test_a_number_that_is_refused_is_about_the_recipient(
    twilio: TwilioDouble, http: Http, code: int, reason: str
) -> None:
    """X7: one that opted out is kept as such."""
    twilio.refusals[TO] = (400, code)
    verdict = sent(twilio, http)
    assert (verdict.about, verdict.reason, verdict.detail.count(TO)) == (About.RECIPIENT, reason, 0)


def test_an_address_for_receipts_that_twilio_cannot_call_stops(twilio: TwilioDouble, http: Http) -> None:
    (verdict,) = gateway(twilio, http).send([outgoing(receipts="https://my_portal.example.com/r")])
    assert (verdict.about, verdict.reason) == (About.ACCOUNT, "bad_receipt_address")


def test_a_message_is_followed_to_the_phone(twilio: TwilioDouble, http: Http) -> None:
    """X3: every callback is signed over the address that Twilio was given."""
    verdict = sent(twilio, http)
    told: list[Any] = []
    for status in ("sending", "sent", "delivered"):
        request = twilio.becomes(str(verdict.reference), status)
        assert request.url == CALLBACK
        told += gateway(twilio, http).read_webhook(request)
    assert [report.status for report in told] == [
        ReceiptStatus.ACCEPTED,
        ReceiptStatus.SENT,
        ReceiptStatus.DELIVERED,
    ]
    assert {report.reference for report in told} == {verdict.reference}


@pytest.mark.parametrize(
    ("error", "reason"), [(30003, "unreachable"), (30007, "filtered"), (21610, "opted_out"), (39999, "")]
)
def test_a_failure_that_is_told_later_has_its_reason(twilio: TwilioDouble, http: Http, error: int, reason: str) -> None:
    verdict = sent(twilio, http)
    request = twilio.becomes(str(verdict.reference), "undelivered", error=error)
    (report,) = gateway(twilio, http).read_webhook(request)
    assert isinstance(report, Report)
    assert (report.status, report.provider_code, report.reason) == (ReceiptStatus.UNDELIVERED, str(error), reason)


def test_a_poll_tells_what_was_charged(twilio: TwilioDouble, http: Http) -> None:
    """P17: the price is in the resource alone, below zero there and above it here."""
    first, second, third = (sent(twilio, http, text) for text in ("one", "x" * 161, "three"))
    twilio.becomes(str(first.reference), "delivered")
    twilio.becomes(str(second.reference), "undelivered", error=30005)
    reports = gateway(twilio, http).poll([asked(first), asked(second), asked(third)])
    assert [(report.reference, report.price, report.currency, report.segments) for report in reports] == [
        (first.reference, Decimal("0.00750"), "USD", 1),
        (second.reference, Decimal("0.01500"), "USD", 2),
    ]
    assert reports[0].occurred_at == twilio.now - timedelta(seconds=1)
    assert reports[1].reason == "unknown_number"
    assert twilio.complaints == []


def test_a_poll_that_breaks_off_keeps_what_it_has(twilio: TwilioDouble, http: Http) -> None:
    first, second = sent(twilio, http), sent(twilio, http)
    for each in (first, second):
        twilio.becomes(str(each.reference), "delivered")
    twilio.messages[str(second.reference)] = {}
    polling = gateway(twilio, http)
    assert [report.reference for report in polling.poll([asked(first), asked(second)])] == [first.reference]
    with pytest.raises(SmsError):
        polling.poll([asked(second)])


def test_a_poll_of_a_message_that_is_gone_tells_nothing(twilio: TwilioDouble, http: Http) -> None:
    verdict = sent(twilio, http)
    twilio.messages.clear()
    assert gateway(twilio, http).poll([asked(verdict)]) == []


@pytest.mark.parametrize("told", ["0.00", "0.0075", "NaN", "-Infinity", "much", None, -0.0075])
def test_a_price_that_is_no_charge_is_none(twilio: TwilioDouble, http: Http, told: object) -> None:
    verdict = sent(twilio, http)
    twilio.becomes(str(verdict.reference), "delivered")
    twilio.messages[str(verdict.reference)]["price"] = told
    (report,) = gateway(twilio, http).poll([asked(verdict)])
    assert (report.price, report.currency) == (None, "")


@pytest.mark.parametrize("text", ["Ok", "Дякую 👋 & até já = 100%", "", "Дуже довга відповідь. " * 20])
def test_a_text_from_a_phone_comes_as_it_was_written(twilio: TwilioDouble, http: Http, text: str) -> None:
    """Q5: Twilio has put the parts of a long one together."""
    receiving = gateway(twilio, http)
    taken = receiving.read_webhook(twilio.texted(CALLBACK, sender=TO, text=text))
    (inbound,) = taken
    assert isinstance(inbound, Inbound)
    assert (inbound.sender, inbound.to, inbound.text, inbound.wish) == (TO, SENDER, text, None)
    assert inbound.reference
    answer = receiving.webhook_answer(taken)
    assert (answer.status, answer.content_type) == (200, "text/xml; charset=utf-8")
    assert answer.body.endswith(b"<Response></Response>")


def test_a_receipt_is_answered_without_words(twilio: TwilioDouble, http: Http) -> None:
    verdict = sent(twilio, http)
    receiving = gateway(twilio, http)
    taken = receiving.read_webhook(twilio.becomes(str(verdict.reference), "sent"))
    assert receiving.webhook_answer(taken).body == b""


@pytest.mark.parametrize(("told", "wish"), [("STOP", Wish.STOP), ("START", Wish.START), ("HELP", Wish.HELP)])
def test_a_word_that_twilio_acted_on_itself_is_a_wish(twilio: TwilioDouble, http: Http, told: str, wish: Wish) -> None:
    """X7: advanced opt-out."""
    request = twilio.texted(CALLBACK, sender=TO, text="whatever", OptOutType=told)
    (inbound,) = gateway(twilio, http).read_webhook(request)
    assert isinstance(inbound, Inbound)
    assert inbound.wish is wish


def test_a_text_that_was_changed_on_the_way_is_forged(twilio: TwilioDouble, http: Http) -> None:
    genuine = twilio.texted(CALLBACK, sender=TO, text="Yes")
    for forged in (
        dataclasses.replace(genuine, body=genuine.body.replace(b"Body=Yes", b"Body=No")),
        dataclasses.replace(genuine, url=genuine.url + "?x=1"),
        call(CALLBACK, {"MessageSid": "SM1", "From": TO, "Body": "Yes"}, token="guessed"),
    ):
        with pytest.raises(ForgedRequest):
            gateway(twilio, http).read_webhook(forged)


@pytest.mark.parametrize("fields", [{"MessageSid": "SM1"}, {"From": TO, "Body": "Hi"}, {"MessageStatus": "sent"}])
def test_what_is_neither_a_receipt_nor_a_text_is_not_read(
    twilio: TwilioDouble, http: Http, fields: dict[str, str]
) -> None:
    with pytest.raises(SmsError) as raised:
        gateway(twilio, http).read_webhook(call(CALLBACK, fields))
    assert not isinstance(raised.value, ForgedRequest)


def test_the_balance_is_the_accounts(twilio: TwilioDouble, http: Http) -> None:
    """P17."""
    balance = gateway(twilio, http).balance()
    assert (balance.amount, balance.unit) == (Decimal("12.34"), "USD")
    with pytest.raises(SmsError) as raised:
        gateway(twilio, http, auth_token="another").balance()
    assert raised.value.code == "bad_credentials"


# What the vendor's own library, 9.13.0, computes for these (its RequestValidator).
CALLBACK_SIGNED = (
    "https://portal.example.com/sms/receipts/tok_1-x/0190a0b0-0000-7000-8000-00000000000a",
    [
        ("MessageSid", "SM" + "0a" * 16),
        ("SmsSid", "SM" + "0a" * 16),
        ("AccountSid", ACCOUNT),
        ("From", "+15017122661"),
        ("To", "+351912345678"),
        ("MessageStatus", "delivered"),
        ("SmsStatus", "delivered"),
        ("ApiVersion", "2010-04-01"),
        ("RawDlrDoneDate", "2605041210"),
    ],
    "ySy6LWl/CS7ypt3ocVQOCDtqfAU=",
)
TEXT_SIGNED = (
    "https://portal.example.com/sms/receipts/tok_1-x?a=1&b=%C3%A9",
    [
        ("MessageSid", "SM" + "0e" * 16),
        ("AccountSid", ACCOUNT),
        ("From", "+351912345678"),
        ("To", "+15017122661"),
        ("Body", "Дякую 👋 & até já = 100%"),
        ("NumMedia", "0"),
        ("NumSegments", "1"),
        ("FromCity", ""),
        ("SmsStatus", "received"),
    ],
    "ewVg9b6p6PP6vm2hV8KZjoTg7go=",
)
REPEATED_SIGNED = (
    "https://portal.example.com:8443/r",
    [("MediaUrl", "https://b"), ("From", "+1"), ("MediaUrl", "https://a"), ("MediaUrl", "https://b")],
    "AxaTuq0dbBxQeAeQNwMinmGubB4=",
)


@pytest.mark.parametrize(
    ("url", "fields", "signature"), [CALLBACK_SIGNED, TEXT_SIGNED, REPEATED_SIGNED], ids=["receipt", "text", "repeated"]
)
def test_what_the_vendors_library_signed_holds(url: str, fields: list[tuple[str, str]], signature: str) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded", "x-twilio-signature": signature}
    request = WebRequest(method="POST", url=url, headers=headers, body=urlencode(fields).encode())
    assert verified_fields(request, token=TOKEN) == dict(fields)
    with pytest.raises(ForgedRequest):
        verified_fields(dataclasses.replace(request, body=request.body + b"&x=1"), token=TOKEN)


def test_a_json_body_that_the_vendors_library_signed_holds() -> None:
    body = b'{"MessageSid":"SM0a","MessageStatus":"sent"}'
    url = f"https://portal.example.com/r?bodySHA256={hashlib.sha256(body).hexdigest()}"
    headers = {"content-type": "application/json", "x-twilio-signature": "AgQyc0dRmyoN+rsb0YO6a8npCsk="}
    request = WebRequest(method="POST", url=url, headers=headers, body=body)
    assert verified_fields(request, token=TOKEN) == json.loads(body)


def test_the_double_signs_as_the_vendors_library_does() -> None:
    for url, fields, signature in (CALLBACK_SIGNED, TEXT_SIGNED):
        assert call(url, dict(fields)).headers["x-twilio-signature"] == signature
