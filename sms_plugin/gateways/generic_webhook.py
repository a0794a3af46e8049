"""The fields of what a provider calls back with, read by the names that an admin wrote down (P11)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sms_plugin.errors import ForgedRequest, SmsError
from sms_plugin.gateways.contract import Inbound, Report, WebRequest
from sms_plugin.gateways.generic_settings import GenericHttpSettings
from sms_plugin.gateways.rules import at_path
from sms_plugin.gateways.status_words import meaning_of
from sms_plugin.gateways.values import is_same
from sms_plugin.gateways.verdicts import quoted

_HEADER = "header:"
_MOST_ITEMS = 1000


def read(request: WebRequest, plan: GenericHttpSettings) -> Sequence[Report | Inbound]:
    """The receipts and the texts of a request, once its secret holds, where there is one.

    Raises ``ForgedRequest``, or ``SmsError`` where nothing in it is either.
    """
    whole = _content(request)
    _verify(request, whole, plan)
    told = [each for item in _items(whole, plan.webhook_items) if (each := _of_item(item, plan)) is not None]
    if not told:
        raise SmsError("The request holds neither a receipt nor a text by these settings", code="garbled")
    return told


def texts(items: object, plan: GenericHttpSettings) -> Iterator[tuple[Inbound, str]]:
    """The texts of a list, and what the next question starts after."""
    for item in items if isinstance(items, list) else ():
        text = _text_of(item, plan)
        if text is not None:
            yield text, _value(item, plan.inbox_cursor) or ""


def _content(request: WebRequest) -> Any:
    """The body's JSON, else its form and the query as one."""
    try:
        value = json.loads(request.body)
        return value if isinstance(value, dict | list) else {}
    except (ValueError, RecursionError):
        return dict([*request.query, *request.form])


def _verify(request: WebRequest, whole: Any, plan: GenericHttpSettings) -> None:
    if not plan.webhook_secret_at:
        return
    place = plan.webhook_secret_at
    if place.lower().startswith(_HEADER):
        given = request.headers.get(place[len(_HEADER) :].strip().lower())
    else:
        given = _value(whole, place) or dict(request.query).get(place)
    if not is_same(given or "", plan.webhook_secret):
        raise ForgedRequest(
            "The request does not hold the secret.",
            code="forged",
            hint="Give the provider and these settings the same secret.",
        )


def _items(whole: Any, path: str) -> Sequence[Any]:
    found = inside(whole, path)
    return found[:_MOST_ITEMS] if isinstance(found, list) else [found]


def inside(whole: Any, path: str) -> Any:
    """What stands at a path of names; the whole for an empty one."""
    for step in path.split(".") if path else ():
        whole = whole.get(step) if isinstance(whole, Mapping) else None
    return whole


def _of_item(item: Any, plan: GenericHttpSettings) -> Report | Inbound | None:
    """A text where the item holds one; else the receipt, where its status means anything."""
    return _text_of(item, plan) or _report_of(item, plan)


def _text_of(item: Any, plan: GenericHttpSettings) -> Inbound | None:
    if not plan.takes_texts:
        return None
    sender, text = _value(item, plan.inbound_from), _value(item, plan.inbound_text)
    if not sender or text is None:
        return None
    return Inbound(
        sender=sender,
        text=text,
        reference=_value(item, plan.inbound_reference),
        to=_value(item, plan.inbound_to) or "",
    )


def _report_of(item: Any, plan: GenericHttpSettings) -> Report | None:
    told = _value(item, plan.receipt_status)
    meaning = meaning_of(told, plan.words)
    if meaning is None:
        return None
    return Report(
        status=meaning.status,
        reference=_value(item, plan.receipt_reference),
        message_id=_own(_value(item, plan.receipt_own)),
        number=_value(item, plan.receipt_number),
        provider_code=quoted(told, secrets=plan.secrets)[:40],
        reason=meaning.reason,
    )


def _value(item: Any, name: str) -> str | None:
    """What the item holds under that name, else at that path."""
    if isinstance(item, Mapping) and name in item:
        return at_path([item[name]], "0")
    return at_path(item, name) if name else None


def _own(told: str | None) -> UUID | None:
    try:
        return UUID(told or "")
    except ValueError:
        return None
