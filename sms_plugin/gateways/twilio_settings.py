"""What an admin enters of a Twilio account (P1, P16)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sms_plugin.errors import SmsError, worded
from sms_plugin.gateways import fields
from sms_plugin.gateways.http import base_address
from sms_plugin.gateways.settings import BadSettings, setting

_LONGEST_VALIDITY = 36_000


@dataclass(frozen=True, kw_only=True)
class TwilioSettings:
    """A Twilio account and the sender that it texts from."""

    account_sid: str = setting(
        "Account SID", help="AC and 32 characters: in the Console, on the first page, under Account Info."
    )
    auth_token: str = setting(
        "Auth token",
        secret=True,
        help="Beside the account's SID. Receipts and answers are signed with it: needed beside an API key as well.",
    )
    api_key_sid: str = setting(
        "API key SID", default="", help="Optional: send with a key (SK…) instead of the token. Console: API keys."
    )
    api_key_secret: str = setting(
        "API key secret", default="", secret=True, help="The secret of that key: the two are needed together."
    )
    sender: str = setting(
        "From", default="", help="A number of the account with +, a short code or a registered sender name."
    )
    messaging_service_sid: str = setting(
        "Messaging Service SID",
        default="",
        help="MG and 32 characters: instead of a sender, or together with one of its senders.",
    )
    validity: int = setting(
        "Validity in seconds",
        default=0,
        minimum=0,
        maximum=_LONGEST_VALIDITY,
        help="What Twilio has not sent by then is not sent any more. 0: Twilio's own, 36000 (10 hours).",
    )
    base_url: str = fields.base_url("https://api.twilio.com")

    def check(self) -> None:
        """Raises ``BadSettings`` that names every field that is wrong."""
        problems: dict[str, str] = {}
        if not re.fullmatch(r"AC[0-9a-fA-F]{32}", self.account_sid):
            problems["account_sid"] = worded("is not AC and 32 hexadecimal digits")
        if bool(self.api_key_sid) != bool(self.api_key_secret):
            problems["api_key_secret"] = worded("and the key's SID need each other")
        service = self.messaging_service_sid
        if service and not re.fullmatch(r"MG[0-9a-fA-F]{32}", service):
            problems["messaging_service_sid"] = worded("is not MG and 32 hexadecimal digits")
        if not service and not self.sender:
            problems["sender"] = worded("is missing: a sender or a Messaging Service is needed")
        try:
            base_address(self.base_url)
        except SmsError as error:
            problems["base_url"] = str(error)
        if problems:
            raise BadSettings(problems)
