"""Counting without counting: after any life, the counters say what the table says (promise 10)."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable
from uuid import UUID

import pytest

from sms_plugin.gateways.contract import About, ReceiptStatus, Report, accepted, refused
from sms_plugin.outbox.lapses import lapse_attempts
from sms_plugin.outbox.moving import move
from sms_plugin.outbox.tallies import counts_by_state, fold, tally, totals
from sms_plugin.states import MessageState
from tests.outbox.steps import UNKNOWN, claim_some, depart_with, now, report, settle_with
from tests.portal import Portal

_VERDICTS = [
    accepted("P"),
    UNKNOWN,
    refused("bad_number"),
    refused("busy", for_good=False),
    refused("no_credit", about=About.ACCOUNT),
]


def _counted(portal: Portal) -> dict[str, int]:
    with portal.fresh() as session:
        return {state: number for state, number in counts_by_state(session).items() if number}


def _life(portal: Portal, chance: random.Random) -> None:
    """One step of some messages' lives, chosen blindly."""
    messages = [message.id for message in portal.messages()]
    some = chance.sample(messages, min(3, len(messages)))

    def go_and_come_back() -> None:
        for gone in depart_with(portal, claim_some(portal, want=3).messages):
            settle_with(portal, gone, chance.choice(_VERDICTS))

    def be_moved() -> None:
        with portal.fresh() as session, session.begin():
            move(session, some, chance.choice(list(MessageState)), reason="chance", now=now())

    def be_lost() -> None:
        depart_with(portal, claim_some(portal, want=2).messages)
        with portal.fresh() as session, session.begin():
            lapse_attempts(session, now=now().replace(year=2100))

    def be_reported() -> None:
        for message in some:
            report(portal, Report(status=chance.choice(list(ReceiptStatus))), about=message)

    def be_folded() -> None:
        with portal.fresh() as session, session.begin():
            fold(session)

    steps: list[Callable[[], object]] = [go_and_come_back, be_moved, be_lost, be_reported, be_folded, portal.queue]
    chance.choice(steps)()


@pytest.mark.parametrize("seed", range(4))
def test_after_a_random_life_the_counts_are_those_of_the_table(sending: Portal, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(5):
        sending.queue(state=chance.choice([MessageState.QUEUED, MessageState.SUPPRESSED, MessageState.HELD]))
    for _ in range(40):
        _life(sending, chance)
    assert _counted(sending) == dict(Counter(message.state for message in sending.messages()))


def test_every_state_is_named_even_when_nothing_is_in_it(portal: Portal) -> None:
    with portal.fresh() as session:
        assert counts_by_state(session) == dict.fromkeys((state.value for state in MessageState), 0)


def test_two_who_fold_at_once_add_nothing_up_twice(portal: Portal) -> None:
    with portal.fresh() as session, session.begin():
        for _ in range(60):
            tally(session, {"x": 1})
    together = threading.Barrier(2, timeout=30)

    def work() -> None:
        with portal.app.app_context(), portal.fresh() as session, session.begin():
            together.wait()
            fold(session)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with portal.fresh() as session:
        assert totals(session) == {"x": 60}


def test_a_move_that_is_not_allowed_moves_and_counts_nothing(sending: Portal) -> None:
    message: UUID = sending.queue(state=MessageState.SUPPRESSED)
    with sending.fresh() as session, session.begin():
        assert move(session, [message], MessageState.QUEUED, reason="x", now=now()) == []
    assert _counted(sending) == {"suppressed": 1}
