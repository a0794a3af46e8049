"""LocaSMS: a label of the lgn/pwd platform that can be asked what became of a campaign (P12).

Source: the vendor's manual as a public client quotes it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sms_plugin.gateways import fields
from sms_plugin.gateways.asking import answers
from sms_plugin.gateways.contract import Capabilities, ReceiptStatus, Report, Sent
from sms_plugin.gateways.lgn_pwd import LgnPwdGateway, LgnPwdSettings
from sms_plugin.gateways.references import batch_of
from sms_plugin.gateways.settings import setting
from sms_plugin.gateways.spelling import without_accents
from sms_plugin.text.phones import national_digits

_LONG, _SHORT = "/painel/api.ashx", "/shortcode/api.ashx"
_PATHS = {_LONG: "long code", _SHORT: "short code"}
_POLLED = 20  # one request each, where each is a campaign of its own
_STATUS, _NUMBER = 7, 11
"""Columns of a delivery, the first being 1."""
_FAILED = {"numero invalido": "bad_number", "nao cadastrado": "unknown_number"}


@dataclass(frozen=True, kw_only=True)
class LocaSmsSettings(LgnPwdSettings):
    """LocaSMS's account."""

    host: str = fields.host("app.locasms.com.br")
    path: str = setting(
        "Route",
        default=_LONG,
        choices=_PATHS,
        help="The one that your account has. Only on a short code LocaSMS tells whether a text arrived.",
    )


class LocaSms(LgnPwdGateway):
    """LocaSMS."""

    settings: LocaSmsSettings
    kind = "locasms"
    label = "LocaSMS"
    help = "Receipts are asked for, campaign by campaign. On a long code they tell no more than that a text was sent."
    Settings = LocaSmsSettings

    @classmethod
    def capabilities(cls, settings: Any) -> Capabilities:
        """The family's, and receipts that are asked for."""
        return replace(super().capabilities(settings), polled=_POLLED)

    def poll(self, sent: Sequence[Sent]) -> Sequence[Report]:
        """What became of the messages: one request for each of their campaigns; raises when none of them is told."""
        told = answers((batch_of(one.reference) for one in sent), self._told)
        reports = [self._report(one, told.get(batch_of(one.reference), {})) for one in sent]
        return [report for report in reports if report is not None]

    def _told(self, campaign: str) -> Mapping[str, str]:
        return dict(_deliveries(self.asked("getstatus", what="campaign", id=campaign)))

    def _report(self, one: Sent, told: Mapping[str, str]) -> Report | None:
        words = told.get(national_digits(one.number)) or told.get(one.number.removeprefix("+"))
        if words in _FAILED:
            status, reason = ReceiptStatus.FAILED, _FAILED[words]
        elif words == "sucesso":
            status = ReceiptStatus.SENT if self.settings.path == _LONG else ReceiptStatus.DELIVERED
            reason = ""
        else:
            return None
        return Report(
            status=status, reference=one.reference, message_id=one.id, provider_code=words or "", reason=reason
        )


def _deliveries(data: str) -> Iterator[tuple[str, str]]:
    """The number and the status's words of each delivery of a campaign."""
    for row in csv.reader(data.splitlines(), delimiter=";"):
        if len(row) >= _NUMBER:
            number = "".join(char for char in row[_NUMBER - 1] if char.isdecimal())
            yield number, without_accents(row[_STATUS - 1]).strip().lower()
