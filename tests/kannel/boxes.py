"""Kannel's own processes on this machine, each on a free port of the loopback, with a configuration of their own."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import unquote_to_bytes

from tests.demo_process import free_port

USER, PASSWORD = "portal", "kannel-password"
GLOBAL_SENDER = "13013"
MAX_MESSAGES = 3
DEADLINE = 30.0

_FAKESMSC = "/usr/lib/kannel/test/fakesmsc"
_PROGRAMS = {"bearerbox": "/usr/sbin/bearerbox", "smsbox": "/usr/sbin/smsbox", "fakesmsc": _FAKESMSC}
_CONFIGURATION = """
group = core
admin-port = {admin}
admin-interface = "127.0.0.1"
admin-password = unused
smsbox-port = {boxes}
smsbox-interface = "127.0.0.1"
box-allow-ip = "127.0.0.1"
box-deny-ip = "*.*.*.*"
dlr-storage = internal
sms-combine-concatenated-mo = {joins}

group = smsc
smsc = fake
smsc-id = fake
port = {smsc}
connect-allow-ip = "127.0.0.1"

group = smsbox
bearerbox-host = "127.0.0.1"
sendsms-port = {sendsms}
sendsms-interface = "127.0.0.1"
global-sender = {sender}
http-request-retry = 10
http-queue-delay = 1

group = sendsms-user
username = {user}
password = {password}
concatenation = true
max-messages = {most}

group = sms-service
keyword = default
catch-all = true
max-messages = 0
get-url = "{get_url}"
"""
_GOT = re.compile(r"Got message \d+: <(?P<sender>\S+) (?P<to>\S+) (?P<rest>.*)>")
_PARTS = re.compile(r"udh %05%00%03(?P<header>(?:%..|.){3}) data (?P<data>.*)")


def missing() -> list[str]:
    """The programs that are not here."""
    return [name for name, path in _PROGRAMS.items() if shutil.which(path) is None]


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """One message as the fake SMSC got it, its parts put together."""

    sender: str
    to: str
    text: str


class Boxes:
    """A running Kannel whose texts from phones go to an address; all of it is gone after the block."""

    def __init__(self, folder: Path, *, get_url: str = "http://127.0.0.1:9/none", joins: bool = True) -> None:
        assert not missing(), f"Kannel is not whole here: no {' and no '.join(missing())}"
        self._folder = folder
        self._smsc, self._sendsms = free_port(), free_port()
        self._processes: list[subprocess.Popen[bytes]] = []
        self._phones: subprocess.Popen[bytes] | None = None
        ports = {"admin": free_port(), "boxes": free_port(), "smsc": self._smsc, "sendsms": self._sendsms}
        given = {"user": USER, "password": PASSWORD, "sender": GLOBAL_SENDER, "most": MAX_MESSAGES, "get_url": get_url}
        given["joins"] = "true" if joins else "false"
        self._boxes = ports["boxes"]
        (folder / "kannel.conf").write_text(_CONFIGURATION.format(**ports, **given), encoding="utf-8")

    @property
    def url(self) -> str:
        """Where sendsms is asked."""
        return f"http://127.0.0.1:{self._sendsms}"

    def __enter__(self) -> Self:
        try:
            self._start("bearerbox", port=self._boxes)
            self._start("smsbox", port=self._sendsms)
            self.listen()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def listen(self) -> None:
        """Let the phones listen: what is sent to them arrives."""
        self._connect("-m", "0", "0 0 text nothing")

    def text(self, sender: str, text: str) -> None:
        """Write from a phone, in UCS-2, and go on listening."""
        told = "".join(f"%{byte:02X}" for byte in text.encode("utf-16-be"))
        self._connect("-m", "1", "-i", "0.1", f"{sender} {GLOBAL_SENDER} ucs2 {told}")

    def part(self, sender: str, number: int, total: int, text: str) -> None:
        """Write one part of a text from a phone."""
        header = f"%05%00%03%0A%{total:02X}%{number:02X}"
        self._connect("-m", "1", "-i", "0.1", f"{sender} {GLOBAL_SENDER} udh-text {header} {text}")

    def arrived(self, count: int = 1, *, to: str) -> list[Arrived]:
        """What a number got, once it is as many messages."""
        until(lambda: len(self._arrived(to)) >= count, what=f"{count} messages", log=self.log)
        return self._arrived(to)

    def log(self) -> str:
        """The ends of what the processes said."""
        return "\n".join(file.read_text("utf-8", "replace")[-2000:] for file in sorted(self._folder.glob("*.log")))

    def said(self, name: str, words: str) -> bool:
        """Whether one of the processes has logged these words."""
        return words in (self._folder / f"{name}.log").read_text("utf-8", "replace")

    def tell(self, name: str, signal_number: int) -> None:
        """Send a process a signal: to stop for a while, to go on, to die."""
        process = self._processes[["bearerbox", "smsbox"].index(name)]
        process.send_signal(signal_number)
        if signal_number == signal.SIGKILL:
            process.wait(10)

    def close(self) -> None:
        """Stop every process, the last that was started first."""
        for process in reversed([*self._processes, *([self._phones] if self._phones else [])]):
            _stop(process)
        self._processes, self._phones = [], None

    def _start(self, name: str, *, port: int) -> None:
        with (self._folder / f"{name}.log").open("ab") as log:
            command = [_PROGRAMS[name], "-v", "0", str(self._folder / "kannel.conf")]
            process = subprocess.Popen(command, cwd=self._folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._processes.append(process)
        until(lambda: _open(port) or process.poll() is not None, what=name, log=self.log)
        assert process.poll() is None, f"{name} ended:\n{self.log()}"

    def _connect(self, *options: str) -> None:
        """The SMSC's side speaks with one client at a time."""
        if self._phones is not None:
            _stop(self._phones)
        with (self._folder / "fakesmsc.log").open("ab") as log:
            command = [_FAKESMSC, "-H", "127.0.0.1", "-r", str(self._smsc), *options]
            self._phones = subprocess.Popen(command, cwd=self._folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until(lambda: b"client connected" in self._last_words(), what="the fake SMSC", log=self.log)

    def _last_words(self) -> bytes:
        """What the bearerbox said since the last phones hung up."""
        return (self._folder / "bearerbox.log").read_bytes().rpartition(b"EOF from fakesmsc")[2]

    def _arrived(self, to: str) -> list[Arrived]:
        found: list[Arrived] = []
        parts: dict[bytes, dict[int, bytes]] = {}
        for got in _GOT.finditer((self._folder / "fakesmsc.log").read_text("utf-8", "replace")):
            if got["to"] != to:
                continue
            text = _whole(got["rest"], parts)
            if text is not None:
                found.append(Arrived(sender=got["sender"], to=to, text=text))
        return found


def _whole(rest: str, parts: dict[bytes, dict[int, bytes]]) -> str | None:
    """The text of a line of the fake SMSC's; None where parts of it are still to come. Nothing there says how parts are
    coded: they are taken for UCS-2.
    """
    if split := _PARTS.fullmatch(rest):
        header = unquote_to_bytes(split["header"].replace("+", " "))
        group, total, number = header[:1], header[1], header[2]
        mine = parts.setdefault(group, {})
        mine[number] = unquote_to_bytes(split["data"].replace("+", " "))
        if len(mine) < total:
            return None
        return b"".join(mine[at] for at in sorted(mine)).decode("utf-16-be")
    kind, _, text = rest.partition(" ")
    return unquote_to_bytes(text.replace("+", " ")).decode("utf-16-be") if kind == "ucs-2" else text


def until(holds: Callable[[], bool], *, what: str, log: Callable[[], str] = str) -> None:
    """Return once it holds. Raises ``AssertionError``, with what was logged, when it does not in time."""
    by = time.monotonic() + DEADLINE
    while not holds():
        assert time.monotonic() < by, f"No {what} in {DEADLINE:.0f} seconds.\n{log()}"
        time.sleep(0.02)


def _open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGCONT)
        process.send_signal(signal.SIGINT)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
