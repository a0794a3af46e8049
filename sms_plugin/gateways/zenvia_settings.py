"""What an account at Zenvia needs to be known by, for either of its products (P6)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sms_plugin.errors import SmsError, worded
from sms_plugin.gateways.http import base_address
from sms_plugin.gateways.settings import BadSettings, setting

LEGACY, V2 = "legacy", "v2"
ADDRESSES = {LEGACY: "https://api-rest.zenvia.com", V2: "https://api.zenvia.com/v2"}


@dataclass(frozen=True, kw_only=True)
class ZenviaSettings:
    """An account of the older product, or a token of the newer one: they have nothing in common."""

    api_version: str = setting(
        "Product",
        default=LEGACY,
        choices={LEGACY: "SMS API: account and password", V2: "Zenvia platform (API v2): token"},
        help="What Zenvia gave you tells which: an account with a password, or a token. They are two services.",
    )
    account: str = setting("Account", default="", help="SMS API: the API's account, such as company.smsonline.")
    api_password: str = setting(
        "API password",
        default="",
        secret=True,
        help="SMS API: the password of the API, not the one with which you sign in to the web page.",
    )
    aggregate_id: str = setting(
        "Aggregate id", default="", help="SMS API, optional: the cost centre, made in Zenvia's panel; a number."
    )
    token: str = setting(
        "Token",
        default="",
        secret=True,
        help="Platform: under Developers › Tokens. The signing of requests must be off for this token.",
    )
    sender: str = setting(
        "Sender",
        default="",
        help="Platform: the alias that the token may send from. SMS API, optional: Zenvia puts it in front of each"
        " text, where it counts in the length.",
    )
    encoding: str = setting(
        "Letters",
        default="AUTO",
        choices={
            "AUTO": "as the text needs",
            "MORE_CHARACTER_SUPPORT": "all letters, shorter parts",
            "MORE_CHARACTERS_PER_MESSAGE": "without accents, longer parts",
        },
        help="Platform only.",
    )
    flash: bool = setting(
        "Flash", default=False, help="Platform only, and deprecated there: shown at once and not kept by the phone."
    )
    webhook_secret: str = setting(
        "Secret of the webhooks",
        default="",
        secret=True,
        help="Platform: give both subscriptions, MESSAGE_STATUS and MESSAGE, the header X-Webhook-Secret with this"
        " value. Empty: only the webhook's address is secret, as it always is with the SMS API.",
    )
    base_url: str = setting(
        "Base address", default="", help="Empty: https://api-rest.zenvia.com or https://api.zenvia.com/v2."
    )

    @property
    def address(self) -> str:
        """Where the product is asked."""
        return base_address(self.base_url or ADDRESSES[self.api_version])

    def check(self) -> None:
        """Raises ``BadSettings`` that names every field that is wrong."""
        problems = self._of_legacy() if self.api_version == LEGACY else self._of_v2()
        try:
            base_address(self.base_url or ADDRESSES[self.api_version])
        except SmsError as error:
            problems["base_url"] = str(error)
        if problems:
            raise BadSettings(problems)

    def _of_legacy(self) -> dict[str, str]:
        problems = {name: "is missing" for name in ("account", "api_password") if not getattr(self, name)}
        if ":" in self.account:
            problems["account"] = worded("holds a colon, which no account does")
        if self.aggregate_id and not re.fullmatch("[0-9]{1,12}", self.aggregate_id, re.ASCII):
            problems["aggregate_id"] = worded("is not a number")
        if self.flash:
            problems["flash"] = worded("is for the Zenvia platform only")
        return problems

    def _of_v2(self) -> dict[str, str]:
        problems = {name: "is missing" for name in ("token", "sender") if not getattr(self, name)}
        if len(self.sender) > 64:
            problems["sender"] = worded("is longer than 64 characters")
        for name in ("token", "webhook_secret"):
            if not getattr(self, name).isascii():
                problems[name] = worded("holds a letter that no header can carry")
        return problems
