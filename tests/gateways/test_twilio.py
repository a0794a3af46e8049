"""Twilio: what its API description asks of a request, its codes, its signatures (P1)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest

from sms_plugin.errors import ForgedRequest, SmsError
from sms_plugin.gateways.contract import About, Outcome, ReceiptStatus, Report, WebRequest
from sms_plugin.gateways.http import Http
from sms_plugin.gateways.settings import BadSettings, build
from sms_plugin.gateways.twilio import TwilioGateway
from sms_plugin.gateways.twilio_settings import TwilioSettings
from sms_plugin.gateways.twilio_signature import signature, verified_fields
from sms_plugin.testing.gateway_contract import ScriptedServer, outgoing
from sms_plugin.testing.loopback import Reply, json_reply

ACCOUNT = "AC" + "0b" * 16
SERVICE = "MG" + "0c" * 16
SID = "SM" + "0a" * 16
PATH = f"/2010-04-01/Accounts/{ACCOUNT}"
TAKEN = json_reply({"sid": SID, "status": "queued", "num_segments": "2", "price": None}, status=201)
SINCE = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
# The vendor's own example.
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
CALL = {
    "CallSid": "CA1234567890ABCDE",
    "Caller": "+14158675309",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
}
SIGNED = "RSOYDt4T1cUTdK1PDd93/VVr8B8="


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        server.will(TAKEN)
        yield server


def gateway(url: str, http: Http, **more: str) -> TwilioGateway:
    """Twilio at that address."""
    raw = {"account_sid": ACCOUNT, "auth_token": "12345", "sender": "+15017122661", "base_url": url, **more}
    return TwilioGateway(build(TwilioSettings, raw), http)


def callback(fields: Mapping[str, str], *, url: str = URL, token: str = "12345") -> WebRequest:
    """A signed status callback."""
    headers = {
        "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
        "x-twilio-signature": signature(url, list(fields.items()), token=token),
    }
    return WebRequest(method="POST", url=url, headers=headers, body=urlencode(fields).encode())


def test_a_message_is_a_form_to_the_accounts_messages(server: ScriptedServer, http: Http) -> None:
    gateway(server.url, http).send([outgoing(text="Olá & até já", receipts="https://portal.example/r?m=1")])
    (request,) = server.requests
    assert (request.method, request.target) == ("POST", f"{PATH}/Messages.json")
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert request.form == {
        "To": "+5511987650001",
        "From": "+15017122661",
        "Body": "Olá & até já",
        "StatusCallback": "https://portal.example/r?m=1",
    }


def test_the_account_authenticates_with_its_token(server: ScriptedServer, http: Http) -> None:
    gateway(server.url, http).send([outgoing()])
    sent = requests_basic(ACCOUNT, "12345")
    assert server.requests[0].headers["authorization"] == sent


def test_an_api_key_authenticates_instead_of_the_token(server: ScriptedServer, http: Http) -> None:
    gateway(server.url, http, api_key_sid="SK1", api_key_secret="s").send([outgoing()])
    assert server.requests[0].headers["authorization"] == requests_basic("SK1", "s")
    assert server.requests[0].path.startswith(PATH)


def requests_basic(user: str, password: str) -> str:
    """The header of HTTP Basic."""
    import base64

    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_a_messaging_service_can_stand_for_the_sender(server: ScriptedServer, http: Http) -> None:
    gateway(server.url, http, sender="", messaging_service_sid=SERVICE).send([outgoing()])
    assert server.requests[0].form["MessagingServiceSid"] == SERVICE
    assert "From" not in server.requests[0].form


def test_an_accepted_message_has_its_sid_and_its_segments(server: ScriptedServer, http: Http) -> None:
    (verdict,) = gateway(server.url, http).send([outgoing()])
    assert (verdict.outcome, verdict.reference, verdict.segments) == (Outcome.ACCEPTED, SID, 2)


def test_segments_that_are_not_counted_yet_are_none(server: ScriptedServer, http: Http) -> None:
    server.will(json_reply({"sid": SID, "status": "accepted", "num_segments": "0"}, status=201))
    assert gateway(server.url, http).send([outgoing()])[0].segments is None


def test_a_message_that_fails_at_once_is_refused(server: ScriptedServer, http: Http) -> None:
    server.will(json_reply({"sid": SID, "status": "failed", "error_code": 30007}, status=201))
    (verdict,) = gateway(server.url, http).send([outgoing()])
    assert (verdict.outcome, verdict.reason, verdict.provider_code) == (Outcome.REFUSED, "filtered", "30007")


@pytest.mark.parametrize(
    ("status", "code", "about", "reason"),
    [
        (401, 20003, About.ACCOUNT, "bad_credentials"),
        (404, 20404, About.ACCOUNT, "bad_address"),
        (400, 21211, About.RECIPIENT, "bad_number"),
        (400, 21614, About.RECIPIENT, "not_mobile"),
        (400, 21635, About.RECIPIENT, "landline"),
        (400, 21610, About.RECIPIENT, "opted_out"),
        (400, 21612, About.RECIPIENT, "unreachable"),
        (403, 21408, About.ACCOUNT, "region_not_enabled"),
        (400, 21606, About.ACCOUNT, "bad_sender"),
        (400, 21212, About.ACCOUNT, "bad_sender"),
        (400, 21608, About.ACCOUNT, "trial_account"),
        (400, 21602, About.MESSAGE, "empty_text"),
        (400, 21617, About.MESSAGE, "too_long"),
        (400, 21609, About.ACCOUNT, "bad_receipt_address"),
        (400, 21999, About.MESSAGE, "rejected"),
    ],
)
def test_a_documented_code_says_whom_the_refusal_is_about(
    server: ScriptedServer, http: Http, status: int, code: int, about: About, reason: str
) -> None:
    server.will(json_reply({"code": code, "message": "…", "status": status}, status=status))
    (verdict,) = gateway(server.url, http).send([outgoing()])
    assert (verdict.outcome, verdict.about, verdict.reason) == (Outcome.REFUSED, about, reason)
    assert verdict.for_good
    assert verdict.provider_code == str(code)


def test_too_many_requests_wait_even_without_being_told_how_long(server: ScriptedServer, http: Http) -> None:
    server.will(json_reply({"code": 20429, "status": 429}, status=429))
    (verdict,) = gateway(server.url, http).send([outgoing()])
    assert (verdict.reason, verdict.about, verdict.for_good) == ("throttled", About.ACCOUNT, False)


def test_a_server_error_is_unknown_whatever_code_it_holds(server: ScriptedServer, http: Http) -> None:
    """X2: there is no idempotency key."""
    server.will(json_reply({"code": 20500, "status": 500}, status=500))
    assert gateway(server.url, http).send([outgoing()])[0].outcome is Outcome.UNKNOWN


def test_the_vendors_words_are_kept_without_the_number(server: ScriptedServer, http: Http) -> None:
    words = "The 'To' number +5511987650001 is not a valid phone number."
    server.will(json_reply({"code": 21211, "message": words}, status=400))
    (verdict,) = gateway(server.url, http).send([outgoing()])
    assert verdict.detail == "The 'To' number *** is not a valid phone number."


def test_the_vendors_example_has_the_vendors_signature() -> None:
    assert signature(URL, list(CALL.items()), token="12345") == SIGNED


def test_a_value_that_comes_twice_is_signed_once_and_others_in_order() -> None:
    once = signature(URL, [("A", "1"), ("A", "2"), ("B", "3")], token="t")
    assert signature(URL, [("B", "3"), ("A", "2"), ("A", "1"), ("A", "2")], token="t") == once


@pytest.mark.parametrize("port", ["", ":443"])
@pytest.mark.parametrize("signed_port", ["", ":443"])
def test_either_form_of_the_address_is_accepted(port: str, signed_port: str) -> None:
    signed = callback(CALL, url=f"https://portal.example{signed_port}/r")
    request = WebRequest(method="POST", url=f"https://portal.example{port}/r", headers=signed.headers, body=signed.body)
    assert verified_fields(request, token="12345") == CALL


def test_a_signature_for_another_port_does_not_hold() -> None:
    signed = callback(CALL, url="https://portal.example:8443/r")
    moved = WebRequest(method="POST", url="https://portal.example/r", headers=signed.headers, body=signed.body)
    with pytest.raises(ForgedRequest):
        verified_fields(moved, token="12345")


def test_a_json_body_is_signed_by_its_sum() -> None:
    body = json.dumps({"MessageSid": SID, "MessageStatus": "sent"}).encode()
    url = f"https://portal.example/r?bodySHA256={hashlib.sha256(body).hexdigest()}"
    headers = {"content-type": "application/json", "x-twilio-signature": signature(url, [], token="12345")}
    genuine = WebRequest(method="POST", url=url, headers=headers, body=body)
    assert verified_fields(genuine, token="12345")["MessageSid"] == SID
    with pytest.raises(ForgedRequest):
        verified_fields(WebRequest(method="POST", url=url, headers=headers, body=body + b" "), token="12345")


def test_another_algorithm_is_refused() -> None:
    request = callback(CALL)
    headers = {**request.headers, "x-twilio-webhooks-signature-settings": "key=k,algorithm=HMAC_SHA256"}
    with pytest.raises(ForgedRequest):
        verified_fields(WebRequest(method="POST", url=URL, headers=headers, body=request.body), token="12345")


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("queued", ReceiptStatus.ACCEPTED),
        ("sending", ReceiptStatus.ACCEPTED),
        ("sent", ReceiptStatus.SENT),
        ("delivered", ReceiptStatus.DELIVERED),
        ("read", ReceiptStatus.DELIVERED),
        ("undelivered", ReceiptStatus.UNDELIVERED),
        ("failed", ReceiptStatus.FAILED),
        ("canceled", ReceiptStatus.FAILED),
    ],
)
def test_a_receipt_has_our_status(http: Http, word: str, status: ReceiptStatus) -> None:
    """X3; parameters that nobody announced are signed too."""
    fields = {"MessageSid": SID, "MessageStatus": word, "To": "+351911111000", "Announced": "never"}
    (report,) = gateway("https://api.twilio.com", http).read_webhook(callback(fields))
    assert isinstance(report, Report)
    assert (report.status, report.reference, report.number) == (status, SID, "+351911111000")


def test_a_receipt_of_a_failure_has_its_reason(http: Http) -> None:
    fields = {"MessageSid": SID, "MessageStatus": "undelivered", "ErrorCode": "30006"}
    (report,) = gateway("https://api.twilio.com", http).read_webhook(callback(fields))
    assert isinstance(report, Report)
    assert (report.provider_code, report.reason) == ("30006", "landline")


def test_a_signed_request_that_is_no_receipt_is_not_read(http: Http) -> None:
    with pytest.raises(SmsError) as raised:
        gateway("https://api.twilio.com", http).read_webhook(callback(CALL))
    assert not isinstance(raised.value, ForgedRequest)


def test_the_balance_has_its_currency(server: ScriptedServer, http: Http) -> None:
    """P17."""
    server.will(json_reply({"account_sid": ACCOUNT, "balance": "0.05", "currency": "USD"}))
    balance = gateway(server.url, http).balance()
    assert (balance.amount, balance.unit) == (Decimal("0.05"), "USD")
    assert server.requests[0].target == f"{PATH}/Balance.json"


@pytest.mark.parametrize("reply", [Reply(body=b"{"), json_reply({}), json_reply({"code": 20003}, status=401)])
def test_a_balance_that_cannot_be_had_is_an_error(server: ScriptedServer, http: Http, reply: Reply) -> None:
    server.will(reply)
    with pytest.raises(SmsError):
        gateway(server.url, http).balance()


def resource(**more: Any) -> dict[str, Any]:
    """A message as the list shows it."""
    return {
        "sid": SID,
        "to": "+5511987650001",
        "body": "Hello",
        "direction": "outbound-api",
        "status": "delivered",
        "error_code": None,
        "date_created": "Mon, 04 May 2026 12:00:05 +0000",
        **more,
    }


def test_a_message_is_looked_up_by_its_sid(server: ScriptedServer, http: Http) -> None:
    server.will(json_reply(resource(status="undelivered", error_code=30003)))
    (found,) = gateway(server.url, http).look_up(outgoing(), reference=SID, since=SINCE)
    assert server.requests[0].target == f"{PATH}/Messages/{SID}.json"
    assert (found.reference, found.status) == (SID, ReceiptStatus.UNDELIVERED)
    assert found.provider_code == "30003"


def test_a_sid_that_is_not_there_finds_nothing(server: ScriptedServer, http: Http) -> None:
    server.will(json_reply({"code": 20404}, status=404))
    assert gateway(server.url, http).look_up(outgoing(), reference=SID, since=SINCE) == []


def test_without_a_sid_number_day_and_exact_text_decide(server: ScriptedServer, http: Http) -> None:
    server.will(
        json_reply(
            {
                "messages": [
                    resource(sid="SM" + "01" * 16, body="Hello!"),
                    resource(sid="SM" + "02" * 16, direction="inbound"),
                    resource(sid="SM" + "03" * 16, date_created="Mon, 04 May 2026 08:00:00 +0000"),
                    resource(),
                ],
                "next_page_uri": None,
            }
        )
    )
    found = gateway(server.url, http).look_up(outgoing(text="Hello"), reference=None, since=SINCE)
    assert server.requests[0].query == {
        "To": "+5511987650001",
        "DateSent>": "2026-05-04",
        "PageSize": "200",
    }
    assert [one.reference for one in found] == [SID]


def test_the_list_is_followed_only_within_the_account(server: ScriptedServer, http: Http) -> None:
    server.will(
        json_reply({"messages": [], "next_page_uri": f"{PATH}/Messages.json?Page=1&PageToken=PA1"}),
        json_reply({"messages": [resource()], "next_page_uri": "@evil.example/Messages.json?Page=2"}),
    )
    found = gateway(server.url, http).look_up(outgoing(text="Hello"), reference=None, since=SINCE)
    assert [one.reference for one in found] == [SID]
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("field", "raw"),
    [
        ("account_sid", {"account_sid": "AC123"}),
        ("sender", {"sender": ""}),
        ("messaging_service_sid", {"messaging_service_sid": "MG1"}),
        ("api_key_secret", {"api_key_sid": "SK1"}),
        ("base_url", {"base_url": "https://user:pw@api.twilio.com"}),
    ],
)
def test_settings_that_cannot_work_are_named(field: str, raw: Mapping[str, str]) -> None:
    whole = {"account_sid": ACCOUNT, "auth_token": "12345", "sender": "+15017122661", **raw}
    with pytest.raises(BadSettings) as raised:
        build(TwilioSettings, whole)
    assert list(raised.value.problems) == [field]
