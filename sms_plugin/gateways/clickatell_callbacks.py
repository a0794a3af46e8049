"""What Clickatell calls us with: statuses and texts from phones, of both APIs, as JSON, as a form or as a query (P2).

Nothing is signed. The One API's event holds lists whose names are not all published: an item is known by what is in it.
"""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from sms_plugin.errors import ForgedRequest, SmsError
from sms_plugin.gateways.clickatell_codes import status_of
from sms_plugin.gateways.contract import Inbound, Part, Report, Sent, WebRequest
from sms_plugin.gateways.grouping import digits

_CONCATENATIONS = {"050003": 1, "060804": 2}  #: heads of user data headers of parts, and the bytes of their reference


def verify(request: WebRequest, *, user: str, password: str) -> None:
    """Raises ``ForgedRequest`` unless the request has this user and password, where there are any."""
    if not user:
        return
    expected = "Basic " + b64encode(f"{user}:{password}".encode()).decode()
    given = request.headers.get("authorization", "")
    if not hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace")):
        raise ForgedRequest(
            "The callback has another user or password.",
            code="forged",
            hint="Give the integration's callbacks and this provider the same ones.",
        )


def read(request: WebRequest, *, one: bool) -> Sequence[Report | Inbound]:
    """The statuses and texts of a callback. Raises ``SmsError`` for what is none."""
    items = [_item(each, one=one) for each in _items(request)]
    return [item for item in items if item is not None]


def _items(request: WebRequest) -> Iterator[Mapping[str, Any]]:
    told = _told(request)
    event = told.get("event", told)
    lists = [value for value in event.values() if isinstance(value, list)] if isinstance(event, dict) else []
    yield from (item for each in lists for item in each if isinstance(item, dict))
    if "event" not in told:
        yield told


def _told(request: WebRequest) -> Mapping[str, Any]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not request.body:
        return _pairs(request.url.partition("?")[2])
    if kind == "application/x-www-form-urlencoded":
        return _pairs(request.body.decode("latin-1"))
    try:
        told = json.loads(request.body)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise SmsError("This is no callback of Clickatell's", code="garbled")
    return told


def _pairs(written: str) -> Mapping[str, str]:
    """The values of a form; its text by the charset that another value names."""
    told = dict(parse_qsl(written, keep_blank_values=True))
    as_bytes = dict(parse_qsl(written, keep_blank_values=True, encoding="latin-1"))
    if told.get("text") and told.get("charset"):
        with suppress(LookupError, ValueError):  # a charset that nobody knows, or none of texts
            told["text"] = as_bytes["text"].encode("latin-1", "replace").decode(told["charset"], "replace")
    return told


def _item(told: Mapping[str, Any], *, one: bool) -> Report | Inbound | None:
    if "status" in told or "statusCode" in told:
        return _report(told, one=one)
    return _text(told) if "content" in told or "text" in told else None


def _report(told: Mapping[str, Any], *, one: bool) -> Report | None:
    """A status; None for one that says nothing new."""
    word, number = str(told.get("status") or ""), whole(told.get("statusCode"))
    known = status_of(word, number, one=one)
    reference = _id(told.get("messageId") or told.get("apiMessageId"))
    ours = own_id(told.get("clientMessageId"))
    if known is None or (reference is None and ours is None):
        return None
    return Report(
        status=known[0],
        reference=reference,
        message_id=ours,
        number=digits(told.get("to")) or None,
        provider_code=word[:40] if number is None else str(number),
        reason=known[1],
        occurred_at=moment(told.get("timestamp")),
    )


def asked_for(told: object, asked: Sent) -> Report | None:
    """What the One API answers when it is asked about a message."""
    if not isinstance(told, dict):
        return None
    return _report({**told, "messageId": asked.reference}, one=True)


def _text(told: Mapping[str, Any]) -> Inbound | None:
    sender = digits(told.get("from") or told.get("fromNumber"))
    if not sender:
        return None
    return Inbound(
        sender=sender,
        text=str(told.get("content", told.get("text")) or ""),
        reference=_id(told.get("messageId")),
        to=digits(told.get("to") or told.get("toNumber")),
        answers=_id(told.get("relatedMessageId") or told.get("replyMessageId")),
        answers_id=own_id(told.get("relatedClientMessageId")),
        received_at=moment(told.get("timestamp")),
        part=_part(told.get("udh")),
    )


def _part(header: object) -> Part | None:
    """Which part of a text this is, by its user data header (3GPP TS 23.040, 9.2.3.24.1 and 9.2.3.24.8)."""
    written = str(header or "").replace(" ", "").upper()
    wide = _CONCATENATIONS.get(written[:6])
    if wide is None:
        return None
    group, rest = written[6 : 6 + 2 * wide], written[6 + 2 * wide :]
    try:
        total, number = int(rest[:2], 16), int(rest[2:4], 16)
    except ValueError:
        return None
    return Part(group=group, number=number, total=total) if 1 <= number <= total else None


def _id(told: object) -> str | None:
    return told if isinstance(told, str) and told else None


def own_id(told: object) -> UUID | None:
    """Our own id of a message, where that is what comes back."""
    try:
        return UUID(told) if isinstance(told, str) else None
    except ValueError:
        return None


def whole(told: object) -> int | None:
    """A whole number, also one that is written as a text with zeros before it."""
    if isinstance(told, int) and not isinstance(told, bool):
        return told
    return int(told) if isinstance(told, str) and told.isascii() and told.isdigit() and len(told) < 20 else None


def moment(told: object) -> datetime | None:
    """Milliseconds since 1970 as a moment; None for anything else."""
    milliseconds = whole(told)
    if milliseconds is None or not 10**11 < milliseconds < 10**14:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
