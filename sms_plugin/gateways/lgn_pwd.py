"""The white-label platform behind Allcance, Khal, LocaSMS and others: ``lgn`` and ``pwd`` in a query (P9, P12).

Source: what clients of several labels send and read; no manual of the platform is public. One call makes one campaign
with one id, so each message's reference is made of the campaign and its number.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from sms_plugin.errors import SmsError, worded
from sms_plugin.gateways import fields
from sms_plugin.gateways.contract import About, Balance, Capabilities, Outcome, Outgoing, Verdict, refused
from sms_plugin.gateways.generic_settings import GenericHttpSettings
from sms_plugin.gateways.http import Answer
from sms_plugin.gateways.presets import PresetGateway, PresetSettings
from sms_plugin.gateways.references import joined
from sms_plugin.gateways.settings import setting
from sms_plugin.gateways.verdicts import unreadable

PATH = "/app/modulo/api/index.php"
MOST_NUMBERS = 100
_ERRORS = (
    "http 401 = account bad_credentials\nhttp 404 = account bad_address\n"
    "/FALHA AO REALIZAR LOGIN/ = account bad_credentials\n"
    "/saldo|cr[eé]dito/ = account no_credit\n/n[uú]mero/ = recipient bad_number"
)
_WRONG_ACTION = re.compile(r"\s*0:OPERA", re.IGNORECASE)
_CREDITS = re.compile(r"-?\d{1,15}([.,]\d{1,6})?")


@dataclass(frozen=True, kw_only=True)
class LgnPwdSettings(PresetSettings):
    """An account on the platform; a label says what differs, its host first of all."""

    password: str = fields.password()
    host: str = setting("Host", help="The name alone, such as painel.example.com.br.")
    port: int = fields.port(80)
    ssl: bool = fields.ssl(default=False)
    path: str = fields.path(PATH)
    number_form: str = fields.number_form("national")
    accents: bool = setting("Keep accents", default=False, help="The platform asks for texts without accents.")
    batch_size: int = setting(
        "Most numbers in one request",
        default=1,
        minimum=1,
        maximum=MOST_NUMBERS,
        help=(
            "Several numbers with one text can share a request. Where the provider then refuses a number, nobody knows"
            " what became of the others: keep 1 unless your lists are clean."
        ),
    )

    def described(self) -> GenericHttpSettings:
        """The answer is JSON: ``status`` 1 with the campaign's id in ``data``, else the reason in ``msg``."""
        return self._described(
            password=self.password,
            url=f"{self.path}?action=sendsms&lgn={{u}}&pwd={{p}}&numbers={{d}}&msg={{m}}",
            separator="comma" if self.batch_size > 1 else "one",
            batch_size=self.batch_size,
            success="json",
            success_at="status",
            success_values="1",
            reference_by="json",
            reference_at="data",
            error_at="msg",
            errors=_ERRORS,
        )


class LgnPwdGateway(PresetGateway):
    """One label of the platform."""

    settings: LgnPwdSettings

    @classmethod
    def capabilities(cls, settings: Any) -> Capabilities:
        """What the settings say, and the balance."""
        return replace(super().capabilities(settings), balance=True)

    def send(self, messages: Sequence[Outgoing]) -> Sequence[Verdict]:
        """A verdict per message; its reference names the campaign and the number."""
        told = zip(super().send(messages), messages, strict=True)
        return [_told_apart(verdict, message) for verdict, message in told]

    def _verdict(self, answer: Answer, *, text: str, several: bool) -> Verdict:
        if answer.ok and _WRONG_ACTION.match(answer.text):
            return refused("bad_address", about=About.ACCOUNT, provider_code="0")
        return super()._verdict(answer, text=text, several=several)

    def balance(self) -> Balance:
        """The account's credits."""
        told = self.asked("getbalance", what=worded("balance"))
        if not _CREDITS.fullmatch(told):
            raise unreadable(worded("balance"))
        return Balance(amount=Decimal(told.replace(",", ".")), unit="credits")

    def asked(self, action: str, *, what: str, **more: str) -> str:
        """What the platform answers to a question: ``data`` of its JSON, or a body that is no JSON.

        Raises ``SmsError`` when it refuses or answers something else.
        """
        query = {"action": action, "lgn": self.settings.user, "pwd": self.settings.password, **more}
        answer = self.http.request("GET", self._plan.base + self.settings.path, params=query, at_most=1024 * 1024)
        if not answer.ok or _WRONG_ACTION.match(answer.text):
            raise unreadable(what)
        try:
            told = answer.json()
        except ValueError:
            return answer.text.strip()
        if not isinstance(told, dict):
            return answer.text.strip()
        if str(told.get("status")) == "1" and isinstance(told.get("data"), str | int | float):
            return str(told["data"]).strip()
        raise _refused(str(told.get("msg")), what=what)


def _told_apart(verdict: Verdict, message: Outgoing) -> Verdict:
    if verdict.outcome is not Outcome.ACCEPTED or not verdict.reference:
        return verdict
    return replace(verdict, reference=joined(verdict.reference, message.to))


def _refused(words: str, *, what: str) -> SmsError:
    if re.search(r"LOGIN", words, re.IGNORECASE):
        return SmsError(worded("The provider does not know these credentials"), code="bad_credentials")
    return unreadable(what)
