"""What an admin tells of a Clickatell account (P2)."""

from __future__ import annotations

from dataclasses import dataclass

from sms_plugin.errors import SmsError, worded
from sms_plugin.gateways import fields
from sms_plugin.gateways.http import base_address
from sms_plugin.gateways.settings import BadSettings, setting

ONE, PLATFORM = "one", "platform"


@dataclass(frozen=True, kw_only=True)
class ClickatellSettings:
    """An integration of a Clickatell account."""

    api_key: str = setting(
        "API key", secret=True, help="Of the integration, in portal.clickatell.com; it goes along as it is."
    )
    flavour: str = setting(
        "API",
        default=ONE,
        choices={ONE: "One API (keys made today)", PLATFORM: "SMS platform API (keys of older SMS integrations)"},
        help="A key works on one of the two only. If Clickatell does not know the key, try the other.",
    )
    sender: str = setting(
        "From",
        default="",
        help="Optional: a two-way number of the integration. Without it Clickatell chooses; answers need it.",
    )
    callback_user: str = setting(
        "User of the callbacks",
        default="",
        help="Optional: the user name that the integration's callbacks are set up with. Clickatell signs nothing:"
        " without it the callback's address alone is the secret.",
    )
    callback_password: str = setting(
        "Password of the callbacks",
        default="",
        secret=True,
        help="The password that stands beside that user name: the two are needed together.",
    )
    batch_size: int = setting(
        "Most messages in one request",
        default=100,
        minimum=1,
        maximum=200,
        help="Clickatell's page says 200, older clients keep to 100.",
    )
    base_url: str = fields.base_url("https://platform.clickatell.com")

    def check(self) -> None:
        """Raises ``BadSettings`` that names every field that is wrong."""
        problems: dict[str, str] = {}
        if bool(self.callback_user) != bool(self.callback_password):
            problems["callback_password"] = worded("and the callbacks' user need each other")
        try:
            base_address(self.base_url)
        except SmsError as error:
            problems["base_url"] = str(error)
        if problems:
            raise BadSettings(problems)
