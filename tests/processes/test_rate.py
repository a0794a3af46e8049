"""P18, X16: one rate over all processes, by when requests arrive."""

from __future__ import annotations

import time

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
#: How long a request may be held up on its way to the gateway's note on a busy machine, in seconds: the gateway's
#: threads are this process's. How exact arrivals are on a quiet machine is for ``make bench``.
NOISE = 0.15


def test_four_workers_share_fifty_a_second(office: Portal, processes: Processes, phone: PhoneServer) -> None:
    """Counts in windows of the gateway's own clock; how exact they are on a quiet machine is for ``make bench``."""
    limit = sa.update(Provider).values(rate_count=COUNT, rate_seconds=1)
    within(office.state, lambda session: session.execute(limit))
    for _ in range(WORKERS):
        processes.worker()
    until(lambda: len(runners(office)) == WORKERS)
    queue(office, COUNT * (SECONDS + 2))
    queued = time.time() + NOISE  # the gateway's threads are this process's too, and note late what came meanwhile
    until(lambda: len(phone.ledger()) == COUNT * (SECONDS + 2))
    arrivals = sorted(at for line in phone.ledger() if (at := float(line["at"])) > queued)
    assert most_within(arrivals, seconds=1 - NOISE) <= COUNT
    in_time = sum(at - arrivals[0] < SECONDS for at in arrivals)
    assert in_time >= COUNT * SECONDS * 0.75
