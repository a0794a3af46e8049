"""TurboSMS's HTTP API (P4, P5): one text to as many as 5,000 numbers, by SMS, by Viber, or by Viber and then SMS.

Source: the vendor's page on the API; for the callback and ``sequence_id``, public clients of the live service.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any
from uuid import UUID

from sms_plugin.errors import ForgedRequest, SmsError, worded
from sms_plugin.gateways.contract import (
    About,
    Balance,
    Capabilities,
    Gateway,
    Inbound,
    Outcome,
    Outgoing,
    Report,
    Sent,
    Verdict,
    WebAnswer,
    WebRequest,
    accepted,
    refused,
    unknown,
)
from sms_plugin.gateways.grouping import digits, same_texts
from sms_plugin.gateways.http import Answer, NotSent, Unsure, base_address, in_clear
from sms_plugin.gateways.turbosms_codes import DUPLICATE, EXECUTED, reason_of, refusal
from sms_plugin.gateways.turbosms_reports import report_of, verify
from sms_plugin.gateways.turbosms_settings import TurboSmsSettings
from sms_plugin.gateways.values import number_in
from sms_plugin.gateways.verdicts import of_failure, of_status, unreadable
from sms_plugin.text.gsm import is_gsm

_LONGEST_GSM, _LONGEST_UCS2, _LONGEST_VIBER = 1521, 661, 1000
_POLLED = 100
_MOST_TRIES = 10
_ANSWER_BYTES, _ITEM_BYTES = 64 * 1024, 512
_NAME = re.compile(r"[A-Z][A-Z0-9_]{1,60}")


class TurboSmsGateway(Gateway):
    """TurboSMS: one request for all messages that share a text."""

    settings: TurboSmsSettings
    kind = "turbosms"
    label = "TurboSMS"
    help = (
        "SMS and Viber in Ukraine, up to 5,000 numbers in one request. Receipts are asked for; they come sooner where"
        " the callback is set up in the TurboSMS account, with the address that this page shows and a secret of yours."
    )
    Settings = TurboSmsSettings

    @classmethod
    def capabilities(cls, settings: Any) -> Capabilities:
        """What the chosen way can do; receipts are pushed only where the callback has a secret."""
        only_sms = settings.ways == ("sms",)
        return Capabilities(
            batch_size=settings.batch_size,
            same_text=True,
            longest=_LONGEST_GSM if only_sms else _LONGEST_VIBER,
            flash=only_sms,
            channels=settings.ways,
            receipts=bool(settings.callback_secret),
            polled=_POLLED,
            balance=True,
            idempotent=True,
        )

    @classmethod
    def warnings(cls, settings: Any) -> Sequence[str]:
        """``credentials_in_clear`` at a base address without SSL."""
        return ("credentials_in_clear",) if in_clear(settings.base_url) else ()

    def __post_init__(self) -> None:
        self._base = base_address(self.settings.base_url)
        self._headers = {"Authorization": f"Bearer {self.settings.token}"}

    def send(self, messages: Sequence[Outgoing]) -> Sequence[Verdict]:
        """A verdict per message. A request is named after its messages, so that it is executed once."""
        verdicts: dict[UUID, Verdict] = {}
        for group in same_texts(messages):
            verdicts.update(zip((message.id for message in group), self._submitted(group), strict=True))
        return [verdicts[message.id] for message in messages]

    def _submitted(self, group: Sequence[Outgoing]) -> Sequence[Verdict]:
        text = group[0].text
        if self._is_too_long(text):
            return [refused("too_long")] * len(group)
        body = {"recipients": [digits(message.to) for message in group], **self._by_way(text)}
        verdicts: Sequence[Verdict] = ()
        for name in _names_of([message.id for message in group]):
            try:
                answer = self._posted("message/send", {**body, "sequence_id": name}, items=len(group))
            except (NotSent, Unsure) as failure:
                return [of_failure(failure)] * len(group)
            verdicts = _judged(answer, group)
            if any(each.outcome is not Outcome.REFUSED or each.for_good for each in verdicts) or not _is_old(answer):
                break  # else an earlier try has used the name up, and was surely not taken
        return verdicts

    def _is_too_long(self, text: str) -> bool:
        by_sms = _LONGEST_GSM if is_gsm(text) else _LONGEST_UCS2
        bounds = {"sms": by_sms, "viber": _LONGEST_VIBER}
        return len(text) > min(bounds[way] for way in self.settings.ways)

    def _by_way(self, text: str) -> dict[str, Any]:
        """The text by each way. Viber gives up at the moment when the SMS goes (P5)."""
        settings = self.settings
        told: dict[str, dict[str, Any]] = {}
        if "viber" in settings.ways:
            told["viber"] = {"sender": settings.viber_sender, "text": text, "ttl": settings.viber_seconds}
            if settings.transactional:
                told["viber"]["is_transactional"] = 1
        if "sms" in settings.ways:
            told["sms"] = {"sender": settings.sender, "text": text}
            if settings.flash:
                told["sms"]["is_flash"] = 1
            if "viber" in settings.ways:
                told["sms"]["hybrid_ttl"] = settings.viber_seconds
        return told

    def _posted(self, method: str, body: object, *, items: int) -> Answer:
        url, most = f"{self._base}/{method}.json", _ANSWER_BYTES + items * _ITEM_BYTES
        return self.http.request("POST", url, json=body, headers=self._headers, at_most=most)

    def read_webhook(self, request: WebRequest) -> Sequence[Report | Inbound]:
        """The one receipt of a callback whose signature holds. Only the event's id is signed: what it says is as good
        as the secret in the address that was called.
        """
        try:
            told = json.loads(request.body)
            event, given, data = str(told["id"]), str(told["signature"]), told.get("data")
        except (ValueError, TypeError, LookupError, RecursionError):
            raise ForgedRequest("The callback is not signed.", code="forged") from None
        verify(event, given, secret=self.settings.callback_secret)
        if not isinstance(data, dict):
            raise SmsError("This is no callback of TurboSMS's", code="garbled")
        report = report_of(data, at=data.get("dlr_date"), ways=self.settings.ways)
        return [] if report is None else [report]

    def webhook_answer(self, taken: Sequence[Report | Inbound]) -> WebAnswer:  # the same for all
        """200: the vendor calls again for anything else."""
        return WebAnswer(status=200)

    def poll(self, sent: Sequence[Sent]) -> Sequence[Report]:
        """What has become of these messages, and by which way they went."""
        body = {"messages": [each.reference for each in sent]}
        results = _told(self._posted("message/status", body, items=len(sent)), what=worded("receipts"))
        if not isinstance(results, list):
            raise unreadable(worded("receipts"))
        told = [one for one in results if isinstance(one, dict)]
        reports = [report_of(one, at=one.get("updated"), ways=self.settings.ways) for one in told]
        return [report for report in reports if report is not None]

    def balance(self) -> Balance:
        """What is left on the account, in hryvnias."""
        told = _told(self._posted("user/balance", {}, items=0), what=worded("balance"))
        amount = number_in(told.get("balance")) if isinstance(told, dict) else None
        if amount is None:
            raise unreadable(worded("balance"))
        return Balance(amount=amount, unit="UAH")


def _names_of(messages: Sequence[UUID]) -> Iterator[str]:
    """What makes a request the same one: its messages, in whatever order; then a name for each try that failed."""
    name = b"".join(sorted(message.bytes for message in messages))
    for _ in range(_MOST_TRIES):
        name = blake2b(name, digest_size=20).digest()
        yield name.hex()


def _is_old(answer: Answer) -> bool:
    """Whether the results are those of an earlier request of the same name."""
    return _envelope(answer)[0] == DUPLICATE


def _envelope(answer: Answer) -> tuple[int | None, str, Any]:
    """The code, its name and the result that an answer holds; None for a code that is not there."""
    try:
        told = answer.json()
    except ValueError:
        told = None
    code = told.get("response_code") if isinstance(told, dict) else None
    if not isinstance(code, int) or isinstance(code, bool):
        return None, "", None
    return code, _name(told), told.get("response_result")


def _name(told: Mapping[str, Any]) -> str:
    name = told.get("response_status")
    return name if isinstance(name, str) and _NAME.fullmatch(name) else ""


def _judged(answer: Answer, group: Sequence[Outgoing]) -> Sequence[Verdict]:
    """The verdicts of one request: each recipient's own result where there is one, else what is said of them all."""
    code, name, results = _envelope(answer)
    if code is None or answer.status >= 500:
        said = of_status(answer)
        whole = said or unknown("garbled" if answer.ok else "unrecognised", provider_code=str(answer.status))
        return [whole] * len(group)
    # a success that is told of nobody is none, and what is said of one number says nothing of several
    whole = unknown("garbled") if code in EXECUTED else refusal(code, name=name)
    if whole.about is About.RECIPIENT and len(group) > 1:
        whole = unknown("unrecognised", provider_code=str(code), detail=name)
    own = _by_number(results) if answer.ok else {}
    return [own.get(digits(message.to), whole) for message in group]


def _by_number(results: object) -> dict[str, Verdict]:
    """The verdict for each number of a list of results. Of a number that stands there twice the acceptance counts: the
    other one is what the vendor left out.
    """
    verdicts: dict[str, Verdict] = {}
    for one in results if isinstance(results, list) else ():
        if isinstance(one, dict) and (number := digits(one.get("phone"))):
            verdict = _verdict(one)
            if number not in verdicts or verdict.reference:
                verdicts[number] = verdict
    return verdicts


def _verdict(one: Mapping[str, Any]) -> Verdict:
    code, reference = one.get("response_code"), one.get("message_id")
    if not isinstance(code, int) or isinstance(code, bool):
        return unknown("garbled")
    if code not in EXECUTED:
        return refusal(code, name=_name(one))
    return accepted(reference) if isinstance(reference, str) and reference else unknown("garbled")


def _told(answer: Answer, *, what: str) -> Any:
    """The result of a question. Raises ``SmsError`` that says why there is none."""
    code, _, result = _envelope(answer)
    if code is None or not answer.ok:
        raise unreadable(what)
    if code not in EXECUTED:
        raise SmsError(worded("The provider does not tell its %(what)s", what=what), code=reason_of(code))
    return result
