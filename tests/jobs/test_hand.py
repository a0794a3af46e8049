"""What a flush has in hand under a rate leaves at its time, or takes a new one (P18)."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

from sms_plugin.jobs.hand import AHEAD, AT_WORST, HELD_UP, LATE, Hand
from sms_plugin.outbox.claim import Claim, Claimed
from sms_plugin.providers.rate import Slots

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
APART = dt.timedelta(milliseconds=20)


def _claimed(at: dt.datetime) -> Claimed:
    return Claimed(
        id=uuid4(), token=uuid4(), number="+351912345678", text="Hello", at=at, until=NOW + dt.timedelta(minutes=1)
    )


def _hand(*times: dt.datetime, apart: dt.timedelta = APART) -> Hand:
    hand = Hand()
    hand.take(Claim(messages=tuple(map(_claimed, times)), apart=apart))
    return hand


def test_those_leave_whose_time_is_near() -> None:
    hand = _hand(NOW, NOW + AHEAD, NOW + AHEAD + APART)
    assert [each.at for each in hand.ready(NOW, room=5)] == [NOW, NOW + AHEAD]


def test_no_more_are_ready_and_none_is_late_than_there_is_room_for() -> None:
    hand = _hand(NOW, NOW, NOW)
    assert len(hand.ready(NOW, room=2)) == 2
    assert len(hand.late(NOW + LATE * 2, room=2)) == 2
    assert hand.late(NOW + LATE * 2, room=0) == []


def test_one_that_missed_its_time_takes_a_new_one_and_goes_in_its_order() -> None:
    """Left alone it would crowd those of other processes that come after it."""
    hand = _hand(NOW, NOW + APART)
    late = hand.late(NOW + LATE * 2, room=5)
    assert [each.at for each in late] == [NOW]
    new = NOW + APART * 9
    assert hand.renew(late, Slots(times=(new,), apart=APART)) == []
    assert [each.at for each in hand.claimed] == [NOW + APART, new]


def test_one_for_which_there_is_no_time_is_given_back_and_claimed_when_there_is() -> None:
    hand = _hand(NOW)
    again = NOW + dt.timedelta(seconds=1)
    left = hand.renew(hand.late(NOW + LATE * 2, room=5), Slots(apart=APART, again_at=again))
    assert [each.at for each in left] == [NOW]
    assert not hand.may_claim(NOW)
    assert hand.may_claim(again)


def test_without_a_rate_nothing_is_late() -> None:
    hand = _hand(NOW, apart=dt.timedelta())
    assert hand.late(NOW + dt.timedelta(seconds=30), room=5) == []


def test_a_claim_that_brings_nothing_leaves_those_in_hand_at_their_pace() -> None:
    """They left when the flush came by, and not at their time."""
    hand = _hand(NOW + 2 * AHEAD)
    hand.take(Claim(again_at=NOW + dt.timedelta(seconds=1)))
    assert hand.paced
    assert len(hand.ready(NOW + AHEAD, room=1)) == 1


def test_a_busy_machine_is_given_more_time_and_a_quiet_one_none() -> None:
    hand = _hand(NOW)
    hand.note(20, held_up=20)
    assert hand.held_up == AT_WORST
    hand.note(50, held_up=0)
    assert hand.held_up == HELD_UP


def test_a_hiccup_lets_nothing_leave_later() -> None:
    """P18: what leaves late crowds a second, and so does the next one if it may be later still."""
    hand = _hand(NOW)
    for _ in range(30):
        hand.note(4, held_up=1)
        assert hand.held_up == HELD_UP
