"""SmsGateway.me, API 4: an Android phone of one's own through the vendor's cloud (P8).

Source: the vendor's documentation and its PHP client. What a callback holds is documented nowhere: it is read as its
messages are, as a form or as JSON, and is believed only with the secret that was written beside it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from sms_plugin.errors import ForgedRequest, SmsError, worded
from sms_plugin.gateways import fields
from sms_plugin.gateways.asking import answers
from sms_plugin.gateways.contract import (
    About,
    Capabilities,
    Gateway,
    Inbound,
    Outgoing,
    ReceiptStatus,
    Report,
    Sent,
    Verdict,
    WebRequest,
    accepted,
    refused,
    unknown,
)
from sms_plugin.gateways.http import Answer, NotSent, Unsure, base_address, in_clear
from sms_plugin.gateways.settings import BadSettings, setting
from sms_plugin.gateways.values import is_same, moment_in, whole_in
from sms_plugin.gateways.verdicts import of_failure, of_status, unreadable

_BATCH = 20
_STATUS = {"sent": ReceiptStatus.SENT, "failed": ReceiptStatus.FAILED, "canceled": ReceiptStatus.FAILED}
_WAITING = frozenset({"pending", "queued"})
_ACCOUNT = {401: "bad_credentials", 403: "account_refused", 404: "no_device"}


@dataclass(frozen=True, kw_only=True)
class SmsGatewayMeSettings:
    """An account and the phone that sends."""

    token: str = setting("API token", secret=True, help="From the vendor's dashboard.")
    device_id: int = setting("Device ID", minimum=1, help="The phone's number in the dashboard's list of devices.")
    secret: str = setting(
        "Secret of the callbacks", secret=True, help="What you write as the secret of each callback that you make."
    )
    base_url: str = fields.base_url("https://smsgateway.me/api/v4")

    def check(self) -> None:
        """Raises ``BadSettings`` when the address is none."""
        try:
            base_address(self.base_url)
        except SmsError as error:
            raise BadSettings({"base_url": str(error)}) from None


class SmsGatewayMe(Gateway):
    """SmsGateway.me: several messages a request, each with a text and an id of its own."""

    settings: SmsGatewayMeSettings
    kind = "smsgateway_me"
    label = "SmsGateway.me"
    help = (
        "For phones that have this app already; for a new one take SMS Gateway for Android. For receipts and replies"
        " make callbacks (MESSAGE_SENT, MESSAGE_FAILED, MESSAGE_RECEIVED) to this provider's webhook address. There are"
        " no delivery receipts: a message ends as sent."
    )
    Settings = SmsGatewayMeSettings

    @classmethod
    def capabilities(cls, settings: Any) -> Capabilities:
        """The vendor names no most of messages in a request; twenty are more than a phone sends in a minute."""
        return Capabilities(batch_size=_BATCH, receipts=True, polled=_BATCH, inbound=True)

    @classmethod
    def warnings(cls, settings: Any) -> Sequence[str]:
        """``credentials_in_clear`` at a base address without SSL."""
        return ("credentials_in_clear",) if in_clear(settings.base_url) else ()

    def __post_init__(self) -> None:
        self._base = base_address(self.settings.base_url)
        self._headers = {"Authorization": self.settings.token}

    def send(self, messages: Sequence[Outgoing]) -> Sequence[Verdict]:
        """A verdict per message, in one request."""
        device = self.settings.device_id
        body = [{"phone_number": each.to, "message": each.text, "device_id": device} for each in messages]
        try:
            answer = self.http.request("POST", f"{self._base}/message/send", json=body, headers=self._headers)
        except (NotSent, Unsure) as failure:
            return [of_failure(failure)] * len(messages)
        told = _json(answer)
        if answer.ok and isinstance(told, list) and len(told) == len(messages):
            return [_verdict(each) for each in told]
        if answer.status == 400 and isinstance(told, dict):
            return _invalid(told.get("data"), count=len(messages))
        if answer.status in _ACCOUNT:
            refusal = refused(_ACCOUNT[answer.status], about=About.ACCOUNT, provider_code=str(answer.status))
            return [refusal] * len(messages)
        verdict = of_status(answer) or unknown("garbled" if answer.ok else "unrecognised")
        return [verdict] * len(messages)

    def read_webhook(self, request: WebRequest) -> Sequence[Report | Inbound]:
        """The receipt or the text of a callback, once its secret is ours."""
        told = _fields(request)
        if not is_same(str(told.get("secret", "")), self.settings.secret):
            raise ForgedRequest(
                "The callback's secret does not hold.", code="forged", hint="Give callbacks and provider one secret."
            )
        word = str(told.get("status") or told.get("event") or "").lower().removeprefix("message_")
        if word in _WAITING:
            return []
        id = str(told.get("id") or "")
        if word == "received" and told.get("phone_number"):
            number, text = str(told["phone_number"]), str(told.get("message") or "")
            return [
                Inbound(sender=number, text=text, reference=id or None, received_at=moment_in(told.get("created_at")))
            ]
        if word in _STATUS and id:
            return [_report(_STATUS[word], id)]
        raise SmsError("This is no callback of SmsGateway.me's", code="garbled")

    def poll(self, sent: Sequence[Sent]) -> Sequence[Report]:
        """What the phone has done with each message: one request for each."""
        told = answers((one.reference for one in sent), self._held)
        words = [(one.reference, str(told.get(one.reference, {}).get("status"))) for one in sent]
        return [_report(_STATUS[word], reference) for reference, word in words if word in _STATUS]

    def _held(self, id: str) -> Mapping[str, Any]:
        answer = self.http.request("GET", f"{self._base}/message/{quote(id, safe='')}", headers=self._headers)
        held = _json(answer)
        if answer.status in (401, 403):
            raise SmsError(worded("The provider does not know these credentials"), code="bad_credentials")
        if not answer.ok or not isinstance(held, dict):
            raise unreadable(worded("message"))
        return held


def _json(answer: Answer) -> object:
    try:
        value: object = answer.json()
    except ValueError:
        return None
    return value


def _verdict(item: object) -> Verdict:
    if not isinstance(item, dict) or not isinstance(item.get("id"), int | str) or not item["id"]:
        return unknown("garbled")
    if _STATUS.get(str(item.get("status"))) is ReceiptStatus.FAILED:
        return refused("failed")
    return accepted(str(item["id"]))


def _invalid(problems: object, *, count: int) -> Sequence[Verdict]:
    """What a request that was found invalid means for each of its messages: none of them was taken.

    The vendor names what is wrong as ``0.phone_number``, by the place in the request.
    """
    named: dict[int, str] = {}
    for problem in problems if isinstance(problems, list) else ():
        place, _, field = str(problem.get("key") if isinstance(problem, dict) else "").partition(".")
        at = whole_in(place)
        if at is not None and field:
            named[at] = field
    if "device_id" in named.values():
        return [refused("no_device", about=About.ACCOUNT, provider_code="400")] * count
    if not named:
        return [refused("rejected", provider_code="400")] * count
    others = refused("try_again", for_good=False, provider_code="400")
    return [_named(named[at]) if at in named else others for at in range(count)]


def _named(field: str) -> Verdict:
    if field == "phone_number":
        return refused("bad_number", about=About.RECIPIENT, provider_code="400")
    return refused("rejected_text", provider_code="400")


def _report(status: ReceiptStatus, id: str) -> Report:
    return Report(status=status, reference=id, reason="failed" if status is ReceiptStatus.FAILED else "")


def _fields(request: WebRequest) -> Mapping[str, Any]:
    if request.form:
        return dict(request.form)
    try:
        told = json.loads(request.body)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}
