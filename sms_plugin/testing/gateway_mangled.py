"""What every gateway must keep where answers and calls are almost right: part of the contract test."""

from __future__ import annotations

import contextlib
from typing import Any

from sms_plugin.errors import SmsError
from sms_plugin.gateways.contract import Gateway, Outcome, Report
from sms_plugin.testing.gateway_ground import RECIPIENT, GatewayGround, ScriptedServer, outgoing
from sms_plugin.testing.mangling import mangled_replies, mangled_requests


class MangledContract(GatewayGround):
    """Each value of an answer or a call is replaced by absurd ones in turn, and its end is cut off."""

    def test_an_acceptance_that_is_mangled_is_never_a_refusal(
        self, subject: Gateway, server: ScriptedServer, settings: Any
    ) -> None:
        """X2: the message may have been taken, so it is not sent again by itself; and nothing in it raises."""
        size = min(self.gateway.capabilities(settings).batch_size, 2)
        messages = [outgoing(number, to=f"{RECIPIENT[:-1]}{number}") for number in range(1, size + 1)]
        for reply in mangled_replies(self.accepted_all(messages)) if self.over_http else ():
            server.will(reply)
            verdicts = subject.send(messages)
            assert len(verdicts) == size
            assert Outcome.REFUSED not in {each.outcome for each in verdicts}, reply.body

    def test_a_refusal_that_is_mangled_is_never_an_acceptance(self, subject: Gateway, server: ScriptedServer) -> None:
        for told in (self.refused_recipient, self.refused_account, self.throttled):
            for reply in () if told is None else mangled_replies(told):
                server.will(reply)
                (verdict,) = subject.send([outgoing()])
                assert verdict.outcome is not Outcome.ACCEPTED, reply.body

    def test_a_balance_that_is_mangled_is_an_error_of_ours_or_a_number(
        self, subject: Gateway, server: ScriptedServer, settings: Any
    ) -> None:
        """P17."""
        if self.gateway.capabilities(settings).balance and self.balance_told is not None:
            for reply in mangled_replies(self.balance_told):
                server.will(reply)
                with contextlib.suppress(SmsError):
                    assert subject.balance().amount.is_finite()

    def test_a_poll_that_is_answered_with_something_mangled_raises_nothing_but_an_error_of_ours(
        self, subject: Gateway, server: ScriptedServer, settings: Any
    ) -> None:
        can = self.gateway.capabilities(settings)
        for reply in mangled_replies(self.polled(self.asked_for(1))[0]) if can.polled else ():
            server.will(reply)
            with contextlib.suppress(SmsError):
                assert _are_plausible(subject.poll(self.asked_for(1))), reply.body
        for reply in mangled_replies(self.fetched) if can.inbound_polled and self.fetched is not None else ():
            server.will(reply)
            with contextlib.suppress(SmsError):
                subject.fetch("")

    def test_a_webhook_that_is_mangled_raises_nothing_but_an_error_of_ours(
        self, subject: Gateway, settings: Any
    ) -> None:
        """X3: with its own signature, which no longer holds, and with one that does."""
        can = self.gateway.capabilities(settings)
        wholes = [self.receipt(settings)] if can.receipts else []
        wholes += [self.inbound(settings)] if can.inbound else []
        for mangled in (each for whole in wholes for each in mangled_requests(whole)):
            for called in (mangled, self.signed_anew(mangled, settings)):
                with contextlib.suppress(SmsError):
                    assert _are_plausible(subject.read_webhook(called)), called.body


def _are_plausible(told: Any) -> bool:
    """Whether each receipt's price, if any, is above 0, and its moment, if any, has a zone."""
    reports = [each for each in told if isinstance(each, Report)]
    return all(each.price is None or (each.price.is_finite() and each.price > 0) for each in reports) and all(
        each.occurred_at is None or each.occurred_at.tzinfo is not None for each in reports
    )
