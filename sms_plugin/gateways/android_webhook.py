"""What SMS Gateway for Android's phones call: whether it comes from them, and what it says.

Source: the project's guide on webhooks, and the source of the app, which signs each try anew.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sms_plugin.errors import ForgedRequest, SmsError
from sms_plugin.gateways.contract import Inbound, ReceiptStatus, Report, WebRequest
from sms_plugin.gateways.values import is_same, moment_in
from sms_plugin.gateways.verdicts import quoted

_WINDOW = timedelta(minutes=5)
_TEXT, _TEXTS = "sms:received", "sms:batch:received"
_EVENTS = {
    "sms:sent": (ReceiptStatus.SENT, "sentAt"),
    "sms:delivered": (ReceiptStatus.DELIVERED, "deliveredAt"),
    "sms:failed": (ReceiptStatus.FAILED, "failedAt"),
    "sms:cancelled": (ReceiptStatus.FAILED, "cancelledAt"),
}


def verified(request: WebRequest, *, key: str) -> Mapping[str, Any]:
    """The event, once its signature holds and is not older than five minutes.

    Raises ``ForgedRequest``, or ``SmsError`` for a signed body that cannot be read.
    """
    stamp = request.headers.get("x-timestamp", "")
    given = request.headers.get("x-signature", "")
    expected = hmac.new(key.encode(), request.body + stamp.encode(), hashlib.sha256).hexdigest()
    if not is_same(given, expected):
        raise ForgedRequest(
            "The webhook's signature does not hold.",
            code="forged",
            hint="Copy the signing key from the app: Settings, Webhooks, Signing Key.",
        )
    if not _is_fresh(stamp, request.came_at):
        raise ForgedRequest(
            "The webhook was signed at another time.", code="forged", hint="Set the clocks of the phone and the server."
        )
    try:
        event = json.loads(request.body)
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict):
        raise SmsError("This is no event of the app's", code="garbled")
    return event


def _is_fresh(stamp: str, came_at: datetime | None) -> bool:
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 11):
        return False
    return came_at is None or abs(came_at - datetime.fromtimestamp(int(stamp), UTC)) <= _WINDOW


def taken(event: Mapping[str, Any]) -> Sequence[Report | Inbound]:
    """The receipt or the texts of an event; none of an event that is neither, such as the app's start. Newer apps may
    tell of several texts at once.
    """
    kind, payload = str(event.get("event")), _whole(event.get("payload"))
    if kind == _TEXTS:
        listed = payload.get("messages")
        return [_text(_whole(each)) for each in (listed if isinstance(listed, list) else [])]
    if kind == _TEXT:
        return [_text(payload)]
    return [_receipt(kind, payload)] if kind in _EVENTS else []


def _whole(told: object) -> Mapping[str, Any]:
    return told if isinstance(told, dict) else {}


def _id(payload: Mapping[str, Any]) -> str:
    """The message's id, without which an event is none. Raises ``SmsError``."""
    id = payload.get("messageId")
    if not isinstance(id, str):
        raise SmsError("This is no event of the app's", code="garbled")
    return id


def _text(payload: Mapping[str, Any]) -> Inbound:
    sender, text = payload.get("sender") or payload.get("phoneNumber"), payload.get("message")
    if not isinstance(sender, str) or not isinstance(text, str):
        raise SmsError("This is no text of the app's", code="garbled")
    # The app makes the id from the content: it is one text only together with its time. Older ones give none.
    id, when = payload.get("messageId"), str(payload.get("receivedAt") or "")
    return Inbound(
        sender=sender,
        text=text,
        reference=f"{id}/{when}"[:100] if id and isinstance(id, str) else None,
        to=str(payload.get("recipient") or ""),
        received_at=moment_in(when),
    )


def _receipt(kind: str, payload: Mapping[str, Any]) -> Report:
    status, at = _EVENTS[kind]
    id = _id(payload)
    parts = payload.get("partsCount")
    number = payload.get("recipient") or payload.get("phoneNumber")
    return Report(
        status=status,
        reference=id,
        message_id=_uuid(id),
        number=number if isinstance(number, str) else None,
        provider_code=quoted(payload.get("reason") or payload.get("error"))[:40],
        reason="failed" if status is ReceiptStatus.FAILED else "",
        occurred_at=moment_in(payload.get(at)),
        segments=parts if isinstance(parts, int) and parts > 0 else None,
    )


def _uuid(id: str) -> UUID | None:
    try:
        return UUID(id)
    except ValueError:
        return None
