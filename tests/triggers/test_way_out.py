"""An offer that nobody could say no to waits for a person (X7)."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from sms_plugin.gateways.contract import Capabilities
from sms_plugin.models import Consent
from sms_plugin.people.consent import HOST
from sms_plugin.testing.phone_server import PhoneServer
from tests.asked import use_asked
from tests.portal import Client, Invoice, Portal


def _greeted(portal: Portal, ana: Client, text: str) -> tuple[str, str]:
    portal.switch_on("birthday_greeting", text=text)
    portal.sms.fire("birthday_greeting", ana)
    portal.session.commit()
    (message,) = portal.messages()
    assert message.text
    return message.state, message.reason


@pytest.mark.parametrize(("can", "text", "stands"), [
    (Capabilities(), "Happy birthday!", ("held", "no_way_out")),
    (Capabilities(), "Happy birthday! No more: {optout_link}", ("queued", "")),
    (Capabilities(inbound=True), "Happy birthday!", ("queued", "")),
    (Capabilities(inbound_polled=True), "Happy birthday!", ("queued", "")),
])  # fmt: skip
def test_an_offer_holds_a_way_out_or_its_provider_hears_stop(
    portal: Portal, ana: Client, can: Capabilities, text: str, stands: tuple[str, str]
) -> None:
    use_asked(portal, can=can)
    assert _greeted(portal, ana, text) == stands


def test_what_is_no_offer_needs_none(portal: Portal, ana: Client) -> None:
    use_asked(portal, can=Capabilities())
    portal.switch_on("charge_created", text="Pay {invoice_number}")
    portal.session.add(Invoice(client=ana, number="F1"))
    portal.session.commit()
    assert [each.state for each in portal.messages()] == ["queued"]


def test_a_host_keeps_what_somebody_said_elsewhere(portal: Portal, ana: Client, phone: PhoneServer) -> None:
    """X7: with its wording, in the host's own transaction, and what waits is dropped."""
    portal.use(phone)
    waiting = portal.queue(purpose="marketing")
    assert portal.sms.consent("912 345 678", agrees=False, purpose="marketing", wording="Form of 3 May, box 2")
    portal.session.rollback()
    assert portal.message(waiting).state == "queued"
    assert portal.sms.consent("912 345 678", agrees=False, purpose="marketing", wording="Form of 3 May, box 2")
    assert not portal.sms.consent("912 345 678", agrees=False, purpose="marketing")
    portal.session.commit()
    assert portal.message(waiting).reason == "opted_out"
    assert portal.sms.consent("+351912345678", agrees=True, purpose="marketing")
    portal.session.commit()
    with portal.fresh() as session:
        kept = session.scalars(sa.select(Consent).order_by(Consent.id))
        assert [(each.agrees, each.source, each.wording) for each in kept] == [
            (False, HOST, "Form of 3 May, box 2"),
            (True, HOST, ""),
        ]
