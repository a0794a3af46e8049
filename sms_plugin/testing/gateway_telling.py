"""What every gateway must keep when its provider tells something: by webhooks, or asked (P17, Q5, X3)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest

from sms_plugin.errors import ForgedRequest, SmsError
from sms_plugin.gateways.contract import Gateway, Inbound, Report, Sent, WebRequest
from sms_plugin.testing.gateway_ground import GARBAGE, GatewayGround, ScriptedServer
from sms_plugin.testing.loopback import Reply


class TellingContract(GatewayGround):
    """What is told is read the same each time; what is forged or cannot be read is refused."""

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

    @pytest.mark.parametrize("body", [b"x=1", *GARBAGE], ids=range(1 + len(GARBAGE)))
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

    @pytest.mark.parametrize("body", GARBAGE, ids=range(len(GARBAGE)))
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
