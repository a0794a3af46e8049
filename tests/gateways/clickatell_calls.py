"""Clickatell's two gateways, what calls them back, and their answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sms_plugin.gateways.clickatell import ClickatellGateway
from sms_plugin.gateways.clickatell_settings import ClickatellSettings
from sms_plugin.gateways.contract import WebRequest
from sms_plugin.gateways.http import Http
from sms_plugin.gateways.settings import build
from sms_plugin.testing.loopback import Reply, json_reply
from tests.doubles import clickatell as double
from tests.doubles.clickatell import ONE_KEY, PASSWORD, PLATFORM_KEY, USER

NUMBER = "+2799900001"
AT = datetime(2026, 11, 20, 8, 0, 8, 123000, tzinfo=UTC)
OURS = UUID(int=77)
URL = "https://portal.example/sms/receipts/1"
CALLBACKS = {"callback_user": USER, "callback_password": PASSWORD}


def result(to: str, id: str | None, error: object = None) -> dict[str, Any]:
    """One message's result, as the One API tells it."""
    return {"apiMessageId": id, "accepted": id is not None, "to": to, "error": error}


def results(*told: Mapping[str, Any], status: int = 202) -> Reply:
    return json_reply({"messages": list(told), "error": None}, status=status)


def wrong(code: int, words: str = "Something.") -> dict[str, object]:
    return {"code": code, "description": words}


def called(body: bytes, *, headers: Mapping[str, str] | None = None) -> WebRequest:
    """A callback as it comes."""
    return WebRequest(method="POST", url=URL, headers=headers or double.authorised(), body=body)


def queried(query: str) -> WebRequest:
    """A callback by GET."""
    return WebRequest(method="GET", url=f"{URL}?{query}", headers=double.authorised(), body=b"")


def one(url: str, http: Http, **more: str) -> ClickatellGateway:
    """The One API at that address."""
    raw = {"api_key": ONE_KEY, "base_url": url, **more}
    return ClickatellGateway(build(ClickatellSettings, raw), http)


def platform(url: str, http: Http, **more: str) -> ClickatellGateway:
    """The platform API at that address."""
    return one(url, http, **{"api_key": PLATFORM_KEY, "flavour": "platform", **more})
