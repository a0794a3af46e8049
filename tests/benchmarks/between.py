"""From a commit in one process to the request at the gateway through another one's worker, on each database."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median, quantiles

from tests import databases
from tests.benchmarks.ground import close, control, ledger, portal_on
from tests.benchmarks.latency import Waited
from tests.processes.running import Processes, runners, until


def measure(url: str, kind: str, folder: Path, *, commits: int) -> Waited:
    """So many commits, at no fixed distance, each of which finds the worker waiting; the period is an hour."""
    control(url)
    with databases.fresh(kind, folder) as database:
        portal = portal_on(database, url=url, SMS_SCHEDULER="off")
        processes = Processes(database=database, folder=folder)
        at: dict[str, float] = {}
        with portal.app.app_context():
            processes.worker(SMS_FLUSH_EVERY=3600)
            until(lambda: runners(portal))
            time.sleep(1.0)
            for number in range(commits):
                message = portal.sms.send(to="+351912345678", text=f"Hello {number}")
                portal.db.session.commit()
                at[str(message)] = time.time()
                time.sleep(0.15 + 0.013 * (number % 7))
            until(lambda: len(ledger(url)) == commits)
        processes.close()
        close(portal.app, portal.db)
    waits = sorted((line["at"] - at[line["id"]]) * 1000 for line in ledger(url))
    return Waited(commits=commits, median=median(waits), p99=quantiles(waits, n=100)[98])
