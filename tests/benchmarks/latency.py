"""From the commit in the portal to the request at the gateway, with a runner that was idle."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from sms_plugin.jobs.runner import ProcessRunner
from tests.benchmarks.ground import close, control, ledger, portal_on


@dataclass(frozen=True, kw_only=True)
class Waited:
    """Milliseconds."""

    commits: int
    median: float
    p99: float


def measure(url: str, folder: Path, *, commits: int) -> Waited:
    """So many commits, far enough apart that each finds the runner waiting."""
    control(url)
    portal = portal_on(folder / "latency.db", url=url)
    at: dict[str, float] = {}
    with portal.app.app_context():
        runner = ProcessRunner(portal.app, portal.state, kind="worker")
        runner.start()
        time.sleep(1.0)
        for number in range(commits):
            message = portal.sms.send(to="+351912345678", text=f"Hello {number}")
            portal.db.session.commit()
            at[str(message)] = time.time()
            time.sleep(0.04 + 0.02 * (number % 3))
        time.sleep(1.0)
        runner.stop()
    waits = sorted((line["at"] - at[line["id"]]) * 1000 for line in ledger(url))
    assert len(waits) == commits
    close(portal.app, portal.db)
    return Waited(commits=commits, median=median(waits), p99=quantiles(waits, n=100)[98])
