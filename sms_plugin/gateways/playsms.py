"""playSMS, one's own or a hosted one such as Khal PlaySMS: its webservices (P10).

Source: the project's documentation of them, and the source of its server. Every answer's HTTP status is 200.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sms_plugin.errors import SmsError, worded
from sms_plugin.gateways.asking import answers
from sms_plugin.gateways.contract import (
    About,
    Balance,
    Capabilities,
    Fetched,
    Gateway,
    Inbound,
    Outgoing,
    ReceiptStatus,
    Report,
    Sent,
    Verdict,
    accepted,
    refused,
    unknown,
)
from sms_plugin.gateways.http import Answer, NotSent, Unsure, base_address, in_clear
from sms_plugin.gateways.playsms_settings import PlaySmsSettings
from sms_plugin.gateways.references import batch_of, joined
from sms_plugin.gateways.values import number_in, whole_in
from sms_plugin.gateways.verdicts import of_failure, of_status, unreadable
from sms_plugin.text.gsm import is_gsm
from sms_plugin.text.phones import digits

_BATCH = 100
_POLLED = 20  # one request each, where each has an id of its own
_PAGE = 1000
_LIST_BYTES = 4 * 1024 * 1024
_STATUS = {"1": ReceiptStatus.SENT, "2": ReceiptStatus.FAILED, "3": ReceiptStatus.DELIVERED}
_IN_QUEUE, _PROCESSED, _NO_STATUS, _NO_DATA = "401", "402", "400", "501"
_ACCOUNT = {
    "100": "bad_credentials",
    "101": "bad_request",
    "102": "bad_request",
    "103": "no_credit",
    "104": "bad_credentials",
    "105": "bad_credentials",
    "106": "account_refused",
}


class PlaySmsGateway(Gateway):
    """playSMS: several numbers with one text share a request, each with a result of its own."""

    settings: PlaySmsSettings
    kind = "playsms"
    label = "playSMS (Khal PlaySMS)"
    help = (
        "Your own playSMS or a hosted one. Receipts and replies are asked for, so nothing has to be set up on the"
        " server; the first time, the latest hundred texts of the inbox are taken. The server changes quotation marks."
    )
    Settings = PlaySmsSettings

    @classmethod
    def capabilities(cls, settings: Any) -> Capabilities:
        """Replies where the settings name an inbox."""
        return Capabilities(
            batch_size=_BATCH,
            same_text=True,
            flash=True,
            polled=_POLLED,
            inbound_polled=settings.inbox != "none",
            balance=True,
        )

    @classmethod
    def warnings(cls, settings: Any) -> Sequence[str]:
        """``credentials_in_clear`` without SSL."""
        return ("credentials_in_clear",) if in_clear(settings.base_url) else ()

    def __post_init__(self) -> None:
        settings = self.settings
        self._url = f"{base_address(settings.base_url)}/index.php?app=ws"
        self._account = {"u": settings.user, "h": settings.token, "format": "json"}
        self._fixed = {"type": "flash" if settings.flash else "text", "nofooter": "1", **settings.of_type()}
        if settings.sender:
            self._fixed["from"] = settings.sender

    def send(self, messages: Sequence[Outgoing]) -> Sequence[Verdict]:
        """A verdict per message; those with one text share a request, and are told apart by their place in it."""
        verdicts: dict[int, Verdict] = {}
        places: dict[str, list[int]] = {}
        for at, message in enumerate(messages):
            places.setdefault(message.text, []).append(at)
        for text, together in places.items():
            for start in range(0, len(together), _BATCH):
                some = together[start : start + _BATCH]
                verdicts.update(zip(some, self._submit([messages[at].to for at in some], text=text), strict=True))
        return [verdicts[at] for at in range(len(messages))]

    def _submit(self, numbers: Sequence[str], *, text: str) -> Sequence[Verdict]:
        form = {"op": "pv", **self._account, **self._fixed, "to": ",".join(digits(number) for number in numbers)}
        form |= {"msg": text, "unicode": "0" if is_gsm(text) else "1"}
        try:
            answer = self.http.request("POST", self._url, data=form)
        except (NotSent, Unsure) as failure:
            return [of_failure(failure)] * len(numbers)
        told = _object(answer)
        items = told.get("data")
        if answer.ok and isinstance(items, list) and len(items) == len(numbers):
            return [_verdict(item, number) for item, number in zip(items, numbers, strict=True)]
        if answer.ok and told.get("status") == "ERR" and "data" not in told:
            return [_refusal(_code(told))] * len(numbers)
        return [of_status(answer) or unknown("garbled" if answer.ok else "unrecognised")] * len(numbers)

    def poll(self, sent: Sequence[Sent]) -> Sequence[Report]:
        """What became of the messages: one request for each queue, and one for each that has an id of its own."""
        told = answers((_question(one) for one in sent), self._told_of)
        return [
            Report(
                status=status,
                reference=one.reference,
                message_id=one.id,
                reason="failed" if status is ReceiptStatus.FAILED else "",
            )
            for one in sent
            if (status := _status_of(one, told.get(_question(one), {}))) is not None
        ]

    def _told_of(self, question: tuple[str, str]) -> Mapping[str, str]:
        """The states of a queue by reference, or of one message; under "" what holds for all of them."""
        name, asked = question
        told = self._asked("ds", what=worded("list of states"), **{name: asked, "c": str(_BATCH)})
        if _code(told) == _PROCESSED:
            return {"": "1"}
        return {
            joined(asked, str(row.get("dst"))) if name == "queue" else asked: str(row.get("status"))
            for row in _rows(told)
        }

    def fetch(self, cursor: str) -> Fetched:
        """The texts of the inbox that are newer than the cursor, which is the last one's id; the latest at first."""
        page = {"last": cursor, "c": str(_PAGE)} if cursor else {"c": str(_BATCH)}
        told = self._asked(self.settings.inbox, what=worded("inbox"), **page)
        rows = [row for row in _rows(told) if whole_in(row.get("id")) is not None]
        rows.sort(key=lambda row: int(row["id"]))
        texts = [_text(row) for row in rows if row.get("src") and isinstance(row.get("msg"), str)]
        return Fetched(texts=texts, cursor=str(rows[-1]["id"]) if rows else cursor)

    def balance(self) -> Balance:
        """The user's credit."""
        told = self._asked("cr", what=worded("balance"))
        amount = number_in(told.get("credit"))
        if amount is None:
            raise unreadable(worded("balance"))
        return Balance(amount=amount, unit="credits")

    def _asked(self, op: str, *, what: str, **more: str) -> Mapping[str, Any]:
        form = {"op": op, **self._account, **more}
        answer = self.http.request("POST", self._url, data=form, at_most=_LIST_BYTES)
        told = _object(answer)
        if not answer.ok or not told:
            raise unreadable(what)
        if told.get("status") == "ERR" and _code(told) not in {_IN_QUEUE, _PROCESSED, _NO_STATUS, _NO_DATA}:
            reason = _ACCOUNT.get(_code(told), "refused")
            raise SmsError(worded("The provider refused the question"), code=reason)
        return told


def _object(answer: Answer) -> Mapping[str, Any]:
    try:
        value = answer.json()
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _code(told: Mapping[str, Any]) -> str:
    return str(told.get("error", ""))[:10]


def _rows(told: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    rows = told.get("data")
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _verdict(item: object, number: str) -> Verdict:
    """One number's result. The id is empty where the server's daemon sends later: then its queue and number name it."""
    if not isinstance(item, dict):
        return unknown("garbled")
    if item.get("status") == "ERR":
        return _refusal(_code(item))
    id, queue = str(item.get("smslog_id") or ""), str(item.get("queue") or "")
    if item.get("status") != "OK" or not (id or queue):
        return unknown("garbled")
    return accepted(id if whole_in(id) else joined(queue, str(item.get("to") or number)))


def _refusal(code: str) -> Verdict:
    if code in _ACCOUNT or code.startswith("1"):
        return refused(_ACCOUNT.get(code, "account_refused"), about=About.ACCOUNT, provider_code=code)
    if code == "201":
        return refused("rejected_text", provider_code=code)
    if code.startswith("2"):
        # it did not send, and does not say why
        return refused("try_again", for_good=False, provider_code=code)
    return unknown("unrecognised", provider_code=code)


def _question(one: Sent) -> tuple[str, str]:
    queue = batch_of(one.reference)
    return ("smslog_id", queue) if queue == one.reference else ("queue", queue)


def _status_of(one: Sent, told: Mapping[str, str]) -> ReceiptStatus | None:
    return _STATUS.get(told.get(one.reference) or told.get("") or "")


def _text(row: Mapping[str, Any]) -> Inbound:
    """Its time is left out: nobody says in which zone the server's clock stands."""
    return Inbound(sender=str(row["src"]), text=row["msg"], reference=str(row["id"]), to=str(row.get("dst") or ""))
