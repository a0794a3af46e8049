"""Zenvia, of Brazil (P6): one company, two products with different credentials. Post-paid: it tells no balance."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sms_plugin.gateways import zenvia_legacy, zenvia_v2
from sms_plugin.gateways.contract import (
    Capabilities,
    Fetched,
    Found,
    Gateway,
    Inbound,
    Outgoing,
    Report,
    Sent,
    Verdict,
    WebAnswer,
    WebRequest,
)
from sms_plugin.gateways.http import in_clear
from sms_plugin.gateways.zenvia_settings import LEGACY, ZenviaSettings


class ZenviaGateway(Gateway):
    """Zenvia, by the product that the settings name."""

    settings: ZenviaSettings
    kind = "zenvia"
    label = "Zenvia"
    help = (
        "SMS API: have Zenvia's support register the address that is shown here for callbacks (MT and MO); receipts and"
        " replies are asked for as well. Platform: subscribe the address to MESSAGE_STATUS and to MESSAGE, channel sms."
    )
    Settings = ZenviaSettings

    @classmethod
    def capabilities(cls, settings: Any) -> Capabilities:
        """The SMS API takes a hundred texts a request and can be asked about all; the platform takes one, and tells."""
        return zenvia_legacy.CAN if settings.api_version == LEGACY else zenvia_v2.CAN

    @classmethod
    def warnings(cls, settings: Any) -> Sequence[str]:
        """``credentials_in_clear`` at a base address without SSL."""
        return ("credentials_in_clear",) if in_clear(settings.address) else ()

    def __post_init__(self) -> None:
        legacy = self.settings.api_version == LEGACY
        self._legacy = zenvia_legacy.LegacyApi(self.settings, self.http) if legacy else None
        self._api = self._legacy or zenvia_v2.PlatformApi(self.settings, self.http)

    def send(self, messages: Sequence[Outgoing]) -> Sequence[Verdict]:
        """A verdict per message; each goes under our own id."""
        return self._api.send(messages)

    def read_webhook(self, request: WebRequest) -> Sequence[Report | Inbound]:
        """The receipt or the text of a request."""
        return self._api.read_webhook(request)

    def webhook_answer(self, taken: Sequence[Report | Inbound]) -> WebAnswer:
        """200, which the vendor names."""
        return WebAnswer(status=200)

    def poll(self, sent: Sequence[Sent]) -> Sequence[Report]:
        """What is known of these messages; the SMS API only."""
        return super().poll(sent) if self._legacy is None else self._legacy.poll(sent)

    def fetch(self, cursor: str) -> Fetched:
        """The texts that came since; the SMS API only."""
        return super().fetch(cursor) if self._legacy is None else self._legacy.fetch(cursor)

    def look_up(self, message: Outgoing, *, reference: str | None, since: datetime) -> Sequence[Found]:
        """The message under its own id; the SMS API only."""
        if self._legacy is None:
            return super().look_up(message, reference=reference, since=since)
        return self._legacy.look_up(message, reference=reference)
