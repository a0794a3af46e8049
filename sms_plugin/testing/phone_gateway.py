"""The gateway of the phone server, a provider on one's own machine, for the demo and for tests."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

from sms_plugin.errors import ForgedRequest, SmsError, worded
from sms_plugin.gateways.contract import (
    About,
    Balance,
    Capabilities,
    Found,
    Gateway,
    Inbound,
    Outgoing,
    Part,
    ReceiptStatus,
    Report,
    Verdict,
    WebRequest,
    accepted,
    refused,
    unknown,
)
from sms_plugin.gateways.http import Answer, NotSent, Unsure, base_address
from sms_plugin.gateways.settings import BadSettings, setting
from sms_plugin.gateways.values import is_same, number_in
from sms_plugin.gateways.verdicts import of_failure, of_status, unreadable
from sms_plugin.testing.phone_receipts import SIGNATURE_HEADER, TIMESTAMP_HEADER, signature
from sms_plugin.testing.phone_server import RECEIPT_SECRET, TOKEN

_LONGEST = 1600
_REFUSALS: Mapping[str, About] = {
    "bad_number": About.RECIPIENT,
    "no_credit": About.ACCOUNT,
    "bad_token": About.ACCOUNT,
    "bad_request": About.MESSAGE,
}


@dataclass(frozen=True, kw_only=True)
class PhoneSettings:
    """Where the phone server listens, and what it shares with the portal."""

    base_url: str = setting(
        "Base address", default="http://127.0.0.1:5001", help="Where the page with the phones is opened."
    )
    token: str = setting(
        "Token",
        default=TOKEN,
        secret=True,
        help="The phones take texts from whoever knows it: the one that they were started with.",
    )
    receipt_secret: str = setting(
        "Secret of the receipts",
        default=RECEIPT_SECRET,
        secret=True,
        help="The phones sign their receipts and replies with it: the one that they were started with.",
    )
    private_address: bool = setting("Private address", default=True, help="The phones are on this machine.")
    batch_size: int = setting(
        "Most messages in one request",
        default=1,
        minimum=1,
        maximum=500,
        help="How many messages share a request; more is faster.",
    )

    def check(self) -> None:
        """Raises ``BadSettings`` when the address is none."""
        try:
            base_address(self.base_url)
        except SmsError as error:
            raise BadSettings({"base_url": str(error)}) from None


class PhoneGateway(Gateway):
    """Speaks to ``sms_plugin.testing.phone_server``."""

    settings: PhoneSettings
    kind = "phone"
    label = "Phones on this machine (demo)"
    help = "Texts appear on the page of the phone server. Nothing leaves this machine."
    Settings = PhoneSettings

    @classmethod
    def capabilities(cls, settings: Any) -> Capabilities:
        """Everything but flash; the batch is a setting."""
        return Capabilities(
            batch_size=settings.batch_size, longest=_LONGEST, receipts=True, inbound=True, balance=True, lookup=True
        )

    def __post_init__(self) -> None:
        self._base = base_address(self.settings.base_url)
        self._headers = {"Authorization": f"Bearer {self.settings.token}"}

    def send(self, messages: Sequence[Outgoing]) -> Sequence[Verdict]:
        """A verdict per message; those of one call share a request."""
        sendable = [message for message in messages if len(message.text) <= _LONGEST]
        told = iter(self._submitted(sendable) if sendable else ())
        return [next(told) if len(message.text) <= _LONGEST else refused("too_long") for message in messages]

    def _submitted(self, messages: Sequence[Outgoing]) -> Sequence[Verdict]:
        bodies = [
            {
                "id": str(message.id),
                "to": message.to,
                "text": message.text,
                "receipt_url": message.receipt_url,
            }
            for message in messages
        ]
        body = bodies[0] if len(bodies) == 1 else {"messages": bodies}
        try:
            answer = self.http.request("POST", f"{self._base}/messages", json=body, headers=self._headers)
        except (NotSent, Unsure) as failure:
            return [of_failure(failure)] * len(messages)
        verdict = None if answer.ok or answer.status in (400, 401) else of_status(answer)
        if verdict is not None:
            return [verdict] * len(messages)
        results = _results(answer, count=len(messages))
        return [_verdict(result) for result in results]

    def read_webhook(self, request: WebRequest) -> Sequence[Report | Inbound]:
        """The one receipt of a request, or the one text from a phone, once its HMAC holds."""
        given = request.headers.get(SIGNATURE_HEADER.lower(), "")
        timestamp = request.headers.get(TIMESTAMP_HEADER.lower(), "")
        expected = signature(request.body, timestamp=timestamp, secret=self.settings.receipt_secret)
        if not is_same(given, expected):
            raise ForgedRequest(
                "The receipt's signature does not hold.",
                code="forged",
                hint="Give the phone server and this provider the same secret.",
            )
        try:
            told = json.loads(request.body)
            return [_text(told) if "from" in told else _report(told)]
        except (ValueError, TypeError, LookupError, AttributeError):
            raise SmsError("This is no receipt of the phone server's", code="garbled") from None

    def balance(self) -> Balance:
        """What the pretended account has left."""
        told = self._asked("/balance", what=worded("balance"))
        amount = number_in(told.get("balance"))
        if amount is None or not told.get("unit"):
            raise unreadable(worded("balance"))
        return Balance(amount=amount, unit=str(told["unit"]))

    def look_up(
        self,
        message: Outgoing,
        *,
        reference: str | None,
        since: datetime,  # ids are unique here
    ) -> Sequence[Found]:
        """What the server holds under the reference, else under the message's own id."""
        told = self._asked(f"/messages/{quote(reference or str(message.id), safe='')}", what=worded("message"))
        try:
            return [Found(reference=one["reference"], status=ReceiptStatus(one["status"])) for one in told["messages"]]
        except (LookupError, TypeError, ValueError):
            raise unreadable(worded("message")) from None

    def _asked(self, path: str, *, what: str) -> Mapping[str, Any]:
        answer = self.http.request("GET", f"{self._base}{path}", headers=self._headers)
        try:
            told = answer.json() if answer.ok else None
        except ValueError:
            told = None
        if not isinstance(told, dict):
            raise unreadable(what)
        return told


def _report(told: Mapping[str, Any]) -> Report:
    return Report(
        status=ReceiptStatus(told["status"]),
        reference=str(told["reference"]),
        message_id=UUID(told["id"]),
        number=str(told["to"]),
        occurred_at=datetime.fromisoformat(told["at"]),
    )


def _text(told: Mapping[str, Any]) -> Inbound:
    part = told.get("part")
    return Inbound(
        sender=str(told["from"]),
        text=str(told["text"]),
        reference=str(told["reference"]),
        answers=told.get("answers"),
        received_at=datetime.fromisoformat(told["at"]),
        part=None if part is None else Part(**part),
    )


def _results(answer: Answer, *, count: int) -> Sequence[object]:
    """One result for each message; what cannot be read is none."""
    try:
        told = answer.json()
    except ValueError:
        return [None] * count
    several = told.get("results", [told] * count) if isinstance(told, dict) else None
    return several if isinstance(several, list) and len(several) == count else [None] * count


def _verdict(result: object) -> Verdict:
    if not isinstance(result, dict):
        return unknown("garbled")
    if result.get("accepted") is True and isinstance(result.get("reference"), str):
        return accepted(result["reference"])
    error = result.get("error")
    if result.get("accepted") is False and isinstance(error, str) and error in _REFUSALS:
        return refused(error, about=_REFUSALS[error], provider_code=error)
    return unknown("garbled")
