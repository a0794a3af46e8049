"""The demo as its user starts it: a process of its own, on free ports, with a database of its own."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parent.parent
DEADLINE = 60


@dataclass(frozen=True, kw_only=True)
class RunningDemo:
    url: str
    phone_url: str
    process: subprocess.Popen[bytes]


def free_port() -> int:
    """A port of the loopback that nobody had a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running_demo(
    *, database: str | None = None, phones: bool = True, production: bool = False, bare: bool = False
) -> Iterator[RunningDemo]:
    """The portal and its phones, answering; both are gone after the block."""
    with tempfile.TemporaryDirectory() as folder:
        port, phone_port = free_port(), free_port()
        command = [sys.executable, "-m", "host_demo", "--port", str(port), "--phone-port", str(phone_port)]
        command += ["--database", database or f"sqlite:///{folder}/demo.db"]
        if not phones:
            command.append("--no-phone")
        if production:
            command.append("--production")
        if bare:
            command.append("--bare")
        with (Path(folder) / "log").open("w+b") as log:
            process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)
            try:
                urls = [f"http://127.0.0.1:{port}"] + ([f"http://127.0.0.1:{phone_port}"] if phones else [])
                for url in urls:
                    _wait_until_open(url, process=process, log=Path(log.name))
                yield RunningDemo(url=urls[0], phone_url=f"http://127.0.0.1:{phone_port}", process=process)
            finally:
                process.terminate()
                process.wait(DEADLINE)


def _wait_until_open(url: str, *, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + DEADLINE
    while time.monotonic() < until:
        try:
            requests.get(url, timeout=DEADLINE)
            return
        except (requests.ConnectionError, requests.Timeout):
            if process.poll() is not None:
                break
            time.sleep(0.1)
    raise AssertionError(f"The demo did not open {url}:\n{log.read_text()}")
