"""Texts with shortcodes, read once, checked against what a section reaches, and rendered without a hole (M5).

A text names values and says how they are written; it can do nothing else. What is inserted is never read
again, so that no value brings shortcodes along.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Final

from sms_plugin.errors import SmsError, did_you_mean, joined, worded
from sms_plugin.text.formats import BadValue, Money, Style, format_money
from sms_plugin.text.grammar import BadText, Form, Shortcode, read
from sms_plugin.text.gsm import is_gsm
from sms_plugin.text.writing import written

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
            worded(
                "The shortcode {%(name)s} at character %(position)s has no value.",
                name=shortcode.name,
                position=shortcode.position,
            ),
            code="missing_value",
            hint=worded(
                'Fill it in on the record, or give it a default: {%(name)s|default("…")}.', name=shortcode.name
            ),
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
        raise BadText(worded("The text is empty."), code="empty_text", hint=worded("Write what the message says."))
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
            joined(*(_complaint(parsed, name=name, unknown=name in unknown) for name in beyond)),
            code="unknown_shortcode" if unknown else "unreachable_shortcode",
            hint=_advice(unknown, reachable=reachable),
            names=beyond,
        )
    for part in parsed.parts:
        for found in _SHORTCODE_AS_TEXT.finditer(part) if isinstance(part, str) else ():
            if found[1] in reachable or found[1] in known:
                raise _escaped(parsed, written=found[0])


def render(parsed: Parsed, *, value: Callable[[str], object], style: Style) -> str:
    """The text with its values, as one recipient reads it.

    ``value`` gives the raw object for a name, and is asked once for each; what it raises goes through. A
    currency sign that GSM-7 lacks becomes its ISO code when all else in the text is GSM-7 (M4). Raises
    ``MissingValue`` where None or nothing visible comes and the shortcode has no default, ``BadValue`` for
    what a filter cannot write, ``BadText`` (``empty_text``) when nothing at all is left to say.
    """
    raw = {name: value(name) for name in parsed.names}
    pieces = [part if isinstance(part, str) else _piece(part, raw=raw[part.name], style=style) for part in parsed.parts]
    amounts = [piece for piece in pieces if not isinstance(piece, str)]
    if amounts and not is_gsm("".join([piece for piece in pieces if isinstance(piece, str)])):
        # something else made the text dear already, so that each amount may have the sign of its currency
        pieces = [p if isinstance(p, str) else format_money(p.money, style=style, gsm=False) for p in pieces]
    text = "".join([piece if isinstance(piece, str) else piece.plain for piece in pieces])
    if not text.strip():
        raise BadText(
            worded("Nothing is left of the text."),
            code="empty_text",
            hint=worded("Its shortcodes were all left empty by default."),
        )
    return text


@dataclass(frozen=True)
class _Amount:
    """Money while it is open whether its sign fits, and as it is written in a text that is GSM-7."""

    money: Money
    plain: str


def _piece(shortcode: Shortcode, *, raw: object, style: Style) -> str | _Amount:
    """The value as text, or an amount."""
    try:
        piece = written(shortcode, raw=raw, style=style)
        if isinstance(piece, Money):
            return _Amount(piece, format_money(piece, style=style, gsm=True))
    except BadValue as error:
        raise BadValue(
            worded(
                "The shortcode {%(name)s} at character %(position)s: %(message)s",
                name=shortcode.name,
                position=shortcode.position,
                message=error.message,
            ),
            code=error.code,
            hint=error.hint,
        ) from None
    if piece:
        return piece
    if shortcode.default is None:
        raise MissingValue(shortcode)
    return shortcode.default


def _complaint(parsed: Parsed, *, name: str, unknown: bool) -> str:
    position = next(shortcode.position for shortcode in parsed.shortcodes if shortcode.name == name)
    if unknown:
        return worded("The shortcode {%(name)s} at character %(position)s is unknown.", name=name, position=position)
    return worded(
        "The shortcode {%(name)s} at character %(position)s is known but not reached from this section.",
        name=name,
        position=position,
    )


def _escaped(parsed: Parsed, *, written: str) -> BadText:
    position = parsed.source.index(f"{{{written}}}") + 1
    return BadText(
        worded(
            "{%(written)s} at character %(position)s would be sent as %(written)s, without its value.",
            written=written,
            position=position,
        ),
        code="escaped_shortcode",
        hint=worded("Write %(written)s, with single braces.", written=written),
        position=position,
    )


def _advice(unknown: Collection[str], *, reachable: Collection[str]) -> str:
    guesses = {name: did_you_mean(name, reachable) for name in unknown}
    if len(unknown) == 1 and all(guesses.values()):
        return joined(*guesses.values())
    named = [joined(f"{{{name}}}:", guess) for name, guess in guesses.items() if guess]
    return joined(*named) or worded("Use shortcodes of this section, of the records it reaches, and of the company.")
