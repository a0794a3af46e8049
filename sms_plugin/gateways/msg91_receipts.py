"""MSG91's receipts, in every shape that an account may have them: a form with JSON in it, or JSON (P3, X3).

Nothing in them is signed: the address that is called is the secret. They name the request and the number.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from sms_plugin.errors import SmsError
from sms_plugin.gateways.contract import Report, WebRequest
from sms_plugin.gateways.msg91_codes import status_of
from sms_plugin.gateways.references import joined

_INDIA = timezone(timedelta(hours=5, minutes=30))
_NUMBER = ("number", "telNum", "mobile")
_OURS = ("CRQID", "clientid", "clientId")
_WORDS = ("desc", "failureReason", "failedReason")
_WHEN = ("date", "deliveryTime")
_DEAREST = 1_000_000  # no price of one message


def read(request: WebRequest, *, currency: str) -> Sequence[Report]:
    """The receipts of a request, prices in ``currency``, else in credits.

    Raises ``SmsError`` when there is something in it, and none of it is a receipt.
    """
    rows = list(_rows(_told(request)))
    reports = [report for row in rows if (report := _report(row, currency=currency)) is not None]
    if rows and not reports:
        raise _unreadable()
    return reports


def _told(request: WebRequest) -> Any:
    form = dict(request.form)
    try:
        return json.loads(form.get("data", request.body))
    except (ValueError, RecursionError):
        raise _unreadable() from None


def _unreadable() -> SmsError:
    return SmsError(
        "This is no receipt of MSG91's",
        code="garbled",
        hint="In the webhook's own body, name at least requestId, telNum and status.",
    )


def _rows(told: Any) -> Iterator[Mapping[str, Any]]:
    """A row for each message: a list of numbers shares what stands around it."""
    for one in told if isinstance(told, list) else [told]:
        if not isinstance(one, dict):
            raise _unreadable()
        listed = one.get("report")
        if isinstance(listed, list):
            yield from ({**one, **row} for row in listed if isinstance(row, dict))
        else:
            yield one


def _report(row: Mapping[str, Any], *, currency: str) -> Report | None:
    batch, number, ours = _word(row, "requestId"), _word(row, *_NUMBER), _own_id(row)
    if ours is None and not (batch and number):
        return None
    code = _word(row, "status")
    status, reason = status_of(code, _word(row, *_WORDS))
    price = _above_zero(_word(row, "amount" if currency else "credit"))
    return Report(
        status=status,
        reference=joined(batch, number) if batch and number else None,
        message_id=ours,
        number=number or None,
        provider_code=code,
        reason=reason,
        occurred_at=_moment(_word(row, *_WHEN)),
        price=price,
        currency=(currency or "credits") if price else "",
    )


def _word(row: Mapping[str, Any], *names: str) -> str:
    """The first of these fields that says something."""
    for name in names:
        value = row.get(name)
        if isinstance(value, str | int | float) and not isinstance(value, bool) and str(value).strip():
            return str(value).strip()
    return ""


def _own_id(row: Mapping[str, Any]) -> UUID | None:
    for name in _OURS:
        try:
            return UUID(_word(row, name))
        except ValueError:
            continue
    return None


def _above_zero(written: str) -> Decimal | None:
    try:
        amount = Decimal(written)
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and 0 < amount < _DEAREST else None


def _moment(written: str) -> datetime | None:
    """The moment, where it is written as the vendor does, in India's time."""
    try:
        return datetime.strptime(written, "%Y-%m-%d %H:%M:%S").replace(tzinfo=_INDIA).astimezone(UTC)
    except ValueError:
        return None
