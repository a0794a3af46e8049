"""A text that is longer than the provider takes waits for a person: nobody cuts it, no provider refuses it (P19)."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from sms_plugin.gateways.contract import Capabilities
from sms_plugin.outbox.decisions import release
from sms_plugin.states import MessageState
from sms_plugin.testing import drain
from sms_plugin.testing.phone_gateway import PhoneGateway
from sms_plugin.testing.phone_server import PhoneServer
from sms_plugin.triggers.switching import set_text
from sms_plugin.triggers.trying import try_out
from tests.outbox.steps import now
from tests.portal import Client, Invoice, Portal

#: A provider that takes so few characters, as Facilita Móvel and King Telecom do.
MOST = 144
SHORT = {"host": "sms.example", "url": "/send?to={d}&msg={m}", "success": "status", "longest": MOST}
TOLD = "It has 145 characters, the provider takes 144."
LONG = "{contact_firstname} " + "x" * (MOST - 3)  # of which Ana makes one more than it takes


class _Few(PhoneGateway):
    kind, label = "few", "A phone that takes few characters"

    @classmethod
    def capabilities(cls, settings: Any) -> Capabilities:
        return replace(super().capabilities(settings), longest=MOST)


def _words(portal: Portal, text: str) -> None:
    with portal.fresh() as session, session.begin():
        language, registry = portal.state.settings.language, portal.state.registry
        set_text(session, "charge_created", language, text, registry=registry, who="test", now=now())


def _owes(portal: Portal, client: Client) -> Invoice:
    invoice = Invoice(client=client, number="F1", total=10, due_on=dt.date(2027, 1, 1))
    portal.session.add(invoice)
    portal.session.commit()
    return invoice


@pytest.mark.parametrize("fits", [True, False])
def test_a_triggers_text_is_measured_as_it_will_be_sent(portal: Portal, ana: Client, fits: bool) -> None:
    portal.use_kind("generic", SHORT, name="short")
    portal.switch_on("charge_created", text=LONG[:-1] if fits else LONG)
    _owes(portal, ana)
    (message,) = portal.messages()
    assert len(message.text or "") == (MOST if fits else MOST + 1)
    if fits:
        assert (message.state, message.reason) == (MessageState.QUEUED, "")
    else:
        assert (message.state, message.reason, message.detail) == (MessageState.HELD, "text_too_long", TOLD)


def test_it_goes_once_its_words_are_fewer(portal: Portal, ana: Client) -> None:
    portal.use_kind("generic", SHORT, name="short")
    portal.switch_on("charge_created", text=LONG)
    _owes(portal, ana)
    (held,) = portal.messages()
    _words(portal, "Hello {contact_firstname}")
    with portal.fresh() as session, session.begin():
        release(session, held.id, state=portal.state, who="test", now=now())
    (message,) = portal.messages()
    assert (message.state, message.text) == (MessageState.QUEUED, "Hello Ana")


def test_what_a_record_would_send_says_so(portal: Portal, ana: Client) -> None:
    """X4: the forecast goes the same way."""
    invoice = _owes(portal, ana)
    portal.use_kind("generic", SHORT, name="short")
    portal.switch_on("charge_created", text=LONG)
    with portal.fresh() as session:
        trial = try_out(
            session, "invoice/Invoice", str(invoice.id), trigger="charge_created", state=portal.state, now=now()
        )
    (tried,) = trial.tried
    assert [(each.problem, each.detail) for each in tried.expected] == [("text_too_long", TOLD)]


def test_what_waited_for_another_provider_is_held_at_the_claim(sending: Portal, phone: PhoneServer) -> None:
    """No provider is asked for what it would refuse, and what fits goes."""
    long, short = sending.queue(text="x" * (MOST + 1)), sending.queue(text="x" * MOST)
    gateways: Any = sending.state.gateways
    gateways[_Few.kind] = _Few
    taking = {"base_url": phone.url, "token": phone.token, "receipt_secret": phone.receipt_secret}
    sending.use_kind(_Few.kind, taking, name="few")
    assert drain(sending.app).accepted == 1
    assert [line["id"] for line in phone.ledger()] == [str(short)]
    held = sending.message(long)
    assert (held.state, held.reason, held.detail) == (MessageState.HELD, "text_too_long", TOLD)
    assert sending.attempts(long) == []


def test_by_a_provider_without_a_limit_it_goes(sending: Portal, phone: PhoneServer) -> None:
    sending.queue(text="x" * (MOST + 1))
    assert drain(sending.app).accepted == 1
