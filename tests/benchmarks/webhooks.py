"""Receipts at one gunicorn worker, against a bare view of the same portal that commits one row; rounds in turn."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from uuid import UUID

import sqlalchemy as sa
from flask import Flask

from sms_plugin.models import Message, Provider, Receipt, Tally
from sms_plugin.testing import drain
from sms_plugin.testing.phone_receipts import SIGNATURE_HEADER, TIMESTAMP_HEADER, signature
from sms_plugin.testing.phone_server import RECEIPT_SECRET
from tests import databases
from tests.benchmarks.ground import close, control, portal_on
from tests.demo_process import free_port
from tests.processes.queueing import queue
from tests.processes.served import made

CLIENTS, ROUNDS = 4, 3
_DATABASE = "WEBHOOKS_DATABASE"


@dataclass(frozen=True, kw_only=True)
class Taken:
    """Requests per second, both ways, the median of the rounds; and the rows that duplicates cost."""

    bare: float
    ours: float
    repeated: int

    @property
    def ratio(self) -> float:
        return self.ours / self.bare


def served() -> Flask:
    """The portal as gunicorn has it, with the bare view."""
    portal = made(os.environ[_DATABASE], SMS_SCHEDULER="off")

    @portal.app.post("/bare")
    def bare() -> tuple[str, int]:
        """One row, committed."""
        portal.db.session.add(Tally(name="bare", amount=1))
        portal.db.session.commit()
        return "", 204

    return portal.app


def measure(url: str, kind: str, folder: Path, *, messages: int) -> Taken:
    """So many receipts a round, each of another message, then the same again."""
    control(url)
    with databases.fresh(kind, folder) as database:
        portal = portal_on(database, url=url, SMS_SCHEDULER="off")
        with portal.app.app_context():
            queue(portal, messages * ROUNDS)
            drain(portal.app)
            with portal.fresh() as session:
                ids = list(session.scalars(sa.select(Message.id)))
                token = session.scalars(sa.select(Provider.token)).one()
        with portal.app.app_context():
            bare, ours, repeated = _rounds(database, ids, token, portal.fresh)
        close(portal.app, portal.db)
    return Taken(bare=median(bare), ours=median(ours), repeated=repeated)


def _rounds(
    database: str, ids: Sequence[UUID], token: str, fresh: Callable[[], sa.orm.Session]
) -> tuple[list[float], list[float], int]:
    messages = len(ids) // ROUNDS
    bare, ours = [], []
    with _gunicorn(database) as port:
        for number in range(ROUNDS):
            some = ids[number * messages : (number + 1) * messages]
            bare.append(_rate(port, [lambda: ("/bare", b"", {})] * messages))
            ours.append(_rate(port, [_receipt(token, each) for each in some]))
        taken = _receipts(fresh)
        _rate(port, [_receipt(token, each) for each in ids[:messages]])
        repeated = _receipts(fresh) - taken
    assert taken == len(ids)
    return bare, ours, repeated


def _receipts(fresh: Callable[[], sa.orm.Session]) -> int:
    with fresh() as session:
        return session.scalars(sa.select(sa.func.count()).select_from(Receipt)).one()


Asked = Callable[[], tuple[str, bytes, dict[str, str]]]


def _receipt(token: str, message: UUID) -> Asked:
    told = {
        "id": str(message),
        "reference": None,
        "to": "+351912345678",
        "status": "delivered",
        "at": datetime.now(UTC).isoformat(),
    }
    body = json.dumps({**told, "reference": f"P{message}"}).encode()

    def ask() -> tuple[str, bytes, dict[str, str]]:
        timestamp = str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            TIMESTAMP_HEADER: timestamp,
            SIGNATURE_HEADER: signature(body, timestamp=timestamp, secret=RECEIPT_SECRET),
        }
        return f"/sms/receipts/{token}/{message}", body, headers

    return ask


def _rate(port: int, wanted: Sequence[Asked]) -> float:
    """Requests per second of a few clients, each over a connection of its own."""
    left = iter(wanted)
    lock = threading.Lock()
    failed: list[int] = []

    def work() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while True:
            with lock:
                ask = next(left, None)
            if ask is None:
                connection.close()
                return
            path, body, headers = ask()
            connection.request("POST", path, body=body, headers=headers)
            answer = connection.getresponse()
            answer.read()
            if not 200 <= answer.status < 300:
                failed.append(answer.status)

    began = time.perf_counter()
    threads = [threading.Thread(target=work) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    assert not failed, failed[:5]
    return len(wanted) / seconds


@contextmanager
def _gunicorn(database: str) -> Iterator[int]:
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--workers", "1", "--threads", str(CLIENTS), "--log-level", "error"]
    command += ["--bind", f"127.0.0.1:{port}", "tests.benchmarks.webhooks:served()"]
    with subprocess.Popen(command, env={**os.environ, _DATABASE: database}) as process:
        try:
            _open(port)
            yield port
        finally:
            process.terminate()


def _open(port: int) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return
