"""MSG91 as its pages describe it: flows and free text in, one id for a whole request out, receipts in three shapes.

It is strict where the vendor is known to be, and where a real account would text nonsense.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from sms_plugin.testing.loopback import Received, Reply, json_reply
from sms_plugin.text.gsm import is_gsm
from tests.doubles.troubled import TroubledServer

AUTH_KEY = "msg91-auth-key"
_VARIABLE = re.compile("##([A-Za-z0-9_]+)##")


@dataclass(frozen=True, kw_only=True)
class Sms:
    """What a phone got."""

    batch: str
    number: str  #: digits, with the country code
    text: str
    sender: str = ""
    flash: bool = False
    own: str = ""  #: our own reference, where the account carries one


class Refused(Exception):
    """An error of the whole request: nothing of it was taken."""

    def __init__(self, words: str, code: str = "", status: int = 200) -> None:
        super().__init__(words)
        self.reply = json_reply({"type": "error", "message": words} | ({"code": code} if code else {}), status=status)


class Msg91Double(TroubledServer):
    """An account at MSG91: ``flows`` maps ids to their texts, ``carries`` is its field for a reference."""

    def __init__(self, flows: Mapping[str, str] | None = None, *, carries: str = "") -> None:
        super().__init__()
        self.flows = dict(flows or {})
        self.carries = carries
        self.credit = 1000
        self.address_allowed = True
        self.closed = False  #: the route, in the night
        self.barred: set[str] = set()  #: numbers that it takes for wrong
        self.instead: Reply | None = None  #: what it answers to whatever it is asked, without doing anything
        self.sms: list[Sms] = []
        self._seen: list[bytes] = []

    def does(self, request: Received) -> Reply:
        if self.instead is not None:
            return self.instead
        try:
            if request.path == "/api/balance.php":
                return self._balance(request)
            self._admit(request)
            if request.path == "/api/v5/flow/":
                return self._flow(request.json())
            if request.path == "/api/v2/sendsms":
                return self._free(request)
        except Refused as refused:
            return refused.reply
        return Reply(status=404, body=b"<html>404</html>", content_type="text/html")

    def _admit(self, request: Received) -> None:
        if request.method != "POST" or request.headers.get("content-type") != "application/json":
            raise Refused("Bad request", "400", status=400)
        key = request.headers.get("authkey")
        if key is None:
            raise Refused("Missing Authentication Key", "106", status=401)
        if key != AUTH_KEY:
            raise Refused("Invalid authkey", "207")
        if not self.address_allowed:
            raise Refused("IP is not whitelisted", "418", status=401)
        if self.closed:
            raise Refused("This route is currently unavailable", "306")

    def _flow(self, body: Mapping[str, Any]) -> Reply:
        text = self.flows.get(body.get("template_id", ""))
        if text is None:
            raise Refused("Invalid flow id")
        if set(body) - {"sender"} != {"template_id", "short_url", "recipients"} or body["short_url"] not in ("0", "1"):
            raise Refused("Bad request", "400", status=400)
        wanted = {"mobiles", *_VARIABLE.findall(text)} | ({self.carries} if self.carries else set())
        if not 0 < len(body["recipients"]) <= 100:
            raise Refused("Bad request", "400", status=400)
        numbers = [each.get("mobiles") for each in body["recipients"]]
        for each in body["recipients"]:
            if set(each) != wanted or not all(isinstance(value, str) and value for value in each.values()):
                raise Refused("Bad request", "400", status=400)
        batch = self._take(numbers)
        for each in body["recipients"]:
            said = _VARIABLE.sub(lambda found, each=each: each[found[1]], text)  # type: ignore[misc]
            own = each.get(self.carries, "")
            self.sms.append(Sms(batch=batch, number=each["mobiles"], text=said, sender=body.get("sender", ""), own=own))
        return json_reply({"type": "success", "message": batch})

    def _free(self, request: Received) -> Reply:
        body = request.json()
        if not re.fullmatch("[A-Za-z]{6}", body.get("sender", "")):
            raise Refused("Invalid sender ID", "203")
        if body.get("route") not in ("1", "4"):
            raise Refused("Missing route", "107")
        if body["country"] != request.query["country"] or {body["flash"], body["unicode"]} - {0, 1}:
            raise Refused("Bad request", "400", status=400)
        if request.body in self._seen:
            raise Refused("Request discarded because same request was generated twice within 10 seconds", "311")
        code = "" if body["country"] == "0" else body["country"]
        every = [(code + to, one["message"]) for one in body["sms"] for to in one["to"]]
        if code and any(len(to) != 10 for one in body["sms"] for to in one["to"]):
            raise Refused("Invalid mobile number", "202")
        batch = self._take([number for number, _ in every])
        self._seen.append(request.body)
        for number, text in every:
            shown = text if body["unicode"] else "".join(char if is_gsm(char) else "?" for char in text)
            flash = bool(body["flash"])
            self.sms.append(Sms(batch=batch, number=number, text=shown, sender=body["sender"], flash=flash))
        return json_reply({"type": "success", "message": batch})

    def _take(self, numbers: list[Any]) -> str:
        """The id of a request to these numbers."""
        if not all(isinstance(each, str) and re.fullmatch("[1-9][0-9]{7,14}", each) for each in numbers):
            raise Refused("Invalid mobile number", "202")
        if self.barred.intersection(numbers):
            raise Refused("Invalid mobile number", "202")
        if self.credit < len(numbers):
            raise Refused("Insufficient balance to send SMS", "301")
        self.credit -= len(numbers)
        return f"5762846b4f8d285d{len(self.requests):08x}"

    def _balance(self, request: Received) -> Reply:
        if request.query.get("authkey") != AUTH_KEY or request.query.get("type") not in ("1", "4"):
            return json_reply({"msg": "Authentication failure", "msgType": "error"})
        return Reply(body=str(self.credit).encode(), content_type="text/html")


@dataclass(frozen=True, kw_only=True)
class Push:
    """A request to a webhook, as the vendor makes it."""

    content_type: str
    body: bytes


def as_form(*rows: tuple[Sms, str, str]) -> Push:
    """Receipts in the older shape: messages, their status numbers and descriptions."""
    listed = [
        {
            "senderId": sms.sender,
            "requestId": sms.batch,
            "userId": "38229",
            "campaignName": "API",
            "report": [
                {
                    "date": "2026-11-20 10:00:08",
                    "number": sms.number,
                    "status": status,
                    "desc": words,
                    "failedReason": "",
                    "amount": "0.2",
                    "credit": "1",
                    "clientid": "",
                    "INMSID": "9a1",
                    "CRQID": sms.own,
                    "ctCode": "91",
                }
            ],
        }
        for sms, status, words in rows
    ]
    return Push(content_type="application/x-www-form-urlencoded", body=urlencode({"data": json.dumps(listed)}).encode())


def flat(sms: Sms, status: str, words: str) -> Push:
    """A receipt as flat JSON."""
    told = {
        "date": "2026-11-20 10:00:08",
        "number": sms.number,
        "senderId": sms.sender,
        "amount": "0.2",
        "requestId": sms.batch,
        "INMSID": "9a1",
        "CRQID": sms.own,
        "credit": "1",
        "userId": "38229",
        "campaignName": "API",
        "status": status,
        "desc": words,
    }
    return Push(content_type="application/json", body=json.dumps(told).encode())


def designed(sms: Sms, status: str, words: str) -> Push:
    """A receipt of the newer kind, whose body the account's owner wrote from placeholders."""
    told = {
        "requestId": sms.batch,
        "telNum": sms.number,
        "status": status,
        "failureReason": words,
        "credit": "1",
        "UUID": "c2b1",
        "clientId": sms.own,
    }
    return Push(content_type="application/json; charset=utf-8", body=json.dumps(told).encode())
