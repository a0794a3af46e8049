"""The portal's web server and the phones beside it, started and stopped together."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType

from flask import Flask
from werkzeug.serving import BaseWSGIServer, make_server

PATIENCE = 45
"""Seconds that a process is given to answer, and later to finish what it has in flight."""


class CannotOpen(Exception):
    """The portal or its phones cannot start, with what to do about it."""


class PortTaken(CannotOpen):
    """Somebody listens there already."""

    def __init__(self, port: int, *, what: str, option: str) -> None:
        super().__init__(
            f"Port {port}, for {what}, is taken. Stop the program that uses it "
            f"(perhaps an earlier demo), or choose another port: {option} N."
        )


def claim(host: str, port: int, *, what: str, option: str) -> None:
    """Raise PortTaken unless something could listen on the port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTaken(port, what=what, option=option) from error


@contextmanager
def beside(command: Sequence[str], *, env: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A process of our own that is told to stop when the block ends, and waited for."""
    # A session of its own: Ctrl-C reaches this process alone, which then stops the others in its own order.
    process = subprocess.Popen(command, env=env, start_new_session=True)  # noqa: S603 -- our own commands
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def phones(port: int) -> Iterator[subprocess.Popen[bytes]]:
    """The phone gateway in a process of its own, for as long as the block runs."""
    claim("127.0.0.1", port, what="the phones", option="--phone-port")
    with beside([sys.executable, "-m", "sms_plugin.testing.phone_server", "--port", str(port)]) as process:
        if not opens(process, host="127.0.0.1", port=port):
            raise CannotOpen("The phones did not start; the reason stands above. --no-phone does without them.")
        yield process


def opens(process: subprocess.Popen[bytes], *, host: str, port: int) -> bool:
    """Whether the process listens before long."""
    until = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex((host, port)) == 0:
                return True
        time.sleep(0.05)
    return False


@contextmanager
def serving(app: Flask, *, host: str, port: int) -> Iterator[BaseWSGIServer]:
    """A threaded server that has its port and waits for ``serve_forever()``."""
    claim(host, port, what="the portal", option="--port")
    server = make_server(host, port, app, threaded=True)
    try:
        yield server
    finally:
        server.server_close()


def stop_on_signals() -> None:
    """Let TERM and HUP unwind the stack as Ctrl-C does, so that every ``finally`` runs."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
