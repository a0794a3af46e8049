"""Two workers against one where the provider's latency is what limits (X16)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests import databases
from tests.benchmarks.ground import close, control, ledger, portal_on
from tests.processes.queueing import queue
from tests.processes.running import Processes, runners, until

LATENCY_MS = 100


@dataclass(frozen=True, kw_only=True)
class Together:
    """Messages per second at the gateway, from its first to its last."""

    one: float
    two: float

    @property
    def ratio(self) -> float:
        return self.two / self.one


def measure(url: str, kind: str, folder: Path, *, messages: int) -> Together:
    """The same queue, for one worker and for two; all are there before the first message is."""
    return Together(
        one=_drained(url, kind, folder / "one", workers=1, messages=messages),
        two=_drained(url, kind, folder / "two", workers=2, messages=messages),
    )


def _drained(url: str, kind: str, place: Path, *, workers: int, messages: int) -> float:
    place.mkdir(parents=True)
    control(url, latency_ms=LATENCY_MS)
    with databases.fresh(kind, place) as database:
        portal = portal_on(database, url=url, SMS_SCHEDULER="off")
        processes = Processes(database=database, folder=place)
        with portal.app.app_context():
            for _ in range(workers):
                processes.worker()
            until(lambda: len(runners(portal)) == workers)
            queue(portal, messages)
            until(lambda: len(ledger(url)) == messages)
        processes.close()
        close(portal.app, portal.db)
    arrivals = sorted(line["at"] for line in ledger(url))
    return (len(arrivals) - 1) / float(arrivals[-1] - arrivals[0])
