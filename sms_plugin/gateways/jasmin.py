"""Jasmin's HTTP API, an SMS gateway of one's own (P20): sending, receipts, texts from phones, balance.

Source: the project's documentation and source, and what Jasmin 0.11.1 does. Its REST API, a daemon apart, tells the
ids of a batch only by a call of its own and is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sms_plugin.errors import SmsError, worded
from sms_plugin.gateways.contract import (
    About,
    Balance,
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
from sms_plugin.gateways.jasmin_calls import heard
from sms_plugin.gateways.selfhosted import called_back, fits, key_problem, longest, verified
from sms_plugin.gateways.settings import BadSettings, setting
from sms_plugin.gateways.values import number_in
from sms_plugin.gateways.verdicts import of_failure, of_status, quoted, throttled, unreadable
from sms_plugin.text import gsm

_NUMBER = re.compile(r"\+?[0-9]{3,20}")
_SUCCESS = re.compile(r'Success "([^"\s]{1,100})"')
_ERROR = re.compile(r'Error "(.*)"', re.DOTALL)
# One status has several causes: words of the errors, in the order in which they are looked for.
_ERRORS: Sequence[tuple[int, str, str, About]] = (
    (403, "charge", "no_credit", About.ACCOUNT),
    (403, "authentication", "bad_credentials", About.ACCOUNT),
    # before anything is asked of them, by their length
    (400, "argument [username]", "bad_credentials", About.ACCOUNT),
    (400, "argument [password]", "bad_credentials", About.ACCOUNT),
    (400, "argument [dlr-url]", "bad_receipt_address", About.ACCOUNT),
    (400, "content filter", "rejected", About.MESSAGE),
    (400, "destination", "rejected", About.RECIPIENT),
    (400, "[to]", "bad_number", About.RECIPIENT),
    (400, "authorization", "account_refused", About.ACCOUNT),
    (400, "filter", "account_refused", About.ACCOUNT),
    (412, "no route", "unreachable", About.RECIPIENT),
)


@dataclass(frozen=True, kw_only=True)
class JasminSettings:
    """Where Jasmin's HTTP API listens, and a user of it."""

    base_url: str = setting(
        "Base address", default="http://127.0.0.1:1401", help="Host and port of the HTTP API (section http-api)."
    )
    username: str = setting("User name", help="The username of the user in jcli.")
    password: str = setting("Password", secret=True, help="The password of that user.")
    sender: str = setting("From", default="", help="Empty for the default sender of the user or the connector.")
    max_parts: int = setting(
        "Most parts of a message",
        default=5,
        minimum=1,
        maximum=255,
        help="long_content_max_parts of Jasmin's configuration, which cuts longer texts without a word: they are"
        " refused here.",
    )
    plus: bool = setting("Numbers with +", default=False, help="On where the SMSC wants the + before the number.")
    webhook_key: str = setting(
        "Key of the webhook",
        default="",
        secret=True,
        help="A long random word of letters and digits: Jasmin signs nothing. For texts from phones, make an HTTP"
        " connector in jcli with method POST, and as its url the provider's webhook address with ?key=… behind it.",
    )
    private_address: bool = setting(
        "Private address", default=False, help="On where Jasmin listens on this machine or in the own network."
    )

    def check(self) -> None:
        """Raises ``BadSettings`` that names every field that is wrong."""
        problems: dict[str, str] = {}
        try:
            base_address(self.base_url)
        except SmsError as error:
            problems["base_url"] = str(error)
        if problem := key_problem(self.webhook_key):
            problems["webhook_key"] = problem
        if problems:
            raise BadSettings(problems)


class JasminGateway(Gateway):
    """Jasmin: one request for each message."""

    settings: JasminSettings
    kind = "jasmin"
    label = "Jasmin"
    help = "An SMS gateway of one's own, by its HTTP API."
    Settings = JasminSettings

    @classmethod
    def capabilities(cls, settings: Any) -> Capabilities:
        """One message a request, of the parts that the settings allow."""
        return Capabilities(longest=longest(settings.max_parts), receipts=True, inbound=True, balance=True)

    @classmethod
    def warnings(cls, settings: Any) -> Sequence[str]:
        """``credentials_in_clear`` where another machine is asked without SSL."""
        return ("credentials_in_clear",) if in_clear(settings.base_url) else ()

    def __post_init__(self) -> None:
        self._base = base_address(self.settings.base_url)
        self._user = {"username": self.settings.username, "password": self.settings.password}
        self._sender = {"from": self.settings.sender} if self.settings.sender else {}

    def send(self, messages: Sequence[Outgoing]) -> Sequence[Verdict]:
        """A verdict per message; there is no idempotency key, so a lost answer is ``unknown``."""
        return [self._send(message) for message in messages]

    def _send(self, message: Outgoing) -> Verdict:
        if not _NUMBER.fullmatch(message.to):
            return refused("bad_number", about=About.RECIPIENT)
        if not fits(message.text, parts=self.settings.max_parts):
            return refused("too_long")
        try:
            answer = self.http.request("POST", f"{self._base}/send", data=self._form(message))
        except (NotSent, Unsure) as failure:
            return of_failure(failure)
        if answer.status == 200:
            taken = _SUCCESS.fullmatch(answer.text.strip())
            return accepted(taken[1]) if taken else unknown("garbled")
        return self._not_taken(answer, text=message.text)

    def _form(self, message: Outgoing) -> Mapping[str, str]:
        form = {**self._user, **self._sender}
        form["to"] = message.to if self.settings.plus else message.to.removeprefix("+")
        if gsm.is_gsm(message.text):
            form |= {"coding": "0", "content": message.text}
        else:
            form |= {"coding": "8", "hex-content": message.text.encode("utf-16-be").hex()}
        if message.receipt_url:
            url = called_back(message.receipt_url, {}, key=self.settings.webhook_key)
            form |= {"dlr": "yes", "dlr-level": "3", "dlr-method": "POST", "dlr-url": url}
        return form

    def _not_taken(self, answer: Answer, *, text: str) -> Verdict:
        """A refusal only where the error is one of Jasmin's own: each is told before the message is queued."""
        error = _ERROR.fullmatch(answer.text.strip())
        if error is None:
            bare = {404: refused("bad_address", about=About.ACCOUNT, provider_code="404")}.get(answer.status)
            return bare or of_status(answer) or unknown("garbled" if answer.ok else "unrecognised")
        words, code = error[1].lower(), str(answer.status)
        detail = quoted(error[1], secrets=self._user.values(), texts=(text,))
        if answer.status == 403 and "throughput" in words:
            return throttled(retry_after=answer.retry_after(), provider_code=code)
        for status, said, reason, about in _ERRORS:
            if answer.status == status and said in words:
                return refused(reason, about=about, provider_code=code, detail=detail)
        if answer.status == 400:
            return refused("rejected", provider_code=code, detail=detail)
        if answer.status == 412 or (answer.status == 500 and words.startswith("cannot send submit_sm")):
            return refused("server_error", for_good=False, provider_code=code, detail=detail)
        if answer.status == 503 and "interceptor" in words:
            return refused("server_error", for_good=False, provider_code=code, detail=detail)
        return of_status(answer) or unknown("unrecognised", provider_code=code, detail=detail)

    def read_webhook(self, request: WebRequest) -> Sequence[Report | Inbound]:
        """The receipt or the text from a phone in a call of an address with our key."""
        fields = verified(request, key=self.settings.webhook_key, encoding="latin-1")
        return heard(fields)

    def webhook_answer(self, taken: Sequence[Report | Inbound]) -> WebAnswer:  # the same for both
        """The only answer after which Jasmin does not call again."""
        return WebAnswer(status=200, body=b"ACK/Jasmin")

    def balance(self) -> Balance:
        """The user's credit. Raises ``SmsError`` where it is unlimited ("ND"): there is no number to show."""
        answer = self.http.request("GET", f"{self._base}/balance", params=self._user)
        if answer.status == 403:
            raise SmsError(worded("Jasmin does not know this user"), code="bad_credentials")
        try:
            told = answer.json() if answer.status == 200 else None
        except ValueError:
            told = None
        amount = told.get("balance") if isinstance(told, dict) else None
        if amount == "ND":
            raise SmsError(worded("This user's credit has no limit"), code="unlimited")
        number = number_in(amount)
        if number is None:
            raise unreadable(worded("balance"))
        return Balance(amount=number, unit="credits")
