"""How well a provider does, from our own attempts and receipts (X19)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import sqlalchemy as sa

from sms_plugin.gateways.contract import ReceiptStatus, Report, accepted, refused
from sms_plugin.models import Provider, Receipt
from sms_plugin.outbox.scorecard import Scorecard, scorecard
from tests.outbox.steps import UNKNOWN, now, provider, report, send_off, settle_with
from tests.portal import Portal


def _card(portal: Portal) -> Scorecard:
    with portal.fresh() as session:
        return scorecard(session, provider(portal), now=now())


def test_shares_times_and_costs_come_from_what_happened(sending: Portal) -> None:
    with sending.fresh() as session, session.begin():
        session.execute(sa.update(Provider).values(currency="EUR", prices={"": "0.05"}))
    verdicts = [accepted("R0"), accepted("R1"), UNKNOWN, refused("bad_number")]
    for verdict in verdicts:
        message = sending.queue(segments=1)
        settle_with(sending, send_off(sending, message), verdict)
    report(sending, Report(status=ReceiptStatus.DELIVERED, reference="R0"))
    with sending.fresh() as session, session.begin():
        later = session.scalars(sa.select(Receipt)).one()
        later.received_at += dt.timedelta(seconds=20)
    card = _card(sending)
    assert (card.attempts, card.acceptance, card.unknown_share, card.delivery) == (4, 0.5, 0.25, 0.5)
    assert card.spent == {"EUR": Decimal("0.1")}
    assert card.typical is not None
    assert dt.timedelta(seconds=20) <= card.typical < dt.timedelta(seconds=50)


def test_one_that_sent_nothing_has_nothing_to_show(sending: Portal) -> None:
    card = _card(sending)
    assert (card.attempts, card.acceptance, card.delivery, card.typical) == (0, None, None, None)


def test_a_test_message_says_nothing_of_the_provider(sending: Portal) -> None:
    message = sending.queue(purpose="test")
    settle_with(sending, send_off(sending, message), accepted("R"))
    assert _card(sending).attempts == 0
