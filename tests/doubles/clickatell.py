"""Clickatell on loopback, as the vendor describes its One API and its SMS platform API: a key belongs to one of them,
results stand in HTTP 202, 207 and 400, the rate limit is a 400, callbacks are not signed.

What a request may hold is written down here again: whatever else comes stands in ``complaints``.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus
from uuid import uuid4

from sms_plugin.testing.loopback import Received, Reply, json_reply
from tests.doubles.troubled import TroubledServer

ONE_KEY, PLATFORM_KEY = "one-api-key-value==", "platform-api-key-value=="
USER, PASSWORD = "callbacks", "callbacks-password"
SENDER = "2799911111"
_MESSAGE = {"channel": str, "to": str, "content": str, "from": str, "clientMessageId": str}
_TOGETHER = {
    "content": str,
    "to": list,
    "from": str,
    "clientMessageId": str,
    "scheduledDeliveryTime": str,
    "validityPeriod": int,
    "charset": str,
    "binary": bool,
    "userDataHeader": str,
}
_LONGEST = 1000
_STATUS_OF = {1: 401, 7: 401, 20: 402, 19: 503, 18: 500}
_WORDS = {
    1: "Invalid or missing integration API key.",
    2: "Account is not active.",
    7: "IP lockdown.",
    20: "Insufficient account balance.",
    22: "Too many messages in the request.",
    23: "Required parameter is invalid or missing.",
    24: "Content is too large.",
    25: "Invalid recipient {to}.",
    26: "Recipient {to} has opted out.",
    43: "Rate limit reached.",
    45: "The FROM number is not related to the integration.",
}


class Clickatell(TroubledServer):
    """Both APIs; ``refuses`` names the error code that whole requests are answered with."""

    def __init__(self) -> None:
        super().__init__()
        self.complaints: list[str] = []
        self.held: dict[str, dict[str, Any]] = {}
        self.statuses: dict[str, dict[str, Any]] = {}
        self.refuses = 0
        self.opted_out: set[str] = set()
        self.balance = 12.345
        self.older = False  #: an older server of the platform API tells an error as text alone

    def does(self, request: Received) -> Reply:
        """What the vendor does and answers."""
        paths = {
            ("POST", "/v1/message"): (ONE_KEY, self._one),
            ("GET", "/v1/balance"): (ONE_KEY, self._balance),
            ("POST", "/messages"): (PLATFORM_KEY, self._platform),
            ("GET", "/public-client/balance"): (PLATFORM_KEY, self._balance),
        }
        key, way = paths.get((request.method, request.path), (ONE_KEY, self._fetched))
        if request.headers.get("authorization") != key:
            return _failure(1)
        return _failure(self.refuses, retry_after=5) if self.refuses else way(request)

    def _balance(self, request: Received) -> Reply:
        return json_reply({"currency": "USD", "balance": self.balance})

    def _fetched(self, request: Received) -> Reply:
        head, _, message = request.path.rpartition("/")
        if request.method != "GET" or head != "/v1/message":
            self.complaints.append(f"{request.method} {request.path}")
        if message not in self.statuses:
            return _failure(41, status=404)
        return json_reply({"sms": self.statuses[message]})

    def _one(self, request: Received) -> Reply:
        body = self._body(request)
        messages = body.get("messages")
        if not isinstance(messages, list) or not messages or body.keys() != {"messages"}:
            return _failure(21)
        if len(messages) > 200:
            return _failure(22)
        results, codes = [], []
        for one in messages:
            self._check(one, _MESSAGE)
            to, code = str(one.get("to")), self._wrong(one.get("to"), one)
            error = {"code": code, "description": _WORDS[code].format(to=to)} if code else None
            held = None if code else self._hold(to, one)
            results.append({"apiMessageId": held, "accepted": not code, "to": to, "error": error})
            codes.append(code)
        return _results(results, {"error": None}, codes=codes)

    def _platform(self, request: Received) -> Reply:
        body = self._body(request)
        self._check(body, _TOGETHER)
        to = body.get("to")
        if not isinstance(to, list) or len(set(to)) < len(to):
            self.complaints.append("to is no list of unique numbers")
            return _failure(21)
        if len(to) > 1 and "clientMessageId" in body:
            self.complaints.append("one clientMessageId for several numbers")
        results, codes = [], []
        for number in to:
            code = self._wrong(number, body)
            held = None if code else self._hold(number, body)
            told = {"apiMessageId": held, "accepted": not code, "to": number, **self._told(code, number)}
            results.append(told)
            codes.append(code)
        return _results(results, self._told(0, ""), codes=codes)

    def _told(self, code: int, to: str) -> dict[str, Any]:
        """An error by the three names of today's servers, or by the one of an older one's; codes are its own."""
        words = _WORDS[code].format(to=to) if code else None
        if self.older:
            return {"error": words}
        return {
            "errorCode": 600 + code if code else None,
            "error": "REFUSED" if code else None,
            "errorDescription": words,
        }

    def _body(self, request: Received) -> dict[str, Any]:
        kinds = [request.headers.get("content-type"), request.headers.get("accept")]
        if request.path == "/v1/message" and kinds != ["application/json"] * 2:
            self.complaints.append(f"content type and accept are {kinds}")
        try:
            body = request.json()
        except ValueError:
            body = None
        return body if isinstance(body, dict) else {}

    def _check(self, one: Mapping[str, Any], known: Mapping[str, type]) -> None:
        wrong = [name for name, value in one.items() if type(value) is not known.get(name)]
        self.complaints += [f"field {name}" for name in wrong]
        if one.get("channel", "sms") != "sms" or one.get("charset", "UTF-8") != "UTF-8":
            self.complaints.append("channel or charset")

    def _wrong(self, to: object, one: Mapping[str, Any]) -> int:
        """The code for a message that is wrong, or 0."""
        number = str(to)
        if not number or not one.get("content"):
            return 23
        if not number.isdigit() or not 8 <= len(number) <= 15:
            return 25
        if number in self.opted_out:
            return 26
        if len(str(one["content"])) > _LONGEST:
            return 24
        return 0 if one.get("from", SENDER) == SENDER else 45

    def _hold(self, to: str, one: Mapping[str, Any]) -> str:
        made = uuid4().hex[:16]
        self.held[made] = {**one, "to": to}
        return made


def _results(results: list[dict[str, Any]], rest: Mapping[str, Any], *, codes: list[int]) -> Reply:
    """202 where all were taken, 207 where some were; one alone that was not has the status of its error."""
    status = 202 if not any(codes) else 207 if len(codes) > 1 else _STATUS_OF.get(codes[0], 400)
    return json_reply({"messages": results, **rest}, status=status)


def _failure(code: int, *, status: int = 0, retry_after: int = 0) -> Reply:
    """An error about the whole request."""
    error = {"code": code, "description": _WORDS.get(code, "Something else.")}
    headers = {"Retry-After": str(retry_after)} if code == 43 else {}
    return json_reply({"messages": [], "error": error}, status=status or _STATUS_OF.get(code, 400), headers=headers)


def milliseconds(moment: datetime) -> int:
    """A moment as the vendor writes it."""
    return round(moment.timestamp() * 1000)


def authorised() -> dict[str, str]:
    """The headers of a callback that was set up with a user and a password."""
    basic = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    return {"content-type": "application/json", "authorization": f"Basic {basic}"}


def event(name: str, *items: Mapping[str, Any]) -> bytes:
    """The body of a callback of the One API."""
    told = {"integrationId": "fa8bf1", "integrationName": "My API", "event": {name: list(items)}}
    return json.dumps(told, ensure_ascii=False).encode()


def status(message: str, code: int, word: str, *, at: datetime, ours: str | None = None) -> bytes:
    """A status of the One API. The name of its list is not published."""
    told = {"channel": "sms", "messageId": message, "to": "2799900001", "from": SENDER, "statusCode": code}
    return event(
        "messageStatusUpdate", {**told, "status": word, "clientMessageId": ours, "timestamp": milliseconds(at)}
    )


def text(words: str, *, message: str, at: datetime, sender: str = "2799900001", **more: str) -> bytes:
    """A text from a phone, of the One API."""
    told = {"channel": "sms", "messageId": message, "from": sender, "to": SENDER, "timestamp": milliseconds(at)}
    return event("moText", {**told, "content": words, "charset": "UTF-8", "sms": {"network": "Some"}, **more})


def platform_status(message: str, code: str, word: str, *, at: datetime, ours: str = "") -> dict[str, str]:
    """The fields of a status of the platform API."""
    told = {"integrationName": "Old", "messageId": message, "requestId": "r-1", "to": "2799900001", "from": SENDER}
    more = {"statusDescription": "Something", "timestamp": str(milliseconds(at))}
    return {**told, "clientMessageId": ours, "statusCode": code, "status": word, **more}


def platform_text(words: str, *, message: str, at: datetime, sender: str = "2799900001", **more: str) -> dict[str, str]:
    """The fields of a text from a phone, of the platform API."""
    told = {
        "integrationId": "old",
        "messageId": message,
        "replyMessageId": "",
        "fromNumber": sender,
        "toNumber": SENDER,
    }
    return {**told, "timestamp": str(milliseconds(at)), "text": words, "charset": "UTF-8", "udh": "", **more}


def queried(fields: Mapping[str, str], *, charset: str = "utf-8") -> str:
    """The fields as the query of a GET."""
    return "&".join(f"{name}={quote_plus(value.encode(charset))}" for name, value in fields.items())
