"""What becomes of a message by what the gateway said (promise 3)."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import pytest

from sms_plugin.gateways.contract import About, Verdict, accepted, refused
from sms_plugin.outbox.depart import Departed
from sms_plugin.outbox.lapses import lapse_attempts
from sms_plugin.outbox.matching import kept_reference
from sms_plugin.outbox.moving import move
from sms_plugin.outbox.settle import NOT_SUBMITTED, backoff
from sms_plugin.outbox.tallies import counts_by_state
from sms_plugin.states import MessageState
from tests.outbox.steps import UNKNOWN, claim_some, depart_with, now, send_off, settle_with, with_settings
from tests.portal import Portal

AGAIN = refused("no_connection", for_good=False)


def test_accepted_is_sent(sending: Portal) -> None:
    message = sending.queue()
    settle_with(sending, send_off(sending, message), accepted("P1"))
    assert sending.message(message).state == MessageState.SENT
    (attempt,) = sending.attempts(message)
    assert (attempt.verdict, attempt.reference) == ("accepted", "P1")


@pytest.mark.parametrize("reference", ["P\0001", "P\ud800", "9" * 5_000], ids=["NUL", "half a pair", "huge"])
def test_an_answer_that_no_database_can_hold_is_kept_all_the_same(sending: Portal, reference: str) -> None:
    """Promise 3: it would hold up the verdicts on all that was written down with it."""
    taken, refused_one = sending.queue(), sending.queue()
    first, second = depart_with(sending, claim_some(sending).messages)
    told = refused("\0\ud800", provider_code=reference, detail=reference)
    settle_with(sending, first, accepted(reference))
    settle_with(sending, second, told)
    assert {sending.message(each).state for each in (taken, refused_one)} == {MessageState.SENT, MessageState.FAILED}
    references = {attempt.reference for each in (taken, refused_one) for attempt in sending.attempts(each)}
    assert references == {None, kept_reference(reference)}


def test_a_refusal_for_good_fails_with_its_reason(sending: Portal) -> None:
    message = sending.queue()
    settle_with(sending, send_off(sending, message), refused("bad_number", about=About.RECIPIENT))
    found = sending.message(message)
    assert (found.state, found.reason) == (MessageState.FAILED, "bad_number")


def test_a_number_that_the_provider_says_wants_no_texts_is_kept_as_that(sending: Portal) -> None:
    """X7: nothing else goes to it, and what waits for it is dropped."""
    message = sending.queue()
    departed = send_off(sending, message)
    waiting = sending.queue()
    settle_with(sending, departed, refused("opted_out", about=About.RECIPIENT))
    assert (sending.message(message).state, sending.message(message).reason) == (MessageState.FAILED, "opted_out")
    assert (sending.message(waiting).state, sending.message(waiting).reason) == (MessageState.SUPPRESSED, "opted_out")


def test_what_surely_did_not_arrive_goes_back_to_the_queue_later(sending: Portal) -> None:
    message = sending.queue()
    moment = now()
    settle_with(sending, send_off(sending, message), AGAIN, at=moment)
    found = sending.message(message)
    assert (found.state, found.reason, found.attempts) == (MessageState.QUEUED, "no_connection", 1)
    assert found.due_at > moment


def test_retry_after_is_waited_for(sending: Portal) -> None:
    message = sending.queue()
    moment = now()
    settle_with(sending, send_off(sending, message), refused("later", for_good=False, retry_after=3600), at=moment)
    assert sending.message(message).due_at == moment + dt.timedelta(hours=1)


def test_the_last_attempt_fails(sending: Portal) -> None:
    message = sending.queue()
    settle_with(sending, send_off(sending, message), AGAIN, settings=with_settings(sending, attempts=1))
    assert sending.message(message).state == MessageState.FAILED


def test_unknown_stays_unknown(sending: Portal) -> None:
    """X2: never resent blindly."""
    message = sending.queue()
    settle_with(sending, send_off(sending, message), UNKNOWN)
    found = sending.message(message)
    assert (found.state, found.reason) == (MessageState.UNKNOWN, "timeout")


@pytest.mark.parametrize("verdict", [refused("no_credit", about=About.ACCOUNT), NOT_SUBMITTED])
def test_what_is_not_the_messages_fault_is_no_attempt(sending: Portal, verdict: Verdict) -> None:
    """P21: the message waits for the provider, at the head of the queue."""
    message = sending.queue()
    settle_with(sending, send_off(sending, message), verdict)
    found = sending.message(message)
    assert (found.state, found.attempts) == (MessageState.QUEUED, 0)
    assert found.due_at <= now()


def test_a_verdict_that_comes_after_the_attempt_lapsed_still_counts(sending: Portal) -> None:
    """Design: from unknown to the truth."""
    message = sending.queue()
    gone = send_off(sending, message)
    with sending.fresh() as session, session.begin():
        lapse_attempts(session, now=now() + dt.timedelta(minutes=5))
    settle_with(sending, gone, accepted("P1"))
    assert sending.message(message).state == MessageState.SENT
    assert sending.attempts(message)[0].verdict == "accepted"


def _resent(portal: Portal) -> tuple[UUID, Departed]:
    """A message that was unknown and is queued again, and its first attempt."""
    message = portal.queue()
    old = send_off(portal, message)
    with portal.fresh() as session, session.begin():
        lapse_attempts(session, now=now() + dt.timedelta(minutes=5))
        move(session, [message], MessageState.QUEUED, reason="resent", now=now(), values={"due_at": now()})
    return message, old


def test_a_late_acceptance_takes_a_message_out_of_the_queue(sending: Portal) -> None:
    """Promise 3: what turns out to have been taken must not go again."""
    message, old = _resent(sending)
    settle_with(sending, old, accepted("P1"))
    assert sending.message(message).state == MessageState.SENT


def test_a_late_verdict_of_an_old_attempt_leaves_the_current_one_alone(sending: Portal) -> None:
    """Design: written on its own attempt; the message follows its current one."""
    message, old = _resent(sending)
    new = send_off(sending, message)
    settle_with(sending, old, refused("bad_number"))
    assert sending.message(message).state == MessageState.SENDING
    assert [attempt.verdict for attempt in sending.attempts(message)] == ["refused", None]
    settle_with(sending, new, accepted("P2"))
    assert sending.message(message).state == MessageState.SENT


def test_a_refusal_does_not_requeue_what_an_older_attempt_got_accepted(sending: Portal) -> None:
    message, old = _resent(sending)
    new = send_off(sending, message)
    settle_with(sending, old, accepted("P1"))
    settle_with(sending, new, AGAIN)
    assert sending.message(message).state == MessageState.SENT


def test_settling_twice_changes_nothing(sending: Portal) -> None:
    """A commit whose answer got lost is tried again."""
    message = sending.queue()
    gone = send_off(sending, message)
    for _ in range(2):
        settle_with(sending, gone, accepted("P1"))
    with sending.fresh() as session:
        assert counts_by_state(session)["sent"] == 1


def test_a_retry_that_is_settled_twice_stays_in_the_queue_once(sending: Portal) -> None:
    message = sending.queue()
    gone = send_off(sending, message)
    for _ in range(2):
        settle_with(sending, gone, AGAIN)
    assert sending.message(message).attempts == 1


def test_the_backoff_doubles_within_its_bounds_and_spreads(sending: Portal) -> None:
    settings = with_settings(sending, backoff=10, backoff_most=100)
    for attempts, middle in ((1, 10), (2, 20), (3, 40), (5, 100), (5_000, 100)):
        waits = [backoff(attempts, settings).total_seconds() for _ in range(50)]
        assert 0.5 * middle <= min(waits) < max(waits) <= 1.5 * middle
