"""Promise 3: kill the process at any point, and every message ends sent, retryable or unknown; none goes twice."""

from __future__ import annotations

import json
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from sms_plugin.models import database_now
from sms_plugin.outbox.lapses import lapse_attempts, lapse_leases
from sms_plugin.outbox.tallies import counts_by_state
from sms_plugin.states import MessageState
from sms_plugin.testing import drain
from sms_plugin.testing.phone_network import Mode
from sms_plugin.testing.phone_server import PhoneServer
from sms_plugin.transactions import within
from tests.kill.victim import THREADS, Point
from tests.kill.victims import Victims
from tests.portal import Portal

pytestmark = pytest.mark.slow

KILLS = 20
QUEUED = 8
WINDOW = THREADS + THREADS // 2
#: In how many kills of twenty a message must be left in doubt, or the process was not where it should have been.
IN_DOUBT = {
    Point.CLAIMED: 0,
    Point.DEPARTING: 0,
    Point.BEFORE_CONNECT: KILLS,
    Point.SENT: KILLS,
    Point.BEFORE_SETTLE: KILLS,
    Point.AFTER_SETTLE: 1,
}
#: Nothing can have left before the departure is committed.
BEFORE_DEPARTURE = (Point.CLAIMED, Point.DEPARTING)


def _in_ledger(ledger: Path) -> int:
    return len(ledger.read_bytes().splitlines()) if ledger.exists() else 0


def _recover(portal: Portal) -> None:
    """What any other process does once leases and attempts have run out, and then a flush.

    A server may still be about to notice that the process is dead, and hold its rows until it does.
    """
    waiting = True
    while waiting:
        within(portal.state, lambda session: lapse_leases(session, now=database_now(session) + timedelta(hours=1)))
        within(portal.state, lambda session: lapse_attempts(session, now=database_now(session) + timedelta(hours=1)))
        drain(portal.app)
        counts = within(portal.state, counts_by_state)
        waiting = counts["queued"] + counts["sending"] > 0


def _unknown(portal: Portal) -> int:
    return within(portal.state, counts_by_state)["unknown"]


@pytest.mark.parametrize("point", list(IN_DOUBT), ids=lambda point: point.value)
def test_a_process_killed_there_loses_nothing_and_repeats_nothing(
    point: Point, victims: Victims, killed_portal: Portal, database_url: str, tmp_path: Path
) -> None:
    """X2: twenty kills; the phone server's ledger, which outlives them all, shows each message at most once."""
    ledger = tmp_path / "ledger.jsonl"
    with PhoneServer(ledger=ledger) as phone:
        killed_portal.use(phone)
        doubtful = 0
        for _ in range(KILLS):
            for _ in range(QUEUED):
                killed_portal.queue()
            if point is Point.SENT:
                phone.set(mode=Mode.TIMEOUT)
                before = _in_ledger(ledger)
                victim = victims.run(point, database_url)
                while _in_ledger(ledger) == before:
                    time.sleep(0.002)
            else:
                victims.run(point, database_url)
                victim = victims.reached()
            victims.kill(victim)
            phone.set(mode=Mode.ACCEPT)
            _recover(killed_portal)
            fresh, doubtful = _unknown(killed_portal) - doubtful, _unknown(killed_portal)
            assert fresh <= (0 if point in BEFORE_DEPARTURE else WINDOW)
        submitted = Counter(line["id"] for line in map(json.loads, ledger.read_text().splitlines()))
    states = {str(message.id): message.state for message in killed_portal.messages()}
    assert len(states) == KILLS * QUEUED
    # a later victim may have asked the provider about what an earlier one left in doubt, before it was killed itself
    told = {id for id, state in states.items() if state == MessageState.DELIVERED}
    assert set(states.values()) <= {MessageState.SENT, MessageState.DELIVERED, MessageState.UNKNOWN}
    assert max(submitted.values()) == 1
    assert doubtful + len(told) >= IN_DOUBT[point]
    assert told | {id for id, state in states.items() if state == MessageState.SENT} <= set(submitted)
