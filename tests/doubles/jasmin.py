"""Jasmin's HTTP API as its documentation and its source describe it: /send, /balance, receipts, texts from phones."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode
from uuid import UUID

from sms_plugin.testing.loopback import Received, Reply
from tests.doubles.troubled import TroubledServer

USER, PASSWORD = "portal", "jasmin-password"

_PATTERNS = {
    "to": r"\+?\d+",
    "from": r".*",
    "coding": r"0|1|2|3|4|5|6|7|8|9|10|13|14",
    "username": r".{1,16}",
    "password": r".{1,16}",
    "priority": r"[0-3]",
    "validity-period": r"\d+",
    "dlr": r"yes|no",
    "dlr-url": r"https?://.*",
    "dlr-level": r"[1-3]",
    "dlr-method": r"(?i:get|post)",
    "tags": r"[-a-zA-Z0-9,]*",
    "content": r"(?s:.*)",
    "hex-content": r"(?:[0-9a-fA-F]{2})*",
}


@dataclass(frozen=True, kw_only=True)
class Submitted:
    """One message as the SMSC got it."""

    id: str
    to: str
    sender: str
    text: str
    receipt_url: str
    level: int


@dataclass
class Jasmin(TroubledServer):
    """Its HTTP API on loopback."""

    errors: dict[str, tuple[int, str]] = field(default_factory=dict)  #: to a number, instead of a success
    credit: float | str = 100.0
    max_parts: int = 5
    submitted: list[Submitted] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def does(self, request: Received) -> Reply:
        """What the API answers; GET and POST are the same to it."""
        asked = request.target.partition("?")[2] if request.method == "GET" else request.body.decode()
        given = {name: values[-1] for name, values in parse_qs(asked, keep_blank_values=True).items()}
        if request.path == "/balance":
            return self._balance(given)
        if request.path != "/send":
            return Reply(status=404, body=b"<html>No Such Resource</html>", content_type="text/html")
        return self._send(given)

    def _balance(self, given: dict[str, str]) -> Reply:
        if problem := _stranger(given):
            return Reply(status=403, body=json.dumps(problem).encode())
        return Reply(body=json.dumps({"balance": self.credit, "sms_count": "ND"}).encode())

    def _send(self, given: dict[str, str]) -> Reply:
        for name in ("to", "username", "password"):
            if name not in given:
                return _error(400, f"Mandatory argument [{name}] is not found.")
        for name, value in given.items():
            if name not in _PATTERNS:
                return _error(400, f"Argument [{name}] is unknown.")
            if not re.fullmatch(_PATTERNS[name], value):
                return _error(400, f"Argument [{name}] has an invalid value: [{value}].")
        if ("content" in given) == ("hex-content" in given):
            return _error(400, "content or hex-content not present.")
        if problem := _stranger(given):
            return _error(403, problem)
        if given["to"] in self.errors:
            return _error(*self.errors[given["to"]])
        self.submitted.append(self._submitted(given))
        return Reply(body=f'Success "{self.submitted[-1].id}"'.encode(), content_type="text/plain")

    def _submitted(self, given: dict[str, str]) -> Submitted:
        if given.get("coding", "0") == "8":
            raw = bytes.fromhex(given["hex-content"]) if "hex-content" in given else given["content"].encode()
            text, room = raw.decode("utf-16-be", "replace"), 67 * self.max_parts
        else:
            text, room = given.get("content", ""), 153 * self.max_parts
        return Submitted(
            id=str(UUID(int=0x07033084 + len(self.submitted))),
            to=given["to"],
            sender=given.get("from", ""),
            text=text[:room],
            receipt_url=given.get("dlr-url", ""),
            level=int(given.get("dlr-level", "0")),
        )


def _stranger(given: dict[str, str]) -> str:
    known = (given.get("username"), given.get("password")) == (USER, PASSWORD)
    return "" if known else f"Authentication failure for username:{given.get('username')}"


def _error(status: int, words: str) -> Reply:
    return Reply(status=status, body=f'Error "{words}"'.encode(), content_type="text/plain")


def receipt(message: Submitted, word: str, *, level: int, err: str = "ND") -> bytes:
    """The form of a receipt: level 1 is the SMSC's answer, level 2 the handset's."""
    given = {"id": message.id, "message_status": word, "level": str(level), "connector": "smppcc_1"}
    if level > 1:
        given |= {"id_smsc": "1234567", "sub": "001", "dlvrd": "001", "subdate": "2611260348", "donedate": "2611260349"}
        given |= {"err": err, "text": "-"}
    return urlencode(given).encode()


def text_from(*, sender: str, content: bytes, coding: int, id: str = "4152af62-5510-4012-ad2c-92689e5578b3") -> bytes:
    """The form of a text from a phone: its bytes as they came, once more as hexadecimals, and their coding, which
    Jasmin 0.11.1 writes as the one byte that it is.
    """
    given = {
        "id": id,
        "from": sender,
        "to": "13013",
        "origin-connector": "smppcc_1",
        "priority": "0",
        "coding": chr(coding),
        "content": content,
        "binary": content.hex(),
    }
    return urlencode(given).encode()
