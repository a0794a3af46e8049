"""Allcance SMS: a label of the lgn/pwd platform, with the host that customers are given (P12)."""

from __future__ import annotations

from dataclasses import dataclass

from sms_plugin.gateways import fields
from sms_plugin.gateways.lgn_pwd import LgnPwdGateway, LgnPwdSettings


@dataclass(frozen=True, kw_only=True)
class AllcanceSettings(LgnPwdSettings):
    """Allcance's account."""

    host: str = fields.host("corporativo.allcancesms.com.br")


class Allcance(LgnPwdGateway):
    """Allcance SMS."""

    kind = "allcance"
    label = "Allcance SMS"
    help = "Numbers go without the country code: other forms are taken, charged and lost."
    Settings = AllcanceSettings
