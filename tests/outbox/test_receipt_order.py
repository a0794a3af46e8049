"""Receipts in any order, repeated, before the settle: always the same end (X3)."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sms_plugin.gateways.contract import Outcome, ReceiptStatus, Report, Verdict, accepted
from sms_plugin.models import Provider
from sms_plugin.outbox.depart import Departed
from sms_plugin.outbox.receipts import UNMATCHED, rematch
from sms_plugin.outbox.tallies import counts_by_state, totals
from sms_plugin.states import MessageState, state_by_receipts
from tests.outbox.steps import UNKNOWN, now, provider, report, send_off, settle_with
from tests.portal import Portal

REFERENCE = "P1"


def _said(status: ReceiptStatus, message: UUID | None = None) -> Report:
    return Report(status=status, reference=REFERENCE, message_id=message)


def _count(portal: Portal, state: str) -> int:
    with portal.fresh() as session:
        return counts_by_state(session)[state]


_STEPS = ["settle", *ReceiptStatus, *ReceiptStatus]


@given(steps=st.permutations(_STEPS), cut=st.integers(1, len(_STEPS)), verdict=st.sampled_from(["accepted", "unknown"]))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_order_ends_in_the_same_state(sending: Portal, steps: list[str], cut: int, verdict: str) -> None:
    """X3: any part of the receipts, in any order and twice each, with the settle anywhere between them."""
    known, said = sending.queue(), accepted(None) if verdict == "accepted" else UNKNOWN
    gone = send_off(sending, known)
    taken = [step for step in steps[:cut] if step != "settle"]
    for step in steps[:cut]:
        if step == "settle":
            settle_with(sending, gone, said)
        else:
            report(sending, Report(status=ReceiptStatus(step), reference=str(known)), about=known)
    if "settle" not in steps[:cut]:
        settle_with(sending, gone, said)
    expected = state_by_receipts(taken) if taken else {"accepted": "sent", "unknown": "unknown"}[verdict]
    assert sending.message(known).state == expected


@pytest.mark.parametrize("order", list(itertools.permutations(["settle", "sent", "delivered"])))
def test_receipts_that_know_only_the_providers_reference_find_their_message(
    sending: Portal, order: tuple[str, ...]
) -> None:
    """X3: one that comes before the answer waits for the reference that the answer brings."""
    message = sending.queue()
    gone = send_off(sending, message)
    for step in order:
        if step == "settle":
            settle_with(sending, gone, accepted(REFERENCE))
        else:
            report(sending, _said(ReceiptStatus(step)))
    assert sending.message(message).state == MessageState.DELIVERED
    assert _count(sending, "delivered") == 1


def test_a_receipt_settles_what_was_unknown(sending: Portal) -> None:
    message = sending.queue()
    settle_with(sending, send_off(sending, message), UNKNOWN)
    assert report(sending, _said(ReceiptStatus.SENT), about=message) == [message]
    assert sending.message(message).state == MessageState.SENT
    (attempt,) = sending.attempts(message)
    assert (attempt.verdict, attempt.reference) == ("accepted", REFERENCE)


def test_a_repeated_receipt_is_one_row_and_no_second_move(sending: Portal) -> None:
    message = sending.queue()
    settle_with(sending, send_off(sending, message), accepted(REFERENCE))
    assert report(sending, _said(ReceiptStatus.DELIVERED)) == [message]
    assert report(sending, _said(ReceiptStatus.DELIVERED)) == []
    assert _count(sending, "delivered") == 1


def test_a_receipt_that_fits_nothing_is_kept_and_counted(sending: Portal) -> None:
    assert report(sending, _said(ReceiptStatus.DELIVERED)) == []
    with sending.fresh() as session:
        assert totals(session)[UNMATCHED] == 1


def test_a_receipt_and_its_answer_that_missed_each_other_are_matched_later(sending: Portal) -> None:
    """Two transactions side by side: neither saw the other."""
    message = sending.queue()
    gone = send_off(sending, message)
    report(sending, _said(ReceiptStatus.DELIVERED))
    settle_with(sending, gone, accepted("other"))
    with sending.fresh() as session, session.begin():
        attempt = session.get_one(type(sending.attempts(message)[0]), gone.attempt)
        attempt.reference = REFERENCE
    with sending.fresh() as session, session.begin():
        assert rematch(session, now=now()) == 1
    assert sending.message(message).state == MessageState.DELIVERED


def test_a_provider_cannot_speak_for_another_ones_message(sending: Portal) -> None:
    message = sending.queue()
    settle_with(sending, send_off(sending, message), accepted(REFERENCE))
    with sending.fresh() as session, session.begin():
        other = Provider(
            name="other", kind="phone", token="t", settings={}, secrets="", created_at=now(), changed_at=now()
        )
        session.add(other)
        session.flush()
        number = other.id
    assert report(sending, _said(ReceiptStatus.FAILED, message), about=message, provider_id=number) == []
    assert sending.message(message).state == MessageState.SENT


def test_a_reference_longer_than_its_column_still_matches(sending: Portal) -> None:
    message, long = sending.queue(), "R" * 150
    settle_with(sending, send_off(sending, message), accepted(long))
    assert report(sending, Report(status=ReceiptStatus.DELIVERED, reference=long)) == [message]


def test_the_answer_adds_its_reference_to_what_a_receipt_had_proven(sending: Portal) -> None:
    message = sending.queue()
    gone = send_off(sending, message)
    report(sending, Report(status=ReceiptStatus.SENT), about=message)
    settle_with(sending, gone, accepted(REFERENCE))
    assert sending.attempts(message)[0].reference == REFERENCE


@pytest.mark.parametrize("settled", [True, False])
def test_a_refusal_does_not_undo_what_a_receipt_has_proven(sending: Portal, settled: bool) -> None:
    message = sending.queue()
    gone = send_off(sending, message)
    if settled:
        settle_with(sending, gone, UNKNOWN)
    report(sending, _said(ReceiptStatus.DELIVERED), about=message)
    settle_with(sending, gone, Verdict(outcome=Outcome.REFUSED, reason="late"))
    assert sending.message(message).state == MessageState.DELIVERED
    assert sending.attempts(message)[0].verdict == "accepted"


@pytest.mark.parametrize("moved_to", [MessageState.CANCELLED, MessageState.QUEUED])
def test_a_receipt_proves_it_even_after_a_person_decided(
    sending: Portal, moved_to: MessageState, by_hand: Callable[[Portal, UUID, MessageState], None]
) -> None:
    """The truth wins: what arrived is not sent again, and not shown as cancelled."""
    message = sending.queue()
    settle_with(sending, send_off(sending, message), UNKNOWN)
    by_hand(sending, message, moved_to)
    report(sending, _said(ReceiptStatus.DELIVERED), about=message)
    assert sending.message(message).state == MessageState.DELIVERED


@pytest.fixture
def by_hand() -> Callable[[Portal, UUID, MessageState], None]:
    from sms_plugin.outbox.moving import move

    def decide(portal: Portal, message: UUID, new: MessageState) -> None:
        with portal.fresh() as session, session.begin():
            assert move(session, [message], new, reason="by_hand", now=now(), who="Rita") == [message]

    return decide


def test_the_sender_of_a_forged_reference_moves_nothing_of_others(sending: Portal) -> None:
    first, second = sending.queue(), sending.queue()
    for message, gone in _sent(sending, first, second):
        settle_with(sending, gone, accepted(f"P-{message}"))
    report(sending, Report(status=ReceiptStatus.FAILED, reference=f"P-{first}"))
    assert sending.message(second).state == MessageState.SENT
    assert provider(sending) == sending.provider().id


def _sent(portal: Portal, *messages: UUID) -> list[tuple[UUID, Departed]]:
    from tests.outbox.steps import claim_some, depart_with

    gone = depart_with(portal, claim_some(portal).messages)
    assert {each.id for each in gone} == set(messages)
    return [(each.id, each) for each in gone]
