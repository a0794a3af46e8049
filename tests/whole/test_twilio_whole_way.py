"""Twilio through the whole plugin: request, answer, signed receipts on the public address, and what it refuses."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from hmac import digest
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from sms_plugin import signals
from sms_plugin.testing import drain
from sms_plugin.testing.gateway_contract import ScriptedServer
from sms_plugin.testing.loopback import json_reply
from tests.portal import Portal

SID = "SM" + "0a" * 16
TOKEN = "a-twilio-auth-token"


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
