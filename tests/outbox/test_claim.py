"""What may go is leased, in the order of P18; what may not is moved, with the reason."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

import pytest
import sqlalchemy as sa

from sms_plugin.models import Event, Lease
from sms_plugin.outbox.claim import release
from sms_plugin.outbox.enqueue import BATCH, OWN_ACTION, REMINDER
from sms_plugin.outbox.leasing import lease_due
from sms_plugin.outbox.still_true import REWORDED
from sms_plugin.people.consent import opt_out
from sms_plugin.states import MessageState
from tests.outbox.steps import LEASE, claim_some, now
from tests.portal import Client, Invoice, Portal

_TEXT = "{contact_firstname}, invoice {invoice_number} is here."


def _charge(portal: Portal, client: Client, number: str = "F1") -> Invoice:
    invoice = Invoice(client=client, number=number, due_on=dt.date(2026, 12, 1))
    portal.db.session.add(invoice)
    portal.db.session.commit()
    return invoice


def test_own_actions_go_before_reminders_and_these_before_batches(sending: Portal) -> None:
    """P18: within a rank, the earliest due first."""
    early, late = now() - dt.timedelta(hours=2), now() - dt.timedelta(hours=1)
    batch = sending.queue(priority=BATCH, due_at=early)
    reminder = sending.queue(priority=REMINDER, due_at=early)
    second = sending.queue(priority=OWN_ACTION, due_at=late)
    first = sending.queue(priority=OWN_ACTION, due_at=early)
    assert [each.id for each in claim_some(sending).messages] == [first, second, reminder, batch]


def test_no_more_are_claimed_than_wanted(sending: Portal) -> None:
    for _ in range(3):
        sending.queue()
    assert len(claim_some(sending, want=2).messages) == 2
    assert len(claim_some(sending, want=2).messages) == 1


def test_what_is_not_yet_due_stays(sending: Portal) -> None:
    sending.queue(due_at=now() + dt.timedelta(minutes=5))
    assert claim_some(sending).messages == ()


def test_a_claimed_message_is_nobody_elses(sending: Portal) -> None:
    """X2: the second claim finds nothing while the lease stands."""
    sending.queue()
    assert len(claim_some(sending).messages) == 1
    assert claim_some(sending).looked_at == 0


def test_a_released_message_can_be_claimed_again(sending: Portal) -> None:
    sending.queue()
    taken = claim_some(sending).messages
    with sending.fresh() as session, session.begin():
        release(session, taken)
    assert [each.id for each in claim_some(sending).messages] == [taken[0].id]


def test_releasing_a_lost_lease_leaves_the_new_one_alone(sending: Portal) -> None:
    sending.queue()
    old = claim_some(sending).messages
    with sending.fresh() as session, session.begin():
        session.execute(sa.delete(Lease))
    claim_some(sending)
    with sending.fresh() as session, session.begin():
        release(session, old)
    assert claim_some(sending).looked_at == 0


def test_an_opted_out_number_is_not_texted(sending: Portal) -> None:
    """Promise 8: the opt-out that came after the message was decided holds."""
    message = sending.queue(purpose="service")
    with sending.fresh() as session, session.begin():
        opt_out(session, "+351912345678", source="test", now=now())
    assert claim_some(sending).messages == ()
    found = sending.message(message)
    assert (found.state, found.reason) == (MessageState.SUPPRESSED, "opted_out")


def test_an_opt_out_of_marketing_lets_the_rest_through(sending: Portal) -> None:
    marketing, billing = sending.queue(purpose="marketing"), sending.queue(purpose="billing")
    with sending.fresh() as session, session.begin():
        opt_out(session, "+351912345678", source="test", now=now(), purpose="marketing")
    assert [each.id for each in claim_some(sending).messages] == [billing]
    assert sending.message(marketing).state == MessageState.SUPPRESSED


def test_what_is_too_late_expires(sending: Portal) -> None:
    """X6: an old reminder is dropped, not sent late, whatever brought it back to the queue."""
    message = sending.queue(expires_at=now() - dt.timedelta(seconds=1))
    assert claim_some(sending).messages == ()
    found = sending.message(message)
    assert (found.state, found.reason) == (MessageState.EXPIRED, "too_late")


def test_a_move_at_the_claim_is_told_and_ends_the_lease(sending: Portal) -> None:
    """X11."""
    message = sending.queue(expires_at=now() - dt.timedelta(seconds=1))
    claim_some(sending)
    with sending.fresh() as session:
        assert session.scalars(sa.select(Event.state).where(Event.message_id == message)).all() == ["expired"]
        assert session.scalar(sa.select(sa.func.count()).select_from(Lease)) == 0


def test_a_paid_invoice_gets_no_reminder(sending: Portal, ana: Client) -> None:
    """Promise 4: the hook's own ``only`` is asked again."""
    sending.switch_on("charge_created", text=_TEXT)
    invoice = _charge(sending, ana)
    invoice.status = "paid"
    sending.db.session.commit()
    assert claim_some(sending).messages == ()
    (message,) = sending.messages()
    assert (message.state, message.reason) == (MessageState.SUPPRESSED, "no_longer_true")


def test_a_deleted_record_takes_its_message_along(sending: Portal, ana: Client) -> None:
    sending.switch_on("charge_created", text=_TEXT)
    invoice = _charge(sending, ana)
    sending.db.session.delete(invoice)
    sending.db.session.commit()
    assert claim_some(sending).messages == ()
    assert sending.messages()[0].reason == "no_longer_true"


def test_a_changed_record_is_worded_again(sending: Portal, ana: Client) -> None:
    """Promise 4: the text that goes is the one of now, and so is the one that is kept."""
    sending.switch_on("charge_created", text=_TEXT)
    invoice = _charge(sending, ana)
    invoice.number = "F1-bis"
    sending.db.session.commit()
    (claimed,) = claim_some(sending).messages
    assert claimed.text == "Ana, invoice F1-bis is here."
    assert sending.messages()[0].text == claimed.text


def test_an_unchanged_record_keeps_the_words_that_were_decided(sending: Portal, ana: Client) -> None:
    """A text that the admin edits meanwhile is for the next occurrence."""
    sending.switch_on("charge_created", text=_TEXT)
    _charge(sending, ana)
    sending.switch_on("charge_created", text="Other words for {invoice_number}.")
    (claimed,) = claim_some(sending).messages
    assert claimed.text == "Ana, invoice F1 is here."


def test_a_text_that_cannot_be_rendered_any_more_holds_its_message_only(sending: Portal, ana: Client) -> None:
    """Promise 5: no hole in the text; the others go."""
    sending.switch_on("charge_created", text="Due on {invoice_duedate}: {invoice_number}")
    broken, _ = _charge(sending, ana, "F1"), _charge(sending, ana, "F2")
    broken.due_on = None
    sending.db.session.commit()
    assert [each.text.rpartition(" ")[2] for each in claim_some(sending).messages] == ["F2"]
    assert sorted(message.state for message in sending.messages()) == ["held", "queued"]


def test_a_truth_query_that_fails_holds_its_messages_and_not_the_queue(sending: Portal, ana: Client) -> None:
    """Design: one that fails holds those messages, not the queue."""
    sending.switch_on("charge_created", text=_TEXT)
    _charge(sending, ana)
    other = sending.queue()
    with sending.db.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE invoice RENAME COLUMN note TO remark")
    assert [each.id for each in claim_some(sending).messages] == [other]
    (held,) = (message for message in sending.messages() if message.id != other)
    assert (held.state, held.reason) == (MessageState.HELD, "truth_failed")


def test_messages_of_an_entity_that_is_no_longer_declared_are_held(sending: Portal) -> None:
    message = sending.queue(entity="invoice/Gone", record="1", trigger="charge_created")
    assert claim_some(sending).messages == ()
    assert sending.message(message).reason == "truth_failed"


def test_a_transaction_words_only_so_many_anew(sending: Portal, ana: Client) -> None:
    """Design §7: wording is slow, and the host's writers wait meanwhile; the rest comes with the next claims."""
    sending.switch_on("charge_created", text=_TEXT)
    invoices = [_charge(sending, ana, f"F{number}") for number in range(2 * REWORDED + 3)]
    for invoice in invoices:
        invoice.note = "changed"
    sending.db.session.commit()
    claims = [claim_some(sending) for _ in range(4)]
    assert [len(claim.messages) for claim in claims] == [REWORDED, REWORDED, 3, 0]
    assert [claim.looked_at for claim in claims] == [2 * REWORDED + 3, REWORDED + 3, 3, 0]


@pytest.mark.one_database("postgresql", "it is PostgreSQL that compiles plans")
def test_no_claim_waits_for_its_plan_to_be_compiled(sending: Portal) -> None:
    """Promise 10: behind a million that wait, the planner takes a claim for a large query."""
    sending.queue()
    with sending.fresh() as session:
        with session.begin():
            standing = session.scalar(sa.text("SHOW jit"))
        with session.begin():
            session.execute(sa.text("SET LOCAL jit = on"))
            lease_due(session, token=uuid4(), until=now() + LEASE, want=10, now=now())
            assert session.scalar(sa.text("SHOW jit")) == "off"
        with session.begin():
            assert session.scalar(sa.text("SHOW jit")) == standing  # the host's own statements keep what they had
