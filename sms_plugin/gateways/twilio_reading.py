"""What Twilio tells in our terms: its message resources, status callbacks and texts from phones.

Source: the vendor's OpenAPI description, and its guides on webhooks.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

from sms_plugin.errors import SmsError
from sms_plugin.gateways.contract import Inbound, ReceiptStatus, Report, Wish
from sms_plugin.gateways.twilio_codes import STATUS, later
from sms_plugin.gateways.values import number_in, whole_in

_MOST_SEGMENTS = 100
_WISHES: Mapping[str, Wish] = {"STOP": Wish.STOP, "START": Wish.START, "HELP": Wish.HELP}


def told_by(fields: Mapping[str, str]) -> Report | Inbound:
    """The receipt or the text in a webhook's fields, whose signature holds. Raises ``SmsError`` where it is neither."""
    sid = fields.get("MessageSid") or fields.get("SmsSid")
    status = STATUS.get(fields.get("MessageStatus", ""))
    if sid and status is not None:
        code = fields.get("ErrorCode", "")
        return Report(status=status, reference=sid, number=fields.get("To"), provider_code=code, reason=later(code))
    sender, text = fields.get("From"), fields.get("Body")
    if sid and sender and text is not None and "MessageStatus" not in fields:
        wish = _WISHES.get(fields.get("OptOutType", "").upper())
        return Inbound(sender=sender, text=text, reference=sid, to=fields.get("To", ""), wish=wish)
    raise SmsError("This is neither a receipt nor a text of Twilio's", code="garbled")


def report_of(resource: Mapping[str, Any], *, reference: str) -> Report | None:
    """What a message's resource says, once it says more than that it was taken."""
    status = STATUS.get(str(resource.get("status")))
    if status is None or status is ReceiptStatus.ACCEPTED:
        return None
    code = str(resource.get("error_code") or "")
    price = price_of(resource)
    return Report(
        status=status,
        reference=reference,
        provider_code=code,
        reason=later(code),
        occurred_at=moment(resource.get("date_updated")),
        segments=segments_of(resource),
        price=price,
        currency="" if price is None else str(resource["price_unit"]).upper(),
    )


def price_of(resource: Mapping[str, Any]) -> Decimal | None:
    """What was charged, as a number above 0: Twilio writes a charge as a negative one, and none until it is known."""
    told, unit = resource.get("price"), resource.get("price_unit")
    if not isinstance(told, str) or not isinstance(unit, str) or not unit.isalpha():
        return None
    charge = number_in(told)
    return -charge if charge is not None and charge < 0 else None


def segments_of(resource: Mapping[str, Any]) -> int | None:
    """How many parts there are; with a Messaging Service it is 0 until they are counted."""
    told = whole_in(resource.get("num_segments"))
    return told if told is not None and 0 < told <= _MOST_SEGMENTS else None


def moment(told: object) -> datetime | None:
    """A date as Twilio writes it (RFC 2822, with its zone)."""
    try:
        found = parsedate_to_datetime(str(told))
    except (ValueError, TypeError, OverflowError):
        return None
    return found if found.tzinfo is not None else None
