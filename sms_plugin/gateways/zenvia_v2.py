"""Zenvia's newer product, the platform's API v2 (P6): one text a request, receipts and replies by subscription.

Source: the vendor's OpenAPI description.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sms_plugin.errors import ForgedRequest, SmsError
from sms_plugin.gateways.contract import (
    Capabilities,
    Inbound,
    Outgoing,
    Report,
    Verdict,
    WebRequest,
    accepted,
    refused,
    unknown,
)
from sms_plugin.gateways.http import Answer, Http, NotSent, Unsure
from sms_plugin.gateways.values import is_same
from sms_plugin.gateways.verdicts import of_failure, of_status, quoted
from sms_plugin.gateways.zenvia_codes import word_status, word_verdict
from sms_plugin.gateways.zenvia_reading import moment, object_in, objects_in, own_id, parsed, text, word
from sms_plugin.gateways.zenvia_settings import ZenviaSettings
from sms_plugin.text.phones import digits

_LONGEST = 1520
_HEADER = "x-webhook-secret"
CAN = Capabilities(longest=_LONGEST, flash=True, receipts=True, inbound=True)


class PlatformApi:
    """The token's conversation with the platform."""

    def __init__(self, settings: ZenviaSettings, http: Http) -> None:
        self._settings = settings
        self._http = http
        self._messages = f"{settings.address}/channels/sms/messages"
        self._headers = {"X-API-TOKEN": settings.token, "Accept": "application/json"}

    def send(self, messages: Sequence[Outgoing]) -> Sequence[Verdict]:
        """A verdict per message, a request each."""
        return [self._send(message) for message in messages]

    def _send(self, message: Outgoing) -> Verdict:
        if len(message.text) > _LONGEST:
            return refused("too_long")
        content: dict[str, Any] = {"type": "text", "text": message.text, "encodingStrategy": self._settings.encoding}
        if self._settings.flash:
            content["popUpOnScreen"] = True
        body = {
            "from": self._settings.sender,
            "to": digits(message.to),
            "externalId": str(message.id),
            "contents": [content],
        }
        try:
            answer = self._http.request("POST", self._messages, json=body, headers=self._headers)
        except (NotSent, Unsure) as failure:
            return of_failure(failure)
        return self._verdict(answer, message)

    def _verdict(self, answer: Answer, message: Outgoing) -> Verdict:
        try:
            told: Mapping[str, Any] = parsed(answer.body)
        except SmsError:
            told = {}
        if answer.ok:
            reference = word(told, "id")
            return accepted(reference) if reference and len(reference) <= 100 else unknown("garbled")
        bare = of_status(answer)
        if bare is not None:
            return bare
        code = word(told, "code")[:40]
        paths = [word(each, "path") for each in objects_in(told, "details")]
        detail = quoted(told.get("message"), secrets=(self._settings.token,), texts=(message.text,))
        found = word_verdict(answer.status, code, paths, detail=detail)
        return found or unknown("unrecognised", provider_code=str(answer.status))

    def read_webhook(self, request: WebRequest) -> Sequence[Report | Inbound]:
        """The one receipt or text of an event, once the subscription's own header holds; other events are empty."""
        secret, given = self._settings.webhook_secret, request.headers.get(_HEADER, "")
        if secret and not is_same(given, secret):
            raise ForgedRequest(
                "The subscription's own header does not hold.",
                code="forged",
                hint="Give the subscription the header X-Webhook-Secret with the secret of these settings.",
            )
        event = parsed(request.body)
        message = object_in(event, "message")
        if word(event, "type") == "MESSAGE_STATUS":
            return _reports(event, message)
        if word(event, "type") == "MESSAGE" and "OUT" not in (word(event, "direction"), word(message, "direction")):
            return _texts(event, message)
        if not word(event, "type"):
            raise SmsError("This is no event of Zenvia's", code="garbled")
        return []


def _reports(event: Mapping[str, Any], message: Mapping[str, Any]) -> Sequence[Report]:
    told = object_in(event, "messageStatus")
    reference, ours = word(message, "id") or word(event, "messageId"), own_id(word(message, "externalId"))
    if not (reference or ours) or not word(told, "code"):
        raise SmsError("This is no receipt of Zenvia's", code="garbled")
    known = word_status(word(told, "code"))
    if known is None:
        return []
    causes = [word(each, "channelErrorCode") for each in objects_in(told, "causes")]
    return [
        Report(
            status=known[0],
            reference=reference or None,
            message_id=ours,
            number=word(message, "to") or None,
            provider_code=next(filter(None, causes), word(told, "code")),
            reason=known[1],
            occurred_at=moment(word(told, "timestamp")),
        )
    ]


def _texts(event: Mapping[str, Any], message: Mapping[str, Any]) -> Sequence[Inbound]:
    if not word(message, "from"):
        raise SmsError("This is no text of Zenvia's", code="garbled")
    written = [text(each, "text") for each in objects_in(message, "contents") if word(each, "type") == "text"]
    return [
        Inbound(
            sender=word(message, "from"),
            text="\n".join(written),
            reference=word(message, "id") or word(event, "id") or None,
            to=word(message, "to"),
            received_at=moment(word(event, "timestamp")),
        )
    ]
