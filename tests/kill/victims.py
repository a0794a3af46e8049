"""The other side of ``tests.kill.victim``: orders runners, and kills, wakes or ends them where they stand."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.kill.victim import Point
from tests.troubles import troubles


class Victims:
    """The process that forks runners. One at a time."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._alive: int | None = None
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.kill.victim"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )

    def run(self, point: Point, database: str, *, freeze: bool = False, **config: Any) -> int:
        """Start a runner that will stop at the point; its process id."""
        assert self._process.stdin is not None
        order = {"point": point, "database": database, "freeze": freeze, "config": config}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        self._alive = int(self._told("born"))
        return self._alive

    def reached(self) -> int:
        """Wait for the runner to reach its point; its process id."""
        return int(self._told("reached"))

    def frozen(self) -> int:
        """Wait until the runner has reached its point and every thread of it stands still; its process id."""
        victim = self.reached()
        while _status(victim) != "T":
            time.sleep(0.002)
        return victim

    def kill(self, victim: int) -> None:
        """``kill -9``, and wait until it is dead."""
        os.kill(victim, signal.SIGKILL)
        assert self._told("dead") == f"{victim} {-signal.SIGKILL}"
        self._alive = None

    def end(self, victim: int) -> None:
        """SIGTERM; it must leave by itself, with 0."""
        os.kill(victim, signal.SIGTERM)
        assert self._told("dead") == f"{victim} 0"
        self._alive = None

    def troubles(self) -> list[str]:
        """What was logged by any of them that nobody should have to read."""
        return troubles(self._log.read_text())

    def close(self) -> None:
        """Let the process end, and a runner with it that a failed test left behind."""
        if self._alive is not None:
            os.kill(self._alive, signal.SIGKILL)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()

    def _told(self, what: str) -> str:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            word, _, rest = line.rstrip().partition(" ")
            if word == what:
                return rest
        raise AssertionError(f"the victims' parent has ended:\n{self._log.read_text()}")


def _status(process: int) -> str:
    """The state of a process as the kernel tells it: T is stopped."""
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
