"""What a gateway's contract stands on: a provider that answers as scripted, and the words that an author gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import quote, quote_plus
from uuid import UUID

import pytest

from sms_plugin.gateways.contract import Gateway, Outgoing, Sent, WebRequest
from sms_plugin.gateways.http import Http
from sms_plugin.gateways.settings import build, fields_of
from sms_plugin.testing.loopback import LoopbackServer, Received, Reply

RECIPIENT = "+5511987650001"
TEXT = "Your invoice 4711 is overdue since Monday"
SINCE = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
GARBAGE = (b"", b"{", b"null", b"[]", b"{}", b"\xff\xfe\x00", b"<html>It works!</html>", b"[" * 60_000)


class ScriptedServer(LoopbackServer):
    """Answers what it was told to, in order, the last again and again; keeps every request that it got."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[Received] = []
        self._script: list[Reply] = [Reply()]

    def will(self, *replies: Reply) -> None:
        """Answer these from now on."""
        self._script = list(replies)

    def answer(self, request: Received) -> Reply:
        """The next answer of the script."""
        self.requests.append(request)
        return self._script.pop(0) if len(self._script) > 1 else self._script[0]


def outgoing(number: int = 1, *, to: str = RECIPIENT, text: str = TEXT, receipts: str | None = None) -> Outgoing:
    """A message to send; ``number`` makes its id."""
    return Outgoing(id=UUID(int=number), to=to, text=text, receipt_url=receipts)


def sent(number: int = 1, *, reference: str, to: str = RECIPIENT) -> Sent:
    """A message that was accepted, as a poll asks for it; ``number`` makes its id."""
    return Sent(reference=reference, id=UUID(int=number), number=to, departed_at=SINCE)


class GatewayGround:
    """What a gateway is tested with. What it cannot do needs none of its words here."""

    gateway: ClassVar[type[Gateway]]
    accepted: ClassVar[Reply]  #: the answer to one message that was taken; none where ``over_http`` is False
    refused_recipient: ClassVar[Reply | None] = None
    refused_account: ClassVar[Reply | None] = None
    throttled: ClassVar[Reply | None] = None
    balance_told: ClassVar[Reply | None] = None  #: the answer to the question for the balance
    fetched: ClassVar[Reply | None] = None  #: the answer with one text from a phone, where they are asked for
    over_http: ClassVar[bool] = True  #: False for a gateway that asks nobody

    def raw_settings(self, url: str) -> Mapping[str, object]:
        """Settings whose base address is ``url``."""
        raise NotImplementedError

    def accepted_all(self, messages: Sequence[Outgoing]) -> Reply:  # a subclass asks
        """The answer when all messages of one request were taken."""
        return self.accepted

    def receipt(self, settings: Any) -> WebRequest:
        """A receipt with a signature that holds; only for a gateway that takes receipts."""
        raise NotImplementedError

    def inbound(self, settings: Any) -> WebRequest:
        """A text from a phone with a signature that holds; only for a gateway to which they are pushed."""
        raise NotImplementedError

    def polled(self, asked: Sequence[Sent]) -> Sequence[Reply]:
        """The answers, one a request, that say something of each of these messages; only for a gateway that polls."""
        raise NotImplementedError

    def asked_for(self, count: int) -> Sequence[Sent]:  # a subclass whose references have a form says it
        """Messages that the provider accepted, as a poll asks for them."""
        return [sent(at, reference=f"reference-{at}", to=f"{RECIPIENT[:-1]}{at}") for at in range(1, count + 1)]

    def forgeries(self, request: WebRequest) -> Sequence[WebRequest]:
        """Requests that must be refused: another body, another signature, none.

        Empty for a provider that signs nothing: then all that protects its webhook is that nobody knows the address.
        """
        kept = {name: request.headers[name] for name in ("content-type",) if name in request.headers}
        forged = {name: kept.get(name, "forged") for name in request.headers}
        return [
            replace(request, body=request.body.replace(b"e", b"f", 1)),
            replace(request, headers=forged),
            replace(request, headers=kept),
        ]

    def signed_anew(self, request: WebRequest, settings: Any) -> WebRequest:  # a subclass asks the settings
        """The request with a signature that holds for what is in it now; for a provider that signs what it sends."""
        return request

    @pytest.fixture
    def server(self) -> Iterator[ScriptedServer]:
        """A provider that answers as scripted."""
        with ScriptedServer() as server:
            yield server

    @pytest.fixture
    def settings(self, server: ScriptedServer) -> Any:
        """The gateway's settings, pointing at the server."""
        return build(self.gateway.Settings, self.raw_settings(server.url))

    @pytest.fixture
    def subject(self, settings: Any) -> Iterator[Gateway]:
        """The gateway under test."""
        with Http(private=True) as http:
            yield self.gateway(settings, http)

    @pytest.fixture
    def hasty(self, settings: Any) -> Iterator[Gateway]:
        """The same, with little patience: for answers that never come whole."""
        with Http(read_timeout=0.3, private=True) as http:
            yield self.gateway(settings, http)

    def hidden(self, settings: Any) -> Sequence[str]:
        """What must be told nowhere: the credentials, the number, the text."""
        secrets = [getattr(settings, field.name) for field in fields_of(self.gateway.Settings) if field.secret]
        hidden = [RECIPIENT, RECIPIENT.removeprefix("+"), TEXT, quote(TEXT), quote_plus(TEXT), *secrets]
        return [value for value in hidden if value]
