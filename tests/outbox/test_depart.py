"""The lease is the fence at departure: who lost it sends nothing (promise 3)."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from sms_plugin.models import Lease
from sms_plugin.outbox.lapses import lapse_attempts, lapse_leases
from sms_plugin.outbox.moving import move
from sms_plugin.states import MessageState
from tests.outbox.steps import LEASE, claim_some, depart_with, now
from tests.portal import Portal


def _lapse(portal: Portal, *, later: dt.timedelta) -> None:
    with portal.fresh() as session, session.begin():
        lapse_leases(session, now=now() + later)
        lapse_attempts(session, now=now() + later)


def test_an_attempt_stands_before_the_request_leaves(sending: Portal) -> None:
    message = sending.queue()
    (gone,) = depart_with(sending, claim_some(sending).messages)
    found = sending.message(message)
    assert (found.state, found.attempt_id, found.attempts) == (MessageState.SENDING, gone.attempt, 1)
    assert [attempt.verdict for attempt in sending.attempts(message)] == [None]


def test_a_message_that_was_cancelled_while_leased_does_not_depart(sending: Portal) -> None:
    message = sending.queue()
    claimed = claim_some(sending).messages
    with sending.fresh() as session, session.begin():
        move(session, [message], MessageState.CANCELLED, reason="by_hand", now=now())
    assert depart_with(sending, claimed) == []
    assert sending.message(message).state == MessageState.CANCELLED


def test_a_lease_that_ran_out_does_not_depart(sending: Portal) -> None:
    sending.queue()
    claimed = claim_some(sending).messages
    assert depart_with(sending, claimed, at=now() + LEASE) == []


def test_a_lease_that_another_took_does_not_depart(sending: Portal) -> None:
    sending.queue()
    first = claim_some(sending).messages
    _lapse(sending, later=LEASE + dt.timedelta(seconds=1))
    second = claim_some(sending).messages
    assert depart_with(sending, first) == []
    assert len(depart_with(sending, second)) == 1


def test_a_message_that_one_flush_claimed_twice_departs_once(sending: Portal) -> None:
    """The old claim of a message that lapsed may still be in hand beside the new one."""
    sending.queue()
    first = claim_some(sending).messages
    _lapse(sending, later=LEASE + dt.timedelta(seconds=1))
    second = claim_some(sending).messages
    assert len(depart_with(sending, [*first, *second])) == 1


def test_a_departed_message_is_not_claimed_again(sending: Portal) -> None:
    sending.queue()
    depart_with(sending, claim_some(sending).messages)
    assert claim_some(sending).looked_at == 0


def test_a_lease_that_runs_out_without_an_attempt_gives_the_message_back(sending: Portal) -> None:
    message = sending.queue()
    claim_some(sending)
    _lapse(sending, later=LEASE + dt.timedelta(seconds=1))
    assert sending.message(message).state == MessageState.QUEUED
    assert len(claim_some(sending).messages) == 1


def test_the_second_time_it_is_quarantined(sending: Portal) -> None:
    """Design: a message that takes its process along twice waits for a person."""
    message = sending.queue()
    for _ in range(2):
        claim_some(sending)
        _lapse(sending, later=LEASE + dt.timedelta(seconds=1))
    found = sending.message(message)
    assert (found.state, found.reason) == (MessageState.HELD, "quarantined")
    with sending.fresh() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Lease)) == 0


def test_an_attempt_that_never_came_back_leaves_its_message_unknown(sending: Portal) -> None:
    """Promise 3: nobody can say whether it was sent."""
    message = sending.queue()
    depart_with(sending, claim_some(sending).messages)
    _lapse(sending, later=dt.timedelta(minutes=2))
    found = sending.message(message)
    assert (found.state, found.reason) == (MessageState.UNKNOWN, "no_verdict")
    assert claim_some(sending).looked_at == 0


def test_what_still_has_time_does_not_lapse(sending: Portal) -> None:
    sending.queue()
    claimed = claim_some(sending).messages
    _lapse(sending, later=LEASE - dt.timedelta(seconds=5))
    assert len(depart_with(sending, claimed)) == 1
    _lapse(sending, later=dt.timedelta(seconds=50))
    assert sending.messages()[0].state == MessageState.SENDING
