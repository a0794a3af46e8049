"""What every gateway must keep, as a test class to extend (P20).

A gateway's author writes a class named ``Test…`` that extends ``GatewayContract``, names the gateway, points
its settings at a loopback server, and says what its provider answers. Needs pytest.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import quote, quote_plus
from uuid import UUID

import pytest

from sms_plugin.errors import ForgedRequest, SmsError
from sms_plugin.gateways.contract import (
    About,
    Capabilities,
    Gateway,
    Inbound,
    Outcome,
    Outgoing,
    Report,
    Sent,
    Verdict,
    WebRequest,
)
from sms_plugin.gateways.http import Http
from sms_plugin.gateways.settings import build, fields_of, unfilled
from sms_plugin.testing.loopback import Ending, LoopbackServer, Received, Reply

RECIPIENT = "+5511987650001"
TEXT = "Your invoice 4711 is overdue since Monday"
SINCE = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
_SUSPICIOUS = ("password", "token", "secret", "key_secret")
_GARBAGE = (b"", b"{", b"null", b"[]", b"{}", b"\xff\xfe\x00", b"<html>It works!</html>", b"[" * 60_000)


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


class GatewayContract:
    """Extend it, and set what stands without a value; what a gateway cannot do needs none of its words here."""

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

    def _answered(self, subject: Gateway, server: ScriptedServer, reply: Reply | None) -> Verdict | None:
        """The verdict on one message when the provider answers so; None where it has no such answer."""
        if reply is None:
            return None
        server.will(reply)
        (verdict,) = subject.send([outgoing()])
        return verdict

    def test_it_has_a_kind_a_label_and_settings_that_present_themselves(self) -> None:
        """P20."""
        assert self.gateway.kind.isidentifier()
        assert self.gateway.label
        assert all(field.label for field in fields_of(self.gateway.Settings))

    def test_every_credential_is_a_secret(self) -> None:
        """P14: masked on screen, encrypted at rest."""
        open_ones = [field.name for field in fields_of(self.gateway.Settings) if not field.secret]
        assert [name for name in open_ones if name.endswith(_SUSPICIOUS)] == []

    def test_what_it_can_do_is_known_before_anybody_set_it_up(self) -> None:
        """The pages and the catalogue show it beside every gateway."""
        can = self.gateway.capabilities(unfilled(self.gateway.Settings))
        assert isinstance(can, Capabilities)
        assert can.batch_size >= 1
        assert can.channels

    def test_an_accepted_message_is_accepted(self, subject: Gateway, server: ScriptedServer) -> None:
        verdict = self._answered(subject, server, getattr(self, "accepted", Reply()))
        assert verdict is not None
        assert verdict.outcome is Outcome.ACCEPTED
        assert verdict.reference
        assert len(server.requests) == self.over_http

    def test_a_full_batch_gets_a_verdict_for_each_message(
        self, subject: Gateway, server: ScriptedServer, settings: Any
    ) -> None:
        size = min(self.gateway.capabilities(settings).batch_size, 3)
        messages = [outgoing(number, to=f"{RECIPIENT[:-1]}{number}") for number in range(1, size + 1)]
        if self.over_http:
            server.will(self.accepted_all(messages))
        verdicts = subject.send(messages)
        assert [verdict.outcome for verdict in verdicts] == [Outcome.ACCEPTED] * size

    def test_a_refused_recipient_is_a_refusal_of_that_number(self, subject: Gateway, server: ScriptedServer) -> None:
        verdict = self._answered(subject, server, self.refused_recipient)
        if verdict is not None:
            assert (verdict.outcome, verdict.about) == (Outcome.REFUSED, About.RECIPIENT)
            assert verdict.for_good
            assert verdict.reason

    def test_a_refused_account_is_a_refusal_of_the_account(self, subject: Gateway, server: ScriptedServer) -> None:
        """P21: it stops the provider, not the message."""
        verdict = self._answered(subject, server, self.refused_account)
        if verdict is not None:
            assert (verdict.outcome, verdict.about) == (Outcome.REFUSED, About.ACCOUNT)
            assert verdict.for_good
            assert verdict.reason

    def test_a_throttled_message_waits_as_long_as_the_provider_asks(
        self, subject: Gateway, server: ScriptedServer
    ) -> None:
        verdict = self._answered(subject, server, self.throttled)
        if verdict is not None:
            assert (verdict.outcome, verdict.about) == (Outcome.REFUSED, About.ACCOUNT)
            assert not verdict.for_good
            assert verdict.retry_after is not None

    @pytest.mark.parametrize("ending", [Ending.HANG, Ending.RESET, Ending.CUT])
    def test_a_lost_answer_is_unknown(self, hasty: Gateway, server: ScriptedServer, ending: Ending) -> None:
        """X2: never resent blindly."""
        if self.over_http:
            verdict = self._answered(hasty, server, replace(self.accepted, ending=ending))
            assert verdict is not None
            assert verdict.outcome is Outcome.UNKNOWN
            assert len(server.requests) == 1

    def test_an_answer_that_drips_ends_in_time(self, hasty: Gateway, server: ScriptedServer) -> None:
        if self.over_http:
            slow = replace(self.accepted, ending=Ending.DRIP, headers={"X-Padding": "x" * 200})
            verdict = self._answered(hasty, server, slow)
            assert verdict is not None
            assert (verdict.outcome, verdict.reason) == (Outcome.UNKNOWN, "timeout")

    @pytest.mark.parametrize("body", _GARBAGE, ids=range(len(_GARBAGE)))
    @pytest.mark.parametrize("status", [200, 201])
    def test_an_unreadable_success_is_unknown(
        self, subject: Gateway, server: ScriptedServer, status: int, body: bytes
    ) -> None:
        """X2: any 2xx is read by its body."""
        if self.over_http:
            verdict = self._answered(subject, server, Reply(status=status, body=body))
            assert verdict is not None
            assert verdict.outcome is Outcome.UNKNOWN

    @pytest.mark.parametrize("status", [204, 302, 400, 401, 403, 404, 408, 409, 418, 500, 502, 503, 504])
    def test_a_bare_status_is_never_an_acceptance(self, subject: Gateway, server: ScriptedServer, status: int) -> None:
        if self.over_http:
            verdict = self._answered(subject, server, Reply(status=status))
            assert verdict is not None
            assert verdict.outcome is not Outcome.ACCEPTED
            if status >= 500:
                assert verdict.outcome is Outcome.UNKNOWN

    def test_a_redirect_is_not_followed(self, subject: Gateway, server: ScriptedServer) -> None:
        if self.over_http:
            moved = Reply(status=307, headers={"Location": f"{server.url}/elsewhere"})
            verdict = self._answered(subject, server, moved)
            assert verdict is not None
            assert verdict.outcome is not Outcome.ACCEPTED
            assert len(server.requests) == 1

    def test_a_huge_answer_is_not_read_to_its_end(self, subject: Gateway, server: ScriptedServer) -> None:
        if self.over_http:
            huge = Reply(status=self.accepted.status, body=b"x" * 3_000_000)
            verdict = self._answered(subject, server, huge)
            assert verdict is not None
            assert (verdict.outcome, verdict.reason) == (Outcome.UNKNOWN, "too_large")

    def test_without_a_connection_the_message_is_surely_not_sent(
        self, subject: Gateway, server: ScriptedServer
    ) -> None:
        if self.over_http:
            server.stop()
            (verdict,) = subject.send([outgoing()])
            # X9: an outage, which is not the message's fault
            assert (verdict.outcome, verdict.about) == (Outcome.REFUSED, About.PROVIDER)
            assert not verdict.for_good
            assert verdict.reason == "no_connection"

    def test_a_text_that_is_too_long_is_refused_without_asking(
        self, subject: Gateway, server: ScriptedServer, settings: Any
    ) -> None:
        """P19."""
        longest = self.gateway.capabilities(settings).longest
        if longest is not None:
            (verdict,) = subject.send([outgoing(text="x" * (longest + 1))])
            assert (verdict.outcome, verdict.about) == (Outcome.REFUSED, About.MESSAGE)
            assert verdict.for_good
            assert server.requests == []

    def test_a_text_that_it_cannot_carry_is_refused_without_asking(
        self, subject: Gateway, server: ScriptedServer, settings: Any
    ) -> None:
        if not self.gateway.capabilities(settings).unicode:
            (verdict,) = subject.send([outgoing(text="Привіт 👋")])
            assert (verdict.outcome, verdict.about) == (Outcome.REFUSED, About.MESSAGE)
            assert verdict.for_good
            assert server.requests == []

    def test_nothing_secret_is_told(
        self,
        hasty: Gateway,
        server: ScriptedServer,
        settings: Any,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """Promise 9: no credential, body or number in a verdict, an error, a log or a repr."""
        caplog.set_level(logging.DEBUG)
        told = [repr(settings), repr(hasty)]
        for reply in self._loose_tongues(settings):
            server.will(reply)
            told.append(repr(hasty.send([outgoing()])))
            told += self._questioned(hasty, settings)
        server.stop()
        told += [repr(hasty.send([outgoing()])), *self._questioned(hasty, settings)]
        told += [record.getMessage() for record in caplog.records]
        everything = "\n".join(told)
        assert [value for value in self.hidden(settings) if value in everything] == []

    def _loose_tongues(self, settings: Any) -> list[Reply]:
        """Answers that repeat whatever they were asked."""
        words = " ".join([RECIPIENT, TEXT, *self.hidden(settings)])
        quoted = words.replace('"', "'").replace("\n", " ").replace("\\", "/")
        body = f'{{"message": "{quoted}", "code": 99999, "cause": "{quoted}", "msg": "{quoted}"}}'.encode()
        known = (
            getattr(self, "accepted", None),
            self.refused_recipient,
            self.refused_account,
            self.throttled,
        )
        loose = [Reply(status=status, body=body) for status in (200, 400, 401, 500)]
        loose += [replace(reply, ending=ending) for reply in loose[:1] for ending in (Ending.HANG, Ending.RESET)]
        return [*(reply for reply in known if reply is not None), *loose]

    def hidden(self, settings: Any) -> Sequence[str]:
        """What must be told nowhere: the credentials, the number, the text."""
        secrets = [getattr(settings, field.name) for field in fields_of(self.gateway.Settings) if field.secret]
        hidden = [RECIPIENT, RECIPIENT.removeprefix("+"), TEXT, quote(TEXT), quote_plus(TEXT), *secrets]
        return [value for value in hidden if value]

    def _questioned(self, subject: Gateway, settings: Any) -> list[str]:
        """What questions to the provider say when they fail."""
        can = self.gateway.capabilities(settings)
        said = []
        for able, ask in (
            (can.balance, lambda: subject.balance()),
            (can.lookup, lambda: subject.look_up(outgoing(), reference=None, since=SINCE)),
            (can.polled, lambda: subject.poll(self.asked_for(1))),
            (can.inbound_polled, lambda: subject.fetch("")),
        ):
            try:
                if able and self.over_http:
                    ask()
            except SmsError as error:
                said += [str(error), repr(error), repr(error.__context__), repr(error.__cause__)]
        return said

    def test_a_receipt_is_read_the_same_however_often_it_comes(self, subject: Gateway, settings: Any) -> None:
        """X3."""
        if self.gateway.capabilities(settings).receipts:
            request = self.receipt(settings)
            reports = subject.read_webhook(request)
            told = [each for each in reports if isinstance(each, Report)]
            assert told
            assert all(report.reference or report.message_id for report in told)
            assert all(_is_charge(report) for report in told)
            assert subject.read_webhook(request) == reports

    def test_a_text_from_a_phone_is_read_the_same_however_often_it_comes(self, subject: Gateway, settings: Any) -> None:
        """Q5."""
        if self.gateway.capabilities(settings).inbound:
            request = self.inbound(settings)
            texts = subject.read_webhook(request)
            assert [each for each in texts if isinstance(each, Inbound) and each.sender]
            assert subject.read_webhook(request) == texts

    def test_a_webhook_is_answered_as_taken(self, subject: Gateway, settings: Any) -> None:
        for request in self._webhooks(settings):
            assert 200 <= subject.webhook_answer(subject.read_webhook(request)).status < 300

    def test_a_forged_webhook_is_refused(self, subject: Gateway, settings: Any) -> None:
        """X3."""
        for request in self._webhooks(settings):
            for forgery in self.forgeries(request):
                with pytest.raises(ForgedRequest):
                    subject.read_webhook(forgery)

    @pytest.mark.parametrize("body", [b"x=1", *_GARBAGE], ids=range(1 + len(_GARBAGE)))
    def test_a_webhook_that_cannot_be_read_is_an_error_of_ours(
        self, subject: Gateway, settings: Any, body: bytes
    ) -> None:
        """Anybody can call it: nothing that is sent there may raise anything else, and nothing comes of it."""
        for request in self._webhooks(settings):
            address = request.url.partition("?")[0]
            if request.body:
                broken = replace(request, body=body)
            else:
                broken = replace(request, url=f"{address}?{quote(body[:1000])}")
            with contextlib.suppress(SmsError):
                assert list(subject.read_webhook(broken)) == []

    def _webhooks(self, settings: Any) -> Iterator[WebRequest]:
        can = self.gateway.capabilities(settings)
        if can.receipts:
            yield self.receipt(settings)
        if can.inbound:
            yield self.inbound(settings)

    def test_the_balance_is_an_amount_with_a_unit(
        self, subject: Gateway, server: ScriptedServer, settings: Any
    ) -> None:
        """P17."""
        if self.gateway.capabilities(settings).balance and self.balance_told is not None:
            server.will(self.balance_told)
            assert subject.balance().unit

    def test_a_poll_tells_of_the_messages_that_were_asked_for(
        self, subject: Gateway, server: ScriptedServer, settings: Any
    ) -> None:
        if polled := self.gateway.capabilities(settings).polled:
            asked = self.asked_for(min(polled, 3))
            server.will(*self.polled(asked))
            reports = subject.poll(asked)
            assert {_who(report, asked) for report in reports} == {each.id for each in asked}
            assert all(_is_charge(report) for report in reports)

    def test_texts_from_phones_are_fetched(self, subject: Gateway, server: ScriptedServer, settings: Any) -> None:
        """Q5."""
        if self.gateway.capabilities(settings).inbound_polled:
            assert self.fetched is not None
            server.will(self.fetched)
            (text,) = subject.fetch("").texts
            assert text.sender

    @pytest.mark.parametrize("body", _GARBAGE, ids=range(len(_GARBAGE)))
    def test_a_question_that_is_answered_with_garbage_tells_nothing(
        self, subject: Gateway, server: ScriptedServer, settings: Any, body: bytes
    ) -> None:
        can = self.gateway.capabilities(settings)
        if self.over_http:
            server.will(Reply(body=body))
            with contextlib.suppress(SmsError):
                assert not can.polled or list(subject.poll(self.asked_for(1))) == []
            with contextlib.suppress(SmsError):
                assert not can.inbound_polled or list(subject.fetch("").texts) == []

    def test_a_question_that_nobody_answers_is_an_error_of_ours(
        self, subject: Gateway, server: ScriptedServer, settings: Any
    ) -> None:
        can = self.gateway.capabilities(settings)
        server.stop()
        if can.balance and self.over_http:
            with pytest.raises(SmsError):
                subject.balance()
        if can.polled:
            with pytest.raises(SmsError):
                subject.poll(self.asked_for(1))
        if can.inbound_polled:
            with pytest.raises(SmsError):
                subject.fetch("")


def _who(report: Report, asked: Sequence[Sent]) -> UUID | None:
    """Which of the messages a report speaks of."""
    if report.message_id is not None:
        return report.message_id
    return {each.reference: each.id for each in asked}.get(report.reference or "")


def _is_charge(report: Report) -> bool:
    """Whether its price, if any, is what was charged, and in what."""
    return report.price is None or (report.price > 0 and bool(report.currency))
