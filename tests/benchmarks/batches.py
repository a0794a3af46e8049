"""Draining through a gateway that takes thousands of numbers in one request, end to end and durable."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any, ClassVar

from sms_plugin.gateways.contract import Capabilities, Gateway, Outgoing, Verdict, accepted, unknown
from sms_plugin.gateways.settings import setting
from sms_plugin.jobs.runner import flush_of
from sms_plugin.outbox.tallies import counts_by_state
from sms_plugin.testing.loopback import LoopbackServer, Received, Reply, json_reply
from tests import databases
from tests.benchmarks.ground import close, tuned
from tests.portal import make_portal
from tests.processes.queueing import queue

BATCH = 5000


class BatchServer(LoopbackServer):
    """Takes a list of numbers with one text, and gives each an id."""

    def answer(self, request: Received) -> Reply:
        """An id for each number."""
        numbers = json.loads(request.body)["recipients"]
        return json_reply([{"phone": number, "id": f"{number}-{at}"} for at, number in enumerate(numbers)])


@dataclass(frozen=True, kw_only=True)
class BatchSettings:
    """Where it listens."""

    base_url: str = setting("Address")
    private_address: bool = setting("Private address", default=True)


class BatchGateway(Gateway):
    """One text to five thousand numbers a request."""

    settings: BatchSettings
    kind = "batch"
    label = "Batch"
    Settings: ClassVar[type] = BatchSettings

    @classmethod
    def capabilities(cls, settings: BatchSettings) -> Capabilities:
        """Many numbers, one text."""
        return Capabilities(batch_size=BATCH, same_text=True)

    def send(self, messages: Sequence[Outgoing]) -> Sequence[Verdict]:
        """By position."""
        told = {"text": messages[0].text, "recipients": [each.to for each in messages]}
        answer = self.http.request("POST", self.settings.base_url, json=told, at_most=1 << 22)
        found = answer.json()
        return [accepted(one["id"]) for one in found] if answer.ok else [unknown("failed")] * len(messages)


@dataclass(frozen=True, kw_only=True)
class Batched:
    """Messages per second."""

    messages: int
    per_second: float


def measure(kind: str, folder: Path, *, messages: int) -> Batched:
    """So many due messages of one text on a fresh database of the kind."""
    folder.mkdir()
    with databases.fresh(kind, folder) as database, _server() as url:
        portal = make_portal(database)
        gateways: Any = portal.state.gateways
        gateways["batch"] = BatchGateway
        with portal.app.app_context():
            tuned(portal.db.engine)
            portal.use_kind("batch", {"base_url": url}, name="batch")
            queue(portal, messages)
            flush = flush_of(portal.state)
            began = time.perf_counter()
            done = flush.run(Event())
            seconds = time.perf_counter() - began
            flush.close()
            assert done.accepted == messages, done
            with portal.fresh() as session:
                assert counts_by_state(session)["sent"] == messages
        close(portal.app, portal.db)
    return Batched(messages=messages, per_second=messages / seconds)


@contextmanager
def _server() -> Iterator[str]:
    command = [sys.executable, "-m", "tests.benchmarks.batches"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def main() -> None:
    """The server, until it is ended."""
    with BatchServer() as server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        Event().wait()


if __name__ == "__main__":
    main()
