"""Pigeon Post under the contract that ships with the plugin."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any

from pigeon_sms import PigeonGateway

from sms_plugin.gateways.contract import Outgoing, WebRequest
from sms_plugin.testing.gateway_contract import RECIPIENT, GatewayContract
from sms_plugin.testing.loopback import Reply, json_reply


class TestPigeon(GatewayContract):
    gateway = PigeonGateway
    accepted = json_reply([{"ring": "PT-1"}])
    refused_recipient = json_reply([{"error": "bad_number"}])
    refused_account = json_reply([{"error": "no_credit"}])
    throttled = Reply(status=429, headers={"Retry-After": "60"})
    balance_told = json_reply({"grains": 1200})

    def raw_settings(self, url: str) -> Mapping[str, object]:
        return {"base_url": url, "token": "pigeon-token-value", "webhook_secret": "pigeon-webhook-secret"}

    def accepted_all(self, messages: Sequence[Outgoing]) -> Reply:
        return json_reply([{"ring": f"PT-{at}"} for at, _ in enumerate(messages)])

    def receipt(self, settings: Any) -> WebRequest:
        return self._signed(settings, ring="PT-1", status="delivered", id="00000000-0000-0000-0000-000000000001")

    def inbound(self, settings: Any) -> WebRequest:
        return self._signed(settings, ring="PT-2", text="Obrigado 👋", **{"from": RECIPIENT})

    def _signed(self, settings: Any, **told: str) -> WebRequest:
        body = json.dumps(told).encode()
        signature = hmac.new(settings.webhook_secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {"x-pigeon-signature": signature}
        return WebRequest(method="POST", url="https://portal.example/r/1", headers=headers, body=body)
