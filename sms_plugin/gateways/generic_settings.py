"""What an admin writes to make a gateway of any provider that takes an HTTP request (P11): beside the sending, the
questions that can be asked and the fields of what the provider calls back with.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from sms_plugin.errors import worded
from sms_plugin.gateways.generic_checks import Checks, missing, of_sending, problems_of, require_path
from sms_plugin.gateways.generic_sending import VALUES, WHERE, GenericSending
from sms_plugin.gateways.placeholders import OF_QUESTIONS, Template, template
from sms_plugin.gateways.rules import BY, Extract, extractor
from sms_plugin.gateways.settings import BadSettings, setting
from sms_plugin.gateways.status_words import HELP, StatusWord, status_words

_TOLD_BY = {by: label for by, label in BY.items() if by != "status"}
_ASKED = "Path and query, asked with GET and the headers above; empty: it is not asked. May hold {u}, {p}, {t} and {s}"
_FOUND = "How the answer is read; where it stands in it is the next field."
_FIELD = "The field's name in a form or a query, or its path in JSON."


@dataclass(frozen=True, kw_only=True)
class GenericHttpSettings(GenericSending):
    """A provider's requests and its answers, in words that a provider's manual uses."""

    balance_url: str = setting("Balance: URL", default="", secret=True, help=f"{_ASKED}.")
    balance_by: str = setting("Balance: told by", default="json", choices=_TOLD_BY, help=_FOUND)
    balance_at: str = setting("Balance: where it stands", default="", help=WHERE)
    balance_unit: str = setting("Balance: unit", default="credits", help="credits, or a currency such as BRL.")
    status_url: str = setting(
        "Receipts asked for: URL",
        default="",
        secret=True,
        help=f"{_ASKED}, {{i}} the provider's id of the message, {{r}} and {{k}} ours, {{d}} its number.",
    )
    status_by: str = setting("Receipts asked for: told by", default="json", choices=_TOLD_BY, help=_FOUND)
    status_at: str = setting("Receipts asked for: where the status stands", default="", help=WHERE)
    status_words: str = setting("What the provider's statuses mean", default="", lines=True, help=HELP)
    receipt_status: str = setting(
        "Receipts called back: field of the status",
        default="",
        help=f"Empty: the provider calls nothing back. {_FIELD}",
    )
    receipt_reference: str = setting("Receipts called back: field of the provider's id", default="", help=_FIELD)
    receipt_own: str = setting("Receipts called back: field of our reference", default="", help=_FIELD)
    receipt_number: str = setting("Receipts called back: field of the number", default="", help=_FIELD)
    inbound_from: str = setting(
        "Texts from phones: field of the sender", default="", help=f"Empty: there are none. {_FIELD}"
    )
    inbound_text: str = setting("Texts from phones: field of the text", default="", help=_FIELD)
    inbound_reference: str = setting("Texts from phones: field of the provider's id", default="", help=_FIELD)
    inbound_to: str = setting("Texts from phones: field of our number", default="", help=_FIELD)
    webhook_items: str = setting(
        "Called back: path of the list",
        default="",
        help="Where one JSON request holds several, such as messages; the fields above are then those of each.",
    )
    webhook_secret_at: str = setting(
        "Called back: field or header of the secret",
        default="",
        help="Where the provider repeats a secret: a field's name, or header: and a header's name.",
    )
    webhook_secret: str = setting(
        "Called back: the secret",
        default="",
        secret=True,
        help="The same as at the provider: a call without it is refused. Empty: the address alone is the secret.",
    )
    webhook_answer: str = setting(
        "Called back: what to answer", default="", help="Where the provider waits for certain words."
    )
    inbox_url: str = setting(
        "Texts asked for: URL",
        default="",
        secret=True,
        help=f"{_ASKED}, {{a}} where the last question ended. The answer is JSON; its fields are those above.",
    )
    inbox_items: str = setting("Texts asked for: path of the list", default="", help="Empty: the answer is the list.")
    inbox_cursor: str = setting(
        "Texts asked for: field that {a} is taken from",
        default="",
        help="Of the last text. Empty: the provider gives each text once.",
    )

    @cached_property
    def balance_told(self) -> Extract:
        """Takes the balance out of an answer. Raises ``ValueError``."""
        return extractor(self.balance_by, self.balance_at, separator=self.field_separator)

    @cached_property
    def status_told(self) -> Extract:
        """Takes the status out of an answer. Raises ``ValueError``."""
        return extractor(self.status_by, self.status_at, separator=self.field_separator)

    @cached_property
    def words(self) -> tuple[StatusWord, ...]:
        """What the statuses mean. Raises ``ValueError``."""
        return status_words(self.status_words)

    @cached_property
    def questions(self) -> Mapping[str, Template]:
        """The addresses that are asked, by the field that holds each. Raises ``ValueError``."""
        return {name: template(getattr(self, name), OF_QUESTIONS) for name in _QUESTIONS if getattr(self, name)}

    @property
    def takes_receipts(self) -> bool:
        """Whether the provider calls receipts back."""
        return bool(self.receipt_status)

    @property
    def takes_texts(self) -> bool:
        """Whether the fields of a text from a phone are known."""
        return bool(self.inbound_from and self.inbound_text)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be quoted anywhere."""
        return (self.password, self.token, self.user, self.webhook_secret)

    def check(self) -> None:
        """Raises ``BadSettings`` that names every field that does not fit the others."""
        problems = problems_of(of_sending(self)) | problems_of(self._checks())
        if not problems:
            asked = frozenset[str]().union(*(each.names for each in self.questions.values()))
            problems = dict(missing(self, self.placeholders | asked)) | dict(self._missing())
        if problems:
            raise BadSettings(problems)

    def _checks(self) -> Checks:
        for name, spare in _QUESTIONS.items():
            yield name, lambda name=name, spare=spare: self._check_question(name, spare=spare)  # type: ignore[misc]
        yield "balance_at", lambda: self.balance_url and self.balance_told
        yield "status_at", lambda: self.status_url and self.status_told
        yield "status_words", lambda: self.words

    def _check_question(self, name: str, *, spare: str) -> None:
        if getattr(self, name):
            written = template(getattr(self, name), OF_QUESTIONS)
            require_path(written)
            if written.names & frozenset(spare):
                raise ValueError(
                    worded("may not hold %(names)s", names=", ".join(f"{{{each}}}" for each in sorted(spare)))
                )

    def _missing(self) -> Iterator[tuple[str, str]]:
        if (self.receipt_status or self.status_url) and not self.words:
            yield "status_words", worded("is missing: without it no status means anything")
        if self.takes_receipts and not (self.receipt_reference or self.receipt_own or "c" in self.placeholders):
            yield "receipt_reference", worded("is missing: the provider's id, ours, or {c} must tell the message")
        if "c" in self.placeholders and not self.takes_receipts:
            yield "receipt_status", worded("is missing: %(what)s is used", what="{c}")
        if bool(self.inbound_from) != bool(self.inbound_text):
            yield "inbound_text", worded("and the field of the sender need each other")
        if self.inbox_url and not self.takes_texts:
            yield "inbound_from", worded("is missing: texts are asked for")
        if bool(self.webhook_secret_at) != bool(self.webhook_secret):
            yield "webhook_secret", worded("and where it stands need each other")


#: The fields with an address that is asked, and the placeholders that have no meaning there.
_QUESTIONS: Mapping[str, str] = {"balance_url": "idrka", "status_url": "a", "inbox_url": "idrk"}


def credentials(settings: GenericSending) -> Mapping[str, str]:
    """The values of the placeholders that do not change from message to message."""
    return {placeholder: getattr(settings, name) for placeholder, name in VALUES.items()}
