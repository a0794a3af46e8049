"""The ``{u}``-style placeholders of a generic HTTP gateway: read once, filled for every message (P11)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from sms_plugin.errors import did_you_mean, worded

MEANING: Mapping[str, str] = {
    "u": "user",
    "p": "password",
    "t": "token",
    "s": "sender",
    "d": "destination number",
    "m": "message",
    "r": "our reference of the message",
    "k": "the same in 32 hexadecimal digits",
    "c": "address for receipts",
}
#: What a question to the provider may hold instead of a number and a text.
OF_QUESTIONS: Mapping[str, str] = {
    **{name: MEANING[name] for name in "utpsrkd"},
    "i": "the provider's id of the message",
    "a": "where the last question for texts ended",
}
_PLACEHOLDER = re.compile(r"\{([A-Za-z][A-Za-z0-9_]*)\}")


@dataclass(frozen=True)
class Template:
    """A text with placeholders; literals at even places, names at odd ones."""

    parts: tuple[str, ...]

    @property
    def names(self) -> frozenset[str]:
        """The placeholders that it holds."""
        return frozenset(self.parts[1::2])

    @property
    def literal(self) -> str:
        """What stands around the placeholders."""
        return "".join(self.parts[::2])

    def filled(self, values: Mapping[str, str], *, encode: Callable[[str], str]) -> str:
        """The text with every placeholder replaced by its encoded value."""
        pieces = list(self.parts)
        pieces[1::2] = [encode(values[name]) for name in self.parts[1::2]]
        return "".join(pieces)


def template(text: str, known: Mapping[str, str] = MEANING) -> Template:
    """The template written in ``text``. Raises ``ValueError`` that names a placeholder that is not among the known."""
    parts = tuple(_PLACEHOLDER.split(text))
    unknown = [name for name in parts[1::2] if name not in known]
    if unknown:
        guess = did_you_mean(unknown[0].lower()[:1], known)
        there_are = ", ".join(f"{{{name}}} {meaning}" for name, meaning in known.items())
        raise ValueError(
            worded(
                "holds the unknown placeholder {%(unknown)s}. %(guess)s There are: %(there_are)s",
                unknown=unknown[0],
                guess=guess,
                there_are=there_are,
            )
        )
    return Template(parts)


def percent_encoder(charset: str) -> Callable[[str], str]:
    """Percent-encoding of everything but unreserved characters. The encoder raises ``UnicodeEncodeError``."""
    return lambda value: quote(value, safe="", encoding=charset, errors="strict")


def json_escaped(value: str) -> str:
    """What stands between the quotes of a JSON string, in ASCII."""
    return json.dumps(value)[1:-1]


def verbatim(value: str) -> str:
    """The value itself."""
    return value
