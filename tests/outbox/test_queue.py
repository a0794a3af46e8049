"""What waits, in the order in which it will go (Q1)."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from sms_plugin.outbox import queue
from sms_plugin.outbox.claim import claim
from sms_plugin.outbox.queue import Entry, Part, Place, Waiting, waiting
from sms_plugin.outbox.tallies import live_counts
from sms_plugin.states import MessageState
from tests.outbox.steps import claim_some, now, provider, send_off
from tests.portal import Portal

DAY = dt.timedelta(days=1)


def _page(portal: Portal, **asked: Any) -> Waiting:
    with portal.fresh() as session:
        page = waiting(session, **{"now": now(), "most": 100, **asked})
        session.expunge_all()
        return page


def _ids(entries: Sequence[Entry]) -> list[UUID]:
    return [entry.message.id for entry in entries]


def _through(portal: Portal, *, most: int, **asked: Any) -> list[UUID]:
    """All pages, one after the other."""
    seen: list[UUID] = []
    after: Place | None = None
    while True:
        page = _page(portal, most=most, after=after, **asked)
        seen += _ids(page.entries)
        after = page.next
        if after is None:
            return seen


def test_what_is_due_stands_in_the_order_in_which_a_claim_takes_it(sending: Portal) -> None:
    """P18: rank, then time; what is due later stands behind, by its time."""
    moment = now()
    later = [sending.queue(priority=rank, due_at=moment + (3 - rank) * DAY) for rank in (0, 1, 2)]
    due = [
        sending.queue(priority=rank, due_at=moment - ago * DAY)
        for rank, ago in ((2, 9), (1, 1), (0, 1), (1, 2), (2, 1), (0, 3))
    ]
    shown = _through(sending, most=2)
    with sending.fresh() as session, session.begin():
        taken = claim(session, state=sending.state, provider_id=provider(sending), want=9, now=moment, lease=DAY)
    assert shown == [each.id for each in taken.messages] + later[::-1]
    assert set(shown[:6]) == set(due)


def test_pages_bring_each_message_once_whatever_is_due_at_one_moment(portal: Portal) -> None:
    chance = random.Random(7)
    moment = now()
    every = {
        portal.queue(
            state=chance.choice([MessageState.QUEUED, MessageState.QUEUED, MessageState.HELD]),
            priority=chance.choice([0, 1, 2]),
            due_at=moment + chance.choice([-DAY, 0 * DAY, DAY, 2 * DAY]),
        )
        for _ in range(60)
    }
    at_once = _ids(_page(portal).entries)
    assert set(at_once) == every
    for most in (1, 7, 59, 60):
        assert _through(portal, most=most) == at_once


def test_what_is_under_way_comes_first_and_what_waits_for_a_person_last(sending: Portal) -> None:
    held = sending.queue(state=MessageState.HELD, reason="missing_value")
    under_way = sending.queue()
    send_off(sending, under_way)
    queued = sending.queue()
    parts = {entry.message.id: entry.part for entry in _page(sending).entries}
    assert list(parts.items()) == [(under_way, Part.SENDING), (queued, Part.DUE), (held, Part.HELD)]


def test_ended_messages_do_not_wait(portal: Portal) -> None:
    portal.queue(state=MessageState.SUPPRESSED, reason="no_provider")
    assert _page(portal).entries == ()


def test_positions_are_counted_from_the_head_over_pages(portal: Portal) -> None:
    for _ in range(5):
        portal.queue()
    first = _page(portal, most=3)
    second = _page(portal, most=3, after=first.next)
    assert [entry.position for entry in (*first.entries, *second.entries)] == [1, 2, 3, 4, 5]


def test_what_waits_for_a_person_has_no_position(portal: Portal) -> None:
    portal.queue(state=MessageState.HELD, reason="missing_value")
    assert [entry.position for entry in _page(portal).entries] == [None]


def test_a_state_leaves_out_the_others_and_positions_with_them(portal: Portal) -> None:
    portal.queue()
    held = portal.queue(state=MessageState.HELD, reason="missing_value")
    only = _page(portal, states=[MessageState.HELD])
    assert _ids(only.entries) == [held]
    assert [entry.position for entry in _page(portal, states=[MessageState.QUEUED]).entries] == [None]


def test_a_reason_leaves_out_the_others(portal: Portal) -> None:
    wanted = [portal.queue(state=MessageState.HELD, reason="missing_value") for _ in range(3)]
    portal.queue(state=MessageState.HELD, reason="quarantined")
    assert _through(portal, most=2, reason="missing_value") == wanted


def test_a_rare_reason_is_looked_for_among_so_many_at_a_time(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        portal.queue(state=MessageState.HELD, reason="quarantined")
    rare = portal.queue(state=MessageState.HELD, reason="missing_value")
    monkeypatch.setattr(queue, "LOOK_AT", 4)
    page = _page(portal, reason="missing_value")
    assert (page.entries, page.cut) == ((), True)
    assert _ids(_page(portal, reason="missing_value", after=page.next).entries) == [rare]


def test_what_comes_due_while_one_pages_is_not_passed_over(portal: Portal) -> None:
    moment = now()
    soon = portal.queue(priority=0, due_at=moment + dt.timedelta(seconds=1))
    due = [portal.queue(priority=2, due_at=moment - DAY) for _ in range(2)]
    first = _page(portal, now=moment, most=1)
    then = _page(portal, now=moment + dt.timedelta(seconds=5), after=first.next)
    assert _ids(first.entries) + _ids(then.entries) == [*due, soon]


def test_a_message_that_a_process_has_in_hand_is_marked(sending: Portal) -> None:
    sending.queue()
    claim_some(sending)
    sending.queue()
    assert sorted(entry.claimed for entry in _page(sending).entries) == [False, True]


def test_live_counts_stop_at_their_bound(portal: Portal) -> None:
    for _ in range(4):
        portal.queue()
    portal.queue(state=MessageState.HELD, reason="missing_value")
    with portal.fresh() as session:
        assert live_counts(session, most=2) == {"held": 1, "queued": 3, "sending": 0, "unknown": 0}
