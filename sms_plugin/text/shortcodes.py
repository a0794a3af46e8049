"""Texts with shortcodes, read once, checked against what a section reaches, and rendered without a hole (M5).

A text names values and says how they are written; it can do nothing else. What is inserted is never read
again, so that no value brings shortcodes along.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache
from typing import Final

from sms_plugin.errors import SmsError, did_you_mean
from sms_plugin.text.formats import (
    BadValue,
    DateLength,
    Money,
    Style,
    format_date,
    format_money,
    format_value,
    to_money,
)
from sms_plugin.text.grammar import BadText, Form, Shortcode, read
from sms_plugin.text.gsm import is_gsm

__all__ = [
    "BadText",
    "BadValue",
    "Form",
    "MissingValue",
    "Parsed",
    "Shortcode",
    "UnknownShortcode",
    "check",
    "parse",
    "render",
]

_SHORTCODE_AS_TEXT: Final = re.compile(r"\{[ \t]*([A-Za-z_][A-Za-z0-9_]*)[ \t]*(?:\|[^{}]*)?\}", re.ASCII)


class UnknownShortcode(SmsError):
    """Shortcodes that a text may not use.

    Codes: ``unknown_shortcode``, or ``unreachable_shortcode`` where all of them are known.
    """

    def __init__(self, message: str, *, code: str, hint: str, names: tuple[str, ...]) -> None:
        super().__init__(message, code=code, hint=hint)
        self.names = names


class MissingValue(SmsError):
    """A shortcode has neither value nor default (``missing_value``): the text would have a hole (M5)."""

    def __init__(self, shortcode: Shortcode) -> None:
        super().__init__(
            f"The shortcode {{{shortcode.name}}} at character {shortcode.position} has no value.",
            code="missing_value",
            hint=f'Fill it in on the record, or give it a default: {{{shortcode.name}|default("…")}}.',
        )
        self.name = shortcode.name


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """A text that has been read."""

    source: str = field(repr=False)
    parts: tuple[str | Shortcode, ...]

    @cached_property
    def shortcodes(self) -> tuple[Shortcode, ...]:
        """Every place, in their order."""
        return tuple(part for part in self.parts if isinstance(part, Shortcode))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The shortcodes that the text uses, each once, in their order."""
        return tuple(dict.fromkeys(shortcode.name for shortcode in self.shortcodes))


@lru_cache(maxsize=1024)
def parse(text: str) -> Parsed:
    """The text, read once. Raises ``BadText`` with the position of what cannot be read."""
    if not text.strip():
        raise BadText("The text is empty.", code="empty_text", hint="Write what the message says.")
    return Parsed(source=text, parts=tuple(read(text)))


def check(parsed: Parsed, *, reachable: Collection[str], known: Collection[str] = ()) -> None:
    """Nothing, where the text uses only shortcodes that its section reaches (M5).

    Raises ``UnknownShortcode`` naming each that is not ``reachable``, and ``BadText`` for a shortcode in
    double braces, which would be sent as it stands.
    """
    beyond = tuple(name for name in parsed.names if name not in reachable)
    if beyond:
        unknown = [name for name in beyond if name not in known]
        raise UnknownShortcode(
            " ".join(_complaint(parsed, name=name, unknown=name in unknown) for name in beyond),
            code="unknown_shortcode" if unknown else "unreachable_shortcode",
            hint=_advice(unknown, reachable=reachable),
            names=beyond,
        )
    for part in parsed.parts:
        for written in _SHORTCODE_AS_TEXT.finditer(part) if isinstance(part, str) else ():
            if written[1] in reachable or written[1] in known:
                raise _escaped(parsed, written=written[0])


def render(parsed: Parsed, *, value: Callable[[str], object], style: Style) -> str:
    """The text with its values, as one recipient reads it.

    ``value`` gives the raw object for a name, and is asked once for each; what it raises goes through. A
    currency sign that GSM-7 lacks becomes its ISO code when all else in the text is GSM-7 (M4). Raises
    ``MissingValue`` where None or nothing visible comes and the shortcode has no default, ``BadValue`` for
    what a filter cannot write, ``BadText`` (``empty_text``) when nothing at all is left to say.
    """
    raw = {name: value(name) for name in parsed.names}
    pieces = [part if isinstance(part, str) else _piece(part, raw=raw[part.name], style=style) for part in parsed.parts]
    gsm = all(is_gsm(piece) for piece in pieces if isinstance(piece, str))
    text = "".join(piece if isinstance(piece, str) else format_money(piece, style=style, gsm=gsm) for piece in pieces)
    if not text.strip():
        raise BadText(
            "Nothing is left of the text.",
            code="empty_text",
            hint="Its shortcodes were all left empty by default.",
        )
    return text


def _piece(shortcode: Shortcode, *, raw: object, style: Style) -> str | Money:
    """The value as text, or as money while it is open whether its sign fits."""
    try:
        piece = _written(shortcode, raw=raw, style=style)
        if isinstance(piece, Money):
            format_money(piece, style=style, gsm=True)
    except BadValue as error:
        raise BadValue(
            f"The shortcode {{{shortcode.name}}} at character {shortcode.position}: {error.message}",
            code=error.code,
            hint=error.hint,
        ) from None
    if piece:
        return piece
    if shortcode.default is None:
        raise MissingValue(shortcode)
    return shortcode.default


def _written(shortcode: Shortcode, *, raw: object, style: Style) -> str | Money:
    plain = raw if isinstance(raw, Money) else format_value(raw, style=style, gsm=False)
    if not plain or shortcode.form is Form.PLAIN:
        return plain
    if shortcode.form is Form.MONEY:
        return to_money(raw, currency=shortcode.argument)
    if not isinstance(raw, date):
        raise BadValue("The value is no date.", code="bad_value", hint="Map it to a date, or leave date out.")
    return format_date(raw, style=style, length=DateLength(shortcode.argument or DateLength.SHORT))


def _complaint(parsed: Parsed, *, name: str, unknown: bool) -> str:
    position = next(shortcode.position for shortcode in parsed.shortcodes if shortcode.name == name)
    what = "unknown" if unknown else "known but not reached from this section"
    return f"The shortcode {{{name}}} at character {position} is {what}."


def _escaped(parsed: Parsed, *, written: str) -> BadText:
    position = parsed.source.index(f"{{{written}}}") + 1
    return BadText(
        f"{{{written}}} at character {position} would be sent as {written}, without its value.",
        code="escaped_shortcode",
        hint=f"Write {written}, with single braces.",
        position=position,
    )


def _advice(unknown: Collection[str], *, reachable: Collection[str]) -> str:
    guesses = {name: did_you_mean(name, reachable) for name in unknown}
    if len(unknown) == 1 and all(guesses.values()):
        return "".join(guesses.values())
    named = [f"{{{name}}}: {guess}" for name, guess in guesses.items() if guess]
    return " ".join(named) or "Use shortcodes of this section, of the records it reaches, and of the company."
