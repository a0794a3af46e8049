"""HTTP as a gateway needs it: bounded in time and size, never repeated, exact about what did not leave."""

from __future__ import annotations

import json
import time
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

import requests
import urllib3.exceptions as below
from requests.structures import CaseInsensitiveDict

from sms_plugin.errors import SmsError, worded
from sms_plugin.gateways.addresses import FORBIDDEN, PRIVATE
from sms_plugin.gateways.mishaps import TooLarge, not_sent, unsure
from sms_plugin.gateways.spoken import Spoken
from sms_plugin.gateways.wire import Bounds, Line

MOST_BYTES = 64 * 1024
LONGEST_WAIT = 86_400.0
"""Seconds: a provider that asks for more patience than a day is not believed."""
IDLE = 1.5
"""Seconds after which a connection is not used again: common servers close theirs after two or five, and a
request that meets the closing ends as ``Unsure``."""
_AGENT = "sms-plugin"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

_REFUSED: Mapping[str, tuple[str, str]] = {
    PRIVATE: (
        worded("The provider's host leads to this machine or into a private network."),
        worded("Where it belongs there, switch the provider's private address on, or set SMS_PRIVATE_GATEWAYS."),
    ),
    FORBIDDEN: (
        worded("The provider's host leads to an address that no provider may have."),
        worded("Give the host by its name, or by an ordinary address."),
    ),
}

Watch = Callable[[Spoken], None]
Pairs = Mapping[str, str] | Sequence[tuple[str, str]]


class NotSent(SmsError):
    """Surely nothing reached the provider.

    ``code`` is ``dns``, ``no_connection``, ``connect_timeout``, ``tls`` or ``bad_request``; or ``private_address`` or
    ``forbidden_address`` where the provider's host leads to none that may be reached.
    """

    def __init__(self, reason: str) -> None:
        told, hint = _REFUSED.get(reason, (worded("The provider could not be reached"), ""))
        super().__init__(told, code=reason, hint=hint)


class Unsure(SmsError):
    """The request may have reached the provider.

    ``code`` is ``timeout``, ``reset``, ``garbled`` or ``too_large``.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(worded("The provider's answer did not arrive"), code=reason)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A provider's whole answer."""

    status: int
    headers: Mapping[str, str]  #: names in lower case
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether the status is a 2xx; the body may say otherwise."""
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        """The body as text, by the charset that it declares, else UTF-8."""
        return self.decoded("utf-8")

    def decoded(self, fallback: str) -> str:
        """The body as text, by the charset that it declares, else by ``fallback``."""
        _, _, rest = self.headers.get("content-type", "").lower().partition("charset=")
        try:
            return self.body.decode(rest.partition(";")[0].strip(" \"'") or fallback, "replace")
        except (LookupError, ValueError):  # one that nobody knows, or that is none of texts
            return self.body.decode(fallback, "replace")

    def json(self) -> Any:
        """The body as JSON. Raises ``ValueError`` when it is none."""
        try:
            return json.loads(self.body)
        except RecursionError:
            raise ValueError("nested too deeply") from None

    def retry_after(self, *, now: datetime | None = None) -> float | None:
        """Seconds that the provider asks us to wait, at most a day.

        A date is read against ``now``, else against the provider's own clock.
        """
        asked = self.headers.get("retry-after", "").strip()
        if asked.isascii() and asked.isdigit():
            return min(float(asked), LONGEST_WAIT)
        try:
            until = parsedate_to_datetime(asked)
            start = now or parsedate_to_datetime(self.headers.get("date", ""))
            return min(max((until - start).total_seconds(), 0.0), LONGEST_WAIT)
        except (ValueError, TypeError, OverflowError):
            return None


def base_address(address: str) -> str:
    """The address without a slash at its end, when it is one that a gateway may call.

    Raises ``SmsError`` (code ``bad_address``), which never holds the address: it may carry a token.
    """
    problem = _address_problem(address)
    if problem:
        raise SmsError(
            problem,
            code="bad_address",
            hint=worded("Write it as https://host or https://host:port/path, without user, password, ? and #."),
        )
    return address.rstrip("/")


def _address_problem(address: str) -> str:
    if not address.isascii() or any(ord(char) <= 32 or ord(char) == 127 for char in address):
        return worded(
            "The address holds a space, a control character or a letter outside ASCII (write such a host as xn--…)."
        )
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return worded("The address has a host or a port that cannot be.")
    if parts.scheme not in ("http", "https"):
        return worded("The address begins neither with https:// nor with http://.")
    if not host or "\\" in address:
        return worded("The address has no host.")
    if "@" in parts.netloc:
        return worded("The address holds credentials.")
    return worded("The address holds a query or a fragment.") if "?" in address or "#" in address else ""


def in_clear(address: str) -> bool:
    """Whether credentials would cross a network unencrypted at this address."""
    parts = urlsplit(address)
    return parts.scheme == "http" and parts.hostname not in _LOOPBACK


class Http:
    """One connection to a provider, kept alive between requests. Belongs to one thread.

    It stands on the transport of ``requests`` and not on its ``Session``: nothing comes from the environment
    (proxies, netrc), nothing is retried, no redirect is followed, and a request costs half the time.
    """

    def __init__(
        self,
        connect_timeout: float = 5.0,
        read_timeout: float = 30.0,
        *,
        private: bool = False,
        watch: Watch | None = None,
    ) -> None:
        """``private`` lets it reach this machine and private networks; whoever builds it asks ``Line.private``.
        ``watch`` is told what was said, secrets and all: for tests of the connection only.
        """
        self._watch = watch
        self._timeout = (connect_timeout, read_timeout)
        self._bounds = Bounds(read_timeout=read_timeout, private=private)
        self._last_used = time.monotonic()
        self._line = Line(self._bounds)

    @property
    def longest(self) -> float:
        """Seconds that one request takes at most, the system's look-up of the host's name apart."""
        connect, read = self._timeout
        return 2 * connect + read

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Pairs | None = None,
        data: Pairs | bytes | None = None,
        json: object = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        at_most: int = MOST_BYTES,
    ) -> Answer:
        """The answer to one request, whatever its status.

        ``url`` is already percent-encoded; ``at_most`` is the largest body in bytes. Raises ``NotSent`` or
        ``Unsure``, which tell a reason and nothing of the request.
        """
        prepared = _prepared(method, url, params=params, data=data, json_value=json)
        prepared.headers.update(headers or {})
        if auth is not None:
            prepared.headers["Authorization"] = "Basic " + b64encode(":".join(auth).encode()).decode()
        if time.monotonic() - self._last_used > IDLE:
            self._line.close()
        self._bounds.begin(seconds=2 * self._timeout[0])
        answer, failure = None, None
        try:
            answer = self._exchange(prepared, at_most=at_most)
        except (requests.RequestException, below.HTTPError, HTTPException, OSError, ValueError) as error:
            # Neither error nor its cause may be chained: both hold the address with its query.
            failure = Unsure(unsure(error)) if self._bounds.departed else NotSent(not_sent(error))
        finally:
            self._bounds.end()
            self._last_used = time.monotonic()
        if self._watch is not None:
            self._watch(_spoken(prepared, answer, failure))
        if answer is None:
            assert failure is not None  # noqa: S101 - there is one or the other
            raise failure
        return answer

    def _exchange(self, prepared: requests.PreparedRequest, *, at_most: int) -> Answer:
        response = self._line.send(prepared, stream=True, timeout=self._timeout)
        try:
            body = response.raw.read(at_most + 1, decode_content=True)
            if len(body) > at_most:
                raise TooLarge
            headers = {name.lower(): value for name, value in response.raw.headers.items()}
            return Answer(status=response.status_code, headers=headers, body=body)
        except BaseException:
            response.raw.close()
            raise

    def close(self) -> None:
        """Let go of the connection; a later request makes a new one."""
        self._line.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _spoken(prepared: requests.PreparedRequest, answer: Answer | None, failure: SmsError | None) -> Spoken:
    body = prepared.body or b""
    return Spoken(
        method=prepared.method or "",
        url=prepared.url or "",
        headers=dict(prepared.headers),
        body=body if isinstance(body, bytes) else str(body).encode(),
        status=None if answer is None else answer.status,
        answer_headers={} if answer is None else answer.headers,
        answer=b"" if answer is None else answer.body,
        failure="" if failure is None else failure.code,
    )


def _prepared(
    method: str, url: str, *, params: Pairs | None, data: Pairs | bytes | None, json_value: object
) -> requests.PreparedRequest:
    """The request, made by hand: ``requests`` would parse the address and look for cookies anew each time."""
    prepared = requests.PreparedRequest()
    prepared.method = method
    prepared.url = f"{url}{'&' if '?' in url else '?'}{urlencode(params)}" if params else url
    headers = CaseInsensitiveDict({"User-Agent": _AGENT, "Accept": "*/*", "Accept-Encoding": "identity"})
    if json_value is not None:
        prepared.body = json.dumps(json_value).encode()
        headers["Content-Type"] = "application/json"
    elif isinstance(data, bytes):
        prepared.body = data
    elif data is not None:
        prepared.body = urlencode(data).encode()
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    if prepared.body is not None or method not in ("GET", "HEAD"):
        headers["Content-Length"] = str(len(prepared.body or b""))
    prepared.headers = headers
    return prepared
