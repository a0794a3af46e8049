"""What Vonage tells the portal: delivery receipts, and texts from phones.

Source: the vendor's guides on both.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from sms_plugin.errors import SmsError
from sms_plugin.gateways.contract import Inbound, Part, Report, WebRequest
from sms_plugin.gateways.values import whole_in
from sms_plugin.gateways.vonage_codes import NOTHING_NEW, STATUS, WHY

_SIGNATURE = frozenset({"sig", "timestamp", "nonce"})


def fields_of_call(request: WebRequest) -> Mapping[str, str]:
    """The parameters, which come in the query, in a form or as JSON, as the dashboard says."""
    fields = dict(request.query) | dict(request.form)
    if "json" in request.headers.get("content-type", "").lower() and request.body:
        try:
            told = json.loads(request.body)
            fields |= {str(name): _written(value) for name, value in told.items()}
        except (ValueError, AttributeError, RecursionError):
            raise SmsError("The request's body is no JSON object", code="garbled") from None
    return fields


def _written(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def heard(fields: Mapping[str, str]) -> Sequence[Report | Inbound]:
    """The receipt or the text in the parameters; nothing in a call without any, as a test of the address. Raises
    ``SmsError``.
    """
    if not fields.keys() - _SIGNATURE:
        return []
    if not fields.get("messageId"):
        raise SmsError("This is nothing of Vonage's", code="garbled")
    return _reports(fields) if "status" in fields else _texts(fields)


def _reports(fields: Mapping[str, str]) -> Sequence[Report]:
    word, code = fields["status"].lower(), fields.get("err-code", "")
    if word == NOTHING_NEW:
        return []
    if word not in STATUS:
        raise SmsError("This is no receipt of Vonage's", code="garbled")
    return [
        Report(
            status=STATUS[word],
            reference=fields["messageId"],
            message_id=_id(fields.get("client-ref", "")),
            number=fields.get("msisdn"),
            provider_code="" if code == "0" else code,
            reason=WHY.get(code, ""),
            occurred_at=_moment(fields.get("message-timestamp", "")),
        )
    ]


def _texts(fields: Mapping[str, str]) -> Sequence[Inbound]:
    if not fields.get("msisdn") or "text" not in fields:
        if fields.get("type") == "binary":
            return []
        raise SmsError("This is no text of Vonage's", code="garbled")
    return [
        Inbound(
            sender=fields["msisdn"],
            text=fields["text"],
            reference=fields["messageId"],
            to=fields.get("to", ""),
            received_at=_moment(fields.get("message-timestamp", "")),
            part=_part(fields),
        )
    ]


def _part(fields: Mapping[str, str]) -> Part | None:
    total, number = whole_in(fields.get("concat-total")), whole_in(fields.get("concat-part"))
    if fields.get("concat") != "true" or total is None or number is None or not 1 <= number <= total <= 255:
        return None
    return Part(group=f"{fields['msisdn']} {fields.get('concat-ref', '')}", number=number, total=total)


def _id(told: str) -> UUID | None:
    try:
        return UUID(told)
    except ValueError:
        return None


def _moment(told: str) -> datetime | None:
    try:
        return datetime.strptime(told, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None
