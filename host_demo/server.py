"""The portal's web server and the phones beside it, started and stopped together."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from flask import Flask
from werkzeug.serving import BaseWSGIServer, make_server

PATIENCE = 10
"""Seconds that the phones are given to answer, and later to stop by themselves."""


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
def phones(port: int) -> Iterator[None]:
    """The phone gateway in a process of its own, for as long as the block runs."""
    claim("127.0.0.1", port, what="the phones", option="--phone-port")
    command = [sys.executable, "-m", "sms_plugin.testing.phone_server", "--port", str(port)]
    # A session of its own: Ctrl-C reaches the portal alone, which then stops the phones last.
    process = subprocess.Popen(command, start_new_session=True)  # noqa: S603 -- our own module
    try:
        _wait_until_open(process, port=port)
        yield
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_open(process: subprocess.Popen[bytes], *, port: int) -> None:
    until = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise CannotOpen("The phones did not start; the reason stands above. --no-phone does without them.")


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
