"""A gateway for any provider that takes an HTTP request, described by its settings (P11)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any, ClassVar

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
    Report,
    Sent,
    Verdict,
    WebAnswer,
    WebRequest,
    accepted,
    refused,
    unknown,
)
from sms_plugin.gateways.generic_sending import SEPARATORS
from sms_plugin.gateways.generic_settings import GenericHttpSettings, credentials
from sms_plugin.gateways.generic_webhook import inside, read, texts
from sms_plugin.gateways.http import Answer, NotSent, Unsure, in_clear
from sms_plugin.gateways.placeholders import json_escaped, percent_encoder, verbatim
from sms_plugin.gateways.spelling import encodable, within_charset, without_accents
from sms_plugin.gateways.status_words import meaning_of
from sms_plugin.gateways.verdicts import of_failure, of_status, quoted, unreadable
from sms_plugin.text.phones import digits, national_digits

_POLLED = 10  # one request each
_LONGEST_LIST = 1024 * 1024  # bytes
_AMOUNT = re.compile(r"[+-]?\d{1,15}(?:[.,]\d{1,6})?", re.ASCII)
_CONTENT_TYPES = {"form": "application/x-www-form-urlencoded", "json": "application/json"}


class GenericHttpGateway(Gateway):
    """Fills a URL, a body and headers with each message, and reads the answer by the admin's rules."""

    kind = "generic"
    label = "Generic HTTP"
    help = "For a provider that is not on the list: write down its request and how its answers are read."
    Settings: ClassVar[type[Any]] = GenericHttpSettings

    @classmethod
    def described(cls, settings: Any) -> GenericHttpSettings:
        """The settings as the machinery needs them; a preset makes them from its own short form."""
        described: GenericHttpSettings = settings
        return described

    @classmethod
    def capabilities(cls, settings: Any) -> Capabilities:
        """What the settings say."""
        described = cls.described(settings)
        return Capabilities(
            batch_size=described.batch_size,
            same_text=described.batch_size > 1,
            longest=described.longest or None,
            unicode=described.accents and described.charset == "utf-8",
            receipts=described.takes_receipts,
            polled=_POLLED if described.status_url else 0,
            inbound=described.takes_texts,
            inbound_polled=bool(described.inbox_url),
            balance=bool(described.balance_url),
        )

    @classmethod
    def warnings(cls, settings: Any) -> Sequence[str]:
        """``credentials_in_clear`` without SSL (P12)."""
        return ("credentials_in_clear",) if in_clear(cls.described(settings).base) else ()

    def __post_init__(self) -> None:
        self._plan = self.described(self.settings)
        self._fixed = credentials(self._plan)
        self._auth = (self._plan.user, self._plan.password) if self._plan.basic_auth else None
        self._percent = percent_encoder(self._plan.charset)
        self._of_body = json_escaped if self._plan.body_format == "json" else self._percent

    def send(self, messages: Sequence[Outgoing]) -> Sequence[Verdict]:
        """A verdict per message; messages with one text share a request, up to ``batch_size``."""
        verdicts: dict[int, Verdict] = {}
        sendable: dict[str, list[int]] = {}
        for at, message in enumerate(messages):
            text = self._spelt(message.text)
            problem = self._problem(message, text=text)
            if problem is not None:
                verdicts[at] = problem
            else:
                sendable.setdefault(text, []).append(at)
        for text, places in sendable.items():
            for some in _chunks(places, size=self._plan.batch_size):
                verdict = self._submit([messages[at] for at in some], text=text)
                verdicts.update(dict.fromkeys(some, verdict))
        return [verdicts[at] for at in range(len(messages))]

    def _spelt(self, text: str) -> str:
        spelt = text if self._plan.accents else without_accents(text)
        return spelt if encodable(spelt, charset=self._plan.charset) else self._fitted(spelt)

    def _fitted(self, text: str) -> str:
        return within_charset(text, charset=self._plan.charset)

    def _problem(self, message: Outgoing, *, text: str) -> Verdict | None:
        """The refusal of a message that these settings cannot express."""
        plan = self._plan
        if plan.longest and len(text) > plan.longest:
            return refused("too_long")
        if not encodable(text, charset=plan.charset if plan.accents else "ascii"):
            return refused("unsupported_characters")
        if plan.number_form == "national" and message.to != f"+{plan.country_code}{national_digits(message.to)}":
            # Without its country code the number would be somebody else's.
            return refused("foreign_number", about=About.RECIPIENT)
        return None

    def _number(self, to: str) -> str:
        if self._plan.number_form == "national":
            return national_digits(to)
        return digits(to) if self._plan.number_form == "digits" else to

    def _submit(self, messages: Sequence[Outgoing], *, text: str) -> Verdict:
        plan = self._plan
        values = {
            **self._fixed,
            "d": SEPARATORS[plan.separator].join(self._number(message.to) for message in messages),
            "m": text,
            "r": str(messages[0].id),
            "k": messages[0].id.hex,
            "c": messages[0].receipt_url or "",
        }
        body = plan.body_template.filled(values, encode=self._of_body)
        try:
            answer = self.http.request(
                plan.method,
                plan.base + plan.url_template.filled(values, encode=self._percent),
                data=body.encode() if body else None,
                headers=self._headers(values),
                auth=self._auth,
            )
        except (NotSent, Unsure) as failure:
            return of_failure(failure)
        return self._verdict(answer, text=text, several=len(messages) > 1)

    def _headers(self, values: Mapping[str, str], *, body: bool = True) -> dict[str, str]:
        headers = {name: value.filled(values, encode=verbatim) for name, value in self._plan.header_templates}
        content_type = _CONTENT_TYPES.get(self._plan.body_format) if body else None
        return {"Content-Type": content_type, **headers} if content_type else headers

    def _verdict(self, answer: Answer, *, text: str, several: bool) -> Verdict:
        """An explicit success first, then the error map, then what the status alone says."""
        rules = self._plan.rules
        body = answer.decoded(self._plan.charset)
        in_range = self._plan.status_from <= answer.status <= self._plan.status_to
        if in_range and rules.succeeded(body):
            return accepted(rules.reference(body))
        rule, code = rules.error(status=answer.status, body=body, text=text)
        shown = quoted(code, secrets=self._plan.secrets, texts=(text,))[:40]
        if rule is not None:
            if several and rule.meaning in ("recipient", "duplicate"):
                # One number of many: nobody says what became of the others.
                return unknown("part_refused", provider_code=shown)
            return rule.verdict(provider_code=shown, retry_after=answer.retry_after(), reference=rules.reference(body))
        if in_range and rules.by == "status":
            return accepted(rules.reference(body))
        return of_status(answer) or unknown("unrecognised", provider_code=shown)

    def read_webhook(self, request: WebRequest) -> Sequence[Report | Inbound]:
        """The receipts and texts in a request, by the names of their fields."""
        return read(request, self._plan)

    def webhook_answer(self, taken: Sequence[Report | Inbound]) -> WebAnswer:
        """The words that the provider waits for."""
        words = self._plan.webhook_answer
        return WebAnswer(status=200, body=words.encode()) if words else WebAnswer()

    def balance(self) -> Balance:
        """What stands where the balance is told."""
        told = self._plan.balance_told(self._asked("balance_url", what=worded("balance")))
        if told is None or not _AMOUNT.fullmatch(told.strip()):
            raise unreadable(worded("balance"))
        return Balance(amount=Decimal(told.strip().replace(",", ".")), unit=self._plan.balance_unit)

    def poll(self, sent: Sequence[Sent]) -> Sequence[Report]:
        """What the provider answers about each message, one request each; words that nobody explained tell nothing."""
        told = answers(sent, self._status_of)
        return [report for each in told for report in self._reported(told[each], about=each)]

    def _status_of(self, message: Sent) -> str | None:
        about = {"i": message.reference, "r": str(message.id), "k": message.id.hex, "d": self._number(message.number)}
        return self._plan.status_told(self._asked("status_url", what=worded("message"), **about))

    def _reported(self, told: str | None, *, about: Sent) -> list[Report]:
        meaning = meaning_of(told, self._plan.words)
        if meaning is None:
            return []
        report = Report(
            status=meaning.status,
            reference=about.reference,
            message_id=about.id,
            provider_code=quoted(told, secrets=self._plan.secrets)[:40],
            reason=meaning.reason,
        )
        return [report]

    def fetch(self, cursor: str) -> Fetched:
        """The texts in the provider's list, and where the next question starts."""
        body = self._asked("inbox_url", what=worded("list of texts"), a=cursor)
        try:
            items = inside(json.loads(body), self._plan.inbox_items)
        except (ValueError, RecursionError):
            raise unreadable(worded("list of texts")) from None
        found = list(texts(items, self._plan))
        ends = [end for _, end in found if end]
        return Fetched(texts=[text for text, _ in found], cursor=ends[-1] if ends else cursor)

    def _asked(self, question: str, *, what: str, **values: str) -> str:
        """The answer's text. Raises ``SmsError`` for anything but a success."""
        filled = {**dict.fromkeys("irkda", ""), **self._fixed, **values}
        url = self._plan.base + self._plan.questions[question].filled(filled, encode=self._percent)
        answer = self.http.request(
            "GET", url, headers=self._headers(filled, body=False), auth=self._auth, at_most=_LONGEST_LIST
        )
        if answer.status == 401:
            raise SmsError(worded("The provider does not know these credentials"), code="bad_credentials")
        if not answer.ok:
            raise unreadable(what)
        return answer.decoded(self._plan.charset)


def _chunks(places: Sequence[int], *, size: int) -> Iterator[list[int]]:
    rest = iter(places)
    while chunk := list(islice(rest, size)):
        yield chunk
