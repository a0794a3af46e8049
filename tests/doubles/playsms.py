"""playSMS's webservices, as its documentation and its server's source have them: HTTP 200 whatever happens."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sms_plugin.testing.loopback import Received, Reply, json_reply
from tests.doubles.troubled import TroubledServer

USER, TOKEN = "anton", "0123456789abcdef0123456789abcdef"
BAD = "628120000003"  #: a number without a route
_WORDS = {"100": "authentication failed", "103": "not enough credit for this operation"}
_GSM = re.compile(r"[\x20-\x7e\n£¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¡ÄÖÑÜ§¿äöñüà€]*")


@dataclass
class Logged:
    """One line of the server's log of outgoing messages."""

    smslog_id: int
    queue: str
    dst: str
    msg: str
    type: str
    extra: dict[str, str]
    status: str = "0"


class PlaySmsServer(TroubledServer):
    """A playSMS with one user; with ``daemon`` it queues, and tells no id of a message."""

    def __init__(self, *, daemon: bool = False, credits: int = 1000) -> None:
        super().__init__()
        self.daemon = daemon
        self.credits = credits
        self.log: list[Logged] = []
        self.pending: list[Logged] = []
        self.inbox: list[dict[str, Any]] = []

    def process_queue(self) -> None:
        """What the daemon does every second."""
        self.log += self.pending
        self.pending = []

    def receive(self, src: str, msg: str) -> None:
        """A text comes from a phone; parts were joined by the server."""
        line = {"id": str(len(self.inbox) + 1), "src": src, "dst": "628110", "msg": msg.replace('"', "'")}
        self.inbox.append({**line, "dt": "2026-11-20 10:00:00"})

    def does(self, request: Received) -> Reply:
        asked = {**request.query, **(request.form if request.method == "POST" else {})}
        if request.path != "/index.php" or asked.get("app") != "ws":
            return Reply(status=404, body=b"not found", content_type="text/html")
        acts = {"pv": self._send, "ds": self._states, "ix": self._inbox, "in": self._inbox, "cr": self._credit}
        act = acts.get(asked.get("op", ""))
        if act is None:
            return _error("101")
        return act(asked) if (asked.get("u"), asked.get("h")) == (USER, TOKEN) else _error("100")

    def _send(self, asked: dict[str, str]) -> Reply:
        numbers = [number for number in asked.get("to", "").split(",") if number]
        if not numbers or not asked.get("msg"):
            return _error("201")
        if self.credits < len(numbers):
            return _error("103")
        queue = f"{len(self.log) + len(self.pending):032x}"
        return json_reply({"data": [self._one(number, queue, asked) for number in numbers], "error_string": None})

    def _one(self, number: str, queue: str, asked: dict[str, str]) -> dict[str, str]:
        if number == BAD or not number.isdigit():
            return {"status": "ERR", "error": "200", "smslog_id": "", "queue": "", "to": ""}
        text = asked["msg"] + ("" if asked.get("nofooter") else " --the footer")
        if asked.get("unicode") != "1" and not _GSM.fullmatch(text):
            text = re.sub(r"[^\x20-\x7e]", "?", text)
        known = {"app", "op", "u", "h", "format", "to", "msg", "type", "unicode", "nofooter"}
        extra = {name: value for name, value in asked.items() if name not in known}
        id = len(self.log) + len(self.pending) + 30
        line = Logged(id, queue, number, text, asked.get("type", "text"), extra)
        self.credits -= 1
        (self.pending if self.daemon else self.log).append(line)
        told = {"status": "OK", "error": "0", "queue": queue, "to": number}
        return {**told, "smslog_id": "" if self.daemon else str(id)}

    def _states(self, asked: dict[str, str]) -> Reply:
        queue, id = asked.get("queue", ""), asked.get("smslog_id", "")
        found = [
            line for line in self.log if (not queue or line.queue == queue) and (not id or str(line.smslog_id) == id)
        ]
        if not found:
            return _error("401" if any(line.queue == queue for line in self.pending) else "400")
        rows = [
            {"smslog_id": str(line.smslog_id), "src": "BRAND", "dst": line.dst, "msg": line.msg, "status": line.status}
            for line in reversed(found)
        ]
        return json_reply({"data": rows[: int(asked.get("c") or 100)], "error_string": None})

    def _inbox(self, asked: dict[str, str]) -> Reply:
        newer = [line for line in reversed(self.inbox) if int(line["id"]) > int(asked.get("last") or 0)]
        page = newer[: int(asked.get("c") or 100)]
        return json_reply({"data": page, "error_string": None}) if page else _error("501")

    def _credit(self, asked: dict[str, str]) -> Reply:
        return json_reply({"status": "OK", "error": "0", "credit": f"{self.credits}.00", "error_string": None})


def _error(code: str) -> Reply:
    return json_reply({"status": "ERR", "error": code, "error_string": _WORDS.get(code, "no"), "timestamp": "0"})
