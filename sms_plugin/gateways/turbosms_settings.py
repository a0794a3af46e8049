"""What an admin tells of a TurboSMS account (P4, P5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sms_plugin.errors import SmsError, worded
from sms_plugin.gateways import fields
from sms_plugin.gateways.http import base_address
from sms_plugin.gateways.settings import BadSettings, setting

_WAYS: Mapping[str, tuple[str, ...]] = {"sms": ("sms",), "viber": ("viber",), "viber_sms": ("viber", "sms")}


@dataclass(frozen=True, kw_only=True)
class TurboSmsSettings:
    """A TurboSMS account, its senders, and the way that messages go."""

    token: str = setting(
        "Token",
        secret=True,
        help="In the TurboSMS account, under the picture at the top, “API settings”: switch the HTTP API on and save;"
        " the token is shown then. SOAP is not needed.",
    )
    channel: str = setting(
        "Way",
        default="sms",
        choices={"sms": "SMS", "viber": "Viber instead of SMS", "viber_sms": "Viber, then SMS if it does not arrive"},
        help="A message never reaches a person both ways.",
    )
    sender: str = setting("SMS sender", default="", help="A name that TurboSMS has approved, at most 20 characters.")
    viber_sender: str = setting(
        "Viber sender",
        default="",
        help="A sender of its own: in the account, “Viber chat”. Needed where Viber is used.",
    )
    viber_seconds: int = setting(
        "Seconds for Viber",
        default=3600,
        minimum=60,
        maximum=86_400,
        help="Viber tries for so long; then the SMS goes, where the way says so.",
    )
    transactional: bool = setting(
        "Transactional on Viber",
        default=False,
        help="For senders with approved templates only: TurboSMS refuses a text that follows none.",
    )
    flash: bool = setting("Flash SMS", default=False, help="The text opens on the screen and is not kept. By SMS only.")
    callback_secret: str = setting(
        "Secret of the callback",
        default="",
        secret=True,
        help="Optional: the same as in the account beside the callback's address. Without it receipts are asked for.",
    )
    batch_size: int = setting(
        "Most numbers in one request",
        default=5000,
        minimum=1,
        maximum=5000,
        help="Numbers that get the same text share a request; TurboSMS takes 5000 at most.",
    )
    base_url: str = fields.base_url("https://api.turbosms.ua")

    @property
    def ways(self) -> tuple[str, ...]:
        """The ways that a message may go, the first first."""
        return _WAYS[self.channel]

    def check(self) -> None:
        """Raises ``BadSettings`` that names every field that is wrong."""
        problems: dict[str, str] = {}
        for way, name in (("sms", "sender"), ("viber", "viber_sender")):
            if way in self.ways and not getattr(self, name):
                problems[name] = worded("is missing: the chosen way needs it")
        if len(self.sender) > 20:
            problems["sender"] = worded("is longer than 20 characters")
        if self.flash and self.ways != ("sms",):
            problems["flash"] = worded("goes by SMS only: choose that way, or no flash")
        try:
            base_address(self.base_url)
        except SmsError as error:
            problems["base_url"] = str(error)
        if problems:
            raise BadSettings(problems)
