"""The lgn/pwd platform of Allcance, Khal and LocaSMS, as its clients know it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from sms_plugin.testing.loopback import Received, Reply, json_reply
from tests.doubles.troubled import TroubledServer

LOGIN, PASSWORD = "5511999990000", "platform-password"
BAD = "11900000003"  #: a number that the platform finds wrong
PATHS = {"/app/modulo/api/index.php", "/painel/api.ashx", "/shortcode/api.ashx"}


@dataclass
class Campaign:
    """What one call made."""

    text: str
    numbers: list[str]
    status: dict[str, str] = field(default_factory=dict)


class LgnPwdServer(TroubledServer):
    """Takes campaigns; a number with the country code is taken, charged, and lost."""

    def __init__(self, *, credits: int = 100) -> None:
        super().__init__()
        self.credits = credits
        self.password = PASSWORD
        self.campaigns: dict[str, Campaign] = {}

    @property
    def delivered(self) -> list[tuple[str, str]]:
        """The number and the text of everything that reached a phone."""
        return [
            (number, campaign.text)
            for campaign in self.campaigns.values()
            for number in campaign.numbers
            if re.fullmatch(r"[1-9]{2}9?\d{8}", number)
        ]

    def does(self, request: Received) -> Reply:
        if request.path not in PATHS:
            return Reply(status=404, body=b"<html>Not Found</html>", content_type="text/html")
        asked = request.query
        act = {"sendsms": self._send, "getbalance": self._balance, "getstatus": self._status}.get(
            asked.get("action", "")
        )
        if act is None:
            return Reply(body=b"0:OPERACAO INVALIDA", content_type="text/plain")
        if (asked.get("lgn"), asked.get("pwd")) != (LOGIN, self.password):
            return _no("FALHA AO REALIZAR LOGIN")
        return act(asked)

    def _send(self, asked: dict[str, str]) -> Reply:
        numbers = [number for number in asked.get("numbers", "").split(",") if number]
        if not asked.get("msg") or not numbers:
            return _no("PARAMETROS INVALIDOS")
        if not all(number.isdigit() for number in numbers) or BAD in numbers:
            return _no("NUMERO INVALIDO")
        if len(numbers) > self.credits:
            return _no("SALDO INSUFICIENTE")
        self.credits -= len(numbers)
        campaign = str(7000 + len(self.campaigns) + 1)
        self.campaigns[campaign] = Campaign(text=asked["msg"], numbers=numbers)
        return json_reply({"status": 1, "data": campaign, "msg": "SUCESSO"})

    def _balance(self, asked: dict[str, str]) -> Reply:
        return json_reply({"status": 1, "data": str(self.credits), "msg": "SUCESSO"})

    def _status(self, asked: dict[str, str]) -> Reply:
        campaign = self.campaigns.get(asked.get("id", ""))
        if campaign is None:
            return _no("CAMPANHA NAO ENCONTRADA")
        rows = []
        for at, number in enumerate(campaign.numbers):
            row = [""] * 13
            row[0], row[2], row[6] = str(at + 1), "20/11/2026 10:00", campaign.status.get(number, "Aguardando envio")
            row[9], row[10], row[12] = "Vivo", number, campaign.text.replace(";", ",")
            rows.append(";".join(row))
        return json_reply({"status": 1, "data": "\n".join(rows), "msg": "SUCESSO"})


def _no(words: str) -> Reply:
    return json_reply({"status": 0, "data": "", "msg": words})
