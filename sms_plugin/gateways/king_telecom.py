"""King Telecom, whose platform is KingSMS: a preset with the manual's values (P12).

Source: what clients of it send and read. Its words for the fate of a message and the form of its list of replies are
published nowhere: the first are the customer's to write down, the second is left out.
"""

from __future__ import annotations

from dataclasses import dataclass

from sms_plugin.gateways import fields, presets
from sms_plugin.gateways.generic_settings import GenericHttpSettings
from sms_plugin.gateways.presets import NO_ACCOUNT, PresetGateway, PresetSettings
from sms_plugin.gateways.settings import setting
from sms_plugin.gateways.status_words import HELP

_PATH = "/kingsms/api.php"


@dataclass(frozen=True, kw_only=True)
class KingTelecomSettings(PresetSettings):
    """KingSMS's account."""

    token: str = setting("Token", secret=True, help="In the customer's panel: Home, Informações da Conta, Token.")
    host: str = fields.host("sms.kingtelecom.com.br")
    port: int = fields.port(443)
    ssl: bool = fields.ssl(default=True)
    number_form: str = fields.number_form("national")
    accents: bool = presets.accents()
    status_words: str = setting(
        "What the words of its reports mean",
        default="",
        lines=True,
        help=f"Look at a report in the panel; empty: whether a message arrived is not asked for. {HELP}",
    )

    def described(self) -> GenericHttpSettings:
        """The answer is JSON with ``status``, ``cause`` and, when taken, ``id``; ``cause`` answers questions too."""
        return self._described(
            token=self.token,
            url=f"{_PATH}?acao=sendsms&login={{u}}&token={{t}}&numero={{d}}&msg={{m}}",
            longest=160,
            success="json",
            success_at="status",
            success_values="success",
            reference_by="json",
            reference_at="id",
            error_at="cause",
            errors=NO_ACCOUNT
            + "/login|token/ = account bad_credentials\n/saldo|cr[eé]dito/ = account no_credit\n"
            + "/n[uú]mero/ = recipient bad_number",
            balance_url=f"{_PATH}?acao=saldo&login={{u}}&token={{t}}",
            balance_at="cause",
            status_url=f"{_PATH}?acao=reportsms&login={{u}}&token={{t}}&id={{i}}" if self.status_words else "",
            status_at="cause",
            status_words=self.status_words,
        )


class KingTelecom(PresetGateway):
    """King Telecom, KingSMS."""

    kind = "king_telecom"
    label = "King Telecom (KingSMS)"
    Settings = KingTelecomSettings
