"""Kannel's ``sendsms``, an SMS gateway of one's own (P20): sending, delivery reports, texts from phones.

Source: the project's user guide and source, and what Kannel 1.4.5 does. It gives no id of its own: our id goes along
in the address of the reports. Cyrillic without ``coding=2`` would be accepted and arrive as question marks; a space
in ``to`` would make two recipients; what is too long for its ``max-messages`` would be accepted and cut.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sms_plugin.errors import SmsError, worded
from sms_plugin.gateways.contract import (
    About,
    Capabilities,
    Gateway,
    Inbound,
    Outgoing,
    Report,
    Verdict,
    WebAnswer,
    WebRequest,
    accepted,
    refused,
    unknown,
)
from sms_plugin.gateways.http import Answer, NotSent, Unsure, base_address, in_clear
from sms_plugin.gateways.kannel_calls import heard
from sms_plugin.gateways.selfhosted import called_back, fits, key_problem, longest, verified
from sms_plugin.gateways.settings import BadSettings, setting
from sms_plugin.gateways.verdicts import of_failure, of_status, quoted, throttled
from sms_plugin.text import gsm

_NUMBER = re.compile(r"\+?[0-9]{3,20}")
_TAKEN = re.compile(r"(0: Accepted for delivery|3: Queued for later delivery|Sent\.)")
_SPLITS = re.compile(r"Message splits: ([0-9]{1,3})")
_REPORTS = "31"  # delivered, not delivered, buffered, accepted by the SMSC, rejected
# Words of its refusals, and whom they are about.
_REFUSALS: Sequence[tuple[str, str, About]] = (
    ("authorization failed", "bad_credentials", About.ACCOUNT),
    ("not routable", "unreachable", About.RECIPIENT),
    ("receiver number", "bad_number", About.RECIPIENT),
    ("white- and/or black-lists", "blocked", About.RECIPIENT),
    ("sender missing", "bad_sender", About.ACCOUNT),
    ("misformed", "rejected", About.MESSAGE),
)
_GET_URL = "?from=%p&to=%P&text=%b&coding=%c&charset=%C&ts=%T&id=%I&udh=%u&key=…"


@dataclass(frozen=True, kw_only=True)
class KannelSettings:
    """Where Kannel's smsbox listens, and a ``sendsms-user`` of its configuration."""

    base_url: str = setting(
        "Base address", default="http://127.0.0.1:13013", help="Host and sendsms-port of the smsbox group."
    )
    path: str = setting("Path", default="/cgi-bin/sendsms", help="The sendsms-url of the smsbox group, if it has one.")
    username: str = setting("User name", help="The username of the sendsms-user group.")
    password: str = setting("Password", secret=True, help="The password of the sendsms-user group.")
    sender: str = setting(
        "From", default="", help="Empty where Kannel has a global-sender or the user a default-sender."
    )
    smsc: str = setting("SMSC", default="", help="Optional: the smsc-id that messages go by.")
    max_parts: int = setting(
        "Most parts of a message",
        default=1,
        minimum=1,
        maximum=255,
        help="The max-messages of the sendsms-user group, which is 1 where it is not set; there, concatenation must be"
        " on for more than one. Kannel cuts longer texts without a word, so they are refused here.",
    )
    plus: bool = setting("Numbers with +", default=True, help="Off where the SMSC wants digits only.")
    flash: bool = setting("Flash", default=False, help="Texts show on the display at once and are not kept.")
    webhook_key: str = setting(
        "Key of the webhook",
        default="",
        secret=True,
        help="A long random word of letters and digits, for reports and texts from phones: Kannel signs nothing. For"
        " texts from phones, write in the sms-service group: catch-all = true, max-messages = 0 (else Kannel answers"
        " the phone), and as its get-url the provider's webhook address with "
        + _GET_URL
        + " behind it. In the smsbox group, http-request-retry = 10 keeps texts and reports while the portal is away;"
        " with a smsbox-id there, texts from phones have to be routed to it.",
    )
    private_address: bool = setting(
        "Private address", default=False, help="On where Kannel listens on this machine or in the own network."
    )

    def check(self) -> None:
        """Raises ``BadSettings`` that names every field that is wrong."""
        problems: dict[str, str] = {}
        try:
            base_address(self.base_url)
            base_address(f"http://kannel{self.path}")
        except SmsError as error:
            problems["base_url"] = str(error)
        if not self.path.startswith("/"):
            problems["path"] = worded("does not begin with /")
        if problem := key_problem(self.webhook_key):
            problems["webhook_key"] = problem
        if problems:
            raise BadSettings(problems)


class KannelGateway(Gateway):
    """Kannel: one request for each message."""

    settings: KannelSettings
    kind = "kannel"
    label = "Kannel"
    help = "An SMS gateway of one's own, with its smsbox. The webhook address stands below, once the provider is saved."
    Settings = KannelSettings

    @classmethod
    def capabilities(cls, settings: Any) -> Capabilities:
        """One message a request, of the parts that the settings allow."""
        return Capabilities(longest=longest(settings.max_parts), flash=True, receipts=True, inbound=True)

    @classmethod
    def warnings(cls, settings: Any) -> Sequence[str]:
        """``credentials_in_clear`` where another machine is asked without SSL."""
        return ("credentials_in_clear",) if in_clear(settings.base_url) else ()

    def __post_init__(self) -> None:
        settings = self.settings
        self._url = base_address(settings.base_url) + settings.path
        given = {
            "username": settings.username,
            "password": settings.password,
            "from": settings.sender,
            "smsc": settings.smsc,
            "mclass": "0" if settings.flash else "",
        }
        self._always = {name: value for name, value in given.items() if value}

    def send(self, messages: Sequence[Outgoing]) -> Sequence[Verdict]:
        """A verdict per message; there is no idempotency key, so a lost answer is ``unknown``."""
        return [self._send(message) for message in messages]

    def _send(self, message: Outgoing) -> Verdict:
        if not _NUMBER.fullmatch(message.to):
            return refused("bad_number", about=About.RECIPIENT)
        if not fits(message.text, parts=self.settings.max_parts):
            return refused("too_long")
        try:
            answer = self.http.request("GET", self._url, params=self._query(message))
        except (NotSent, Unsure) as failure:
            return of_failure(failure)
        return self._verdict(answer, message)

    def _query(self, message: Outgoing) -> Mapping[str, str]:
        query = {
            **self._always,
            "to": message.to if self.settings.plus else message.to.removeprefix("+"),
            "text": message.text,
            "charset": "UTF-8",
            "coding": "0" if gsm.is_gsm(message.text) else "2",
        }
        if message.receipt_url:
            told = {"status": "%d", "answer": "%A", "ts": "%T", "id": str(message.id)}
            query["dlr-mask"] = _REPORTS
            query["dlr-url"] = called_back(message.receipt_url, told, key=self.settings.webhook_key)
        return query

    def _verdict(self, answer: Answer, message: Outgoing) -> Verdict:
        words = answer.text.strip()
        detail = quoted(words, secrets=(self.settings.password, self.settings.username), texts=(message.text,))
        if answer.status == 202 and _TAKEN.match(words):
            if "denied receivers" in words.lower():
                return refused("blocked", about=About.RECIPIENT, detail=detail)
            splits = _SPLITS.search(words)
            return accepted(str(message.id), segments=int(splits[1]) or None if splits else None)
        if answer.status in (400, 403):
            for said, reason, about in _REFUSALS:
                if said in words.lower():
                    return refused(reason, about=about, provider_code=str(answer.status), detail=detail)
        if answer.status == 404:
            return refused("bad_address", about=About.ACCOUNT, provider_code="404")
        if answer.status == 500 and words.startswith("Sending failed."):
            return refused("server_error", for_good=False, provider_code="500", detail=detail)
        if answer.status == 503 and words.startswith("Temporal failure"):
            return throttled(retry_after=answer.retry_after(), provider_code="503")
        return of_status(answer) or unknown("garbled" if answer.ok else "unrecognised")

    def read_webhook(self, request: WebRequest) -> Sequence[Report | Inbound]:
        """The report or the text from a phone in a call of an address with our key."""
        fields = verified(request, key=self.settings.webhook_key, encoding="latin-1")
        return heard(fields)

    def webhook_answer(self, taken: Sequence[Report | Inbound]) -> WebAnswer:  # the same for both
        """200 and nothing else: to any other status Kannel answers the phone with words of its own."""
        return WebAnswer(status=200)
