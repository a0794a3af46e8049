"""What is asked once more at the claim and at the departure, however a message came back to the queue."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from sms_plugin.gateways.contract import Outcome, ReceiptStatus, Report, Verdict, accepted, refused
from sms_plugin.models import Attempt, Message, TriggerRow
from sms_plugin.outbox.decisions import release
from sms_plugin.outbox.moving import move
from sms_plugin.outbox.reconcile import PATIENCE, conclude, doubts
from sms_plugin.states import MessageState
from tests.outbox.steps import UNKNOWN, claim_some, depart_with, now, report, send_off, settle_with
from tests.portal import Client, Invoice, Portal


def _greeting(portal: Portal, client: Client, *, purpose: str = "marketing") -> None:
    portal.queue(trigger="birthday_greeting", purpose=purpose, person_entity="clients/Client", person=str(client.id))


def test_a_consent_that_was_taken_back_stops_the_message(sending: Portal, ana: Client) -> None:
    """Promise 8: the host's own word counts up to the moment of the claim."""
    _greeting(sending, ana)
    ana.agrees_to_marketing = False
    sending.db.session.commit()
    assert claim_some(sending).messages == ()
    (message,) = sending.messages()
    assert (message.state, message.reason) == (MessageState.SUPPRESSED, "no_consent")


def test_a_consent_for_one_purpose_says_nothing_of_another(sending: Portal, ana: Client) -> None:
    ana.agrees_to_marketing = False
    sending.db.session.commit()
    _greeting(sending, ana, purpose="billing")
    assert len(claim_some(sending).messages) == 1


def test_a_message_without_a_number_is_held_again(sending: Portal) -> None:
    message = sending.queue(number=None)
    assert claim_some(sending).messages == ()
    assert sending.message(message).state == MessageState.HELD


def test_a_message_that_left_the_queue_behind_our_back_does_not_depart(sending: Portal) -> None:
    """A lease that stands on an old view of the message must not send it a second time."""
    message = sending.queue()
    claimed = claim_some(sending).messages
    with sending.fresh() as session, session.begin():
        session.execute(sa.update(Message).values(state=MessageState.SENT.value))
    assert depart_with(sending, claimed) == []
    assert sending.attempts(message) == []


def test_an_earlier_attempts_failure_says_nothing_of_a_later_one(sending: Portal) -> None:
    """Failed, sent again by a person, accepted: a receipt of the new attempt must not bring the old failure back."""
    message = sending.queue()
    settle_with(sending, send_off(sending, message), accepted("first"))
    report(sending, Report(status=ReceiptStatus.FAILED, reference="first"))
    assert sending.message(message).state == MessageState.FAILED
    with sending.fresh() as session, session.begin():
        release(session, message, state=sending.state, who="test", now=now())
    settle_with(sending, send_off(sending, message), accepted("second"))
    report(sending, Report(status=ReceiptStatus.SENT, reference="second"))
    assert sending.message(message).state == MessageState.SENT


def test_resend_once_is_once_although_the_first_was_accepted_late(sending: Portal) -> None:
    """Promise 3"""
    with sending.fresh() as session, session.begin():
        session.add(TriggerRow(key="t", on=True, texts={}, unknown_policy="resend", changed_at=now()))
    message = sending.queue(trigger="t", expires_at=now() + dt.timedelta(days=1))
    first = send_off(sending, message)
    settle_with(sending, first, UNKNOWN)
    later = _conclude(sending)
    (second,) = depart_with(sending, claim_some(sending, at=later).messages, at=later)
    settle_with(sending, first, accepted("late"))
    settle_with(sending, second, UNKNOWN)
    _conclude(sending)
    assert sending.message(message).state in {MessageState.UNKNOWN, MessageState.SENT}
    assert claim_some(sending, at=later + PATIENCE).messages == ()


def _conclude(portal: Portal) -> dt.datetime:
    later = now() + PATIENCE + dt.timedelta(minutes=1)
    with portal.fresh() as session, session.begin():
        for doubt in doubts(session, now=later):
            conclude(session, doubt, (), now=later)
    return later


def test_what_shows_a_message_shows_neither_its_number_nor_its_text(sending: Portal) -> None:
    """Promise 9: what an error tracker prints of our values."""
    sending.queue(text="a secret text", number="+351912345678")
    (claimed,) = claim_some(sending).messages
    (departed,) = depart_with(sending, [claimed])
    for shown in (repr(claimed), repr(departed)):
        assert "secret" not in shown
        assert "912345678" not in shown


def test_a_refusal_for_now_is_tried_again_and_counted(sending: Portal) -> None:
    message = sending.queue()
    settle_with(sending, send_off(sending, message), refused("no_connection", for_good=False))
    found = sending.message(message)
    assert (found.state, found.attempts) == (MessageState.QUEUED, 1)
    with sending.fresh() as session:
        assert session.scalars(sa.select(Attempt.verdict)).all() == [Outcome.REFUSED.value]
    assert isinstance(refused("x"), Verdict)


def test_a_held_message_that_is_only_queued_again_is_worded_at_the_claim(sending: Portal, ana: Client) -> None:
    """Promise 5: it has no text yet, and gets the one that its record gives by now."""
    sending.switch_on("charge_created", text="Note: {invoice_note}")
    invoice = Invoice(client=ana)
    sending.db.session.add(invoice)
    sending.db.session.commit()
    (held,) = sending.messages()
    assert (held.state, held.text) == (MessageState.HELD, None)
    invoice.note = "thank you"
    sending.db.session.commit()
    with sending.fresh() as session, session.begin():
        move(session, [held.id], MessageState.QUEUED, reason="released", now=now())
    (claimed,) = claim_some(sending).messages
    assert claimed.text == "Note: thank you"
