"""TurboSMS on loopback, as the vendor describes its HTTP API: envelopes with codes inside HTTP 200, Viber and SMS, a
request executed once for each ``sequence_id``, statuses, a signed callback.

What a request may hold is written down here again: whatever else comes stands in ``complaints``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import uuid4

from sms_plugin.testing.loopback import Ending, LoopbackServer, Received, Reply, json_reply

TOKEN = "turbo-token-0123456789abcdef"
SECRET = "turbo-callback-secret"
#: Kyiv in winter and in summer.
_WINTER, _SUMMER = timedelta(hours=2), timedelta(hours=3)
_CHANNEL_KEYS = {
    "sms": {"sender": str, "text": str, "is_flash": int, "hybrid_ttl": int},
    "viber": {"sender": str, "text": str, "ttl": int, "is_transactional": int},
}
_ROOT_KEYS = {"recipients", "sms", "viber", "start_time", "sequence_id"}
NAMES = {
    0: "OK",
    103: "REQUIRED_TOKEN",
    106: "REQUIRED_ACTIVE_USER",
    200: "REQUIRED_MESSAGE_SENDER",
    201: "REQUIRED_MESSAGE_TEXT",
    202: "REQUIRED_MESSAGE_RECIPIENT",
    203: "REQUIRED_BALANCE",
    301: "INVALID_TOKEN",
    305: "INVALID_PHONE",
    309: "INVALID_TTL",
    401: "NOT_ALLOWED_MESSAGE_SENDER",
    404: "NOT_ALLOWED_NUMBER_STOPLIST",
    405: "NOT_ALLOWED_RECIPIENTS_LIMIT",
    406: "NOT_ALLOWED_RECIPIENT_COUNTRY",
    407: "NOT_ALLOWED_RECIPIENT_DUPLICATE",
    412: "NOT_ALLOWED_MESSAGE_TEXT",
    413: "NOT_ALLOWED_MESSAGE_LENGTH",
    414: "NOT_ALLOWED_MESSAGE_ID",
    502: "FAILED_PARSE_BODY",
    503: "FAILED_SMS_SEND",
    507: "FAILED_DUPLICATE_REQUEST",
    800: "SUCCESS_MESSAGE_ACCEPTED",
    802: "SUCCESS_MESSAGE_PARTIAL_ACCEPTED",
    999: "FATAL_ERROR",
}


class Mishap(StrEnum):
    """What becomes of the next request to send."""

    NONE = ""
    LOST_BEFORE = "lost_before"  #: the connection is reset, and nothing was executed
    LOST_AFTER = "lost_after"  #: it was executed, and the answer never comes
    CUT = "cut"  #: it was executed, and half of the answer comes
    PAGE = "page"  #: an HTML page with status 200, and nothing was executed
    THROTTLED = "throttled"
    FATAL = "fatal"
    NOT_SENT = "not_sent"  #: it was executed, and no message could be sent


@dataclass(kw_only=True)
class Held:
    """A message that the vendor took."""

    id: str
    phone: str
    bodies: Mapping[str, Mapping[str, Any]]  #: by channel
    status: str = "Accepted"
    channel: str = ""
    updated: datetime | None = None


@dataclass(kw_only=True)
class Account:
    """What the customer has with the vendor."""

    token: str = TOKEN
    senders: set[str] = field(default_factory=lambda: {"Acme"})
    viber_senders: set[str] = field(default_factory=lambda: {"Acme Viber"})
    balance: float = 2106.42
    blocked: bool = False
    stoplist: set[str] = field(default_factory=set)
    countries: tuple[str, ...] = ("380", "351")
    forbidden_words: tuple[str, ...] = ("casino",)


class TurboSms(LoopbackServer):
    """The vendor; ``requests`` are all that came to ``message/send``."""

    def __init__(self) -> None:
        super().__init__()
        self.account = Account()
        self.requests: list[dict[str, Any]] = []
        self.complaints: list[str] = []
        self.held: dict[str, Held] = {}
        self.mishap = Mishap.NONE
        self.repeats_result = True  #: whether a repeated request is answered with the first one's results
        self._executed: dict[str, list[dict[str, Any]]] = {}

    def answer(self, request: Received) -> Reply:
        """One call of the API, always with status 200."""
        if request.method not in ("GET", "POST"):
            self.complaints.append(f"method {request.method}")
        refused = self._unauthorised(request)
        if refused:
            return _envelope(refused)
        if request.path == "/message/ping.json":
            return json_reply({"response_code": 1, "response_status": "PONG", "response_result": None})
        if request.path == "/user/balance.json":
            return _envelope(0, {"balance": self.account.balance})
        try:
            body = json.loads(request.body)
        except ValueError:
            return _envelope(502)
        if request.headers.get("content-type") != "application/json" or not isinstance(body, dict):
            self.complaints.append("the body is no JSON object")
            return _envelope(502)
        if request.path == "/message/status.json":
            return _envelope(0, [self._status(str(one)) for one in body.get("messages", ())])
        if request.path == "/message/send.json":
            return self._with_mishap(body)
        self.complaints.append(f"path {request.path}")
        return Reply(status=404)

    def _unauthorised(self, request: Received) -> int:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme not in ("Bearer", "Basic") or not given:
            return 103
        if given != self.account.token:
            return 301
        return 106 if self.account.blocked else 0

    def _with_mishap(self, body: dict[str, Any]) -> Reply:
        mishap, self.mishap = self.mishap, Mishap.NONE
        if mishap is Mishap.LOST_BEFORE:
            return Reply(ending=Ending.RESET)
        if mishap is Mishap.PAGE:
            return Reply(body=b"<html>Maintenance</html>", content_type="text/html")
        if mishap is Mishap.THROTTLED:
            return Reply(status=429, headers={"Retry-After": "7"})
        if mishap is Mishap.FATAL:
            return _envelope(999)
        reply = self._send(body, fails=mishap is Mishap.NOT_SENT)
        if mishap is Mishap.LOST_AFTER:
            return Reply(ending=Ending.HANG)
        if mishap is Mishap.CUT:
            return Reply(body=reply.body, ending=Ending.CUT)
        return reply

    def _send(self, body: dict[str, Any], *, fails: bool = False) -> Reply:
        self.requests.append(body)
        self._complain(body)
        wrong = self._wrong(body)
        if wrong:
            return _envelope(wrong)
        sequence = body.get("sequence_id")
        if sequence in self._executed:
            return _envelope(507, self._executed[sequence] if self.repeats_result else None)
        bodies: dict[str, Any] = {channel: body[channel] for channel in ("viber", "sms") if channel in body}
        results: list[dict[str, Any]] = []
        for phone in body["recipients"]:
            code = 503 if fails else self._refuses(phone, [one["phone"] for one in results])
            held = None if code else self._hold(phone, bodies)
            results.append({"phone": phone, "response_code": code, "message_id": held, "response_status": NAMES[code]})
        if sequence:
            self._executed[sequence] = results
        failed = [one["response_code"] for one in results if one["response_code"]]
        if len(failed) == len(results):
            return _envelope(failed[0], results)
        return _envelope(802 if failed else 800, results)

    def _hold(self, phone: str, bodies: Mapping[str, Any]) -> str:
        made = str(uuid4())
        self.held[made] = Held(id=made, phone=phone, bodies=bodies)
        return made

    def _complain(self, body: Mapping[str, Any]) -> None:
        """Note what the vendor's description does not know."""
        self.complaints += [f"unknown field {name}" for name in body.keys() - _ROOT_KEYS]
        for channel, known in _CHANNEL_KEYS.items():
            for name, value in body.get(channel, {}).items():
                if type(value) is not known.get(name):
                    self.complaints.append(f"{channel}.{name} is {type(value).__name__}")
        recipients = body.get("recipients")
        if not isinstance(recipients, list) or not all(isinstance(one, str) and one.isdigit() for one in recipients):
            self.complaints.append("recipients are no list of digits")
        if not isinstance(body.get("sequence_id", ""), str):
            self.complaints.append("sequence_id is no text")

    def _wrong(self, body: Mapping[str, Any]) -> int:
        """The code for a request that is wrong as a whole, or 0."""
        recipients, sms, viber = body.get("recipients"), body.get("sms"), body.get("viber")
        senders = {"sms": self.account.senders, "viber": self.account.viber_senders}
        if not recipients or not (sms or viber):
            return 202 if not recipients else 201
        if len(recipients) > 5000:
            return 405
        for channel, one in (("sms", sms), ("viber", viber)):
            if one is None:
                continue
            if not one.get("sender"):
                return 200
            if one["sender"] not in senders[channel]:
                return 401
            if not one.get("text"):
                return 201
            if any(word in one["text"].lower() for word in self.account.forbidden_words):
                return 412
            if len(one["text"]) > _most(channel, one["text"]):
                return 413
            if not 60 <= one.get("ttl", 3600) <= 86_400:
                return 309
        return 203 if self.account.balance <= 0 else 0

    def _refuses(self, phone: str, before: list[str]) -> int:
        if not 10 <= len(phone) <= 15:
            return 305
        if phone in before:
            return 407
        if phone in self.account.stoplist:
            return 404
        return 0 if phone.startswith(self.account.countries) else 406

    def _status(self, message: str) -> dict[str, Any]:
        held = self.held.get(message)
        if held is None:
            return {"message_id": message, "response_code": 414, "response_status": NAMES[414]}
        return {
            "message_id": message,
            "response_code": 0,
            "response_status": "OK",
            "recipient": held.phone,
            "sent": None if held.updated is None else in_kyiv(held.updated),
            "updated": None if held.updated is None else in_kyiv(held.updated),
            "status": held.status,
            "type": held.channel or None,
            "rejected_status": None,
            "click_time": None,
        }

    def report(self, message: str, status: str, *, channel: str = "sms", at: datetime) -> None:
        """What the network says of a message."""
        held = self.held[message]
        held.status, held.channel, held.updated = status, channel, at


def callback(
    message: str, status: str, *, at: datetime, event: str = "", secret: str = SECRET, secret_first: bool = False
) -> bytes:
    """The body of a callback, signed in one of the two ways that were seen."""
    event = event or uuid4().hex
    joined = secret + event if secret_first else event + secret
    told = {
        "id": event,
        "type": "message.status",
        "try": 1,
        "signature": hashlib.sha1(joined.encode(), usedforsecurity=False).hexdigest(),
        "data": {"message_id": message, "status": status, "dlr_date": in_kyiv(at)},
    }
    return json.dumps(told).encode()


def in_kyiv(moment: datetime) -> str:
    """A moment as the vendor writes it; summer is April to September here, which is all that the tests ask for."""
    at = moment.astimezone(UTC)
    return f"{at + (_SUMMER if 4 <= at.month <= 9 else _WINTER):%Y-%m-%d %H:%M:%S}"


def _most(channel: str, text: str) -> int:
    if channel == "viber":
        return 1000
    return 1521 if text.isascii() else 661


def _envelope(code: int, result: object = None) -> Reply:
    return json_reply({"response_code": code, "response_status": NAMES[code], "response_result": result})
