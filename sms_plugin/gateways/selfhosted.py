"""What Kannel and Jasmin have in common: gateways of one's own, set up by hand, which sign nothing and cut what is too
long without a word.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from sms_plugin.errors import ForgedRequest, worded
from sms_plugin.gateways.contract import WebRequest
from sms_plugin.gateways.values import is_same
from sms_plugin.text.segments import measure

#: The name that our key has in the addresses that they call.
KEY = "key"

_ALONE, _PART = 160, 153  # septets of GSM-7: the most that a text of one part holds, and each part of a longer one
_SAFE = re.compile(r"[A-Za-z0-9._~-]*")


def longest(parts: int) -> int:
    """The most characters that fit into so many parts."""
    return _ALONE if parts == 1 else _PART * parts


def fits(text: str, *, parts: int) -> bool:
    """Whether the text is sent in so many parts at most: past that, it would be accepted and cut (P19)."""
    return measure(text).segments <= parts


def key_problem(key: str) -> str:
    """What is wrong with a key that stands in an address, or nothing: Kannel reads % as an escape of its own."""
    return "" if _SAFE.fullmatch(key) else worded("may hold only letters without accents, digits and - . _ ~")


def called_back(url: str, fields: Mapping[str, str], *, key: str) -> str:
    """The address to be called, with the fields and our key. Nothing in them is escaped that stands as an escape."""
    given = {**fields, KEY: key} if key else fields
    query = urlencode(given, safe="%")
    return f"{url}{'&' if '?' in url else '?'}{query}"


def verified(request: WebRequest, *, key: str, encoding: str = "utf-8") -> dict[str, str]:
    """The request's fields from its query or its form, once our key is among them; without a key, all are taken.

    With ``encoding="latin-1"`` each character is one byte of what came. Raises ``ForgedRequest``.
    """
    _, _, query = request.url.partition("?")
    fields = dict(parse_qsl(query, keep_blank_values=True, encoding=encoding, errors="replace"))
    if request.form:
        form = request.body.decode("latin-1")
        fields |= parse_qsl(form, keep_blank_values=True, encoding=encoding, errors="replace")
    if key and not is_same(fields.get(KEY, ""), key):
        raise ForgedRequest(
            "The request does not hold the key of the provider's settings.",
            code="forged",
            hint=f"Let the address that the gateway calls end with {KEY}= and that key.",
        )
    return fields
