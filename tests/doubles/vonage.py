"""Vonage's SMS API as its specification and its guides describe it: /sms/json, balance, receipts, texts from phones."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from sms_plugin.testing.loopback import Received, Reply, json_reply
from tests.doubles.troubled import TroubledServer

KEY, SECRET, SIGNATURE_SECRET = "abcd1234", "vonage-api-secret", "vonage-signature-secret"

_FIELDS = {
    *("api_key", "api_secret", "sig", "timestamp", "from", "to", "text", "type", "ttl", "status-report-req"),
    *("callback", "client-ref", "message-class", "account-ref", "entity-id", "content-id", "trusted-number"),
}
_BASIC = set("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡§¿ÄÖÑÜäöñüà^{}\\[~]|€") | {
    chr(code) for code in (*range(65, 91), *range(97, 123))
}


@dataclass(frozen=True, kw_only=True)
class Taken:
    """One message as Vonage took it."""

    id: str
    to: str
    sender: str
    text: str
    reference: str
    callback: str
    flash: bool


@dataclass
class Vonage(TroubledServer):
    """Its API on loopback."""

    statuses: dict[str, tuple[str, str]] = field(default_factory=dict)  #: of a number: its status and its words
    later_parts: str = "0"  #: the status of every part but the first
    throttled: Reply | None = None
    taken: list[Taken] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def does(self, request: Received) -> Reply:
        """What the API answers: 200 to whatever it understood."""
        if request.path == "/account/get-balance":
            known = (request.query.get("api_key"), request.query.get("api_secret")) == (KEY, SECRET)
            return json_reply({"value": 3.14, "autoReload": False}) if known else json_reply({}, status=401)
        if (request.method, request.path) != ("POST", "/sms/json"):
            return Reply(status=404, body=b"<html>Not found</html>", content_type="text/html")
        if self.throttled is not None:
            return self.throttled
        return json_reply(self._sms(request))

    def _sms(self, request: Received) -> dict[str, Any]:
        if request.headers.get("content-type") != "application/x-www-form-urlencoded":
            return _failure("2", "Missing api_key")
        given = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
        if unknown := given.keys() - _FIELDS:
            raise AssertionError(f"Vonage has no fields {sorted(unknown)}")
        basic = "Basic " + b64encode(f"{KEY}:{SECRET}".encode()).decode()
        known = (given.get("api_key"), given.get("api_secret")) == (KEY, SECRET)
        if not known and request.headers.get("authorization") != basic:  # which its own library sends
            return _failure("4", "Bad Credentials")
        for name in ("to", "from", "text"):
            if not given.get(name):
                return _failure("2", f"Missing {name} param")
        if not (given["to"].isdecimal() and 7 <= len(given["to"]) <= 15):
            return _failure("3", "to address is not numeric")
        if len(given.get("callback", "")) > 100 or len(given.get("client-ref", "")) > 40:
            return _failure("3", "Invalid callback or client-ref")
        if given["to"] in self.statuses:
            return _failure(*self.statuses[given["to"]])
        return self._parts(given)

    def _parts(self, given: Mapping[str, str]) -> dict[str, Any]:
        text, unicode = given["text"], given.get("type") == "unicode"
        if not unicode:
            text = "".join(char if char in _BASIC else "?" for char in text)
        units, alone, part = (len(text.encode("utf-16-be")) // 2, 70, 67) if unicode else (len(text), 160, 153)
        count = 1 if units <= alone else -(-units // part)
        first = f"0C{len(self.taken):014X}"
        self.taken.append(
            Taken(
                id=first,
                to=given["to"],
                sender=given["from"],
                text=text,
                reference=given.get("client-ref", ""),
                callback=given.get("callback", ""),
                flash=given.get("message-class") == "0",
            )
        )
        parts = [
            {
                "to": given["to"],
                "message-id": first if at == 0 else f"{first[:-2]}{at:02X}",
                "status": "0",
                "remaining-balance": "15.53590000",
                "message-price": "0.03330000",
                "network": "23410",
                "client-ref": given.get("client-ref", ""),
            }
            for at in range(count)
        ]
        if self.later_parts != "0":
            parts[1:] = [{"status": self.later_parts, "error-text": "No"} for _ in parts[1:]]
        return {"message-count": str(count), "messages": parts}


def _failure(status: str, words: str) -> dict[str, Any]:
    return {"message-count": "1", "messages": [{"status": status, "error-text": words}]}


def signed(
    fields: Mapping[str, str], *, method: str = "md5hash", secret: str = SIGNATURE_SECRET, at: int = 1795664876
) -> dict[str, str]:
    """The parameters with their signature, as the guide on signing messages makes it."""
    given = {**fields, "timestamp": str(at), "nonce": "6d5c1ff0"}
    pieces = []
    for name in sorted(given):
        pieces.append("&" + name + "=" + given[name].replace("&", "_").replace("=", "_"))
    text = "".join(pieces)
    if method == "md5hash":
        return {**given, "sig": hashlib.md5((text + secret).encode()).hexdigest()}  # noqa: S324
    return {**given, "sig": hmac.new(secret.encode(), text.encode(), method).hexdigest().upper()}


def receipt(message: Taken, word: str, *, err: str = "0", part: str | None = None) -> dict[str, str]:
    """A receipt's parameters; the recipient is ``msisdn``, and ``to`` the sender."""
    return {
        "msisdn": message.to,
        "to": message.sender,
        "network-code": "23410",
        "messageId": part or message.id,
        "price": "0.03330000",
        "status": word,
        "scts": "2611260348",
        "err-code": err,
        "api-key": KEY,
        "client-ref": message.reference,
        "message-timestamp": "2026-11-26 03:48:00",
    }


def text_from(*, sender: str, text: str, id: str = "0B00000057CC7BC7", **more: str) -> dict[str, str]:
    """The parameters of a text from a phone."""
    return {
        "msisdn": sender,
        "to": "447700900001",
        "messageId": id,
        "text": text,
        "type": "unicode" if not text.isascii() else "text",
        "keyword": text.split(" ")[0].upper(),
        "api-key": KEY,
        "message-timestamp": "2026-11-26 03:49:00",
        **more,
    }


def form(fields: Mapping[str, str]) -> bytes:
    """The parameters as a form's body."""
    return urlencode(fields).encode()


def as_json(fields: Mapping[str, str]) -> bytes:
    """The parameters as JSON."""
    return json.dumps(fields).encode()
