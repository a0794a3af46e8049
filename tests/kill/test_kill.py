"""Promise 3: kill the process at any point, and every message ends sent, retryable or unknown; none goes twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sms_plugin import schema
from sms_plugin.outbox.by_hand import send_text
from sms_plugin.outbox.lapses import lapse_attempts, lapse_leases
from sms_plugin.outbox.tallies import counts_by_state
from sms_plugin.states import MessageState
from sms_plugin.testing import drain
from sms_plugin.testing.phone_network import Mode
from sms_plugin.testing.phone_server import PhoneServer
from tests.kill.victim import THREADS, Point, portal_for
from tests.portal import Portal

pytestmark = pytest.mark.slow

KILLS = 20
QUEUED = 8
WINDOW = THREADS + THREADS // 2
#: In how many kills of twenty a message must be left in doubt, or the process was not where it should have been.
IN_DOUBT = {
    Point.CLAIMED: 0,
    Point.BEFORE_CONNECT: KILLS,
    Point.SENT: KILLS,
    Point.BEFORE_SETTLE: KILLS,
    Point.AFTER_SETTLE: 1,
}


class Victims:
    """The process that forks runners, and kills them where they stand."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.kill.victim"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, point: Point, database: Path) -> int:
        """Start a runner that will stop at the point; its process id."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"point": point, "database": str(database)}) + "\n")
        self._process.stdin.flush()
        return int(self._told("born"))

    def kill_there(self) -> None:
        """Kill the runner that has reached its point."""
        self.kill(int(self._told("reached")))

    def kill(self, victim: int) -> None:
        """``kill -9``, and wait until it is dead."""
        os.kill(victim, signal.SIGKILL)
        assert int(self._told("dead")) == victim

    def _told(self, what: str) -> str:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            word, _, number = line.partition(" ")
            if word == what:
                return number
        raise AssertionError("the victims' parent has ended")

    def close(self) -> None:
        """Let it end."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()


@pytest.fixture(scope="module")
def victims() -> Iterator[Victims]:
    made = Victims()
    yield made
    made.close()


@pytest.fixture
def killed_portal(tmp_path: Path) -> Iterator[Portal]:
    made = portal_for(tmp_path / "killed.db")
    with made.app.app_context():
        schema.upgrade(made.db.engine)
        yield made
        made.db.session.remove()
        made.db.engine.dispose()


def _queue(portal: Portal) -> None:
    now = datetime.now(UTC)
    with portal.fresh() as session, session.begin():
        for _ in range(QUEUED):
            send_text(
                session,
                to="+351912345678",
                text="Hello",
                once=None,
                purpose="service",
                operator="",
                settings=portal.state.settings,
                now=now,
            )


def _in_ledger(ledger: Path) -> int:
    return len(ledger.read_bytes().splitlines()) if ledger.exists() else 0


def _recover(portal: Portal) -> None:
    """What any other process does once leases and attempts have run out, and then a flush."""
    later = datetime.now(UTC) + timedelta(hours=1)
    with portal.fresh() as session, session.begin():
        lapse_leases(session, now=later)
        lapse_attempts(session, now=later)
    drain(portal.app)


def _unknown(portal: Portal) -> int:
    with portal.fresh() as session:
        return counts_by_state(session)["unknown"]


@pytest.mark.parametrize("point", list(Point), ids=lambda point: point.value)
def test_a_process_killed_there_loses_nothing_and_repeats_nothing(
    point: Point, victims: Victims, killed_portal: Portal, tmp_path: Path
) -> None:
    """X2: twenty kills; the phone server's ledger, which outlives them all, shows each message at most once."""
    ledger = tmp_path / "ledger.jsonl"
    with PhoneServer(ledger=ledger) as phone:
        killed_portal.use(phone)
        doubtful = 0
        for _ in range(KILLS):
            _queue(killed_portal)
            if point is Point.SENT:
                phone.set(mode=Mode.TIMEOUT)
                before = _in_ledger(ledger)
                victim = victims.run(point, tmp_path / "killed.db")
                while _in_ledger(ledger) == before:
                    time.sleep(0.002)
                victims.kill(victim)
                phone.set(mode=Mode.ACCEPT)
            else:
                victims.run(point, tmp_path / "killed.db")
                victims.kill_there()
            _recover(killed_portal)
            fresh, doubtful = _unknown(killed_portal) - doubtful, _unknown(killed_portal)
            assert fresh <= (0 if point is Point.CLAIMED else WINDOW)
        submitted = Counter(line["id"] for line in map(json.loads, ledger.read_text().splitlines()))
    states = {str(message.id): message.state for message in killed_portal.messages()}
    assert len(states) == KILLS * QUEUED
    assert set(states.values()) <= {MessageState.SENT, MessageState.UNKNOWN}
    assert max(submitted.values()) == 1
    assert doubtful >= IN_DOUBT[point]
    assert {id for id, state in states.items() if state == MessageState.SENT} <= set(submitted)
