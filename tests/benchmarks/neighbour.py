"""What a host on SQLite notices of a worker that drains, or sweeps: its own commits, with the worker and without."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import median, quantiles

import sqlalchemy as sa
from flask import Flask

from sms_plugin.models import Message
from sms_plugin.states import MessageState
from sms_plugin.triggers import dues
from tests.benchmarks.ground import charge, close, control, portal_on, tuned
from tests.benchmarks.sweeping import NOON, declared, fill, keys, swept
from tests.portal import Client, Portal, make_portal

#: The host's request threads, and how long each rests between two transactions, in seconds.
THREADS, REST = 3, 0.02
_DATABASE = "BENCHMARK_DATABASE"


@dataclass(frozen=True, kw_only=True)
class Commits:
    """Milliseconds from the first write of a transaction to the end of its commit; how many failed as locked."""

    number: int
    median: float
    p99: float
    longest: float
    refused: int


@dataclass(frozen=True, kw_only=True)
class Neighbours:
    """The host's commits alone and beside a worker, and what the worker drained meanwhile, a second."""

    alone: Commits
    beside: Commits
    drained: float


def create_app() -> Flask:
    """The portal of the worker's process, for ``flask --app tests.benchmarks.neighbour sms worker``."""
    portal = make_portal(os.environ[_DATABASE], tables=False, TESTING=False)
    with portal.app.app_context():
        tuned(portal.db.engine)
    return portal.app


def measure(url: str, folder: Path, *, seconds: float, messages: int, changed: bool = False) -> Neighbours:
    """The same load of the host's without the worker and with it; where ``changed``, every text is worded anew."""
    control(url)
    portal = portal_on(folder / f"neighbour-{changed}.db", url=url)
    with portal.app.app_context():
        charge(portal, messages)
        if changed:
            portal.session.execute(sa.text("UPDATE invoice SET note = 'changed'"))
            portal.session.commit()
        alone = _load(portal, seconds)
        with _worker(portal):
            began, before = time.perf_counter(), _left(portal)
            beside = _load(portal, seconds)
            drained = (before - _left(portal)) / (time.perf_counter() - began)
    close(portal.app, portal.db)
    return Neighbours(alone=alone, beside=beside, drained=drained)


@dataclass(frozen=True, kw_only=True)
class BesideSweep:
    """The host's commits alone and beside a sweep, and the seconds that the sweep took."""

    alone: Commits
    beside: Commits
    seconds: float


def measure_sweep(folder: Path, *, due: int, page: int = dues.PAGE) -> BesideSweep:
    """The same load beside a sweep in a process of its own that writes so many messages, in pages of so many."""
    portal = make_portal(f"sqlite:///{folder / f'sweep-{page}.db'}", *declared())
    with portal.app.app_context():
        tuned(portal.db.engine)
        portal.use_kind("console", {}, name="console")
        portal.switch_on(*keys(), since=NOON - dt.timedelta(days=1))
        fill(portal, invoices=due * 2, due=due)
        alone = _load(portal, 5)
        process = get_context("spawn").Process(target=_sweep, args=(portal.app.config["SQLALCHEMY_DATABASE_URI"], page))
        process.start()
        while not _written(portal) and process.is_alive():
            time.sleep(0.02)
        began = time.perf_counter()
        beside = _load(portal, 600, while_=process.is_alive)
        seconds = time.perf_counter() - began
        assert _written(portal) == due
    close(portal.app, portal.db)
    return BesideSweep(alone=alone, beside=beside, seconds=seconds)


def _sweep(database: str, page: int) -> None:
    dues.PAGE = page
    portal = make_portal(database, *declared(), tables=False, TESTING=False)
    with portal.app.app_context():
        tuned(portal.db.engine)
        swept(portal, NOON)


def _written(portal: Portal) -> int:
    with portal.fresh() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Message)) or 0


def _left(portal: Portal) -> int:
    with portal.fresh() as session:
        queued = Message.state == MessageState.QUEUED.value
        return session.scalar(sa.select(sa.func.count()).select_from(Message).where(queued)) or 0


@contextmanager
def _worker(portal: Portal) -> Iterator[None]:
    """``flask sms worker`` on the same file, draining."""
    command = [sys.executable, "-m", "flask", "--app", "tests.benchmarks.neighbour", "sms", "worker"]
    env = {**os.environ, _DATABASE: portal.app.config["SQLALCHEMY_DATABASE_URI"]}
    before = _left(portal)
    with subprocess.Popen(command, env=env) as process:
        try:
            while _left(portal) == before and process.poll() is None:
                time.sleep(0.02)
            yield
        finally:
            process.terminate()


def _load(portal: Portal, seconds: float, *, while_: Callable[[], bool] = lambda: True) -> Commits:
    """What a few request threads see that read a client, work a little, and write it, for so long at most."""
    took: list[float] = []
    refused: list[str] = []
    until = time.monotonic() + seconds

    def visit(number: int) -> None:
        while time.monotonic() < until and while_():
            with portal.app.app_context():
                client = portal.session.get_one(Client, 1)
                time.sleep(0.005)
                began = time.perf_counter()
                client.name = f"Ana {number} {began}"
                try:
                    portal.session.commit()
                except sa.exc.OperationalError as error:
                    refused.append(str(error.orig))
                took.append((time.perf_counter() - began) * 1000)
            time.sleep(REST)

    threads = [threading.Thread(target=visit, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Commits(
        number=len(took),
        median=median(took),
        p99=quantiles(took, n=100)[98],
        longest=max(took),
        refused=len(refused),
    )
