"""A small HTTP/1.1 server on this machine that can also misbehave: reset, hang, drip.

It reads and answers by hand because it also stands under benchmarks; it understands what our own client sends
(a body with ``Content-Length``) and what a browser asks for, and no more.
"""

from __future__ import annotations

import contextlib
import json
import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl

_LONGEST_BODY = 4 * 1024 * 1024
_LONGEST_HANG = 120.0
_DRIP_PAUSE = 0.02
_POLL = 0.01


class Ending(StrEnum):
    """How an answer goes out."""

    WHOLE = "whole"
    HANG = "hang"  #: nothing is ever sent
    RESET = "reset"  #: the connection is reset instead
    CUT = "cut"  #: half of the body, then the connection is closed
    DRIP = "drip"  #: one byte at a time


@dataclass(frozen=True, kw_only=True)
class Received:
    """One request as it came."""

    method: str
    target: str  #: path and query as they came, percent-encoded
    headers: Mapping[str, str]  #: names in lower case
    body: bytes

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        """The query's values, the last of each name."""
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))

    @property
    def form(self) -> dict[str, str]:
        """The form's values, the last of each name."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    def json(self) -> Any:
        """The body as JSON. Raises ``ValueError`` when it is none."""
        return json.loads(self.body)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One answer, and how it goes out."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    ending: Ending = Ending.WHOLE

    def head(self) -> bytes:
        """The status line and the headers."""
        phrase = HTTPStatus(self.status).phrase
        lines = [f"HTTP/1.1 {self.status} {phrase}", f"Content-Type: {self.content_type}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return ("\r\n".join([*lines, f"Content-Length: {len(self.body)}"]) + "\r\n\r\n").encode("latin-1")


def json_reply(value: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """An answer that holds a JSON value."""
    return Reply(status=status, body=json.dumps(value).encode(), headers=headers or {})


class _Closed(Exception):
    """The other side is done, or sent what is no request."""


class _Conversation(socketserver.StreamRequestHandler):
    """One connection: request after request, until either side closes it."""

    disable_nagle_algorithm = True
    server: _Server

    def handle(self) -> None:
        self.server.connections.add(self.connection)
        self.server.opened += 1
        with contextlib.suppress(_Closed, OSError):
            while not self.server.closing.is_set():
                self._one()

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def _one(self) -> None:
        first = self.rfile.readline(65_537)
        if not first.strip():
            raise _Closed
        if self.server.refuses_to_read():
            self._reset()
        try:
            method, target, _ = first.decode("latin-1").split(" ", 2)
            headers = self._headers()
            length = int(headers.get("content-length", "0"))
        except ValueError:
            raise _Closed from None
        if not 0 <= length <= _LONGEST_BODY:
            raise _Closed
        body = self.rfile.read(length)
        if len(body) < length:
            raise _Closed
        self._send(self.server.answer(Received(method=method, target=target, headers=headers, body=body)))
        if headers.get("connection", "").lower() == "close":
            raise _Closed

    def _headers(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        while (line := self.rfile.readline(65_537).decode("latin-1")) not in ("\r\n", "\n", ""):
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        return headers

    def _send(self, reply: Reply) -> None:
        whole = reply.head() + reply.body
        if reply.ending is Ending.WHOLE:
            self.wfile.write(whole)
        elif reply.ending is Ending.RESET:
            self._reset()
        elif reply.ending is Ending.HANG:
            self.server.closing.wait(_LONGEST_HANG)
            raise _Closed
        elif reply.ending is Ending.CUT:
            self.wfile.write(whole[: len(whole) - (len(reply.body) + 1) // 2])
            raise _Closed
        else:
            for at in range(len(whole)):
                self.wfile.write(whole[at : at + 1])
                self.server.closing.wait(_DRIP_PAUSE)

    def _reset(self) -> None:
        """Close so that the other side gets a reset instead of an orderly end."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.rfile.close()
        self.connection.close()
        raise _Closed


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], *, answer: Callable[[Received], Reply]) -> None:
        self.answer = answer
        self.refuses_to_read: Callable[[], bool] = lambda: False
        self.closing = threading.Event()
        self.connections: set[socket.socket] = set()
        self.opened = 0
        super().__init__(address, _Conversation)


class LoopbackServer:
    """A server in threads of this process, as a context manager; port 0 takes any free port."""

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self._server = _Server((host, port), answer=self.answer)
        self._server.refuses_to_read = self.refuses_to_read
        self._thread = threading.Thread(target=self._server.serve_forever, args=(_POLL,), daemon=True)

    def answer(self, request: Received) -> Reply:
        """What to answer; a subclass says it. Called in the thread of the connection."""
        raise NotImplementedError

    def refuses_to_read(self) -> bool:
        """Whether the connection is reset before the request is read."""
        return False

    @property
    def port(self) -> int:
        """The port that the server listens on."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """The server's base address."""
        return f"http://{self._server.server_address[0]!s}:{self.port}"

    @property
    def opened(self) -> int:
        """How many connections were made so far."""
        return self._server.opened

    def start(self) -> None:
        """Serve, until ``stop``."""
        self._thread.start()

    def stop(self) -> None:
        """End every connection and free the port."""
        self._server.closing.set()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        for connection in list(self._server.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
