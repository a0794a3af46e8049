"""A provider that is down for a while, with a long queue and a rate, for several processes (X9, P18)."""

from __future__ import annotations

import datetime as dt
import os
import time
from dataclasses import replace

import pytest
import sqlalchemy as sa

from sms_plugin.models import Attempt, Message, Provider
from sms_plugin.outbox.enqueue import REMINDER, Draft, enqueue
from sms_plugin.states import MessageState
from sms_plugin.testing.phone_server import PhoneServer
from sms_plugin.transactions import within
from tests.benchmarks.ground import control, gateway_at, ledger
from tests.benchmarks.rate import most_within
from tests.portal import Portal
from tests.processes.running import Processes, runners, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

COUNT, WORKERS, DOWN, SECONDS = 50, 2, 5, 10
QUEUE = int(os.environ.get("SMS_TEST_QUEUE", "2000"))
#: How long a request may be held up on its way to the gateway's note on a busy machine, in seconds. How exact arrivals
#: are on a quiet machine is for ``make bench``.
NOISE = 0.15


def test_after_an_outage_the_queue_drains_at_the_rate_in_order(
    office: Portal, processes: Processes, phone: PhoneServer
) -> None:
    limit = sa.update(Provider).values(rate_count=COUNT, rate_seconds=1)
    within(office.state, lambda session: session.execute(limit))
    _queue(office)
    port, token, secret = phone.port, phone.token, phone.receipt_secret
    phone.stop()
    for _ in range(WORKERS):
        processes.worker()
    until(lambda: len(runners(office)) == WORKERS)
    until(lambda: office.provider().open_since is not None)
    time.sleep(DOWN)
    tried = _attempts(office)
    assert tried <= WORKERS * 30  # what was under way, and a few probes
    assert _untouched(office) >= QUEUE - 1  # all, but for a probe that is under way
    with gateway_at(port, token=token, receipt_secret=secret) as url:
        control(url)
        time.sleep(SECONDS)  # to ask meanwhile would hold up what is measured
        until(lambda: len(ledger(url)) > COUNT * (SECONDS + 1))
        lines = ledger(url)
        assert office.provider().open_since is None
    _in_order(office, [str(line["id"]) for line in lines])
    arrivals = sorted(float(line["at"]) for line in lines[1:])  # without the probe
    assert most_within(arrivals, seconds=1 - NOISE) <= COUNT
    told = sum(at - arrivals[0] < SECONDS for at in arrivals)
    assert told >= COUNT * SECONDS * 0.5  # how near it comes on a quiet machine is for the benchmarks


def _queue(portal: Portal) -> None:
    """Due a second after each other; written the other way round."""
    now = dt.datetime.now(dt.UTC)
    draft = Draft(
        occurrence=None,
        state=MessageState.QUEUED,
        purpose="service",
        priority=REMINDER,
        number="+351912345678",
        text="Hello",
        due_at=now,
        expires_at=None,
    )
    for start in range(0, QUEUE, 100):
        some = [replace(draft, due_at=now - dt.timedelta(seconds=start + each)) for each in range(100)]
        within(portal.state, lambda session, some=some: enqueue(session, some, now=now))  # type: ignore[misc]


def _attempts(portal: Portal) -> int:
    with portal.fresh() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Attempt)) or 0


def _untouched(portal: Portal) -> int:
    """How many are queued and have lost no attempt."""
    queued = sa.and_(Message.state == MessageState.QUEUED.value, Message.attempts == 0)
    with portal.fresh() as session:
        return session.scalar(sa.select(sa.func.count()).where(queued)) or 0


def _in_order(portal: Portal, sent: list[str]) -> None:
    """Nothing overtakes by more than what several processes have in hand at a time: a second's worth each. What a busy
    machine holds up takes another time, and comes later.
    """
    with portal.fresh() as session:
        ordered = session.scalars(sa.select(Message.id).order_by(Message.due_at).limit(len(sent) + COUNT)).all()
    place = {str(each): number for number, each in enumerate(ordered)}
    assert [each for number, each in enumerate(sent) if place.get(each, QUEUE) - number > WORKERS * COUNT] == []
