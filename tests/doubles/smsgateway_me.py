"""SmsGateway.me, API 4: the vendor's server and one phone."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from sms_plugin.testing.loopback import Received, Reply, json_reply
from tests.doubles.troubled import TroubledServer

TOKEN, SECRET, DEVICE = "eyJhbGciOi.a-token", "a-callback-secret", 7


class SmsGatewayMeServer(TroubledServer):
    """Takes arrays of messages; refuses all of one in which anything is wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: dict[int, dict[str, Any]] = {}

    def does(self, request: Received) -> Reply:
        if request.headers.get("authorization") != TOKEN:
            return json_reply({"status": "fail", "message": "unauthorised"}, status=401)
        if request.method == "GET" and request.path.startswith("/message/"):
            held = self.messages.get(int(request.path.removeprefix("/message/")))
            return (
                json_reply({"status": "fail", "message": "not found"}, status=404) if held is None else json_reply(held)
            )
        if (request.method, request.path) != ("POST", "/message/send"):
            return Reply(status=404, body=b"", content_type="text/html")
        told = request.json()
        if not isinstance(told, list):
            return json_reply({"status": "fail", "message": "Could not process request", "data": {}}, status=500)
        problems = [problem for at, one in enumerate(told) for problem in _problems(at, one)]
        if problems:
            return json_reply({"status": "fail", "message": "failed validation", "data": problems}, status=400)
        if any(one["device_id"] != DEVICE for one in told):
            return json_reply({"status": "fail", "message": "device not found"}, status=404)
        return json_reply([self._take(one) for one in told])

    def _take(self, one: dict[str, Any]) -> dict[str, Any]:
        id = 59484209 + len(self.messages)
        moment = "2026-11-20T14:00:00+00:00"
        held = {**one, "id": id, "status": "pending", "log": [{"status": "pending", "occurred_at": moment}]}
        self.messages[id] = {**held, "created_at": moment, "updated_at": moment}
        return self.messages[id]

    def report(self, id: int, status: str) -> dict[str, Any]:
        """The phone goes on with a message; what its callback holds."""
        self.messages[id]["status"] = status
        return {**self.messages[id], "secret": SECRET}


def texted(number: str, text: str, *, id: int = 1, secret: str = SECRET) -> dict[str, Any]:
    """What the callback of a text from a phone holds."""
    told = {"id": id, "device_id": DEVICE, "phone_number": number, "message": text, "status": "received"}
    return {**told, "created_at": "2026-11-20T14:00:00+00:00", "secret": secret}


def posted(told: dict[str, Any], *, form: bool) -> tuple[str, bytes]:
    """A callback's content type and body."""
    if form:
        flat = {name: value for name, value in told.items() if not isinstance(value, list)}
        return "application/x-www-form-urlencoded", urlencode(flat).encode()
    return "application/json", json.dumps(told).encode()


def _problems(at: int, one: dict[str, Any]) -> list[dict[str, Any]]:
    wrong = [name for name in ("phone_number", "message", "device_id") if not one.get(name)]
    number = str(one.get("phone_number", ""))
    if number and not (number.removeprefix("+").isdigit() and len(number) > 6):
        wrong.append("phone_number")
    if not isinstance(one.get("device_id"), int):
        wrong.append("device_id")
    return [{"key": f"{at}.{name}", "errors": [f"{name} is invalid"]} for name in wrong]
