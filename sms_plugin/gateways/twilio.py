"""Twilio's Programmable Messaging, API 2010-04-01 (P1): sending, signed receipts, balance, look-up.

Source: the vendor's OpenAPI description of that version, and its guides on webhooks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

from sms_plugin.errors import SmsError
from sms_plugin.gateways.contract import (
    Balance,
    Capabilities,
    Found,
    Gateway,
    Outgoing,
    ReceiptStatus,
    Report,
    Verdict,
    WebRequest,
    accepted,
    refused,
    unknown,
)
from sms_plugin.gateways.http import Answer, NotSent, Unsure, base_address, in_clear
from sms_plugin.gateways.settings import BadSettings, setting
from sms_plugin.gateways.twilio_codes import LATER, STATUS, refusal
from sms_plugin.gateways.twilio_signature import verified_fields
from sms_plugin.gateways.verdicts import of_failure, of_status, quoted, throttled, unreadable

_LONGEST = 1600
_SID = re.compile(r"(SM|MM)[0-9a-fA-F]{32}")
_LISTING_BYTES = 1024 * 1024
_LISTING_PAGES = 5
_SKEW = timedelta(seconds=60)  # between the database's clock, which gives ``since``, and Twilio's


@dataclass(frozen=True, kw_only=True)
class TwilioSettings:
    """A Twilio account and the sender that it texts from."""

    account_sid: str = setting("Account SID", help="AC and 32 characters, on the console's first page.")
    auth_token: str = setting(
        "Auth token", secret=True, help="Verifies receipts too, so it is needed beside an API key as well."
    )
    api_key_sid: str = setting("API key SID", default="", help="Optional: send with a key instead of the token.")
    api_key_secret: str = setting("API key secret", default="", secret=True)
    sender: str = setting(
        "From", default="", help="A number of the account with +, a short code or a registered sender name."
    )
    messaging_service_sid: str = setting(
        "Messaging Service SID", default="", help="Instead of a sender, or together with one of its senders."
    )
    base_url: str = setting("Base address", default="https://api.twilio.com")

    def check(self) -> None:
        """Raises ``BadSettings`` that names every field that is wrong."""
        problems: dict[str, str] = {}
        if not re.fullmatch(r"AC[0-9a-fA-F]{32}", self.account_sid):
            problems["account_sid"] = "is not AC and 32 hexadecimal digits"
        if bool(self.api_key_sid) != bool(self.api_key_secret):
            problems["api_key_secret"] = "and the key's SID need each other"
        service = self.messaging_service_sid
        if service and not re.fullmatch(r"MG[0-9a-fA-F]{32}", service):
            problems["messaging_service_sid"] = "is not MG and 32 hexadecimal digits"
        if not service and not self.sender:
            problems["sender"] = "is missing: a sender or a Messaging Service is needed"
        try:
            base_address(self.base_url)
        except SmsError as error:
            problems["base_url"] = str(error)
        if problems:
            raise BadSettings(problems)


class TwilioGateway(Gateway):
    """Twilio: one request for each message."""

    settings: TwilioSettings
    kind = "twilio"
    label = "Twilio"
    Settings = TwilioSettings

    @classmethod
    def capabilities(cls, settings: Any) -> Capabilities:  # the same for every account
        """One message a request, of at most 1600 characters; receipts, balance and look-up."""
        return Capabilities(longest=_LONGEST, receipts=True, balance=True, lookup=True)

    @classmethod
    def warnings(cls, settings: Any) -> Sequence[str]:
        """``credentials_in_clear`` at a base address without SSL."""
        return ("credentials_in_clear",) if in_clear(settings.base_url) else ()

    def __post_init__(self) -> None:
        settings = self.settings
        self._account = f"/2010-04-01/Accounts/{settings.account_sid}"
        self._messages = f"{base_address(settings.base_url)}{self._account}/Messages.json"
        sender = {"From": settings.sender, "MessagingServiceSid": settings.messaging_service_sid}
        self._sender = {name: value for name, value in sender.items() if value}
        key = (settings.api_key_sid, settings.api_key_secret)
        self._auth = key if settings.api_key_sid else (settings.account_sid, settings.auth_token)

    def send(self, messages: Sequence[Outgoing]) -> Sequence[Verdict]:
        """A verdict per message; there is no idempotency key, so a lost answer is ``unknown``."""
        return [self._send(message) for message in messages]

    def _send(self, message: Outgoing) -> Verdict:
        if len(message.text) > _LONGEST:
            return refused("too_long")
        form = {"To": message.to, **self._sender, "Body": message.text}
        if message.receipt_url:
            form["StatusCallback"] = message.receipt_url
        try:
            answer = self.http.request("POST", self._messages, data=form, auth=self._auth)
        except (NotSent, Unsure) as failure:
            return of_failure(failure)
        return self._taken(answer) if answer.ok else self._not_taken(answer, text=message.text)

    def _taken(self, answer: Answer) -> Verdict:
        resource = _object(answer)
        sid = resource.get("sid")
        if not isinstance(sid, str) or not _SID.fullmatch(sid):
            return unknown("garbled")
        if STATUS.get(str(resource.get("status"))) is ReceiptStatus.FAILED:
            code = str(resource.get("error_code") or "")
            return refused(LATER.get(code, "failed"), provider_code=code)
        segments = str(resource.get("num_segments"))
        return accepted(sid, segments=int(segments) if segments.isdecimal() and int(segments) else None)

    def _not_taken(self, answer: Answer, *, text: str) -> Verdict:
        problem = _object(answer)
        code = problem.get("code")
        if not isinstance(code, int) or answer.status >= 500:
            bare = {401: 20003, 404: 20404}.get(answer.status)
            return refusal(bare) if bare else of_status(answer) or unknown("unrecognised")
        if code == 20429 or answer.status == 429:
            return throttled(retry_after=answer.retry_after(), provider_code=str(code))
        secrets = (self.settings.auth_token, self.settings.api_key_secret)
        return refusal(code, detail=quoted(problem.get("message"), secrets=secrets, texts=(text,)))

    def read_receipts(self, request: WebRequest) -> Sequence[Report]:
        """The one receipt of a status callback, once its signature holds."""
        fields = verified_fields(request, token=self.settings.auth_token)
        sid, word = fields.get("MessageSid") or fields.get("SmsSid"), fields.get("MessageStatus", "")
        status = STATUS.get(word)
        if not sid or status is None:
            raise SmsError("This is no receipt of Twilio's", code="garbled")
        code = fields.get("ErrorCode", "")
        return [
            Report(
                status=status,
                reference=sid,
                number=fields.get("To"),
                provider_code=code,
                reason=LATER.get(code, ""),
            )
        ]

    def balance(self) -> Balance:
        """The account's balance; a sub-account has none of its own."""
        url = f"{base_address(self.settings.base_url)}{self._account}/Balance.json"
        told = self._asked(self.http.request("GET", url, auth=self._auth), what="balance")
        try:
            return Balance(amount=Decimal(str(told["balance"])), unit=str(told["currency"]).upper())
        except (KeyError, InvalidOperation):
            raise unreadable("balance") from None

    def look_up(self, message: Outgoing, *, reference: str | None, since: datetime) -> Sequence[Found]:
        """The message with that SID, or those of that day with the same number and exactly the same text."""
        if reference is not None:
            url = f"{self._messages.removesuffix('.json')}/{quote(reference, safe='')}.json"
            answer = self.http.request("GET", url, auth=self._auth)
            resources = [] if answer.status == 404 else [self._asked(answer, what="message")]
        else:
            resources = [one for one in self._listed(message, since=since) if _is_same(one, message, since=since)]
        return [found for one in resources if (found := _found(one)) is not None]

    def _listed(self, message: Outgoing, *, since: datetime) -> Iterator[Mapping[str, Any]]:
        base = base_address(self.settings.base_url)
        day = (since.astimezone(UTC) - _SKEW).date().isoformat()
        query: dict[str, str] | None = {"To": message.to, "DateSent>": day, "PageSize": "200"}
        url = self._messages
        for _ in range(_LISTING_PAGES):
            answer = self.http.request("GET", url, params=query, auth=self._auth, at_most=_LISTING_BYTES)
            page = self._asked(answer, what="list of messages")
            yield from (one for one in page.get("messages") or () if isinstance(one, dict))
            following = page.get("next_page_uri")
            if not isinstance(following, str) or not following.startswith(f"{self._account}/Messages.json?"):
                return
            url, query = base + following, None

    def _asked(self, answer: Answer, *, what: str) -> Mapping[str, Any]:
        told = _object(answer)
        if answer.status != 200 or not told:
            raise unreadable(what)
        return told


def _object(answer: Answer) -> Mapping[str, Any]:
    try:
        value = answer.json()
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _is_same(resource: Mapping[str, Any], message: Outgoing, *, since: datetime) -> bool:
    if resource.get("body") != message.text or resource.get("to") != message.to:
        return False
    if not str(resource.get("direction", "")).startswith("outbound"):
        return False
    try:
        return parsedate_to_datetime(str(resource.get("date_created"))) >= since - _SKEW
    except (ValueError, TypeError):
        return False


def _found(resource: Mapping[str, Any]) -> Found | None:
    sid, status = resource.get("sid"), STATUS.get(str(resource.get("status")))
    if not isinstance(sid, str) or status is None:
        return None
    return Found(reference=sid, status=status, provider_code=str(resource.get("error_code") or ""))
