"""Khal: a label of the lgn/pwd platform, on a host that the customer is told (P9).

Source: two clients that call the same server; no documentation is public.
"""

from __future__ import annotations

from dataclasses import dataclass

from sms_plugin.gateways.lgn_pwd import LgnPwdGateway, LgnPwdSettings
from sms_plugin.gateways.settings import setting


@dataclass(frozen=True, kw_only=True)
class KhalSettings(LgnPwdSettings):
    """A Khal account."""

    user: str = setting("User", help="What you log in to Khal's panel with; it looks like a telephone number.")
    host: str = setting("Host", help="The name or the address of the panel's own page, without http:// and path.")


class Khal(LgnPwdGateway):
    """Khal."""

    kind = "khal"
    label = "Khal"
    help = (
        "For Khal's own panel; a hosted Khal PlaySMS is a playSMS. Khal publishes no manual: sending and balance are as"
        " clients of its platform know them; receipts and answers are not known."
    )
    Settings = KhalSettings
