"""Twilio's Programmable Messaging, API 2010-04-01 (P1): sending, signed receipts, texts from phones, balance, look-up.

Source: the vendor's OpenAPI description of that version, and its guides on webhooks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from sms_plugin.errors import SmsError, worded
from sms_plugin.gateways.asking import answers
from sms_plugin.gateways.contract import (
    Balance,
    Capabilities,
    Found,
    Gateway,
    Inbound,
    Outgoing,
    ReceiptStatus,
    Report,
    Sent,
    Verdict,
    WebAnswer,
    WebRequest,
    accepted,
    refused,
    unknown,
)
from sms_plugin.gateways.http import Answer, NotSent, Unsure, base_address, in_clear
from sms_plugin.gateways.twilio_codes import STATUS, later, refusal
from sms_plugin.gateways.twilio_reading import moment, report_of, segments_of, told_by
from sms_plugin.gateways.twilio_settings import TwilioSettings
from sms_plugin.gateways.twilio_signature import verified_fields
from sms_plugin.gateways.values import number_in
from sms_plugin.gateways.verdicts import of_failure, of_status, quoted, throttled, unreadable

_LONGEST = 1600
_SID = re.compile(r"(SM|MM)[0-9a-fA-F]{32}")
_POLLED = 10  # one request each
_NO_REPLY = b'<?xml version="1.0" encoding="UTF-8"?><Response></Response>'
_LISTING_BYTES = 1024 * 1024
_LISTING_PAGES = 5
_SKEW = timedelta(seconds=60)  # between the database's clock, which gives ``since``, and Twilio's


class TwilioGateway(Gateway):
    """Twilio: one request for each message."""

    settings: TwilioSettings
    kind = "twilio"
    label = "Twilio"
    help = (
        "For answers from phones, write the webhook's address into the Console: the number's (or the Messaging"
        " Service's) page, A message comes in."
    )
    Settings = TwilioSettings

    @classmethod
    def capabilities(cls, settings: Any) -> Capabilities:  # the same for every account
        """One message a request, of at most 1600 characters; everything but flash."""
        return Capabilities(
            longest=_LONGEST, receipts=True, polled=_POLLED, inbound=True, balance=True, lookup=True, prices=True
        )

    @classmethod
    def warnings(cls, settings: Any) -> Sequence[str]:
        """``credentials_in_clear`` at a base address without SSL."""
        return ("credentials_in_clear",) if in_clear(settings.base_url) else ()

    def __post_init__(self) -> None:
        settings = self.settings
        self._account = f"/2010-04-01/Accounts/{settings.account_sid}"
        self._messages = f"{base_address(settings.base_url)}{self._account}/Messages.json"
        fixed = {
            "From": settings.sender,
            "MessagingServiceSid": settings.messaging_service_sid,
            "ValidityPeriod": str(settings.validity or ""),
        }
        self._fixed = {name: value for name, value in fixed.items() if value}
        key = (settings.api_key_sid, settings.api_key_secret)
        self._auth = key if settings.api_key_sid else (settings.account_sid, settings.auth_token)

    def send(self, messages: Sequence[Outgoing]) -> Sequence[Verdict]:
        """A verdict per message; there is no idempotency key, so a lost answer is ``unknown``."""
        return [self._send(message) for message in messages]

    def _send(self, message: Outgoing) -> Verdict:
        if len(message.text) > _LONGEST:
            return refused("too_long")
        form = {"To": message.to, **self._fixed, "Body": message.text}
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
            return refused(later(code) or "failed", provider_code=code)
        return accepted(sid, segments=segments_of(resource))

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

    def read_webhook(self, request: WebRequest) -> Sequence[Report | Inbound]:
        """The one receipt of a status callback, or the one text from a phone, once its signature holds."""
        return [told_by(verified_fields(request, token=self.settings.auth_token))]

    def webhook_answer(self, taken: Sequence[Report | Inbound]) -> WebAnswer:
        """A text from a phone is answered with TwiML that sends nothing back."""
        if any(isinstance(each, Inbound) for each in taken):
            return WebAnswer(status=200, body=_NO_REPLY, content_type="text/xml; charset=utf-8")
        return WebAnswer()

    def poll(self, sent: Sequence[Sent]) -> Sequence[Report]:
        """What the messages' resources say: these tell the price, which no callback does."""
        told = answers((each.reference for each in sent), self._resource)
        reports = (report_of(resource, reference=sid) for sid, resource in told.items() if resource is not None)
        return [report for report in reports if report is not None]

    def _resource(self, sid: str) -> Mapping[str, Any] | None:
        url = f"{self._messages.removesuffix('.json')}/{quote(sid, safe='')}.json"
        answer = self.http.request("GET", url, auth=self._auth)
        return None if answer.status == 404 else self._asked(answer, what=worded("message"))

    def balance(self) -> Balance:
        """The account's balance; a sub-account has none of its own."""
        url = f"{base_address(self.settings.base_url)}{self._account}/Balance.json"
        told = self._asked(self.http.request("GET", url, auth=self._auth), what=worded("balance"))
        amount, unit = number_in(told.get("balance")), told.get("currency")
        if amount is None or not unit:
            raise unreadable(worded("balance"))
        return Balance(amount=amount, unit=str(unit).upper())

    def look_up(self, message: Outgoing, *, reference: str | None, since: datetime) -> Sequence[Found]:
        """The message with that SID, or those of that day with the same number and exactly the same text."""
        if reference is not None:
            resource = self._resource(reference)
            resources = [] if resource is None else [resource]
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
            page = self._asked(answer, what=worded("list of messages"))
            yield from (one for one in page.get("messages") or () if isinstance(one, dict))
            following = page.get("next_page_uri")
            if not isinstance(following, str) or not following.startswith(f"{self._account}/Messages.json?"):
                return
            url, query = base + following, None

    def _asked(self, answer: Answer, *, what: str) -> Mapping[str, Any]:
        told = _object(answer)
        if answer.status == 401:
            raise SmsError(worded("The provider does not know these credentials"), code="bad_credentials")
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
    created = moment(resource.get("date_created"))
    return created is not None and created >= since - _SKEW


def _found(resource: Mapping[str, Any]) -> Found | None:
    sid, status = resource.get("sid"), STATUS.get(str(resource.get("status")))
    if not isinstance(sid, str) or status is None:
        return None
    return Found(reference=sid, status=status, provider_code=str(resource.get("error_code") or ""))
