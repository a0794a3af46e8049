"""Zenvia's two gateways on their doubles, what calls them back, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sms_plugin.gateways.contract import About, Inbound, Outcome, Outgoing, Report, Verdict, WebRequest
from sms_plugin.gateways.http import Http
from sms_plugin.gateways.settings import build
from sms_plugin.gateways.zenvia import ZenviaGateway
from sms_plugin.gateways.zenvia_settings import ZenviaSettings
from sms_plugin.testing.gateway_contract import outgoing
from tests.doubles import zenvia
from tests.doubles.zenvia import ACCOUNT, ALIAS, PASSWORD, TOKEN, PlatformDouble, SmsApiDouble

NUMBER = "+5511987650001"
OURS = str(UUID(int=1))
SECRET = "zenvia-webhook-secret"


def old(double: SmsApiDouble, http: Http, **more: object) -> ZenviaGateway:
    """The account of the SMS API."""
    raw = {"account": ACCOUNT, "api_password": PASSWORD, "base_url": double.url, **more}
    return ZenviaGateway(build(ZenviaSettings, raw), http)


def new(double: PlatformDouble, http: Http, **more: object) -> ZenviaGateway:
    """The token of the platform."""
    raw = {"api_version": "v2", "token": TOKEN, "sender": ALIAS, "base_url": f"{double.url}/v2", **more}
    return ZenviaGateway(build(ZenviaSettings, raw), http)


def numbered(count: int) -> list[Outgoing]:
    """Messages to different people, each with a text of its own."""
    return [outgoing(at, to=f"+55119876{at:05d}", text=f"Olá {at}") for at in range(1, count + 1)]


def called(event: Mapping[str, Any], **headers: str) -> WebRequest:
    """A callback, as a gateway is given it."""
    return WebRequest(
        method="POST",
        url="https://portal.example/sms/receipts/token",
        headers={"content-type": "application/json", **headers},
        body=zenvia.as_body(event),
    )


def read(event: Mapping[str, Any], *, version: str = "legacy") -> Sequence[Report | Inbound]:
    """What a callback says."""
    raw: dict[str, object] = {"account": "a", "api_password": "p", "token": "t", "sender": "s", "api_version": version}
    with Http() as http:
        return ZenviaGateway(build(ZenviaSettings, raw), http).read_webhook(called(event))


def summary(verdicts: Sequence[Verdict]) -> list[tuple[Outcome, str, About | None]]:
    """Outcomes, reasons and whom they are about."""
    return [(each.outcome, each.reason, each.about) for each in verdicts]
