"""A gateway of the tests' own: it takes everything, and says of that and of the balance what it is told to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar

from sms_plugin.errors import SmsError
from sms_plugin.gateways.contract import (
    Balance,
    Capabilities,
    Fetched,
    Gateway,
    Outgoing,
    Report,
    Sent,
    Verdict,
    accepted,
)
from tests.portal import Portal


@dataclass
class Script:
    """What the provider does next, and what it was asked."""

    can: Capabilities = field(default_factory=lambda: Capabilities(polled=2, balance=True, prices=True))
    verdict: Callable[[Outgoing], Verdict] = lambda message: accepted(f"R{message.id}")
    reports: Callable[[Sent], Report | None] = lambda sent: None
    balance: Balance | None = None
    inbox: list[Fetched] = field(default_factory=list)  #: what each fetch brings, in turn; then nothing
    cursors: list[str] = field(default_factory=list)  #: of each fetch
    failure: str = ""  #: a code: it cannot be asked
    asked: list[list[str]] = field(default_factory=list)  #: the references of each poll


@dataclass
class AskedGateway(Gateway):
    """It speaks to nobody but the test."""

    kind = "asked"
    label = "Asked"
    script: ClassVar[Script] = Script()

    @classmethod
    def capabilities(cls, settings: Any) -> Capabilities:
        return cls.script.can

    def send(self, messages: Sequence[Outgoing]) -> Sequence[Verdict]:
        return [self.script.verdict(each) for each in messages]

    def poll(self, sent: Sequence[Sent]) -> Sequence[Report]:
        self.script.asked.append([each.reference for each in sent])
        self._fail()
        return [report for each in sent if (report := self.script.reports(each)) is not None]

    def fetch(self, cursor: str) -> Fetched:
        self.script.cursors.append(cursor)
        self._fail()
        return self.script.inbox.pop(0) if self.script.inbox else Fetched(texts=(), cursor=cursor)

    def balance(self) -> Balance:
        self._fail()
        return self.script.balance or Balance(amount=Decimal(100), unit="EUR")

    def _fail(self) -> None:
        if self.script.failure:
            raise SmsError("It does not answer.", code=self.script.failure)


def use_asked(portal: Portal, *, name: str = "asked", **script: Any) -> Script:
    """Make a provider of that kind the active one; what it shall do, to be changed by the test. Commits."""
    AskedGateway.script = Script(**script)
    gateways: Any = portal.state.gateways
    gateways["asked"] = AskedGateway
    portal.use_kind("asked", {}, name=name)
    return AskedGateway.script
