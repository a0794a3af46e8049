"""Twilio through the whole plugin: request, answer, signed receipts on the public address, and what it refuses."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from decimal import Decimal
from hmac import digest
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from sms_plugin import signals
from sms_plugin.gateways.contract import WebRequest
from sms_plugin.jobs.due import run_job
from sms_plugin.testing import drain
from sms_plugin.testing.gateway_contract import ScriptedServer
from sms_plugin.testing.loopback import Ending, json_reply
from tests.doubles.twilio import SERVICE, Mishap, TwilioDouble, call, settings
from tests.portal import Portal
from tests.whole.asking import ask_for_receipts
from tests.whole.office import Office

SID = "SM" + "0a" * 16
TOKEN = "a-twilio-auth-token"
NUMBER = "+351912345678"
TEXT = "Your invoice 4711 is due tomorrow."
REPLY = "Дякую 👋 & até já, amanhã sem falta às 18:30 = 100% certo, combinado então, obrigado e até amanhã!"


@pytest.fixture
def twilio(portal: Portal) -> Iterator[ScriptedServer]:
    """Twilio's API on loopback, as the active provider."""
    with ScriptedServer() as server:
        server.will(json_reply({"sid": SID, "status": "queued", "num_segments": "1"}, status=201))
        given = {
            "account_sid": "AC" + "0b" * 16,
            "auth_token": TOKEN,
            "sender": "+15017122661",
            "base_url": server.url,
        }
        portal.use_kind("twilio", given, name="twilio")
        yield server


def _send(portal: Portal) -> None:
    portal.sms.send(to="912345678", text="Hello")
    portal.db.session.commit()
    drain(portal.app)


def _callback(portal: Portal, url: str, fields: dict[str, str], *, token: str = TOKEN) -> int:
    """Call the portal as Twilio does: to the address that it was given, signed over that address and the fields."""
    signed = url + "".join(name + value for name, value in sorted(fields.items()))
    signature = b64encode(digest(token.encode(), signed.encode(), "sha1")).decode()
    answer = portal.app.test_client().post(
        urlsplit(url).path,
        data=urlencode(fields),
        content_type="application/x-www-form-urlencoded",
        headers={"X-Twilio-Signature": signature, "Host": "internal:8000"},
    )
    return answer.status_code


def _callback_url(twilio: ScriptedServer) -> str:
    return parse_qs(twilio.requests[0].body.decode())["StatusCallback"][0]


def test_a_signed_receipt_on_the_public_address_delivers_the_message(portal: Portal, twilio: ScriptedServer) -> None:
    """P1, X3"""
    _send(portal)
    url = _callback_url(twilio)
    assert url.startswith("https://portal.example.com/sms/receipts/")
    assert portal.messages()[0].state == "sent"
    assert _callback(portal, url, {"MessageSid": SID, "MessageStatus": "delivered"}) == 204
    assert portal.messages()[0].state == "delivered"


def test_receipts_in_the_wrong_order_end_in_the_same_state(portal: Portal, twilio: ScriptedServer) -> None:
    _send(portal)
    url = _callback_url(twilio)
    for status in ("delivered", "sent", "queued", "delivered"):
        assert _callback(portal, url, {"MessageSid": SID, "MessageStatus": status}) == 204
    assert portal.messages()[0].state == "delivered"


def test_a_receipt_signed_with_another_token_is_refused(portal: Portal, twilio: ScriptedServer) -> None:
    _send(portal)
    url = _callback_url(twilio)
    fields = {"MessageSid": SID, "MessageStatus": "delivered"}
    assert _callback(portal, url, fields, token="guessed") == 403
    assert portal.messages()[0].state == "sent"


def test_refused_credentials_stop_the_provider_and_not_the_message(portal: Portal, twilio: ScriptedServer) -> None:
    """P21: the message waits, the staff is told once, and after "resume" it goes once."""
    told: list[str] = []

    def tell(sender: object, *, provider: str, reason: str, detail: str) -> None:
        told.append(f"{provider} {reason}")

    refusal = json_reply({"code": 20003, "message": "Authenticate", "status": 401}, status=401)
    twilio.will(refusal)
    with signals.provider_stopped.connected_to(tell):
        for _ in range(3):
            portal.sms.send(to="912345678", text="Hello")
        portal.db.session.commit()
        drain(portal.app)
        drain(portal.app)
    assert told == ["twilio bad_credentials"]
    assert {message.state for message in portal.messages()} == {"queued"}

    twilio.will(json_reply({"sid": SID, "status": "queued"}, status=201))
    asked = len(twilio.requests)
    assert portal.app.test_cli_runner().invoke(args=["sms", "provider", "resume", "twilio"]).exit_code == 0
    drain(portal.app)
    assert {message.state for message in portal.messages()} == {"sent"}
    assert len(twilio.requests) - asked == 3


@pytest.fixture
def vendor(office: Office) -> Iterator[TwilioDouble]:
    """Twilio's double, set up through its form and active."""
    with TwilioDouble() as double:
        office.set_up("twilio", **settings(double.url, messaging_service_sid=SERVICE, validity="600"))
        yield double


def told(office: Office, request: WebRequest) -> tuple[int, bytes]:
    """The portal's answer to Twilio's call."""
    answer = office.called(request.url, body=request.body, headers=request.headers)
    return answer.status_code, answer.data


def test_a_message_its_receipts_its_price_and_a_reply(office: Office, vendor: TwilioDouble) -> None:
    """P1, P17, X3, Q5: all of it through the pages and the public address."""
    ana = office.client("Ana", NUMBER)
    office.text(ana, NUMBER, TEXT)
    ((sid, message),) = vendor.messages.items()
    assert (message["to"], message["body"], vendor.validities[sid]) == (NUMBER, TEXT, "600")
    assert office.states() == ["sent"]
    callbacks = [vendor.becomes(sid, status) for status in ("sending", "sent", "delivered")]
    for request in reversed(callbacks):
        assert told(office, request) == (204, b"")
    assert office.states() == ["delivered"]
    ask_for_receipts(office.portal, minutes=10)
    with office.portal.app.app_context():
        (kept,) = office.portal.messages()
    assert (kept.cost, kept.currency) == (Decimal("0.0075"), "USD")
    reply = vendor.texted(office.webhook("twilio"), sender=NUMBER, text=REPLY)
    for _ in range(2):
        status, body = told(office, reply)
        assert (status, body.endswith(b"<Response></Response>")) == (200, True)
    assert office.conversation(ana) == [TEXT, REPLY]
    assert vendor.complaints == []


def test_a_reply_is_taken_at_the_address_for_texts_too(office: Office, vendor: TwilioDouble) -> None:
    """Q5: the signature covers the address that was called."""
    ana = office.client("Ana", NUMBER)
    url = office.webhook("twilio").replace("/sms/receipts/", "/sms/inbound/")
    assert told(office, vendor.texted(url, sender=NUMBER, text=REPLY))[0] == 200
    assert office.conversation(ana) == [REPLY]
    forged = call(url, {"MessageSid": "SM1", "From": NUMBER, "Body": "Forged"}, token="guessed")
    assert told(office, forged)[0] == 403


def test_a_word_that_twilio_acted_on_stops_the_number(office: Office, vendor: TwilioDouble) -> None:
    """X7: Twilio has answered by itself, in a language that we do not know the word of."""
    ana = office.client("Ana", NUMBER)
    stop = vendor.texted(office.webhook("twilio"), sender=NUMBER, text="ARRET", OptOutType="STOP")
    assert told(office, stop)[0] == 200
    office.text(ana, NUMBER, TEXT)
    assert office.states() == ["suppressed"]
    assert vendor.messages == {}


def test_a_number_that_opted_out_at_twilio_is_kept_as_such(office: Office, vendor: TwilioDouble) -> None:
    """X7: its code 21610."""
    ana = office.client("Ana", NUMBER)
    vendor.refusals[NUMBER] = (400, 21610)
    office.text(ana, NUMBER, TEXT)
    asked = len(vendor.requests)
    office.text(ana, NUMBER, "Again")
    assert office.states() == ["failed", "suppressed"]
    assert len(vendor.requests) == asked


def test_an_answer_that_was_lost_is_looked_up(office: Office, vendor: TwilioDouble) -> None:
    """Promise 3: what Twilio has is found, and nothing is sent twice."""
    vendor.mishaps.append(Mishap(ending=Ending.RESET, taken=True))
    office.text(office.client("Ana", NUMBER), NUMBER, TEXT)
    assert office.states() == ["unknown"]
    with office.portal.app.app_context():
        run_job(office.portal.state, "reconcile", now=True)
    assert office.states() == ["sent"]
    assert len(vendor.messages) == 1


def test_the_page_tells_the_balance_and_what_is_wrong_with_the_account(office: Office, vendor: TwilioDouble) -> None:
    """P15, P17."""
    assert "12.34 USD" in office.press("twilio", "connect")
    vendor.balance = json_reply({"code": 20003, "message": "Authenticate", "status": 401}, status=401)
    assert "does not know these credentials" in office.press("twilio", "connect")
