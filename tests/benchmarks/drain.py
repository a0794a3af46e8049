"""Draining the queue as a worker does, against a bare ``requests`` loop with as many threads; runs interleaved."""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from threading import Event
from uuid import uuid4

import requests

from sms_plugin.jobs.runner import flush_of
from sms_plugin.jobs.worker import set_aside_what_stays, take_short_turns
from sms_plugin.outbox.tallies import counts_by_state
from sms_plugin.testing.phone_server import TOKEN
from tests import databases
from tests.benchmarks.ground import charge, close, control, ledger, portal_on

THREADS = 8
TEXT = "Ana, invoice F1 of €10.00 was issued. It is due on 21 Nov 2026."


@dataclass(frozen=True, kw_only=True)
class Drained:
    """Messages per second, both ways, the median of the rounds."""

    latency_ms: int
    messages: int
    bare: float
    ours: float

    @property
    def ratio(self) -> float:
        return self.ours / self.bare


def measure(url: str, kind: str, folder: Path, *, latency_ms: int, messages: int, rounds: int) -> Drained:
    """So many rounds of bare loop and drain in turn, each on a fresh database of the kind."""
    set_aside_what_stays()  # for both: the bare loop would not even load it
    bare: list[float] = []
    ours: list[float] = []
    for number in range(rounds):
        control(url, latency_ms=latency_ms)
        bare.append(_bare(url, messages))
        control(url, latency_ms=latency_ms)
        place = folder / f"drain-{latency_ms}-{number}"
        place.mkdir()
        with databases.fresh(kind, place) as database:
            ours.append(_ours(url, database, messages))
    return Drained(latency_ms=latency_ms, messages=messages, bare=median(bare), ours=median(ours))


def _bare(url: str, messages: int) -> float:
    """The loop that nobody can undercut with this library: no database, no verdicts, no limits on the answer."""
    left = iter(range(messages))
    lock = threading.Lock()

    def work() -> None:
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {TOKEN}"
            while True:
                with lock:
                    if next(left, None) is None:
                        return
                told = {"id": str(uuid4()), "to": "+351912345678", "text": TEXT, "receipt_url": None}
                answer = session.post(f"{url}/messages", json=told, timeout=(5, 30), allow_redirects=False)
                assert answer.json()["accepted"]

    began = time.perf_counter()
    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return messages / (time.perf_counter() - began)


def _ours(url: str, database: str, messages: int) -> float:
    portal = portal_on(database, url=url, SMS_THREADS=THREADS)
    with portal.app.app_context():
        charge(portal, messages)
        flush = flush_of(portal.state)
        usual = sys.getswitchinterval()
        take_short_turns()  # the bare loop keeps the interpreter's own: nothing in it waits for another thread's work
        began = time.perf_counter()
        done = flush.run(Event())
        seconds = time.perf_counter() - began
        sys.setswitchinterval(usual)
        flush.close()
        assert done.accepted == messages, done
        with portal.fresh() as session:
            assert counts_by_state(session)["sent"] == messages
    assert len({line["id"] for line in ledger(url)}) == messages
    close(portal.app, portal.db)
    return messages / seconds
