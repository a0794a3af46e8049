"""Vonage's SMS API, once Nexmo (P20): sending, receipts, texts from phones, balance.

Source: the vendor's specification (version 1.0.6), its client library and its guides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sms_plugin.errors import SmsError, worded
from sms_plugin.gateways import fields
from sms_plugin.gateways.contract import (
    About,
    Balance,
    Capabilities,
    Gateway,
    Inbound,
    Outgoing,
    Report,
    Verdict,
    WebRequest,
    accepted,
    refused,
    unknown,
)
from sms_plugin.gateways.http import Answer, NotSent, Unsure, base_address, in_clear
from sms_plugin.gateways.settings import BadSettings, setting
from sms_plugin.gateways.values import number_in
from sms_plugin.gateways.verdicts import of_failure, of_status, quoted, unreadable
from sms_plugin.gateways.vonage_calls import fields_of_call, heard
from sms_plugin.gateways.vonage_codes import refusal
from sms_plugin.gateways.vonage_signature import METHODS, verify
from sms_plugin.text import gsm

_NUMBER = re.compile(r"\+?[0-9]{7,15}")
_LONGEST_CALLBACK = 100
_CURRENCY = "EUR"


@dataclass(frozen=True, kw_only=True)
class VonageSettings:
    """A Vonage account and the sender that it texts from."""

    api_key: str = setting("API key", help="On the first page of the dashboard.")
    api_secret: str = setting("API secret", secret=True, help="Beside the key.")
    sender: str = setting("From", help="A number of the account without +, or a sender name.")
    flash: bool = setting("Flash", default=False, help="Texts show on the display at once and are not kept.")
    signature_secret: str = setting(
        "Signature secret",
        default="",
        secret=True,
        help="API settings of the dashboard. With it, webhooks without a signature are refused: leave it empty unless"
        " Vonage signs the account's webhooks. Give the webhook address below in the dashboard for inbound messages"
        " and for delivery receipts.",
    )
    signature_method: str = setting(
        "Signature method", default="md5hash", choices=METHODS, help="As the API settings of the dashboard say."
    )
    base_url: str = fields.base_url("https://rest.nexmo.com")

    def check(self) -> None:
        """Raises ``BadSettings`` when the address is none."""
        try:
            base_address(self.base_url)
        except SmsError as error:
            raise BadSettings({"base_url": str(error)}) from None


class VonageGateway(Gateway):
    """Vonage: one request for each message."""

    settings: VonageSettings
    kind = "vonage"
    label = "Vonage"
    Settings = VonageSettings

    @classmethod
    def capabilities(cls, settings: Any) -> Capabilities:  # the same for every account
        """One message a request; receipts, texts from phones, balance and prices."""
        return Capabilities(flash=True, receipts=True, inbound=True, balance=True, prices=True)

    @classmethod
    def warnings(cls, settings: Any) -> Sequence[str]:
        """``credentials_in_clear`` at a base address without SSL."""
        return ("credentials_in_clear",) if in_clear(settings.base_url) else ()

    def __post_init__(self) -> None:
        settings = self.settings
        self._base = base_address(settings.base_url)
        self._account = {"api_key": settings.api_key, "api_secret": settings.api_secret}
        self._always = {"from": settings.sender} | ({"message-class": "0"} if settings.flash else {})

    def send(self, messages: Sequence[Outgoing]) -> Sequence[Verdict]:
        """A verdict per message; there is no idempotency key, so a lost answer is ``unknown``."""
        return [self._send(message) for message in messages]

    def _send(self, message: Outgoing) -> Verdict:
        if not _NUMBER.fullmatch(message.to):
            return refused("bad_number", about=About.RECIPIENT)
        form = {
            **self._account,
            **self._always,
            "to": message.to.removeprefix("+"),
            "text": message.text,
            "type": "text" if gsm.is_gsm(message.text) else "unicode",
            "client-ref": str(message.id),
        }
        if callback := _callback(message):
            form["callback"] = callback
        try:
            answer = self.http.request("POST", f"{self._base}/sms/json", data=form)
        except (NotSent, Unsure) as failure:
            return of_failure(failure)
        return self._verdict(answer, text=message.text)

    def _verdict(self, answer: Answer, *, text: str) -> Verdict:
        parts = _parts(answer) if answer.status == 200 else []
        if not parts:
            bare = {
                401: refused("bad_credentials", about=About.ACCOUNT, provider_code="401"),
                404: refused("bad_address", about=About.ACCOUNT, provider_code="404"),
            }
            return bare.get(answer.status) or of_status(answer) or unknown("garbled" if answer.ok else "unrecognised")
        refused_parts = [part for part in parts if part.get("status") != "0"]
        if refused_parts:
            if len(refused_parts) < len(parts):
                return unknown("part_refused", provider_code=str(refused_parts[0].get("status"))[:40])
            return self._refusal(refused_parts[0], text=text, wait=answer.retry_after())
        reference = parts[0].get("message-id")
        if not isinstance(reference, str) or not reference:
            return unknown("garbled")
        price = _sum([part.get("message-price") for part in parts])
        return accepted(reference, segments=len(parts), price=price, currency="" if price is None else _CURRENCY)

    def _refusal(self, part: Mapping[str, Any], *, text: str, wait: float | None) -> Verdict:
        secrets = (self.settings.api_secret, self.settings.api_key, self.settings.signature_secret)
        detail = quoted(part.get("error-text"), secrets=secrets, texts=(text,))
        status = part.get("status")
        told = refusal(status, retry_after=wait, detail=detail) if isinstance(status, str) else None
        return told or unknown("garbled", provider_code=str(status)[:40])

    def read_webhook(self, request: WebRequest) -> Sequence[Report | Inbound]:
        """The receipt or the text from a phone in a call, once its signature holds where there is a secret."""
        fields = fields_of_call(request)
        if self.settings.signature_secret:
            secret, method = self.settings.signature_secret, self.settings.signature_method
            verify(fields, secret=secret, method=method, at=request.came_at)
        return heard(fields)

    def balance(self) -> Balance:
        """What is left on the account, in euros, as Vonage keeps accounts."""
        answer = self.http.request("GET", f"{self._base}/account/get-balance", params=self._account)
        if answer.status == 401:
            raise SmsError(worded("Vonage does not know this key and secret"), code="bad_credentials")
        try:
            value = answer.json()["value"] if answer.status == 200 else None
        except (ValueError, KeyError, TypeError):
            value = None
        amount = number_in(value)
        if amount is None:
            raise unreadable(worded("balance"))
        return Balance(amount=amount, unit=_CURRENCY)


def _callback(message: Outgoing) -> str:
    """The address for the message's receipts, as short as Vonage wants it: ``client-ref`` tells the message too."""
    whole = message.receipt_url or ""
    short = whole.removesuffix(f"/{message.id}")
    return next((url for url in (whole, short) if len(url) <= _LONGEST_CALLBACK), "")


def _parts(answer: Answer) -> Sequence[Mapping[str, Any]]:
    """One item for each part of the message."""
    try:
        told = answer.json()
    except ValueError:
        return []
    parts = told.get("messages") if isinstance(told, dict) else None
    return parts if isinstance(parts, list) and all(isinstance(part, dict) for part in parts) else []


def _sum(prices: Sequence[object]) -> Decimal | None:
    told = [number_in(price) for price in prices]
    total = sum((price for price in told if price is not None), Decimal(0))
    return total if total > 0 and None not in told else None
