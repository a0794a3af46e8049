"""Pigeon Post: a gateway as somebody else writes one, in a distribution of its own.

Its API is made up: ``POST /letters`` takes up to fifty letters and answers each; receipts and answers come back signed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sms_plugin.errors import ForgedRequest, SmsError
from sms_plugin.gateways.contract import (
    About,
    Balance,
    Capabilities,
    Gateway,
    Inbound,
    Outgoing,
    ReceiptStatus,
    Report,
    Verdict,
    WebRequest,
    accepted,
    refused,
    unknown,
)
from sms_plugin.gateways.http import NotSent, Unsure, base_address
from sms_plugin.gateways.settings import BadSettings, setting
from sms_plugin.gateways.values import number_in
from sms_plugin.gateways.verdicts import of_failure, of_status, unreadable

LONGEST = 300
_REFUSALS: Mapping[str, About] = {
    "no_credit": About.ACCOUNT,
    "bad_credentials": About.ACCOUNT,
    "bad_number": About.RECIPIENT,
}


@dataclass(frozen=True, kw_only=True)
class PigeonSettings:
    """An account at Pigeon Post."""

    base_url: str = setting("Base address", default="https://api.pigeon.example")
    token: str = setting("Token", secret=True, help="In the loft, under Keys.")
    webhook_secret: str = setting("Webhook secret", secret=True, help="In the loft, under Webhooks.")

    def check(self) -> None:
        """Raises ``BadSettings`` when the address is none."""
        try:
            base_address(self.base_url)
        except SmsError as error:
            raise BadSettings({"base_url": str(error)}) from None


class PigeonGateway(Gateway):
    """Speaks to Pigeon Post."""

    settings: PigeonSettings
    kind = "pigeon"
    label = "Pigeon Post"
    help = "Slow in bad weather."
    Settings = PigeonSettings

    @classmethod
    def capabilities(cls, settings: Any) -> Capabilities:  # the same for every account
        """Fifty letters a request, receipts and answers, the balance."""
        return Capabilities(batch_size=50, longest=LONGEST, receipts=True, inbound=True, balance=True, idempotent=True)

    def __post_init__(self) -> None:
        self._base = base_address(self.settings.base_url)
        self._headers = {"Authorization": f"Bearer {self.settings.token}"}

    def send(self, messages: Sequence[Outgoing]) -> Sequence[Verdict]:
        """A verdict per message; our own id goes along, and the same one again is not sent twice."""
        sendable = [message for message in messages if len(message.text) <= LONGEST]
        told = iter(self._submitted(sendable) if sendable else ())
        return [next(told) if len(message.text) <= LONGEST else refused("too_long") for message in messages]

    def _submitted(self, messages: Sequence[Outgoing]) -> Sequence[Verdict]:
        letters = [
            {"id": str(each.id), "to": each.to, "text": each.text, "report_to": each.receipt_url} for each in messages
        ]
        try:
            answer = self.http.request("POST", f"{self._base}/letters", json=letters, headers=self._headers)
        except (NotSent, Unsure) as failure:
            return [of_failure(failure)] * len(messages)
        if answer.status == 401:
            return [refused("bad_credentials", about=About.ACCOUNT)] * len(messages)
        bare = of_status(answer)
        if bare is not None:
            return [bare] * len(messages)
        try:
            results = answer.json()
        except ValueError:
            results = None
        if not answer.ok or not isinstance(results, list) or len(results) != len(messages):
            return [unknown("garbled")] * len(messages)
        return [_verdict(each) for each in results]

    def read_webhook(self, request: WebRequest) -> Sequence[Report | Inbound]:
        """The receipt or the answer in a request, once its HMAC holds."""
        expected = hmac.new(self.settings.webhook_secret.encode(), request.body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected.encode(), request.headers.get("x-pigeon-signature", "").encode()):
            raise ForgedRequest("The signature does not hold.", code="forged", hint="Compare the webhook secret.")
        try:
            told = json.loads(request.body)
            if "text" in told:
                return [Inbound(sender=told["from"], text=told["text"], reference=told["ring"])]
            return [Report(status=ReceiptStatus(told["status"]), reference=told["ring"], message_id=UUID(told["id"]))]
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
            raise SmsError("This is nothing of Pigeon Post's", code="garbled") from None

    def balance(self) -> Balance:
        """What the account has left, in grains."""
        answer = self.http.request("GET", f"{self._base}/grains", headers=self._headers)
        try:
            left = number_in(answer.json()["grains"])
        except (ValueError, TypeError, LookupError):
            raise unreadable("balance") from None
        if left is None:
            raise unreadable("balance")
        return Balance(amount=left, unit="credits")


def _verdict(result: Any) -> Verdict:
    if not isinstance(result, dict):
        return unknown("garbled")
    ring, error = result.get("ring"), result.get("error")
    if isinstance(ring, str) and ring:
        return accepted(ring)
    if isinstance(error, str) and error in _REFUSALS:
        return refused(error, about=_REFUSALS[error], provider_code=error)
    return unknown("unrecognised")
