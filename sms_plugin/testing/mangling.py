"""Answers and requests that are almost right: one value in them is of another kind, absurd or gone, or their end is.

They are the same in every run. What a body is is seen by its looks: JSON, or the pairs of a form.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from sms_plugin.gateways.contract import WebRequest
from sms_plugin.testing.loopback import Reply

_HUGE = "9" * 5_000  # more digits than Python turns into a number
_WORDS = (
    "",
    "\0",
    "\ud800",
    _HUGE,
    "-" + _HUGE,
    "NaN",
    "-Infinity",
    "1e999999999",
    "٣",
    "²",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "Mon, 04 May 99999999999999999999 12:00:00 GMT",
    "idna",
    "a\r\nb",
)
_NUMBERS = (-1, 0.5, 10**400, float("nan"), float("inf"))
_VALUES: tuple[Any, ...] = (None, True, *_NUMBERS, [], [None], {}, {"": None}, *_WORDS)
_FORM = "application/x-www-form-urlencoded"


def mangled_replies(reply: Reply) -> Iterator[Reply]:
    """The reply with each of its values replaced by every absurd one, without it, and cut short; each once."""
    for body in dict.fromkeys(mangled_bodies(reply.body)):
        yield replace(reply, body=body)


def mangled_requests(request: WebRequest) -> Iterator[WebRequest]:
    """The request with its body, or where it has none its query, mangled the same way; and as another kind of body."""
    if request.body:
        for body in dict.fromkeys(mangled_bodies(request.body)):
            yield replace(request, body=body)
        for kind in ("", "application/json", _FORM, "text/xml; charset=idna", "multipart/form-data"):
            yield replace(request, headers={**request.headers, "content-type": kind})
        return
    address, _, query = request.url.partition("?")
    for changed in _mangled_pairs(query.encode()):
        yield replace(request, url=f"{address}?{changed.decode()}")


def mangled_bodies(body: bytes) -> Iterator[bytes]:
    """The body, mangled in every way."""
    try:
        whole = json.loads(body)
    except ValueError:
        whole = None
    if isinstance(whole, dict | list):
        yield from (json.dumps(each).encode() for each in _mangled_values(whole))
        yield body + body
        yield json.dumps(whole).encode("utf-16")
    elif b"=" in body:
        yield from _mangled_pairs(body)
    else:
        yield from (word.encode("utf-8", "surrogatepass") for word in _WORDS)
    yield from (body[: len(body) * eighth // 8] for eighth in range(8))
    yield body.replace(b"e", b"\0")
    yield body.replace(b"e", b"\xff")


def _mangled_values(whole: Any) -> Iterator[Any]:
    yield from _VALUES
    for path in _paths(whole):
        for value in _VALUES:
            yield _changed(whole, path, value)
        yield _changed(whole, path, ...)


def _paths(value: Any) -> Iterator[tuple[Any, ...]]:
    """The way to each value inside."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, each in inside:
        yield (step,)
        yield from ((step, *rest) for rest in _paths(each))


def _changed(whole: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy with another value at the end of the path; without it for ``...``."""
    copy: Any = dict(whole) if isinstance(whole, dict) else list(whole)
    step, *rest = path
    if rest:
        copy[step] = _changed(whole[step], tuple(rest), value)
    elif value is ...:
        del copy[step]
    else:
        copy[step] = value
    return copy


def _mangled_pairs(body: bytes) -> Iterator[bytes]:
    told = parse_qsl(body.decode("latin-1"), keep_blank_values=True, encoding="latin-1")
    pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in told]
    for at, (name, given) in enumerate(pairs):
        before, after = pairs[:at], pairs[at + 1 :]
        yield urlencode([*before, *after]).encode()
        for word in _WORDS:
            written = word.encode("utf-8", "surrogatepass")
            yield urlencode([*before, (name, written), *after]).encode()
            yield urlencode([*pairs, (name, written)]).encode()
        yield from (urlencode([*before, (name, inner), *after]).encode() for inner in _inside(given))


def _inside(given: bytes) -> Iterator[bytes]:
    """The JSON inside a pair, mangled; some providers send one so."""
    try:
        whole = json.loads(given)
    except ValueError:
        return
    if isinstance(whole, dict | list):
        yield from (json.dumps(each).encode() for each in _mangled_values(whole))
