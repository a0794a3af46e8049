"""Facilita Móvel: a preset with the manual's values, our own key on each message, and receipts by it (P12).

Source: the vendor's manual of its HTTP calls, and what clients of it handle. What the numbers of its delivery reports
mean is not published: the customer asks the vendor, and until then they are not asked for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sms_plugin.gateways import fields, presets
from sms_plugin.gateways.contract import Capabilities, Outcome, Outgoing, Report, Sent, Verdict
from sms_plugin.gateways.generic_settings import GenericHttpSettings
from sms_plugin.gateways.presets import NO_ACCOUNT, PresetGateway, PresetSettings
from sms_plugin.gateways.settings import setting
from sms_plugin.gateways.status_words import HELP

_MOST_KEYS = 50
_REPORT = re.compile(r"([0-9a-f]{32});(\w+)")


@dataclass(frozen=True, kw_only=True)
class FacilitaMovelSettings(PresetSettings):
    """Facilita Móvel's account."""

    password: str = fields.password()
    host: str = fields.host("www.facilitamovel.com.br")
    port: int = fields.port(443)
    ssl: bool = fields.ssl(default=True)
    number_form: str = fields.number_form("national")
    accents: bool = presets.accents()
    flash: bool = setting("Flash", default=False, help="Shown at once, and not kept by the phone.")
    status_words: str = setting(
        "What the codes of delivery reports mean",
        default="",
        lines=True,
        help=f"Ask Facilita Móvel for its list; empty: whether a message arrived is not asked for. {HELP}",
    )

    def described(self) -> GenericHttpSettings:
        """The answer is ``code;message`` with the id, if any, in the last field."""
        fixed = "user={u}&password={p}"
        return self._described(
            password=self.password,
            url=f"/api/simpleSend.ft?{fixed}&destinatario={{d}}&msg={{m}}&externalkey={{k}}"
            + ("&flashsms=1" if self.flash else ""),
            longest=160,
            success="field",
            success_at="1",
            success_values="5,6",
            reference_by="regex",
            reference_at=r";\s*(\d+)\s*$",
            errors=NO_ACCOUNT
            + "1 = account bad_credentials\n2 = account no_credit\n"
            + "3 = recipient bad_number\n4 = message rejected_text",
            balance_url=f"/api/checkCredit.ft?{fixed}",
            balance_by="regex",
            balance_at=r"^\s*\d+;\s*(\d+(?:[.,]\d+)?)\s*$",
            status_url=f"/api/dlrByExternalKey.ft?{fixed}&externalkey={{k}}" if self.status_words else "",
            status_by="regex",
            status_at=_REPORT.pattern,
            status_words=self.status_words,
        )


class FacilitaMovel(PresetGateway):
    """Facilita Móvel."""

    kind = "facilita_movel"
    label = "Facilita Móvel"
    help = "Longer texts than 160 characters would be cut, so they are refused."
    Settings = FacilitaMovelSettings

    @classmethod
    def capabilities(cls, settings: Any) -> Capabilities:
        """Flash, the balance, and receipts where the meaning of their codes is known."""
        can = super().capabilities(settings)
        return replace(can, flash=True, polled=_MOST_KEYS if can.polled else 0)

    def send(self, messages: Sequence[Outgoing]) -> Sequence[Verdict]:
        """A verdict per message; where the provider tells no id of its own, ours is the reference."""
        return [
            replace(verdict, reference=message.id.hex)
            if verdict.outcome is Outcome.ACCEPTED and not verdict.reference
            else verdict
            for verdict, message in zip(super().send(messages), messages, strict=True)
        ]

    def poll(self, sent: Sequence[Sent]) -> Sequence[Report]:
        """What the provider says of our keys: one request for all, answered ``key;code-key;code``."""
        asked = {each.id: each for each in sent}
        told = self._asked("status_url", what="delivery reports", k=",".join(each.hex for each in asked))
        reports: list[Report] = []
        for key, code in _REPORT.findall(told):
            each = asked.get(UUID(key))
            reports += [] if each is None else self._reported(code, about=each)
        return reports
