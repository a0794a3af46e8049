"""What was said between a gateway and its provider, to be shown to whoever tests it: with every secret masked (P15)."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import escape
from urllib.parse import quote, quote_plus, unquote_plus

MASK = "•••"
#: So much of a request and of an answer is shown, in characters.
LONGEST = 4000
_SHORT = 4
#: Headers whose value is a credential, or nothing that anybody needs.
_HIDDEN = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})
_NAMED = r"[\w.\-\[\]]*(?:pass|pwd|secret|token|api_?key|auth|signature|hash|senha)[\w.\-\[\]]*"
#: What stands at a name that says that it is a secret: in a query, in a form, in JSON and in XML.
_PAIRS = re.compile(rf"(?i)(\b{_NAMED}=)([^&\s\"'<]*)")
_MEMBERS = re.compile(rf'(?i)("{_NAMED}"\s*:\s*")((?:[^"\\]|\\.)*)')
_ELEMENTS = re.compile(rf"(?i)(<({_NAMED})\b[^>]*>)([^<]*)(?=</\2>)")


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """One request and what came of it, as it went over the wire."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    status: int | None = None  #: None: no answer came
    answer_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    answer: bytes = field(default=b"", repr=False)
    failure: str = ""  #: why no answer came: a stable code


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """The same to be read by a person."""

    request: str = field(repr=False)
    answer: str = field(repr=False)  #: empty where none came
    failure: str = ""


def shown(spoken: Spoken, *, secrets: Iterable[str]) -> Exchange:
    """The request and its answer as text, bounded, without a secret in any spelling."""
    hidden = _spellings(secrets)
    asked = [f"{spoken.method} {spoken.url}", *_headers(spoken.headers), "", _text(spoken.body)]
    told = (
        []
        if spoken.status is None
        else [str(spoken.status), *_headers(spoken.answer_headers), "", _text(spoken.answer)]
    )
    return Exchange(
        request=_masked("\n".join(asked), hidden),
        answer=_masked("\n".join(told), hidden),
        failure=spoken.failure,
    )


def _spellings(secrets: Iterable[str]) -> list[str]:
    """How the secrets may be written in addresses, forms, JSON, XML and headers, the longest first."""
    found: set[str] = set()
    for secret in filter(None, secrets):
        quoted = {quote(secret, safe=""), quote(secret), quote_plus(secret)}
        json_ways = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
        found |= {secret, unquote_plus(secret), escape(secret), b64encode(secret.encode()).decode()}
        found |= quoted | {_small_hex(each) for each in quoted}
        found |= json_ways | {each.replace("/", "\\/") for each in json_ways}
    return sorted(filter(None, found), key=len, reverse=True)


def _small_hex(quoted: str) -> str:
    return re.sub("%[0-9A-F]{2}", lambda each: each[0].lower(), quoted)


def _masked(text: str, hidden: Iterable[str]) -> str:
    for secret in hidden:
        if len(secret) >= _SHORT:
            text = text.replace(secret, MASK)
        else:  # a secret of a letter would take all such letters along
            text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", MASK, text)
    text = _MEMBERS.sub(rf"\g<1>{MASK}", _PAIRS.sub(rf"\g<1>{MASK}", text))
    text = _ELEMENTS.sub(rf"\g<1>{MASK}", text).strip()
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"  # last of all: half a secret would not be found


def _headers(headers: Mapping[str, str]) -> list[str]:
    return [f"{name}: {MASK if _is_hidden(name) else value}" for name, value in headers.items()]


def _is_hidden(name: str) -> bool:
    return name.lower() in _HIDDEN or re.fullmatch(_NAMED, name.lower()) is not None


def _text(body: bytes) -> str:
    text = body.decode("utf-8", "replace")
    return "".join(char if char.isprintable() or char in "\n\t" else "�" for char in text)
