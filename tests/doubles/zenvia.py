"""Zenvia's two products as their descriptions have them: the SMS API with its codes, the platform with its events."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sms_plugin.testing.loopback import Received, Reply, json_reply
from tests.doubles.troubled import TroubledServer

ACCOUNT, PASSWORD = "acme.smsonline", "zenvia-api-password"
TOKEN, ALIAS = "zenvia-platform-token", "acme-alias"
_NUMBER = re.compile("55[1-9]{2}9[0-9]{8}")
_SINGLE = {"from", "to", "msg", "callbackOption", "id", "aggregateId"}

Event = Mapping[str, Any]


@dataclass
class Sms:
    """What a phone got, and how far it came."""

    number: str
    text: str
    aggregate: str = ""
    sender: str = ""
    code: tuple[str, str] = ("02", "110")
    id: str = ""
    flash: bool = False


@dataclass
class Answered:
    """A text that a phone sent back."""

    id: str
    mobile: str
    body: str
    at: datetime  #: Brasília's clock, without a zone
    answers: str | None = None


@dataclass
class _Codes:
    status: str
    detail: str
    parts: int = 0

    def told(self, ours: str) -> dict[str, Any]:
        said: dict[str, Any] = {
            "statusCode": self.status,
            "statusDescription": "Ok" if self.status == "00" else "Error",
            "detailCode": self.detail,
            "detailDescription": "…",
        }
        parts = [{"partId": f"{ours}_{at:03d}", "order": at} for at in range(1, self.parts + 1)]
        return said | ({"parts": parts} if parts else {})


class SmsApiDouble(TroubledServer):
    """The older product: 200 for what is taken and for what is refused."""

    def __init__(self) -> None:
        super().__init__()
        self.aggregates = {"1750"}
        self.blacklist: set[str] = set()
        self.account_code = ""  #: what is wrong with the account
        self.sms: dict[str, Sms] = {}  #: by our own id
        self.inbox: list[Answered] = []
        self.instead: Reply | None = None
        self.answers_left: int | None = None  #: after so many more it is overrun

    def does(self, request: Received) -> Reply:
        if self.answers_left is not None:
            self.answers_left -= 1
            if self.answers_left < 0:
                return Reply(status=503)
        if self.instead is not None:
            return self.instead
        if request.headers.get("accept") != "application/json":
            return Reply(body=b"<?xml version='1.0'?><sendSmsResponse/>", content_type="application/xml")
        if not _is_authentic(request):
            return Reply(status=401)
        path = request.path.removeprefix("/services/")
        if request.method == "POST" and path == "send-sms":
            return self._one(request.json()["sendSmsRequest"])
        if request.method == "POST" and path == "send-sms-multiple":
            return self._many(request.json()["sendSmsMultiRequest"])
        if request.method == "GET" and path.startswith("get-sms-status/"):
            return self._status(path.removeprefix("get-sms-status/"))
        if request.method == "GET" and path.startswith("received/search/"):
            return self._received(*path.removeprefix("received/search/").split("/"))
        return Reply(status=404, body=b"<html>404</html>", content_type="text/html")

    def _one(self, item: Mapping[str, Any]) -> Reply:
        codes = self._take(item, aggregate=item.get("aggregateId", ""), known=_SINGLE)
        return json_reply({"sendSmsResponse": codes.told(item.get("id", ""))})

    def _many(self, body: Mapping[str, Any]) -> Reply:
        items, aggregate = body["sendSmsRequestList"], str(body.get("aggregateId", ""))
        if self.account_code:
            return json_reply({"sendSmsResponse": _Codes("10", self.account_code).told("")})
        told = [
            self._take(item, aggregate=aggregate, known=_SINGLE - {"aggregateId"}).told(item.get("id", ""))
            for item in items
        ]
        return json_reply({"sendSmsMultiResponse": {"sendSmsResponseList": told}})

    def _take(self, item: Mapping[str, Any], *, aggregate: str, known: set[str]) -> _Codes:
        ours, number, message = item.get("id", ""), item.get("to", ""), item.get("msg", "")
        if self.account_code:
            return _Codes("10", self.account_code)
        wrong = [
            (bool(set(item) - known) or item.get("callbackOption") != "ALL", "172"),
            (not ours, "021"),
            (ours in self.sms, "080"),
            (bool(aggregate) and aggregate not in self.aggregates, "135"),
            (not message, "010"),
            (not number, "014"),
            (number in self.blacklist, "130"),
            (not _NUMBER.fullmatch(number), "013"),
        ]
        for is_wrong, detail in wrong:
            if is_wrong:
                return _Codes("10", detail)
        sender = item.get("from", "")
        self.sms[ours] = Sms(number=number, text=message, aggregate=aggregate, sender=sender, id=ours)
        return _Codes("00", "000", parts=1 + len(message) // 161)

    def _status(self, ours: str) -> Reply:
        sms = self.sms.get(ours)
        status, detail = sms.code if sms else ("10", "180")
        told = {
            "id": ours,
            "received": "2026-11-20T14:49:36",
            "shortcode": None,
            "mobileOperatorName": "Claro",
            "statusCode": status,
            "statusDescription": "…",
            "detailCode": detail,
            "detailDescription": "…",
        }
        return json_reply({"getSmsStatusResp": told})

    def _received(self, start: str, end: str) -> Reply:
        since, until = datetime.strptime(start, "%Y-%m-%dT%H:%M:%S"), datetime.strptime(end, "%Y-%m-%dT%H:%M:%S")
        texts = [
            {
                "id": each.id,
                "dateReceived": each.at.isoformat(timespec="seconds"),
                "mobile": each.mobile,
                "body": each.body,
                "shortcode": "40001",
                "mobileOperatorName": "Claro",
                "mtId": each.answers,
            }
            for each in self.inbox
            if since <= each.at <= until
        ]
        told = {"statusCode": "00", "statusDescription": "Ok", "detailCode": "300" if texts else "301"}
        return json_reply({"receivedResponse": {**told, "receivedMessages": texts or None}})


def _is_authentic(request: Received) -> bool:
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    return kind == "Basic" and b64decode(given).decode() == f"{ACCOUNT}:{PASSWORD}"


def receipt(ours: str, status: str, detail: str) -> Event:
    """What the SMS API calls back with about a message."""
    told = {
        "status": status,
        "statusMessage": "…",
        "statusDetail": detail,
        "statusDetailMessage": "…",
        "id": ours,
        "received": "2026-11-20T12:55:48.593-03:00",
        "mobileOperatorName": "Claro",
    }
    return {"callbackMtRequest": told}


def reply(mobile: str, body: str, *, answers: str | None = None) -> Event:
    """What the SMS API calls back with when a phone answers."""
    told = {
        "id": "20690090",
        "mobile": mobile,
        "shortCode": "40001",
        "account": ACCOUNT,
        "body": body,
        "received": "2026-11-20T12:27:08.488-03:00",
        "correlatedMessageSmsId": answers,
    }
    return {"callbackMoRequest": told}


class PlatformDouble(TroubledServer):
    """The newer product: one recipient a request, problems by the field that they are about."""

    def __init__(self) -> None:
        super().__init__()
        self.sms: list[Sms] = []
        self.seen: set[str] = set()
        self.instead: Reply | None = None

    def does(self, request: Received) -> Reply:
        if self.instead is not None:
            return self.instead
        if request.headers.get("x-api-token") != TOKEN:
            return _problem(401, "AUTHENTICATION_ERROR", "No authentication")
        if request.method != "POST" or request.path != "/v2/channels/sms/messages":
            return _problem(404, "NOT_FOUND", "Not found")
        body = request.json()
        details = list(_wrong(body))
        if details:
            return _problem(400, "VALIDATION_ERROR", "Validation error", details)
        if body["externalId"] in self.seen:
            return _problem(409, "DUPLICATED", "Duplicated")
        self.seen.add(body["externalId"])
        content = body["contents"][0]
        known = str(UUID(int=len(self.sms) + 1))
        self.sms.append(
            Sms(
                number=body["to"],
                text=content["text"],
                sender=body["from"],
                id=known,
                flash=content.get("popUpOnScreen", False),
            )
        )
        told = {"id": known, "direction": "OUT", "channel": "sms", "timestamp": "2026-11-20T10:00:08Z"}
        return json_reply({**body, **told})


def _wrong(body: Mapping[str, Any]) -> Any:
    if body.get("from") != ALIAS:
        yield {"code": "INVALID", "path": "from", "message": "Sender not found"}
    if not re.fullmatch("[1-9][0-9]{9,14}", body.get("to", "")):
        yield {"code": "INVALID", "path": "to", "message": f"{body.get('to')} is invalid"}
    content = body["contents"][0]
    if set(content) - {"type", "text", "encodingStrategy", "popUpOnScreen"} or content["type"] != "text":
        yield {"code": "UNKNOWN", "path": "contents.0", "message": "Unknown content"}
    if not 0 < len(content["text"]) <= 1520:
        yield {"code": "SIZE", "path": "contents.0.text", "message": "Size must be 1 to 1520"}
    if content["encodingStrategy"] not in ("AUTO", "MORE_CHARACTER_SUPPORT", "MORE_CHARACTERS_PER_MESSAGE"):
        yield {"code": "ENUM", "path": "contents.0.encodingStrategy", "message": "Unknown strategy"}


def _problem(status: int, code: str, words: str, details: list[Any] | None = None) -> Reply:
    return json_reply({"code": code, "message": words} | ({"details": details} if details else {}), status=status)


def status_event(known: str, ours: str, code: str, *, cause: str = "") -> Event:
    """The platform's event about a message that it was given."""
    return {
        "id": "5f0c",
        "timestamp": "2026-11-20T10:00:08Z",
        "subscriptionId": "8a1d",
        "type": "MESSAGE_STATUS",
        "channel": "sms",
        "message": {
            "id": known,
            "externalId": ours,
            "contentIndex": 0,
            "direction": "OUT",
            "from": ALIAS,
            "to": "5511987650001",
        },
        "messageStatus": {
            "timestamp": "2026-11-20T10:00:07Z",
            "code": code,
            "description": "…",
            "causes": [{"channelErrorCode": cause, "reason": "…", "details": "…"}] if cause else [],
            "channelData": {"sms": {"carrier": "CLARO"}},
        },
    }


def text_event(number: str, *texts: str) -> Event:
    """The platform's event about a text that a phone sent."""
    return {
        "id": "5f0d",
        "timestamp": "2026-11-20T10:01:00Z",
        "subscriptionId": "8a1e",
        "type": "MESSAGE",
        "channel": "sms",
        "direction": "IN",
        "message": {
            "id": "bbbb-1",
            "from": number,
            "to": ALIAS,
            "direction": "IN",
            "channel": "sms",
            "contents": [{"type": "text", "text": text} for text in texts],
        },
    }


def as_body(event: Event) -> bytes:
    """The event as it is posted."""
    return json.dumps(event).encode()
