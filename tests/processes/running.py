"""Starting the portal's processes as those who run it do, and ending them; their logs are read at the end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.models import Runner
from sms_plugin.transactions import look
from tests.demo_process import ROOT, free_port
from tests.portal import Portal
from tests.processes.served import GIVEN
from tests.troubles import troubles

MODULE = "tests.processes.served"
START_IN_WORKER = "python:tests.processes.start_in_worker"
#: How long a process may take to open or to leave before the test gives it up, in seconds.
PATIENCE = 60


@dataclass(kw_only=True)
class Running:
    """A process with its log; ``url`` is where it serves."""

    process: subprocess.Popen[bytes]
    log: Path
    url: str = ""

    def terminate(self) -> None:
        """SIGTERM."""
        self.process.send_signal(signal.SIGTERM)

    def left(self) -> int:
        """Its exit code, once it has left by itself."""
        return self.process.wait(PATIENCE)

    def ask(self) -> bool:
        """One request to whichever of its workers takes it; whether there was an answer."""
        try:
            return requests.get(f"{self.url}/invoice/F1", timeout=PATIENCE).ok
        except requests.ConnectionError:
            return False

    def open(self) -> None:
        """Wait until it answers."""
        until = time.monotonic() + PATIENCE
        while not self.ask():
            if time.monotonic() > until or self.process.poll() is not None:
                raise AssertionError(f"Nothing answers at {self.url}:\n{self.log.read_text()}")
            time.sleep(0.05)


@dataclass(kw_only=True)
class Processes:
    """The processes of one portal."""

    database: str
    folder: Path
    started: list[Running] = field(default_factory=list)

    def gunicorn(self, *options: str, **config: Any) -> Running:
        """Two workers behind one port."""
        port = free_port()
        words = ["gunicorn", "--workers", "2", "--threads", "2", "--bind", f"127.0.0.1:{port}", *options]
        return self._start([*words, f"{MODULE}:app"], url=f"http://127.0.0.1:{port}", config=config)

    def worker(self, **config: Any) -> Running:
        """``flask sms worker``."""
        return self.flask("sms", "worker", config=config)

    def flask(self, *words: str, start: bool = False, url: str = "", config: dict[str, Any] | None = None) -> Running:
        """A command of the portal's, or its server."""
        return self._start(["flask", "--app", f"{MODULE}:app", *words], url=url, start=start, config=config or {})

    def script(self, **config: Any) -> Running:
        """The portal run by hand, with ``app.run(debug=True)``."""
        port = free_port()
        return self._start([MODULE], url=f"http://127.0.0.1:{port}", config=config, PORT=str(port))

    def close(self) -> None:
        """End all that still run."""
        for each in self.started:
            if each.process.poll() is None:
                each.terminate()
        for each in self.started:
            each.left()

    def troubles(self) -> list[str]:
        """What they logged that nobody should have to read."""
        return [line for each in self.started for line in troubles(each.log.read_text())]

    def _start(
        self, words: list[str], *, config: dict[str, Any], url: str, start: bool = False, **environment: str
    ) -> Running:
        given = json.dumps({"database": self.database, "start": start, "config": config})
        log = self.folder / f"{len(self.started)}-{words[0]}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", *words],
                cwd=ROOT,
                env=os.environ | {GIVEN: given} | environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        self.started.append(Running(process=process, log=log, url=url))
        return self.started[-1]


def until(what: Callable[[], object]) -> None:
    """Wait for something; the test's own timeout is the end of it."""
    while not what():
        time.sleep(0.02)


def runners(portal: Portal) -> list[tuple[str, int]]:
    """Kind and process of every runner that signed on."""

    def rows(session: Session) -> list[tuple[str, int]]:
        return sorted((row.kind, row.pid) for row in session.execute(sa.select(Runner.kind, Runner.pid)))

    return look(portal.state, rows)


def children(process: int) -> list[int]:
    """The processes that a process started."""
    return sorted(map(int, Path(f"/proc/{process}/task/{process}/children").read_text().split()))
