"""The contract that ships for gateway authors, over every gateway that ships."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from sms_plugin.gateways.console import ConsoleGateway
from sms_plugin.gateways.contract import Outgoing, WebRequest
from sms_plugin.gateways.generic import GenericHttpGateway
from sms_plugin.gateways.presets import Allcance, FacilitaMovel, HotMobile, KingTelecom
from sms_plugin.gateways.registry import SHIPPED
from sms_plugin.gateways.twilio import TwilioGateway
from sms_plugin.gateways.twilio_signature import signature
from sms_plugin.testing import phone_receipts
from sms_plugin.testing.gateway_contract import RECIPIENT, GatewayContract
from sms_plugin.testing.loopback import Reply, json_reply
from sms_plugin.testing.phone_gateway import PhoneGateway

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

    def raw_settings(self, url: str) -> Mapping[str, object]:
        return {
            "account_sid": "AC" + "0b" * 16,
            "auth_token": "tw-auth-token-value",
            "sender": "+15017122661",
            "base_url": url,
        }

    def receipt(self, settings: Any) -> WebRequest:
        fields = {"MessageSid": SID, "MessageStatus": "delivered", "To": "+351911111000"}
        url = "https://portal.example/sms/receipts/1?m=2"
        return WebRequest(
            method="POST",
            url=url,
            headers={
                "content-type": "application/x-www-form-urlencoded",
                "x-twilio-signature": signature(url, list(fields.items()), token=settings.auth_token),
            },
            body=urlencode(fields).encode(),
        )


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


class TestFacilitaMovel(GatewayContract):
    gateway = FacilitaMovel
    accepted = Reply(body=b"6;Mensagem enviada;123456", content_type="text/plain")
    refused_recipient = Reply(body=b"3;Destinatario invalido")
    refused_account = Reply(body=b"2;Sem creditos")
    throttled = Reply(status=429, headers={"Retry-After": "3"})

    def raw_settings(self, url: str) -> Mapping[str, object]:
        return {**at(url), "user": "facilita-user", "password": "facilita-password"}


class TestKingTelecom(GatewayContract):
    gateway = KingTelecom
    accepted = json_reply({"status": "success", "cause": "mensagem enviada", "id": "123"})
    refused_recipient = json_reply({"status": "error", "cause": "Número inválido"})
    refused_account = json_reply({"status": "error", "cause": "saldo insuficiente"})

    def raw_settings(self, url: str) -> Mapping[str, object]:
        return {**at(url), "user": "king-user", "token": "king-token-value"}


class TestAllcance(GatewayContract):
    gateway = Allcance
    accepted = json_reply({"status": 1, "data": "4455", "msg": "SUCESSO"})
    refused_recipient = json_reply({"status": 0, "data": "", "msg": "NUMERO INVALIDO"})
    refused_account = json_reply({"status": 0, "data": "", "msg": "FALHA AO REALIZAR LOGIN"})

    def raw_settings(self, url: str) -> Mapping[str, object]:
        return {**at(url), "user": "allcance-user", "password": "allcance-password"}


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
        body = json.dumps(told).encode()
        signed = phone_receipts.signature(body, timestamp="1777896000", secret=settings.receipt_secret)
        headers = {"x-phone-timestamp": "1777896000", "x-phone-signature": signed}
        return WebRequest(method="POST", url="https://portal.example/r/1", headers=headers, body=body)


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
    under = {test.gateway for test in globals().values() if _is_contract(test)}
    assert gateway in under


def _is_contract(test: object) -> bool:
    return isinstance(test, type) and issubclass(test, GatewayContract) and test is not GatewayContract
