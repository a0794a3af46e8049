"""How both of Zenvia's products are read: JSON that may be anything, times with and without a zone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import UUID

from sms_plugin.errors import SmsError
from sms_plugin.gateways.values import moment_in

BRASILIA = timezone(timedelta(hours=-3))
"""Where a time without a zone is meant; there has been no summer time since 2019."""


def parsed(body: bytes) -> Mapping[str, Any]:
    """The body as a JSON object. Raises ``SmsError`` when it is none."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise SmsError("This is nothing that Zenvia sends", code="garbled")
    return told


def object_in(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The object of that name, empty where there is none."""
    value = told.get(name)
    return value if isinstance(value, dict) else {}


def objects_in(told: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """The objects of the list of that name; what is none is an empty one, so that each keeps its place."""
    value = told.get(name)
    return [each if isinstance(each, dict) else {} for each in value] if isinstance(value, list) else []


def word(told: Mapping[str, Any], name: str) -> str:
    """The value of that name as text, empty where it is neither text nor number."""
    value = told.get(name)
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""


def text(told: Mapping[str, Any], name: str) -> str:
    """The text of that name, exactly as it came."""
    value = told.get(name)
    return value if isinstance(value, str) else ""


def own_id(written: str) -> UUID | None:
    """Our own id, where the vendor gives one back."""
    try:
        return UUID(written)
    except ValueError:
        return None


def moment(written: str) -> datetime | None:
    """The moment in UTC, where it is one."""
    return moment_in(written, zone=BRASILIA)
