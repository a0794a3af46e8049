"""Clickatell, by the One API and by the SMS platform API of older keys (P2): sending, callbacks, balance.

Source: the vendor's guides and its own client; balance and status of a message: public clients.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote
from uuid import UUID

from sms_plugin.errors import SmsError, worded
from sms_plugin.gateways import clickatell_callbacks as callbacks
from sms_plugin.gateways.clickatell_codes import (
    AGAIN,
    BAD_KEY,
    NO_FUNDS,
    is_known,
    refusal,
    refusal_in_words,
)
from sms_plugin.gateways.clickatell_settings import ONE, ClickatellSettings
from sms_plugin.gateways.contract import (
    About,
    Balance,
    Capabilities,
    Gateway,
    Inbound,
    Outgoing,
    Report,
    Sent,
    Verdict,
    WebRequest,
    accepted,
    refused,
    unknown,
)
from sms_plugin.gateways.grouping import digits, same_texts
from sms_plugin.gateways.http import Answer, NotSent, Unsure, base_address, in_clear
from sms_plugin.gateways.values import number_in
from sms_plugin.gateways.verdicts import of_failure, of_status, quoted, unreadable

_POLLED = 20
_ANSWER_BYTES, _ITEM_BYTES = 64 * 1024, 512
#: What the vendor documents of a status without a body that says more.
_STATUSES: Mapping[int, Verdict] = {
    401: refusal(BAD_KEY),
    402: refusal(NO_FUNDS),
    404: refused("bad_address", about=About.ACCOUNT, provider_code="404"),
}


class ClickatellGateway(Gateway):
    """Clickatell: a text of its own for each message by the One API, one text for many numbers by the other."""

    settings: ClickatellSettings
    kind = "clickatell"
    label = "Clickatell"
    help = (
        "Receipts and answers come where the integration's callbacks for message status and for received messages both"
        " have the address that this page shows."
    )
    Settings = ClickatellSettings

    @classmethod
    def capabilities(cls, settings: Any) -> Capabilities:
        """A batch of either API's kind; only the One API can be asked about a message."""
        one = settings.flavour == ONE
        return Capabilities(
            batch_size=settings.batch_size,
            same_text=not one,
            receipts=True,
            polled=_POLLED if one else 0,
            inbound=True,
            balance=True,
        )

    @classmethod
    def warnings(cls, settings: Any) -> Sequence[str]:
        """``credentials_in_clear`` at a base address without SSL."""
        return ("credentials_in_clear",) if in_clear(settings.base_url) else ()

    def __post_init__(self) -> None:
        self._base = base_address(self.settings.base_url)
        self._one = self.settings.flavour == ONE
        self._headers = {"Authorization": self.settings.api_key, "Accept": "application/json"}
        self._sender = {"from": digits(self.settings.sender)} if self.settings.sender else {}

    def send(self, messages: Sequence[Outgoing]) -> Sequence[Verdict]:
        """A verdict per message. Nothing makes a request the same as another: a lost answer is ``unknown``."""
        groups = [list(messages)] if self._one else same_texts(messages)
        verdicts: dict[UUID, Verdict] = {}
        for group in groups:
            verdicts.update(zip((message.id for message in group), self._submitted(group), strict=True))
        return [verdicts[message.id] for message in messages]

    def _submitted(self, group: Sequence[Outgoing]) -> Sequence[Verdict]:
        path, body = ("v1/message", self._each(group)) if self._one else ("messages", self._together(group))
        url, most = f"{self._base}/{path}", _ANSWER_BYTES + _ITEM_BYTES * len(group)
        try:
            answer = self.http.request("POST", url, json=body, headers=self._headers, at_most=most)
        except (NotSent, Unsure) as failure:
            return [of_failure(failure)] * len(group)
        return self._judged(answer, group)

    def _each(self, group: Sequence[Outgoing]) -> Mapping[str, Any]:
        """The One API: everything of each message, our own id among it."""
        return {
            "messages": [
                {
                    "channel": "sms",
                    "to": digits(message.to),
                    "content": message.text,
                    "clientMessageId": message.id.hex,
                    **self._sender,
                }
                for message in group
            ]
        }

    def _together(self, group: Sequence[Outgoing]) -> Mapping[str, Any]:
        """The platform API: one text, and one id of ours, which can be that of one message only."""
        ours = {"clientMessageId": group[0].id.hex} if len(group) == 1 else {}
        to = [digits(message.to) for message in group]
        return {"content": group[0].text, "to": to, "charset": "UTF-8", **ours, **self._sender}

    def _judged(self, answer: Answer, group: Sequence[Outgoing]) -> Sequence[Verdict]:
        """Each message's own result where there is one, else what is said of them all."""
        told = _object(answer)
        results = told.get("messages")
        if answer.status < 500 and isinstance(results, list) and results:
            found = _in_order(results, group)
            return [self._verdict(one, answer, message) for one, message in zip(found, group, strict=True)]
        whole = self._of_all(told, answer, group)
        if whole.about is About.RECIPIENT and len(group) > 1:
            whole = unknown("unrecognised", provider_code=whole.provider_code)
        return [whole] * len(group)

    def _verdict(self, one: Mapping[str, Any], answer: Answer, message: Outgoing) -> Verdict:
        reference, taken = one.get("apiMessageId"), one.get("accepted")
        if taken is True and answer.ok and isinstance(reference, str) and reference:
            return accepted(reference)
        if taken is not False:
            return unknown("garbled")
        code, words = _error(one)
        return self._refusal(code, words, answer, texts=(message.text,))

    def _of_all(self, told: Mapping[str, Any], answer: Answer, group: Sequence[Outgoing]) -> Verdict:
        code, words = _error(told)
        texts = [message.text for message in group[:1]]
        if answer.status >= 500:
            # of the server's own errors only this one says that the same may be sent again
            again = self._one and (answer.status, code) == (503, AGAIN)
            return self._refusal(code, words, answer, texts=texts) if again else _bare(answer)
        if answer.ok:
            # a success that is told of nobody is none
            known = self._one and is_known(code)
            return self._refusal(code, words, answer, texts=texts) if known else unknown("garbled")
        if code is None or of_status(answer) or (answer.status in _STATUSES and not self._one):
            return _bare(answer)
        return self._refusal(code, words, answer, texts=texts)

    def _refusal(self, code: int | None, words: str, answer: Answer, *, texts: Sequence[str]) -> Verdict:
        detail = quoted(words, secrets=(self.settings.api_key,), texts=texts)
        if self._one:
            return refusal(code, words=words, detail=detail, retry_after=answer.retry_after())
        return refusal_in_words(code, words=words, detail=detail)

    def read_webhook(self, request: WebRequest) -> Sequence[Report | Inbound]:
        """The statuses and texts of a callback, once its user and password hold, where it was set up with any."""
        callbacks.verify(request, user=self.settings.callback_user, password=self.settings.callback_password)
        return callbacks.read(request, one=self._one)

    def poll(self, sent: Sequence[Sent]) -> Sequence[Report]:
        """What has become of these messages: a request for each. Where one fails, what was told before it counts."""
        reports: list[Report] = []
        for each in sent:
            try:
                told = self._asked(f"v1/message/{quote(each.reference, safe='')}", what=worded("receipts"))
            except SmsError:
                if not reports:
                    raise
                break
            reports += [report for one in told.values() if (report := callbacks.asked_for(one, each)) is not None]
        return reports

    def balance(self) -> Balance:
        """What is left on the account."""
        told = self._asked("v1/balance" if self._one else "public-client/balance", what=worded("balance"))
        amount = number_in(told.get("balance"))
        if amount is None:
            raise unreadable(worded("balance"))
        return Balance(amount=amount, unit=str(told.get("currency") or "credits"))

    def _asked(self, path: str, *, what: str) -> Mapping[str, Any]:
        """The object that answers a question; empty for what is not there."""
        answer = self.http.request("GET", f"{self._base}/{path}", headers=self._headers)
        if answer.status == 401:
            raise SmsError(worded("The provider does not know this key"), code="bad_credentials")
        told = _object(answer)
        if answer.status == 404 and what == "receipts":
            return {}
        if answer.status != 200 or not told:
            raise unreadable(what)
        return told


def _object(answer: Answer) -> Mapping[str, Any]:
    try:
        told = answer.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _bare(answer: Answer) -> Verdict:
    """What the status alone says."""
    said = _STATUSES.get(answer.status) or of_status(answer)
    return said or unknown("unrecognised", provider_code=str(answer.status))


def _in_order(results: Sequence[Any], group: Sequence[Outgoing]) -> Sequence[Mapping[str, Any]]:
    """The result of each message: in the order of the request where the numbers agree, else by number; an empty one
    where it cannot be told.
    """
    told = [one if isinstance(one, dict) else {} for one in results]
    numbers = [digits(message.to) for message in group]
    if len(told) == len(group) and all(
        digits(one.get("to")) in ("", own) for one, own in zip(told, numbers, strict=True)
    ):
        return told
    by_number = {digits(one.get("to")): one for one in told}
    once = len(by_number) == len(told) and len(set(numbers)) == len(numbers)
    return [by_number.get(number, {}) if once else {} for number in numbers]


def _error(told: Mapping[str, Any]) -> tuple[int | None, str]:
    """Code and words of an error, by all the names that the two APIs and their older servers have for them."""
    error = told.get("error")
    if isinstance(error, dict):
        return callbacks.whole(error.get("code")), str(error.get("description") or "")
    code = callbacks.whole(told.get("errorCode"))
    code = callbacks.whole(error) if code is None else code
    return code, str(told.get("errorDescription") or (error if isinstance(error, str) else ""))
