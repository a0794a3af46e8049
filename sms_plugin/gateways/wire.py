"""The connection under ``Http``: it knows whether a request has left, and ends every request in bounded time. It goes
to addresses only that were judged.

urllib3 limits each single read; a provider that drips one byte at a time would hold a thread for hours. Here
every read and write is measured against one deadline. Whether a byte has left is noted where it leaves, so
that nobody has to guess it from an exception.
"""

from __future__ import annotations

import http.client
import io
import logging
import socket
import threading
import time
from collections.abc import Mapping
from typing import Any, ClassVar

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from urllib3 import BaseHTTPResponse, HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import allowed_gai_family, create_connection

from sms_plugin.gateways.addresses import AddressRefused, allowed

_ours = threading.local()


def _is_foreign(record: logging.LogRecord) -> bool:  # a filter is given the record
    return not getattr(_ours, "speaking", False)


# urllib3 logs addresses with their query, where many providers want passwords, numbers and texts. The rest of
# the portal goes on logging its own requests.
for _name in ("urllib3.connection", "urllib3.connectionpool", "urllib3.util.retry"):
    logging.getLogger(_name).addFilter(_is_foreign)


class Bounds:
    """The limits of the request under way, shared by all connections of one ``Http``."""

    __slots__ = ("answer_by", "depart_by", "departed", "private", "read_timeout")

    def __init__(self, *, read_timeout: float, private: bool = False) -> None:
        self.read_timeout = read_timeout
        self.private = private  #: whether private addresses may be reached
        self.depart_by = self.answer_by = 0.0
        self.departed = False

    def begin(self, *, seconds: float) -> None:
        """A new request, which must start to leave within ``seconds``; until ``end`` nothing is logged."""
        _ours.speaking = True
        self.depart_by = time.monotonic() + seconds
        self.answer_by = 0.0
        self.departed = False

    def end(self) -> None:
        """The request is over."""
        _ours.speaking = False

    def depart(self) -> None:
        """Note that bytes may leave from now on. Raises ``TimeoutError`` when it is too late for that."""
        if self.departed:
            return
        now = time.monotonic()
        if now > self.depart_by:
            raise TimeoutError("connecting took too long")
        self.answer_by = now + self.read_timeout
        self.departed = True

    def connecting(self, seconds: float) -> float:
        """Seconds that one more address may take, ``seconds`` at most. Raises ``TimeoutError`` when there are none."""
        left = min(seconds, self.depart_by - time.monotonic())
        if left <= 0:
            raise TimeoutError("connecting took too long")
        return left

    def left(self) -> float:
        """Seconds until the answer must be complete. Raises ``TimeoutError`` when there are none."""
        seconds = self.answer_by - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("the answer took too long")
        return seconds


class _DeadlinedReads(io.RawIOBase):
    """A socket's reading end; each read may take what is left of the request's time."""

    def __init__(self, raw: io.RawIOBase, *, sock: socket.socket, bounds: Bounds) -> None:
        self._raw = raw
        self._sock = sock
        self._bounds = bounds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._bounds.left())
        count: int | None = self._raw.readinto(buffer)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _BoundedAnswer(http.client.HTTPResponse):
    bounds: ClassVar[Bounds]

    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        raw = self.fp.detach()
        self.fp = io.BufferedReader(_DeadlinedReads(raw, sock=sock, bounds=self.bounds))

    def begin(self) -> None:
        """Read on until the final answer (RFC 9110, 15.2): what is only on the way (102, 103) is none, and what follows
        it would be read as the answer to the next request. Another protocol (101) nobody asked for.
        """
        super().begin()
        while 100 <= self.status < 200:
            if self.status == http.HTTPStatus.SWITCHING_PROTOCOLS:
                raise http.client.BadStatusLine(str(self.status))
            self.headers = self.msg = None  # type: ignore[assignment]  # as before its first answer
            super().begin()


class _BoundedConnection:
    """What both schemes share; stands before urllib3's own class."""

    bounds: ClassVar[Bounds]
    host: str
    port: int
    sock: Any
    timeout: Any
    socket_options: Any

    def _new_conn(self) -> socket.socket:
        """A connection to an address of the host that may be reached: what was judged is what is connected to, while
        the server's name for TLS and the Host header stay the host's. In place of urllib3's own, with its errors.
        """
        this: Any = self
        try:
            addresses = allowed(self.host, self.port, private=self.bounds.private, family=allowed_gai_family())
        except socket.gaierror as error:
            raise NameResolutionError(self.host, this, error) from error
        failure: OSError = AddressRefused("")
        for address in addresses:
            try:
                seconds = self.bounds.connecting(self.timeout)
                return create_connection((address, self.port), seconds, socket_options=self.socket_options)
            except OSError as error:
                failure = error
        if isinstance(failure, TimeoutError):
            raise ConnectTimeoutError(this, "connecting took too long") from failure
        raise NewConnectionError(this, "no connection") from failure

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()  # type: ignore[attr-defined]
        self.bounds.depart()
        self.sock.settimeout(self.bounds.left())
        super().send(data)  # type: ignore[misc]


class Line(HTTPAdapter):
    """The transport of one ``Http``: no retries, one idle connection per host, everything bounded."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        super().__init__(pool_connections=4, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Prepare the pools, with connections that keep to the bounds."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {
            "http": self._pool(HTTPConnectionPool, HTTPConnection),
            "https": self._pool(HTTPSConnectionPool, HTTPSConnection),
        }

    def _pool(self, pool: type[Any], connection: type[Any]) -> Any:
        held: Mapping[str, Any] = {"bounds": self._bounds}
        answer = type("BoundedAnswer", (_BoundedAnswer,), dict(held))
        bounded = type("Bounded", (_BoundedConnection, connection), {**held, "response_class": answer})
        return type("BoundedPool", (pool,), {"ConnectionCls": bounded})

    def build_response(self, req: PreparedRequest, resp: BaseHTTPResponse) -> Response:
        """The answer without cookies and history: no gateway uses them, and they cost as much as the rest."""
        response = Response()
        response.status_code = resp.status
        response.raw = resp
        response.request = req
        return response
