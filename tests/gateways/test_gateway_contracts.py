"""The contract that ships for gateway authors, over every gateway that ships."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from sms_plugin.gateways.console import ConsoleGateway
from sms_plugin.gateways.contract import Gateway, Outgoing, Sent, WebRequest
from sms_plugin.gateways.facilita_movel import FacilitaMovel
from sms_plugin.gateways.generic import GenericHttpGateway
from sms_plugin.gateways.hotmobile import HotMobile
from sms_plugin.gateways.king_telecom import KingTelecom
from sms_plugin.gateways.registry import SHIPPED
from sms_plugin.gateways.twilio import TwilioGateway
from sms_plugin.gateways.twilio_signature import signature as twilio_signature
from sms_plugin.testing import phone_receipts
from sms_plugin.testing.gateway_contract import RECIPIENT, GatewayContract
from sms_plugin.testing.loopback import Reply, json_reply
from sms_plugin.testing.phone_gateway import PhoneGateway
from tests.doubles import twilio

SID = "SM" + "0a" * 16


def at(url: str) -> dict[str, object]:
    """A loopback address as host, port and SSL."""
    parts = urlsplit(url)
    return {"host": parts.hostname, "port": parts.port, "ssl": "no"}


class TestTwilio(GatewayContract):
    gateway = TwilioGateway
    accepted = json_reply({"sid": SID, "status": "queued", "num_segments": "1"}, status=201)
    refused_recipient = json_reply({"code": 21211, "message": "not valid", "status": 400}, status=400)
    refused_account = json_reply({"code": 20003, "message": "Authenticate", "status": 401}, status=401)
    throttled = json_reply({"code": 20429}, status=429, headers={"Retry-After": "7"})
    balance_told = json_reply({"account_sid": "AC" + "0b" * 16, "balance": "0.05", "currency": "USD"})

    def raw_settings(self, url: str) -> Mapping[str, object]:
        return {
            "account_sid": "AC" + "0b" * 16,
            "auth_token": "tw-auth-token-value",
            "sender": "+15017122661",
            "base_url": url,
        }

    def receipt(self, settings: Any) -> WebRequest:
        return twilio.call(
            "https://portal.example/sms/receipts/1?m=2",
            {"MessageSid": SID, "MessageStatus": "delivered", "To": "+351911111000"},
            token=settings.auth_token,
        )

    def inbound(self, settings: Any) -> WebRequest:
        return twilio.call(
            "https://portal.example/sms/receipts/1",
            {"MessageSid": SID, "SmsStatus": "received", "From": RECIPIENT, "To": "+15017122661", "Body": "Так 👋"},
            token=settings.auth_token,
        )

    def signed_anew(self, request: WebRequest, settings: Any) -> WebRequest:
        signed = twilio_signature(request.url, request.form, token=settings.auth_token)
        return replace(request, headers={**request.headers, "x-twilio-signature": signed})

    def polled(self, asked: Sequence[Sent]) -> Sequence[Reply]:
        told = {"status": "delivered", "price": "-0.00750", "price_unit": "USD", "num_segments": "1"}
        return [json_reply({"sid": each.reference, **told}) for each in asked]


class TestGeneric(GatewayContract):
    gateway = GenericHttpGateway
    accepted = json_reply({"result": {"code": 0, "id": "g-1"}})
    refused_recipient = json_reply({"result": {"code": 3}})
    refused_account = json_reply({"result": {"code": 2}})
    throttled = json_reply({"result": {"code": 9}}, headers={"Retry-After": "5"})

    def raw_settings(self, url: str) -> Mapping[str, object]:
        return {
            **at(url),
            "url": "/send?user={u}&pass={p}&to={d}&text={m}",
            "user": "generic-user",
            "password": "generic-password",
            "success": "json",
            "success_at": "result.code",
            "success_values": "0",
            "reference_by": "json",
            "reference_at": "result.id",
            "longest": "300",
            "errors": "3 = recipient\n2 = account no_credit\n9 = throttled",
        }


class TestGenericBatch(TestGeneric):
    def raw_settings(self, url: str) -> Mapping[str, object]:
        return {
            **super().raw_settings(url),
            "url": "/bulk",
            "method": "POST",
            "body_format": "json",
            "body": '{"token": "{t}", "to": "{d}", "text": "{m}"}',
            "token": "generic-token",
            "separator": "comma",
            "batch_size": "50",
        }


class TestGenericQuestions(TestGeneric):
    balance_told = json_reply({"left": "12,50"})
    fetched = json_reply({"texts": [{"from": "351912345678", "text": "Так 👋"}]})

    def raw_settings(self, url: str) -> Mapping[str, object]:
        return {
            **super().raw_settings(url),
            "balance_url": "/balance?user={u}&pass={p}",
            "balance_at": "left",
            "status_url": "/status?user={u}&pass={p}&id={i}",
            "status_at": "status",
            "status_words": "1 = delivered",
            "receipt_status": "status",
            "receipt_reference": "id",
            "inbound_from": "from",
            "inbound_text": "text",
            "webhook_secret_at": "header:x-key",
            "webhook_secret": "generic-webhook-secret",
            "inbox_url": "/inbox?user={u}&pass={p}&after={a}",
            "inbox_items": "texts",
        }

    def receipt(self, settings: Any) -> WebRequest:
        return self._called("status=1&id=g-1", settings)

    def inbound(self, settings: Any) -> WebRequest:
        return self._called("from=351912345678&text=Sim", settings)

    def _called(self, form: str, settings: Any) -> WebRequest:
        kind = "application/x-www-form-urlencoded"
        headers = {"content-type": kind, "x-key": settings.webhook_secret}
        return WebRequest(method="POST", url="https://portal.example/r/1", headers=headers, body=form.encode())

    def forgeries(self, request: WebRequest) -> Sequence[WebRequest]:
        return super().forgeries(request)[1:]  # the secret signs no body

    def polled(self, asked: Sequence[Sent]) -> Sequence[Reply]:
        return [json_reply({"status": 1}) for _ in asked]


class TestFacilitaMovel(GatewayContract):
    gateway = FacilitaMovel
    accepted = Reply(body=b"6;Mensagem enviada;123456", content_type="text/plain")
    refused_recipient = Reply(body=b"3;Destinatario invalido")
    refused_account = Reply(body=b"2;Sem creditos")
    throttled = Reply(status=429, headers={"Retry-After": "3"})
    balance_told = Reply(body=b"6;120")

    def raw_settings(self, url: str) -> Mapping[str, object]:
        given = {"user": "facilita-user", "password": "facilita-password", "status_words": "4 = delivered"}
        return {**at(url), **given}

    def polled(self, asked: Sequence[Sent]) -> Sequence[Reply]:
        return [Reply(body="-".join(f"{each.id.hex};4" for each in asked).encode())]


class TestKingTelecom(GatewayContract):
    gateway = KingTelecom
    accepted = json_reply({"status": "success", "cause": "mensagem enviada", "id": "123"})
    refused_recipient = json_reply({"status": "error", "cause": "Número inválido"})
    refused_account = json_reply({"status": "error", "cause": "saldo insuficiente"})
    balance_told = json_reply({"status": "success", "cause": "120"})

    def raw_settings(self, url: str) -> Mapping[str, object]:
        given = {"user": "king-user", "token": "king-token-value", "status_words": "/entregue/ = delivered"}
        return {**at(url), **given}

    def polled(self, asked: Sequence[Sent]) -> Sequence[Reply]:
        return [json_reply({"status": "success", "cause": "Entregue"}) for _ in asked]


class TestHotMobile(GatewayContract):
    gateway = HotMobile
    accepted = Reply(body=b"887766\r\n", content_type="text/plain")
    refused_recipient = Reply(body=b"-9")
    refused_account = Reply(body=b"-2")

    def raw_settings(self, url: str) -> Mapping[str, object]:
        return {**at(url), "user": "hot-user", "password": "hot-password"}


class TestPhone(GatewayContract):
    gateway = PhoneGateway
    accepted = json_reply({"accepted": True, "reference": "P00000001"})
    refused_recipient = json_reply({"accepted": False, "error": "bad_number"})
    refused_account = json_reply({"accepted": False, "error": "bad_token"}, status=401)
    throttled = json_reply({"accepted": False, "error": "throttled"}, status=429, headers={"Retry-After": "2"})

    def raw_settings(self, url: str) -> Mapping[str, object]:
        return {"base_url": url, "token": "phone-token-value", "receipt_secret": "phone-secret-value"}

    def receipt(self, settings: Any) -> WebRequest:
        told = {
            "id": "00000000-0000-0000-0000-000000000001",
            "reference": "P00000001",
            "to": "+351911111000",
            "status": "delivered",
            "at": "2026-05-04T12:00:00+00:00",
        }
        return self._signed(told, settings)

    def inbound(self, settings: Any) -> WebRequest:
        told = {"from": RECIPIENT, "text": "Так 👋", "reference": "P2", "at": "2026-05-04T12:00:00+00:00"}
        return self._signed(told, settings)

    def _signed(self, told: Mapping[str, str], settings: Any) -> WebRequest:
        url, body = "https://portal.example/r/1", json.dumps(told).encode()
        return self.signed_anew(WebRequest(method="POST", url=url, headers={}, body=body), settings)

    def signed_anew(self, request: WebRequest, settings: Any) -> WebRequest:
        signed = phone_receipts.signature(request.body, timestamp="1777896000", secret=settings.receipt_secret)
        return replace(request, headers={"x-phone-timestamp": "1777896000", "x-phone-signature": signed})


class TestPhoneBatch(TestPhone):
    def raw_settings(self, url: str) -> Mapping[str, object]:
        return {**super().raw_settings(url), "batch_size": "20"}

    def accepted_all(self, messages: Sequence[Outgoing]) -> Reply:
        results = [{"accepted": True, "reference": f"P{at:08d}"} for at in range(len(messages))]
        return json_reply({"results": results})


class TestConsole(GatewayContract):
    gateway = ConsoleGateway
    over_http = False

    def raw_settings(self, url: str) -> Mapping[str, object]:
        return {}

    def hidden(self, settings: Any) -> Sequence[str]:
        return [RECIPIENT]  # it shows texts, as its help says


@pytest.mark.parametrize("gateway", [*SHIPPED, PhoneGateway], ids=lambda gateway: gateway.kind)
def test_every_shipped_gateway_is_under_contract(gateway: type[object]) -> None:
    """Here or in the file of its own tests."""
    tests = "".join(file.read_text(encoding="utf-8") for file in Path(__file__).parent.glob("test_*.py"))
    under = re.findall(r"^    gateway = (\w+)$", tests, re.MULTILINE)
    assert gateway.__name__ in under


@pytest.mark.parametrize("gateway", SHIPPED, ids=lambda gateway: gateway.kind)
def test_no_gateways_file_is_longer_than_250_lines(gateway: type[Gateway]) -> None:
    """What two of them share, and what one has too much of, stands beside it."""
    file = Path(inspect.getfile(gateway))
    beside = file.parent.glob(f"{file.stem}*.py")
    assert {each.name for each in beside if len(each.read_text().splitlines()) > 250} == set()
