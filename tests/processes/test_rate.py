"""P18, X16: one rate over all processes, by when requests arrive."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from sms_plugin.models import Provider
from sms_plugin.testing.phone_server import PhoneServer
from sms_plugin.transactions import within
from tests.benchmarks.rate import most_within
from tests.portal import Portal
from tests.processes.queueing import queue
from tests.processes.running import Processes, runners, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

COUNT, WORKERS, SECONDS = 50, 4, 10
#: How long a busy machine may hold up a request before it leaves, and on its way to the gateway's note, in seconds.
NOISE = 0.1


def test_four_workers_share_fifty_a_second(office: Portal, processes: Processes, phone: PhoneServer) -> None:
    """Counts in windows of the gateway's own clock. Four unpaced workers would crowd hundreds into one; what requests
    are held up by may add a fifth here, and how many arrive at their fullest is for ``make bench`` to measure.
    """
    limit = sa.update(Provider).values(rate_count=COUNT, rate_seconds=1)
    within(office.state, lambda session: session.execute(limit))
    for _ in range(WORKERS):
        processes.worker()
    until(lambda: len(runners(office)) == WORKERS)
    queue(office, COUNT * (SECONDS + 2))
    until(lambda: len(phone.ledger()) == COUNT * (SECONDS + 2))
    arrivals = sorted(float(line["at"]) for line in phone.ledger())
    assert most_within(arrivals, seconds=1 - NOISE) <= COUNT * 1.2
    in_time = sum(at - arrivals[0] < SECONDS for at in arrivals)
    assert in_time >= COUNT * SECONDS / 10
