"""Four workers under one rate, for a minute: the average, and the fullest second at the gateway (P18, X16)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from sms_plugin.models import Provider
from sms_plugin.transactions import within
from tests import databases
from tests.benchmarks.ground import close, control, ledger, portal_on
from tests.processes.queueing import queue
from tests.processes.running import Processes, runners, until

COUNT, WORKERS = 50, 4


@dataclass(frozen=True, kw_only=True)
class Paced:
    """Messages per second: on average over the run, and in the fullest second wherever it begins."""

    seconds: int
    average: float
    most: int
    twice: int  #: messages that left more than once


def measure(url: str, kind: str, folder: Path, *, seconds: int) -> Paced:
    """A run of so many seconds; every worker is there before the first message is."""
    control(url)
    with databases.fresh(kind, folder) as database:
        portal = portal_on(database, url=url, SMS_SCHEDULER="off")
        processes = Processes(database=database, folder=folder)
        limit = sa.update(Provider).values(rate_count=COUNT, rate_seconds=1)
        with portal.app.app_context():
            within(portal.state, lambda session: session.execute(limit))
            for _ in range(WORKERS):
                processes.worker()
            until(lambda: len(runners(portal)) == WORKERS)
            queue(portal, COUNT * seconds)
            time.sleep(seconds)  # to ask meanwhile would hold up the gateway, which answers with all that it took
            until(lambda: len(ledger(url)) == COUNT * seconds)
        processes.close()
        close(portal.app, portal.db)
    lines = ledger(url)
    arrivals = sorted(line["at"] for line in lines)
    return Paced(
        seconds=seconds,
        average=(len(arrivals) - 1) / (arrivals[-1] - arrivals[0]),
        most=most_within(arrivals),
        twice=len(lines) - len({line["id"] for line in lines}),
    )


def most_within(arrivals: Sequence[float], *, seconds: float = 1.0) -> int:
    """The most of these moments in any so many seconds, wherever they begin; the moments come in order."""
    most = first = 0
    for last, at in enumerate(arrivals):
        while at - arrivals[first] >= seconds:
            first += 1
        most = max(most, last - first + 1)
    return most
