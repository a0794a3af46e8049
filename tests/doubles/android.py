"""SMS Gateway for Android: its server and one phone, as the project's documentation and source have them."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hmac import digest
from typing import Any

from sms_plugin.testing.loopback import Received, Reply, json_reply
from tests.doubles.troubled import TroubledServer

USER, PASSWORD, KEY = "QWERTY", "a-phone-password", "a-signing-key"
DEVICE = "ffffffffceb0b1db0000018e937c815b"
_KNOWN = {
    "id",
    "textMessage",
    "dataMessage",
    "message",
    "phoneNumbers",
    "simNumber",
    "ttl",
    "validUntil",
    "scheduleAt",
    "withDeliveryReport",
    "priority",
    "isEncrypted",
    "deviceId",
}


@dataclass
class Held:
    """A message on the server."""

    id: str
    text: str
    number: str
    told: dict[str, Any]
    state: str = "Pending"
    error: str | None = None

    def shown(self) -> dict[str, Any]:
        recipient = {"phoneNumber": self.number, "state": self.state} | ({"error": self.error} if self.error else {})
        return {
            "id": self.id,
            "deviceId": DEVICE,
            "state": self.state,
            "isHashed": False,
            "isEncrypted": False,
            "recipients": [recipient],
            "states": {self.state: "2026-11-20T10:00:00Z"},
        }


@dataclass(frozen=True)
class Call:
    """What the phone posts to the webhook."""

    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


class AndroidServer(TroubledServer):
    """The cloud or a private server; with ``local``, the phone's own, whose addresses have no prefix."""

    def __init__(self, *, local: bool = False, old: bool = False) -> None:
        super().__init__()
        self.old = old
        self.queue_limit = 1000
        self.accounts = {(USER, PASSWORD)}
        self.messages: dict[str, Held] = {}
        self._base = ("" if local else "/3rdparty/v1") + ("/message" if old else "/messages")

    def does(self, request: Received) -> Reply:
        if request.path != self._base and not request.path.startswith(self._base + "/"):
            return Reply(status=404, body=b"Cannot POST", content_type="text/plain")
        if _login(request.headers.get("authorization", "")) not in self.accounts:
            return json_reply({"message": "Unauthorized"}, status=401)
        if request.method == "GET":
            held = self.messages.get(request.path.removeprefix(self._base + "/"))
            return (
                json_reply({"message": "message not found"}, status=404) if held is None else json_reply(held.shown())
            )
        return self._send(request)

    def _send(self, request: Received) -> Reply:
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            return json_reply({"message": "Unprocessable Entity"}, status=400)
        told = request.json()
        problem = _problem(told, old=self.old)
        if problem:
            return json_reply({"message": f"failed to validate: {problem}"}, status=400)
        if told.get("deviceId", DEVICE) != DEVICE:
            return json_reply({"message": "no device with such ID found"}, status=404)
        if sum(one.state == "Pending" for one in self.messages.values()) >= self.queue_limit:
            return json_reply({"message": "queue limit exceeded", "code": "queue_limit"}, status=503)
        id = told.get("id") or f"server-{len(self.messages)}"
        if id in self.messages:
            return json_reply({"message": "duplicate id"}, status=409)
        text = told["message"] if self.old else told["textMessage"]["text"]
        held = self.messages[id] = Held(id=id, text=text, number=told["phoneNumbers"][0], told=told)
        return json_reply(held.shown(), status=202, headers={"Location": f"{self._base}/{id}"})

    def report(self, id: str, event: str, **more: Any) -> Call:
        """The phone goes on with a message, and calls."""
        held = self.messages[id]
        held.state = event.partition(":")[2].capitalize()
        payload = {"messageId": id, "sender": "+5511900000000", "recipient": held.number, "simNumber": 1, **more}
        return called(event, payload)


def called(event: str, payload: dict[str, Any], *, key: str = KEY, at: datetime | None = None) -> Call:
    """A webhook's request, signed as the app signs it."""
    told = {"deviceId": DEVICE, "event": event, "id": "Ey6ECgOkVVFjz3CL48B8C", "payload": payload}
    body = json.dumps({**told, "webhookId": "LreFUt-Z3sSq0JufY9uWB"}, ensure_ascii=False).encode()
    stamp = str(int((at or datetime.now(UTC)).timestamp()))
    signed = digest(key.encode(), body + stamp.encode(), "sha256").hex()
    return Call(body, {"Content-Type": "application/json", "X-Timestamp": stamp, "X-Signature": signed})


def texted(sender: str, text: str, *, at: str = "2026-11-20T10:00:00.000-03:00") -> Call:
    """Somebody texts the phone: parts are joined by the phone itself."""
    payload = {"messageId": "9f8e7d", "message": text, "sender": sender, "recipient": None, "simNumber": 1}
    return called("sms:received", {**payload, "receivedAt": at})


def _login(header: str) -> tuple[str, str]:
    kind, _, given = header.partition(" ")
    user, _, password = b64decode(given).decode().partition(":")
    return (user, password) if kind == "Basic" else ("", "")


def _problem(told: dict[str, Any], *, old: bool) -> str:
    """What the server finds wrong, in its own words."""
    fields = set(told)
    text = told.get("message") if old else (told.get("textMessage") or {}).get("text")
    numbers = told.get("phoneNumbers")
    if fields - _KNOWN or (old and "textMessage" in fields):
        return "unknown field"
    if not isinstance(text, str) or not text or {"textMessage", "message"} <= fields:
        return "exactly one of textMessage, dataMessage or message must be given"
    if not isinstance(numbers, list) or not 1 <= len(numbers) <= 100:
        return "phoneNumbers must have 1 to 100 items"
    if not all(isinstance(one, str) and re.fullmatch(r"\+[1-9]\d{6,14}", one) for one in numbers):
        return "invalid phone number in row 1"
    if len(told.get("id", "")) > 36:
        return "id must be at most 36"
    if "ttl" in told and (type(told["ttl"]) is not int or told["ttl"] < 5 or "validUntil" in told):
        return "ttl must be at least 5"
    if told.get("simNumber", 1) not in (1, 2, 3):
        return "simNumber must be 1 to 3"
    return ""
