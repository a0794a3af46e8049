"""What a gateway is: the frozen values that go in and come out, and the class that a gateway extends.

A gateway speaks one company's HTTP API. It knows no table, no clock and no Flask app: it is given its
settings, the messages of one request and, for webhooks, a plain frozen request. Reasons are codes with
parameters; doors translate.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from sms_plugin.gateways.webhook import WebAnswer as WebAnswer
from sms_plugin.gateways.webhook import WebRequest as WebRequest

if TYPE_CHECKING:
    from sms_plugin.gateways.http import Http


class Outcome(StrEnum):
    """What is known after one submission."""

    ACCEPTED = "accepted"  #: the provider answered that it took the message
    REFUSED = "refused"  #: the provider surely did not take it
    UNKNOWN = "unknown"  #: it may have taken it: never resent blindly


class About(StrEnum):
    """Whom a refusal is about."""

    MESSAGE = "message"
    RECIPIENT = "recipient"
    PROVIDER = "provider"  #: for now: it cannot be reached, or says that it is out of order; the message keeps its turn
    ACCOUNT = "account"  #: for good: stops the provider; for now: makes it pause (throttled)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The provider's answer to one message of one submission."""

    outcome: Outcome
    reason: str = ""  #: stable code: "no_credit", "bad_number", "timeout" …
    about: About | None = None  #: set when refused
    for_good: bool = False  #: refused: sending the same again cannot help
    retry_after: float | None = None  #: seconds that the provider asked us to wait
    reference: str | None = None  #: the provider's own id of the message
    provider_code: str = ""  #: the provider's code as it came
    detail: str = ""  #: the provider's words, bounded, without secrets, bodies and numbers
    segments: int | None = None
    price: Decimal | None = None  #: what the provider charges for the message, where it says so
    currency: str = ""  #: of the price: ISO 4217 code, or "credits"


def accepted(
    reference: str | None = None, *, segments: int | None = None, price: Decimal | None = None, currency: str = ""
) -> Verdict:
    """The provider took the message."""
    return Verdict(outcome=Outcome.ACCEPTED, reference=reference, segments=segments, price=price, currency=currency)


def refused(
    reason: str,
    *,
    about: About = About.MESSAGE,
    for_good: bool = True,
    retry_after: float | None = None,
    provider_code: str = "",
    detail: str = "",
) -> Verdict:
    """The provider surely did not take the message."""
    return Verdict(
        outcome=Outcome.REFUSED,
        reason=reason,
        about=about,
        for_good=for_good,
        retry_after=retry_after,
        provider_code=provider_code,
        detail=detail,
    )


def unknown(reason: str, *, provider_code: str = "", detail: str = "") -> Verdict:
    """Nobody can say whether the provider took the message."""
    return Verdict(outcome=Outcome.UNKNOWN, reason=reason, provider_code=provider_code, detail=detail)


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """One message as a gateway sees it."""

    id: UUID  #: the message's own id: goes along wherever the provider can carry a reference
    to: str = field(repr=False)  #: E.164
    text: str = field(repr=False)
    receipt_url: str | None = None  #: public address for this message's receipts, or None without a public URL


class ReceiptStatus(StrEnum):
    """What a provider reports later, in the order of its rank (see ``states.py``)."""

    ACCEPTED = "accepted"
    SENT = "sent"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    DELIVERED = "delivered"
    READ = "read"  #: delivered, and somebody looked at it (Viber)


@dataclass(frozen=True, kw_only=True)
class Report:
    """One receipt, as parsed from a provider's request or from its answer to a poll."""

    status: ReceiptStatus
    reference: str | None = None  #: the provider's id of the message
    message_id: UUID | None = None  #: our own id, where the provider gives it back
    number: str | None = None
    provider_code: str = ""
    reason: str = ""  #: stable code; "opted_out" keeps the number as one that wants no texts
    occurred_at: datetime | None = None  #: aware UTC, where the provider says it
    segments: int | None = None
    price: Decimal | None = None  #: what the provider charged, as a number above 0
    currency: str = ""  #: of the price: ISO 4217 code, or "credits"
    channel: str = ""  #: which way it went, where there are several: "sms", "viber"


class Wish(StrEnum):
    """What a provider itself understood of a text that it took from a phone."""

    STOP = "stop"
    START = "start"
    HELP = "help"


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of a text that the provider did not put together."""

    group: str  #: what its parts have in common
    number: int  #: 1 is the first
    total: int


@dataclass(frozen=True, kw_only=True)
class Inbound:
    """A text that came from a phone."""

    sender: str = field(repr=False)  #: as the provider writes it; digits with the country code where it is not E.164
    text: str = field(repr=False)
    reference: str | None = None  #: the provider's id: the same one twice is one text
    to: str = field(default="", repr=False)  #: our own number or sender
    answers: str | None = None  #: the provider's id of our message that it answers
    answers_id: UUID | None = None  #: our own id of it
    received_at: datetime | None = None  #: aware UTC, where the provider says it
    part: Part | None = None
    wish: Wish | None = None  #: the provider has acted on it already


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A message that was accepted, as a poll asks for it."""

    reference: str  #: what the provider's verdict brought
    id: UUID
    number: str = field(repr=False)
    departed_at: datetime


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """What a poll of a provider's inbox brought, and where the next one goes on."""

    texts: Sequence[Inbound]
    cursor: str = ""
    more: bool = False  #: whether asking again at once is worth while


@dataclass(frozen=True, kw_only=True)
class Balance:
    """What is left on the account."""

    amount: Decimal
    unit: str  #: ISO 4217 code, or "credits"


@dataclass(frozen=True, kw_only=True)
class Found:
    """A message that the provider says it holds, found by a look-up."""

    reference: str
    status: ReceiptStatus
    provider_code: str = ""


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What a gateway can do."""

    batch_size: int = 1  #: most messages that one request takes
    same_text: bool = False  #: the messages of one request must share one text
    longest: int | None = None  #: most characters that one message takes
    unicode: bool = True
    flash: bool = False
    template_only: bool = False  #: only texts that the provider knows beforehand
    channels: tuple[str, ...] = ("sms",)  #: the ways that a message may go, the first first
    receipts: bool = False  #: pushed to our webhook
    polled: int = 0  #: receipts are asked for, at most so many messages a request; 0: they cannot be
    inbound: bool = False  #: texts from phones are pushed to our webhook
    inbound_polled: bool = False  #: texts from phones are asked for
    balance: bool = False
    lookup: bool = False
    prices: bool = False  #: verdicts or receipts tell what was charged
    idempotent: bool = False  #: the same message submitted twice is taken once


@dataclass(frozen=True, kw_only=True)
class NoSettings:
    """For a gateway that needs none."""


@dataclass
class Gateway(ABC):
    """One company's API. A subclass is one file; it is built once per thread, with a connection of its own.

    ``send`` never raises for what a provider or a network does: that is a verdict.
    """

    settings: Any
    http: Http = field(repr=False)

    kind: ClassVar[str]
    label: ClassVar[str]
    help: ClassVar[str] = ""
    Settings: ClassVar[type[Any]] = NoSettings

    def __post_init__(self) -> None:  # noqa: B027  # not every gateway has something to prepare
        """For a subclass that prepares something from its settings."""

    @classmethod
    def capabilities(cls, settings: Any) -> Capabilities:  # a subclass asks them
        """What the gateway can do when it is set up so."""
        return Capabilities()

    @classmethod
    def warnings(cls, settings: Any) -> Sequence[str]:  # a subclass asks them
        """Codes of what the admin should know before using these settings (``credentials_in_clear``)."""
        return ()

    @abstractmethod
    def send(self, messages: Sequence[Outgoing]) -> Sequence[Verdict]:
        """A verdict per message, in the order given; at most ``batch_size`` messages."""

    def read_webhook(self, request: WebRequest) -> Sequence[Report | Inbound]:
        """The receipts and the texts from phones in a webhook request: one address takes both. Nothing in it that is
        either, as a provider's own test, is an empty answer.

        Raises ``ForgedRequest`` when its signature or secret does not hold, ``SmsError`` when it cannot be
        read.
        """
        raise NotImplementedError(f"{self.kind} calls no webhook")

    def webhook_answer(self, taken: Sequence[Report | Inbound]) -> WebAnswer:  # a subclass asks them
        """What to answer when all of it was taken."""
        return WebAnswer()

    def poll(self, sent: Sequence[Sent]) -> Sequence[Report]:
        """What the provider says of messages that it accepted, at most ``polled`` of them; those that it says nothing
        new of may be left out. Raises ``SmsError`` when the provider cannot be asked.
        """
        raise NotImplementedError(f"{self.kind} cannot be asked for receipts")

    def fetch(self, cursor: str) -> Fetched:
        """The texts from phones that came after the cursor; the first cursor is empty.

        Raises ``SmsError`` when the provider cannot be asked.
        """
        raise NotImplementedError(f"{self.kind} cannot be asked for texts")

    def balance(self) -> Balance:
        """What is left on the account. Raises ``SmsError`` when it cannot be had."""
        raise NotImplementedError(f"{self.kind} tells no balance")

    def look_up(self, message: Outgoing, *, reference: str | None, since: datetime) -> Sequence[Found]:
        """What the provider holds that may be this message, sent at ``since`` (aware UTC) or later.

        With a reference, that message alone; without, every candidate with the same number and text. Nothing
        found is no proof that nothing was taken. Raises ``SmsError`` when the provider cannot be asked.
        """
        raise NotImplementedError(f"{self.kind} cannot look a message up")
