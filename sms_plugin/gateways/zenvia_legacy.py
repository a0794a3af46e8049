"""Zenvia's older product, the SMS API (P6): many texts a request, each under our own id, answered by position.

Source: the vendor's own library. An id that was used before is refused by its number, and so taken once only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from sms_plugin.errors import SmsError, worded
from sms_plugin.gateways.contract import (
    About,
    Capabilities,
    Fetched,
    Found,
    Inbound,
    Outcome,
    Outgoing,
    Report,
    Sent,
    Verdict,
    WebRequest,
    refused,
    unknown,
)
from sms_plugin.gateways.http import Answer, Http, NotSent, Unsure
from sms_plugin.gateways.verdicts import of_failure, of_status, unreadable
from sms_plugin.gateways.zenvia_codes import NOTHING_NEW, UNKNOWN_ID, legacy_status, legacy_verdict
from sms_plugin.gateways.zenvia_reading import BRASILIA, moment, object_in, objects_in, own_id, parsed, text, word
from sms_plugin.gateways.zenvia_settings import ZenviaSettings
from sms_plugin.text.phones import digits

CAN = Capabilities(
    batch_size=100,
    receipts=True,
    polled=20,
    inbound=True,
    inbound_polled=True,
    lookup=True,
    idempotent=True,
)
_INBOX_BYTES = 1024 * 1024
_LOOK = timedelta(days=1)  # at once; and how far back the first goes
_OVERLAP = timedelta(minutes=10)  # what arrives late, and clocks that differ; the same text twice is one
_FOUND = "300"


class LegacyApi:
    """The account's conversation with the SMS API."""

    def __init__(self, settings: ZenviaSettings, http: Http) -> None:
        self._settings = settings
        self._http = http
        self._services = f"{settings.address}/services"
        self._auth = (settings.account, settings.api_password)

    def send(self, messages: Sequence[Outgoing]) -> Sequence[Verdict]:
        """A verdict per message, all of one request."""
        aggregate = self._settings.aggregate_id
        items = [self._item(message) for message in messages]
        body: dict[str, Any]
        if len(items) == 1:
            path, body = "send-sms", {"sendSmsRequest": items[0] | ({"aggregateId": aggregate} if aggregate else {})}
        else:
            common = {"aggregateId": int(aggregate)} if aggregate else {}
            path, body = "send-sms-multiple", {"sendSmsMultiRequest": {**common, "sendSmsRequestList": items}}
        try:
            answer = self._asked("POST", path, json=body)
        except (NotSent, Unsure) as failure:
            return [of_failure(failure)] * len(messages)
        return _verdicts(answer, messages)

    def _item(self, message: Outgoing) -> dict[str, str]:
        item = {"to": digits(message.to), "msg": message.text, "callbackOption": "ALL", "id": str(message.id)}
        return {"from": self._settings.sender, **item} if self._settings.sender else item

    def _asked(self, method: str, path: str, *, json: object = None, at_most: int = 64 * 1024) -> Answer:
        return self._http.request(
            method,
            f"{self._services}/{path}",
            json=json,
            headers={"Accept": "application/json"},  # without it the answer may be XML
            auth=self._auth,
            at_most=at_most,
        )

    def read_webhook(self, request: WebRequest) -> Sequence[Report | Inbound]:
        """The one receipt or text of a callback; nobody signs it."""
        told = parsed(request.body)
        receipt, reply = object_in(told, "callbackMtRequest"), object_in(told, "callbackMoRequest")
        if receipt:
            report = _report(receipt, status="status", detail="statusDetail")
            if report is None:
                raise SmsError("This is no receipt of Zenvia's", code="garbled")
            return [report]
        if not word(reply, "mobile"):
            raise SmsError("This is nothing that Zenvia sends", code="garbled")
        return [_inbound(reply, to="shortCode", answers="correlatedMessageSmsId", at="received")]

    def poll(self, sent: Sequence[Sent]) -> Sequence[Report]:
        """What is known of these, a request each; where one is not answered, what the others brought."""
        reports: list[Report] = []
        for each in sent:
            try:
                found = self._status(each.reference)
            except SmsError:
                if reports:
                    break
                raise
            report = _report(found, status="statusCode", detail="detailCode", given=each)
            if report is not None:
                reports.append(report)
        return reports

    def look_up(self, message: Outgoing, *, reference: str | None) -> Sequence[Found]:
        """The message under its own id, which the vendor knows whether its answer arrived or not."""
        wanted = reference or str(message.id)
        found = self._status(wanted)
        status = legacy_status(word(found, "statusCode"), word(found, "detailCode"))
        if status is None:
            return []
        return [Found(reference=wanted, status=status[0], provider_code=word(found, "detailCode"))]

    def _status(self, reference: str) -> Mapping[str, Any]:
        """What the vendor knows under an id; nothing where it knows none."""
        answer = self._asked("GET", f"get-sms-status/{quote(reference, safe='')}")
        told = object_in(_object(answer), "getSmsStatusResp")
        if not answer.ok or not word(told, "statusCode"):
            raise unreadable(worded("status"))
        return {} if word(told, "detailCode") == UNKNOWN_ID else told

    def fetch(self, cursor: str) -> Fetched:
        """The texts of the next day since the last look. They stay with the vendor: nothing is lost where we fail."""
        now = datetime.now(UTC)
        start = min(moment(cursor) or now - _LOOK, now)
        end = min(start + _LOOK, now)
        span = "/".join(f"{each.astimezone(BRASILIA):%Y-%m-%dT%H:%M:%S}" for each in (start - _OVERLAP, end))
        answer = self._asked("GET", f"received/search/{span}", at_most=_INBOX_BYTES)
        told = object_in(_object(answer), "receivedResponse")
        detail = word(told, "detailCode")
        if not answer.ok or detail not in (_FOUND, NOTHING_NEW):
            raise unreadable(worded("inbox"))
        texts = [
            _inbound(each, to="shortcode", answers="mtId", at="dateReceived")
            for each in objects_in(told, "receivedMessages")
            if word(each, "mobile")
        ]
        return Fetched(texts=texts, cursor=end.isoformat(timespec="seconds"), more=end < now)


def _object(answer: Answer) -> Mapping[str, Any]:
    try:
        return parsed(answer.body)
    except SmsError:
        return {}


def _verdicts(answer: Answer, messages: Sequence[Outgoing]) -> Sequence[Verdict]:
    """By position: the answer's items carry neither number nor id."""
    told = _object(answer)
    alone = object_in(told, "sendSmsResponse")
    items = [alone] if alone else objects_in(object_in(told, "sendSmsMultiResponse"), "sendSmsResponseList")
    verdicts = [_verdict(item, message) for item, message in zip(items, messages, strict=False)]
    if answer.ok and len(items) == len(messages):
        return verdicts
    if alone and verdicts[0].about is About.ACCOUNT:
        return verdicts * len(messages)
    if answer.status == 401:
        return [refused("bad_credentials", about=About.ACCOUNT, provider_code="401")] * len(messages)
    bare = of_status(answer) or unknown("unrecognised", provider_code=str(answer.status))
    if len(messages) == 1 and verdicts and verdicts[0].outcome is Outcome.REFUSED and answer.status < 500:
        return verdicts
    return [bare] * len(messages)


def _verdict(item: Mapping[str, Any], message: Outgoing) -> Verdict:
    parts = len(objects_in(item, "parts"))
    return legacy_verdict(
        word(item, "statusCode"), word(item, "detailCode"), reference=str(message.id), segments=parts or None
    )


def _report(told: Mapping[str, Any], *, status: str, detail: str, given: Sent | None = None) -> Report | None:
    """The receipt; None where it names no message, or no status that is documented."""
    known = legacy_status(word(told, status), word(told, detail))
    reference = given.reference if given else word(told, "id")
    if known is None or not reference:
        return None
    return Report(
        status=known[0],
        reference=reference,
        message_id=given.id if given else own_id(reference),
        provider_code=word(told, detail),
        reason=known[1],
        occurred_at=moment(word(told, "received")),
    )


def _inbound(told: Mapping[str, Any], *, to: str, answers: str, at: str) -> Inbound:
    answered = word(told, answers)
    return Inbound(
        sender=word(told, "mobile"),
        text=text(told, "body"),
        reference=word(told, "id") or None,
        to=word(told, to),
        answers=answered or None,
        answers_id=own_id(answered),
        received_at=moment(word(told, at)),
    )
