"""The overview and the counting behind it on a million messages: ``python -m tests.benchmarks.overview [--database
URL]``, on an empty database or one that an earlier run has filled.

Medians of whole requests on the server; bar of the issue Desk: 100 ms. A day is counted as the job counts it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from sms_plugin.jobs.due import run_job
from sms_plugin.models import Day
from sms_plugin.outbox.counting import HISTORY
from tests.benchmarks.million import MESSAGES, large_portal
from tests.benchmarks.pages import Taken, median
from tests.portal import Portal

_PAGE = "/admin/sms/overview/"


@dataclass(frozen=True, kw_only=True)
class Counting:
    """What it took to count all days that are shown, and to keep them right afterwards."""

    runs: int
    longest: float  #: seconds of the longest run
    seconds: float
    again: float  #: seconds of a run that finds all of them counted


def count_all(portal: Portal) -> Counting:
    """Run the job, as often as it takes, without its rests."""
    runs: list[float] = []
    while not runs or _counted(portal) < HISTORY:
        runs.append(_run(portal))
    return Counting(runs=len(runs), longest=max(runs), seconds=sum(runs), again=_run(portal))


def page(portal: Portal) -> Taken:
    """The overview, whole."""
    client = portal.app.test_client()

    def read() -> None:
        assert client.get(_PAGE).status_code == 200

    return median(read)


def _run(portal: Portal) -> float:
    began = time.perf_counter()
    run_job(portal.state, "days", now=True)
    return time.perf_counter() - began


def _counted(portal: Portal) -> int:
    with portal.fresh() as session:
        return session.scalar(sa.select(sa.func.count(Day.day.distinct()))) or 0


def say(url: str) -> None:
    """Fill the database where it is empty, count, and print what the page takes."""
    with large_portal(url) as portal:
        counting = count_all(portal)
        taken = page(portal)
        sys.stdout.write(
            f"Overview on {portal.db.engine.dialect.name}, {MESSAGES:,} messages: {taken.clock:.1f} ms"
            f" ({taken.processor:.1f} ms of processor)\n"
            f"  {HISTORY} days counted in {counting.seconds:.1f} s, {counting.runs} runs, the longest"
            f" {counting.longest:.2f} s; a run that finds them counted {counting.again * 1000:.0f} ms\n"
        )


def main() -> None:
    """One database, as the command line says; SQLite in a folder of its own without one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", help="an SQLAlchemy URL of an empty database")
    url = parser.parse_args().database
    if url:
        say(url)
    else:
        with tempfile.TemporaryDirectory() as folder:
            say(f"sqlite:///{Path(folder) / 'portal.db'}")


if __name__ == "__main__":
    main()
