"""The pretended network behind the phone server: what it took, in order, and how certain numbers behave."""

from __future__ import annotations

import itertools
import json
import os
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

_KEPT_PER_PHONE = 100
REFUSED, UNDELIVERED, SILENT, SLOW = "0001", "0002", "0003", "0004"
BEHAVIOUR: Mapping[str, str] = {
    REFUSED: "is refused: the number does not exist",
    UNDELIVERED: "is accepted, then reported undelivered",
    SILENT: "is accepted and never reported",
    SLOW: "is answered three seconds late",
}
SLOW_SECONDS = 3.0


class Mode(StrEnum):
    """How the server answers every submission until told otherwise."""

    ACCEPT = "accept"
    REFUSE = "refuse"  #: the account is refused: no credit
    THROTTLE = "throttle"  #: 429, with ``retry_after``
    TIMEOUT = "timeout"  #: taken, and never answered
    RESET_BEFORE = "reset_before"  #: the connection is reset before the request is read
    RESET_AFTER = "reset_after"  #: taken, then the connection is reset
    GARBAGE = "garbage"  #: taken, and answered with what nobody can read
    SERVER_ERROR = "server_error"  #: taken, and answered with 500
    NO_RECEIPTS = "no_receipts"  #: accepted, and never reported
    DRIP = "drip"  #: taken, and answered one byte at a time


NOT_TAKEN = frozenset({Mode.REFUSE, Mode.THROTTLE})


@dataclass(frozen=True, kw_only=True)
class Control:
    """What a test can set; times in seconds but for ``latency_ms``."""

    mode: Mode = Mode.ACCEPT
    latency_ms: float = 0.0
    retry_after: int = 1
    sent_after: float = 0.3
    delivered_after: float = 1.5

    def changed(self, wanted: Mapping[str, Any]) -> Control:
        """The control with some values replaced. Raises ``ValueError`` or ``TypeError`` for strange ones."""
        values = dict(wanted)
        if "mode" in values:
            values["mode"] = Mode(values["mode"])
        return replace(self, **values)


@dataclass(kw_only=True)
class Bubble:
    """One message on a phone; its state changes with the receipts."""

    reference: str
    id: str
    to: str
    text: str
    at: float
    state: str = "accepted"
    mine: bool = False  #: whoever has the phone wrote it
    url: str = ""  #: where the portal wants to hear of it


@dataclass(kw_only=True)
class Phone:
    """One number's conversation."""

    number: str
    version: int = 0  #: grows with every change
    bubbles: deque[Bubble] = field(default_factory=lambda: deque(maxlen=_KEPT_PER_PHONE))


class Ledger:
    """Every submission that was received, in order; with a path, in the file before it is answered."""

    def __init__(self, path: Path | None) -> None:
        self._lines: list[dict[str, object]] = []
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self._file = None if path is None else os.open(path, flags, 0o600)

    def write(self, **line: object) -> None:
        """Add one line. One ``write`` of an append-only file: it survives the end of this process."""
        self._lines.append(line)
        if self._file is not None:
            os.write(self._file, json.dumps(line).encode() + b"\n")

    def lines(self) -> Sequence[Mapping[str, object]]:
        """All lines since the last ``clear``."""
        return list(self._lines)

    def clear(self) -> None:
        """Forget the lines in memory; the file keeps them."""
        self._lines.clear()

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


class Network:
    """The phones and their messages. Safe to use from every connection's thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = itertools.count(1)
        self._changes = itertools.count(1)
        self._phones: dict[str, Phone] = {}
        self._by_id: dict[str, list[Bubble]] = {}

    def take(self, *, id: str, to: str, text: str, url: str = "") -> Bubble:
        """The message, now on its phone; the same id twice is two messages, as with most providers."""
        with self._lock:
            reference = f"P{next(self._count):08d}"
            bubble = Bubble(reference=reference, id=id, to=to, text=text, at=time.time(), url=url)
            self._show(bubble)
            self._by_id.setdefault(id, []).append(bubble)
            return bubble

    def write(self, *, number: str, text: str) -> Bubble | None:
        """What somebody writes on a phone, in answer to its latest message; None where there is none to answer."""
        with self._lock:
            phone = self._phones.get(number)
            last = None if phone is None else next((one for one in reversed(phone.bubbles) if not one.mine), None)
            if last is None:
                return None
            reference = f"R{next(self._count):08d}"
            bubble = Bubble(
                reference=reference, id=last.reference, to=number, text=text, at=time.time(), state="written", mine=True
            )
            bubble.url = last.url.rpartition("/")[0]  # without the message's own id, it is the provider's address
            self._show(bubble)
            return bubble

    def _show(self, bubble: Bubble) -> None:
        phone = self._phones.pop(bubble.to, None) or Phone(number=bubble.to)
        self._phones[bubble.to] = phone  # last in the dict is newest
        phone.bubbles.append(bubble)
        phone.version = next(self._changes)

    def report(self, bubble: Bubble, *, state: str) -> None:
        """Note on the phone what the portal is told."""
        with self._lock:
            bubble.state = state
            if bubble.to in self._phones:
                self._phones[bubble.to].version = next(self._changes)

    def having(self, wanted: str) -> Sequence[Bubble]:
        """The messages with that id or that reference."""
        with self._lock:
            if wanted in self._by_id:
                return list(self._by_id[wanted])
            held = itertools.chain.from_iterable(self._by_id.values())
            return [bubble for bubble in held if bubble.reference == wanted]

    def newest(self, *, most: int) -> Sequence[Phone]:
        """The phones that were texted last, newest first, as they are now."""
        with self._lock:
            recent = list(itertools.islice(reversed(self._phones.values()), most))
            return [
                Phone(
                    number=phone.number,
                    version=phone.version,
                    bubbles=deque(replace(bubble) for bubble in phone.bubbles),
                )
                for phone in recent
            ]

    def clear(self) -> None:
        """Empty phones."""
        with self._lock:
            self._phones.clear()
            self._by_id.clear()
