"""The table of moves is sane, and receipts are ranked (X3)."""

from __future__ import annotations

import itertools

import pytest

from sms_plugin.gateways.contract import ReceiptStatus
from sms_plugin.states import ENDED, LIVE, MOVES, RECEIPT_RANK, MessageState, may_move, origins, state_by_receipts


def test_every_state_has_its_moves() -> None:
    assert set(MOVES) == set(MessageState)


def test_a_state_is_live_or_ended() -> None:
    assert set(MessageState) == LIVE | ENDED
    assert not LIVE & ENDED


def test_no_state_moves_to_itself() -> None:
    assert not [state for state in MessageState if may_move(state, state)]


@pytest.mark.parametrize("state", [MessageState.DELIVERED, MessageState.RECEIVED])
def test_some_ends_are_for_good(state: MessageState) -> None:
    assert MOVES[state] == frozenset()


def test_only_the_queue_leads_to_sending() -> None:
    """Promise 3: there is one way to the provider."""
    assert origins(MessageState.SENDING) == {MessageState.QUEUED}


def test_what_was_accepted_never_goes_back_to_the_queue() -> None:
    """Promise 2."""
    back = origins(MessageState.QUEUED)
    assert not back & {MessageState.SENT, MessageState.DELIVERED, MessageState.UNDELIVERED}


def test_a_receipt_is_believed_from_every_outgoing_state() -> None:
    """A receipt proves that the provider took the message, whatever we believed."""
    outgoing = set(MessageState) - {MessageState.RECEIVED, MessageState.DELIVERED}
    assert outgoing <= origins(MessageState.DELIVERED)


def test_every_receipt_has_its_own_rank() -> None:
    assert set(RECEIPT_RANK) == set(ReceiptStatus)
    assert len(set(RECEIPT_RANK.values())) == len(ReceiptStatus)


def test_the_order_of_receipts_does_not_matter() -> None:
    for size in range(1, len(ReceiptStatus) + 1):
        for some in itertools.combinations(ReceiptStatus, size):
            assert len({state_by_receipts(order) for order in itertools.permutations(some)}) == 1


def test_receipts_can_be_followed_in_any_order() -> None:
    """Wherever the first of two receipts led, the state of both is the same one or may be moved to."""
    for first, second in itertools.permutations(ReceiptStatus, 2):
        stood, both = state_by_receipts([first]), state_by_receipts([first, second])
        assert stood is both or may_move(stood, both)
