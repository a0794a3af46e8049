"""What TurboSMS tells of a message later: the callback's signature, the words of a status, which way it went (P5)."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sms_plugin.errors import ForgedRequest
from sms_plugin.gateways.contract import ReceiptStatus, Report
from sms_plugin.gateways.grouping import digits
from sms_plugin.gateways.turbosms_codes import LATER, STATUS
from sms_plugin.gateways.values import as_bytes, is_same

log = logging.getLogger(__name__)


def verify(event: str, given: str, *, secret: str) -> None:
    """Raises ``ForgedRequest`` unless the signature is the SHA-1 of the event's id and the secret.

    The vendor does not say which of them comes first, and callbacks of both kinds were seen.
    """
    joined = {"id first": event + secret, "secret first": secret + event} if secret and event else {}
    for order, whole in joined.items():
        signed = hashlib.sha1(as_bytes(whole), usedforsecurity=False).hexdigest()
        if is_same(given.lower(), signed):
            log.debug("a callback of TurboSMS is signed with the %s", order)
            return
    raise ForgedRequest(
        "The callback's signature does not hold.",
        code="forged",
        hint="Give the TurboSMS account and this provider the same secret.",
    )


def report_of(told: Mapping[str, Any], *, at: object, ways: tuple[str, ...]) -> Report | None:
    """What is told of a message; None where that is nothing new. ``at`` is the moment, as the vendor writes it."""
    word = str(told.get("status") or "").strip().lower()
    status, reference = STATUS.get(word), told.get("message_id")
    if status is None or not isinstance(reference, str) or not reference:
        return None
    ended_badly = status in (ReceiptStatus.FAILED, ReceiptStatus.UNDELIVERED)
    return Report(
        status=status,
        reference=reference,
        number=digits(told.get("recipient")) or None,
        provider_code=str(told.get("rejected_status") or "")[:40],
        reason=LATER.get(word, status.value) if ended_badly else "",
        occurred_at=_moment(at),
        channel=_way(told.get("type"), status, ways),
    )


def _way(told: object, status: ReceiptStatus, ways: tuple[str, ...]) -> str:
    """By which way it went: as it is told, else the only one that it can have gone, else nothing."""
    if str(told).lower() in ("sms", "viber"):
        return str(told).lower()
    if status is ReceiptStatus.READ:
        return "viber"
    return ways[0] if len(ways) == 1 else ""


def _moment(told: object) -> datetime | None:
    """A local time of Kyiv's as UTC."""
    zone = _kyiv()
    try:
        local = datetime.strptime(str(told), "%Y-%m-%d %H:%M:%S")
    except ValueError:
        return None
    return None if zone is None else local.replace(tzinfo=zone).astimezone(UTC)


@lru_cache
def _kyiv() -> ZoneInfo | None:
    """The vendor's zone, by its new name or its old one, whichever the machine knows."""
    for name in ("Europe/Kyiv", "Europe/Kiev"):
        try:
            return ZoneInfo(name)
        except ZoneInfoNotFoundError:
            continue
    return None
