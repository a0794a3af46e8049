"""What every gateway must keep when it sends (P19 to P21, X2, X9)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sms_plugin.gateways.contract import About, Gateway, Outcome, Verdict
from sms_plugin.testing.gateway_ground import GARBAGE, RECIPIENT, GatewayGround, ScriptedServer, outgoing
from sms_plugin.testing.loopback import Ending, Reply


class SendingContract(GatewayGround):
    """A verdict for each message, whatever the provider or the network does."""

    def _answered(self, subject: Gateway, server: ScriptedServer, reply: Reply | None) -> Verdict | None:
        """The verdict on one message when the provider answers so; None where it has no such answer."""
        if reply is None:
            return None
        server.will(reply)
        (verdict,) = subject.send([outgoing()])
        return verdict

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

    @pytest.mark.parametrize("body", GARBAGE, ids=range(len(GARBAGE)))
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
