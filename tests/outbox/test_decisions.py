"""What a person decides about single messages (Q1), and two who decide at once."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from uuid import UUID

import pytest

from sms_plugin.errors import SmsError
from sms_plugin.gateways.contract import accepted, refused
from sms_plugin.outbox.decisions import POSSIBLE, Choice, TooLate, choices_of, choose
from sms_plugin.outbox.lapses import lapse_attempts
from sms_plugin.outbox.timeline import timeline
from sms_plugin.states import MOVES, MessageState
from sms_plugin.transactions import within
from tests.outbox.steps import UNKNOWN, claim_some, depart_with, now, send_off, settle_with
from tests.portal import Portal

HOUR = dt.timedelta(hours=1)


def _choose(portal: Portal, choice: Choice, message: UUID, *, who: str = "Rita") -> None:
    within(portal.state, lambda session: choose(session, choice, message, state=portal.state, who=who, now=now()))


def _last(portal: Portal, message: UUID) -> tuple[str, str, str]:
    """State, reason and who of the last move that the timeline tells."""
    with portal.fresh() as session:
        move = [moment for moment in timeline(session, message) if moment.what == "moved"][-1]
    return move.state, move.reason, move.who


def _failed(portal: Portal) -> UUID:
    message = portal.queue()
    settle_with(portal, send_off(portal, message), refused("bad_number"))
    return message


def _unknown(portal: Portal) -> UUID:
    message = portal.queue()
    settle_with(portal, send_off(portal, message), UNKNOWN)
    return message


def test_every_choice_is_a_move_that_the_table_of_moves_allows() -> None:
    to = {Choice.CANCEL: MessageState.CANCELLED, Choice.ASSUME_SENT: MessageState.SENT}
    for choice, states in POSSIBLE.items():
        for state in states:
            new = to.get(choice, MessageState.QUEUED)
            assert new in MOVES[state] or (choice is Choice.SEND_NOW and state is MessageState.QUEUED)


def test_what_ended_well_offers_no_choice() -> None:
    assert choices_of("delivered") == choices_of("sending") == ()
    assert choices_of("unknown") == (Choice.RESEND, Choice.ASSUME_SENT, Choice.CANCEL)


def test_a_message_that_is_hurried_is_due_at_once_before_all_reminders(sending: Portal) -> None:
    sending.queue(priority=0)
    message = sending.queue(priority=2, due_at=now() + HOUR)
    _choose(sending, Choice.SEND_NOW, message)
    found = sending.message(message)
    assert (found.state, found.priority) == (MessageState.QUEUED, 0)
    assert found.due_at <= now()
    assert _last(sending, message) == ("queued", "sent_now", "Rita")


def test_a_message_past_its_time_is_not_hurried(sending: Portal) -> None:
    message = sending.queue(expires_at=now() - HOUR)
    with pytest.raises(SmsError, match="past its time"):
        _choose(sending, Choice.SEND_NOW, message)


def test_a_hurried_message_is_still_asked_whether_it_may_go(sending: Portal) -> None:
    message = sending.queue(due_at=now() + HOUR, number=None)
    _choose(sending, Choice.SEND_NOW, message)
    claim_some(sending)
    assert sending.message(message).reason == "no_number"


def test_a_failed_message_is_tried_again(sending: Portal) -> None:
    message = _failed(sending)
    _choose(sending, Choice.RETRY, message)
    settle_with(sending, send_off(sending, message), accepted("P1"))
    assert sending.message(message).state == MessageState.SENT
    assert _last(sending, message) == ("queued", "retried", "Rita")


def test_a_held_message_without_a_record_goes_as_it_is(sending: Portal) -> None:
    message = sending.queue(state=MessageState.HELD, reason="quarantined")
    _choose(sending, Choice.RELEASE, message)
    assert _last(sending, message) == ("queued", "released", "Rita")


@pytest.mark.parametrize(
    ("choice", "state", "reason"),
    [
        (Choice.ASSUME_SENT, "sent", "by_hand"),
        (Choice.RESEND, "queued", "resent_by_hand"),
        (Choice.CANCEL, "cancelled", "by_hand"),
    ],
)
def test_an_unknown_message_is_settled(sending: Portal, choice: Choice, state: str, reason: str) -> None:
    message = _unknown(sending)
    _choose(sending, choice, message)
    assert _last(sending, message) == (state, reason, "Rita")
    assert sending.message(message).state == state


def test_what_is_being_sent_cannot_be_cancelled_and_the_refusal_says_so(sending: Portal) -> None:
    message = sending.queue()
    send_off(sending, message)
    with pytest.raises(TooLate) as caught:
        _choose(sending, Choice.CANCEL, message)
    assert caught.value.code == "being_sent"
    assert sending.message(message).state == MessageState.SENDING


def test_a_claimed_message_that_is_cancelled_is_not_sent(sending: Portal) -> None:
    message = sending.queue()
    claimed = claim_some(sending).messages
    _choose(sending, Choice.CANCEL, message)
    assert depart_with(sending, claimed) == []


def test_the_second_is_told_what_the_first_did(sending: Portal) -> None:
    message = sending.queue()
    _choose(sending, Choice.CANCEL, message, who="Rita")
    with pytest.raises(TooLate) as caught:
        _choose(sending, Choice.SEND_NOW, message, who="Olek")
    assert (caught.value.code, caught.value.state, caught.value.who) == ("wrong_state", "cancelled", "Rita")
    assert "cancelled by Rita" in str(caught.value)


def test_nobody_is_told_who_it_was_where_no_person_moved_it(sending: Portal) -> None:
    message = sending.queue()
    depart_with(sending, claim_some(sending).messages)
    with sending.fresh() as session, session.begin():
        lapse_attempts(session, now=now() + HOUR)
    with pytest.raises(TooLate) as caught:
        _choose(sending, Choice.RETRY, message)
    assert (caught.value.state, caught.value.who) == ("unknown", "")


def test_nothing_is_chosen_for_a_message_that_is_not_there(portal: Portal) -> None:
    for choice in Choice:
        with pytest.raises(SmsError, match="There is no message"):
            _choose(portal, choice, UUID(int=1))


def test_whoever_waited_for_another_is_told_after_the_other(sending: Portal) -> None:
    """The clock was asked before the message was free (X11)."""
    message, began = sending.queue(state=MessageState.HELD, reason="quarantined"), now()
    _choose(sending, Choice.RELEASE, message, who="Olek")
    within(
        sending.state,
        lambda session: choose(session, Choice.CANCEL, message, state=sending.state, who="Rita", now=began),
    )
    assert _last(sending, message) == ("cancelled", "by_hand", "Rita")


def test_of_two_who_decide_at_once_each_message_moves_once(sending: Portal) -> None:
    """One cancels and the other releases the same messages; of each, one is told what the other did."""
    messages = [sending.queue(state=MessageState.HELD, reason="quarantined") for _ in range(12)]
    together = threading.Barrier(2, timeout=30)
    refusals: list[TooLate] = []

    def decide(choice: Choice, order: list[UUID], who: str) -> None:
        with sending.app.app_context():
            together.wait()
            for message in order:
                try:
                    _choose(sending, choice, message, who=who)
                except TooLate as refusal:
                    refusals.append(refusal)

    pair = [
        threading.Thread(target=decide, args=(Choice.CANCEL, messages, "Rita")),
        threading.Thread(target=decide, args=(Choice.RELEASE, messages[::-1], "Olek")),
    ]
    for thread in pair:
        thread.start()
    for thread in pair:
        thread.join()
    # a release may be cancelled afterwards: then it moved twice, one after the other, and nobody was refused
    states = Counter(sending.message(message).state for message in messages)
    moves = 0
    with sending.fresh() as session:
        for message in messages:
            told = [moment.state for moment in timeline(session, message) if moment.what == "moved"]
            assert told in (["cancelled"], ["queued"], ["queued", "cancelled"])
            moves += len(told)
    assert states["cancelled"] + states["queued"] == len(messages)
    assert moves + len(refusals) == 2 * len(messages)
    assert {refusal.who for refusal in refusals} <= {"Rita", "Olek"}
