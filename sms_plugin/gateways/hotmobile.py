"""HotMobile: a preset with the manual's values (P12).

Source: what clients of it and of its other labels send and read. Of a balance, of receipts and of texts from phones
nothing is known.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sms_plugin.gateways import fields, presets
from sms_plugin.gateways.contract import Capabilities
from sms_plugin.gateways.generic_settings import GenericHttpSettings
from sms_plugin.gateways.presets import NO_ACCOUNT, PresetGateway, PresetSettings
from sms_plugin.gateways.settings import setting


@dataclass(frozen=True, kw_only=True)
class HotMobileSettings(PresetSettings):
    """HotMobile's account."""

    password: str = fields.password()
    host: str = fields.host("painel.hotmobile.com.br")
    port: int = fields.port(80)
    ssl: bool = fields.ssl(default=False)
    sender: str = setting("Sender", default="", help="Where the account has one.")
    number_form: str = fields.number_form("digits")
    accents: bool = presets.accents(help="On: texts go as Unicode (AlphaSize 16). Off: accents are left out.")
    flash: bool = setting("Flash", default=False, help="Shown at once, and not kept by the phone.")

    def described(self) -> GenericHttpSettings:
        """The answer is a number: the id when positive, else what is wrong."""
        more = {"&sender={s}": self.sender, "&flash=1": self.flash, "&AlphaSize=16": self.accents}
        return self._described(
            password=self.password,
            sender=self.sender,
            url="/SendAPI/Send.aspx?usr={u}&pwd={p}&number={d}&msg={m}" + "".join(each for each in more if more[each]),
            success="number",
            reference_by="number",
            errors=NO_ACCOUNT
            + "-1 = retry\n-20 = retry\n-2 = account no_credit\n-5 = account bad_credentials\n"
            + "-7 = message rejected_text\n-8 = account bad_sender\n-9 = recipient bad_number\n"
            + "-13 = recipient bad_number\n-30 = message rejected_text",
        )


class HotMobile(PresetGateway):
    """HotMobile."""

    kind = "hotmobile"
    label = "HotMobile"
    Settings = HotMobileSettings

    @classmethod
    def capabilities(cls, settings: Any) -> Capabilities:
        """What the settings say, and flash."""
        return replace(super().capabilities(settings), flash=True)
