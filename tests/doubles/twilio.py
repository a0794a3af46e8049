"""Twilio on loopback: its Messages and Balance, signed callbacks, and the ways in which it fails.

Written from the vendor's descriptions (``twilio_schema.py``, the guides on webhooks), not from the adapter: each
request is checked against the published parameters and answered as the vendor answers a wrong one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, urlencode

from sms_plugin.gateways.contract import WebRequest
from sms_plugin.testing.loopback import Ending, LoopbackServer, Received, Reply, json_reply
from tests.doubles.twilio_schema import LIST, PATHS, SEND, complaints

ACCOUNT = "AC" + "0b" * 16
TOKEN = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
KEY, KEY_SECRET = "SK" + "0d" * 16, "the-secret-of-the-key"
SERVICE = "MG" + "0c" * 16
SENDER = "+15017122661"
FORM = "application/x-www-form-urlencoded"
_PAGE = "50"  # resources on one page of a list, unless PageSize says otherwise
_PRICE = "0.0075"  # of one segment, in dollars


@dataclass(frozen=True, kw_only=True)
class Mishap:
    """How the next requests to send go wrong."""

    ending: Ending
    taken: bool  #: whether the message was created before


class TwilioDouble(LoopbackServer):
    """One account with one number and one Messaging Service."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: dict[str, dict[str, Any]] = {}
        self.callbacks: dict[str, str] = {}  #: the address for the receipts of each SID
        self.validities: dict[str, str | None] = {}
        self.requests: list[Received] = []
        self.complaints: list[str] = []  #: what was wrong with requests
        self.refusals: dict[str, tuple[int, int]] = {}  #: status and code by number
        self.throttled = 0  #: this many requests more are too many
        self.mishaps: list[Mishap | Reply] = []  #: what happens to the next requests to send
        self.balance: Reply = json_reply({"account_sid": ACCOUNT, "balance": "12.34", "currency": "USD"})
        self.longest_page = 1000
        self.now = datetime.now(UTC).replace(microsecond=0)
        self._serial = count(1)

    def answer(self, request: Received) -> Reply:
        """As the vendor answers."""
        self.requests.append(request)
        name, account, sid = _resource_at(request.path)
        if not self._knows(request.headers.get("authorization", "")):
            return _problem(401, 20003, "Authenticate")
        if account != ACCOUNT:
            return _problem(404, 20404, f"The requested resource {request.path} was not found")
        if self.throttled:
            self.throttled -= 1
            return replace(_problem(429, 20429, "Too Many Requests"), headers={"Retry-After": "3"})
        if name == "balance":
            return self.balance
        if name == "message":
            resource = self.messages.get(sid)
            return _problem(404, 20404, "not found") if resource is None else json_reply(resource)
        return self._send(request) if request.method == "POST" else self._list(request)

    def _knows(self, authorization: str) -> bool:
        pairs = (f"{ACCOUNT}:{TOKEN}", f"{KEY}:{KEY_SECRET}")
        return authorization in {"Basic " + base64.b64encode(pair.encode()).decode() for pair in pairs}

    def _send(self, request: Received) -> Reply:
        if request.headers.get("content-type", "").partition(";")[0] != FORM:
            self.complaints.append("the body is no form")
            return _problem(400, 21602, "A text message body is required.")
        given = parse_qsl(request.body.decode(), keep_blank_values=True)
        fields, wrong = dict(given), complaints(given, SEND)
        self.complaints += wrong
        code = _code_of(wrong)
        if code is not None:
            return _problem(400, code, wrong[0])
        refusal = self.refusals.get(fields["To"])
        if refusal is not None:
            return _problem(*refusal, f"Message to {fields['To']} cannot be sent.")
        mishap = self.mishaps.pop(0) if self.mishaps else None
        if isinstance(mishap, Reply):
            return mishap
        if mishap is not None and not mishap.taken:
            return Reply(ending=mishap.ending)
        created = json_reply(self._create(fields), status=201)
        return created if mishap is None else replace(created, ending=mishap.ending)

    def _create(self, fields: Mapping[str, str]) -> dict[str, Any]:
        sid = f"SM{next(self._serial):032x}"
        text, service = fields.get("Body", ""), fields.get("MessagingServiceSid")
        created = format_datetime(self.now)
        resource: dict[str, Any] = {
            "sid": sid,
            "account_sid": ACCOUNT,
            "messaging_service_sid": service,
            "to": fields["To"],
            "from": fields.get("From"),
            "body": text,
            "status": "accepted" if service else "queued",
            "direction": "outbound-api",
            "num_segments": "0" if service else str(_segments(text)),
            "num_media": "0",
            "price": None,
            "price_unit": "USD",
            "error_code": None,
            "error_message": None,
            "date_created": created,
            "date_sent": None,
            "date_updated": created,
            "api_version": "2010-04-01",
            "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}.json",
            "subresource_uris": {},
        }
        self.messages[sid] = resource
        self.callbacks[sid] = fields.get("StatusCallback", "")
        self.validities[sid] = fields.get("ValidityPeriod")
        return dict(resource)

    def _list(self, request: Received) -> Reply:
        query = request.query
        self.complaints += complaints(list(query.items()), LIST)
        after = query.get("DateSent>", "")
        wanted = [
            resource
            for resource in self.messages.values()
            if query.get("To") in (None, resource["to"])
            and query.get("From") in (None, resource["from"])
            and self.now.date().isoformat() >= after[:10]
        ]
        page, size = int(query.get("Page", "0")), min(int(query.get("PageSize", _PAGE)), self.longest_page)
        following = None
        if len(wanted) > (page + 1) * size:
            more = {**query, "Page": str(page + 1), "PageToken": f"PA{page + 1}"}
            following = f"{request.path}?{urlencode(more)}"
        return json_reply({"messages": wanted[page * size : (page + 1) * size], "next_page_uri": following})

    def becomes(self, sid: str, status: str, *, error: int | None = None) -> WebRequest:
        """The message goes on; the callback that Twilio makes of it. What was sent has its price from then on."""
        resource = self.messages[sid]
        self.now += timedelta(seconds=1)
        segments = _segments(resource["body"])
        resource.update(status=status, error_code=error, date_updated=format_datetime(self.now))
        resource.update({"num_segments": str(segments), "from": resource["from"] or SENDER})
        if status not in ("queued", "accepted", "sending"):
            resource["price"] = f"-{float(_PRICE) * segments:.5f}"
        fields = {
            "MessageSid": sid,
            "SmsSid": sid,
            "MessageStatus": status,
            "SmsStatus": status,
            "AccountSid": ACCOUNT,
            "From": resource["from"],
            "To": resource["to"],
            "ApiVersion": "2010-04-01",
            **({"MessagingServiceSid": SERVICE} if resource["messaging_service_sid"] else {}),
            **({"ErrorCode": str(error)} if error is not None else {}),
            **({"RawDlrDoneDate": f"{self.now:%y%m%d%H%M}"} if status in ("delivered", "undelivered") else {}),
            "WhateverComesNext": "1",  # parameters may be added without notice
        }
        return call(self.callbacks[sid], fields)

    def texted(self, url: str, *, sender: str, text: str, **more: str) -> WebRequest:
        """The request that a text from a phone makes; Twilio has put its parts together."""
        sid = f"SM{next(self._serial):032x}"
        fields = {
            "MessageSid": sid,
            "SmsSid": sid,
            "SmsMessageSid": sid,
            "AccountSid": ACCOUNT,
            "From": sender,
            "To": SENDER,
            "Body": text,
            "NumMedia": "0",
            "NumSegments": str(_segments(text)),
            "FromCity": "",
            "FromCountry": "PT",
            "SmsStatus": "received",
            "ApiVersion": "2010-04-01",
            **more,
        }
        return call(url, fields)


def _resource_at(path: str) -> tuple[str, str, str]:
    """What is asked for, the account and the SID in the path; empty where there is none."""
    for name, pattern in PATHS.items():
        if found := pattern.fullmatch(path):
            account, sid = (*found.groups(), "")[:2]
            return name, account, sid
    return "", "", ""


def call(url: str, fields: Mapping[str, str], *, token: str = TOKEN) -> WebRequest:
    """A form posted to that address, signed over the address and the fields in order."""
    signed = url + "".join(name + fields[name] for name in sorted(fields))
    signature = base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()
    headers = {"content-type": f"{FORM}; charset=UTF-8", "x-twilio-signature": signature}
    return WebRequest(method="POST", url=url, headers=headers, body=urlencode(fields).encode())


def settings(url: str, **more: str) -> dict[str, str]:
    """What an admin enters to text through the double."""
    return {"account_sid": ACCOUNT, "auth_token": TOKEN, "sender": SENDER, "base_url": url, **more}


def _problem(status: int, code: int, message: str) -> Reply:
    told = {"code": code, "message": message, "more_info": f"https://www.twilio.com/docs/errors/{code}"}
    return json_reply({**told, "status": status}, status=status)


def _code_of(wrong: list[str]) -> int | None:
    """The code for what is wrong: its own where one is published, else one for all."""
    if not wrong:
        return None
    known = {"Body": 21602, "a content": 21602, "StatusCallback": 21609, "To": 21211, "From": 21212}
    return next((code for name, code in known.items() if wrong[0].startswith(name)), 20001)


def _segments(text: str) -> int:
    """The parts of a text that is either plain ASCII or not of GSM-7 at all, as the tests' texts are."""
    if text.isascii():
        return 1 if len(text) <= 160 else -(-len(text) // 153)
    units = len(text.encode("utf-16-be")) // 2
    return 1 if units <= 70 else -(-units // 67)
