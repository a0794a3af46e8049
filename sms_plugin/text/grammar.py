"""The grammar of a text with shortcodes: what may stand between braces, and what is wrong where it does not.

A shortcode is ``{name}`` with any of the filters ``default("x")``, ``money``, ``money("EUR")``, ``words``,
``words("EUR")``, ``date``, ``date("long")``, ``time``, ``day``, ``month``, ``year`` and ``line`` behind bars. ``{{``
and ``}}`` are braces of the text. An argument stands between two ``"`` or two ``'`` and holds anything but its own
quotation mark. Positions count characters from 1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from sms_plugin.errors import SmsError, did_you_mean, worded
from sms_plugin.text.formats import DateLength

_BRACE: Final = re.compile(r"[{}]")
_NAME: Final = re.compile(r"[ \t]*([A-Za-z_][A-Za-z0-9_]*)[ \t]*", re.ASCII)
_ARGUMENT: Final = re.compile(r"""\([ \t]*(?:"([^"]*)"|'([^']*)')?[ \t]*\)[ \t]*""", re.ASCII)
_CURRENCY: Final = re.compile(r"[A-Z]{3}", re.ASCII)
_SHAPES: Final = worded(
    'A shortcode looks like {name}, {name|money("EUR")}, {name|date("long")} or {name|default("-")}.'
)
_DEFAULT: Final = "default"


class BadText(SmsError):
    """A text that cannot be read, with the position of what is wrong.

    Codes: ``empty_text``, ``stray_brace``, ``bad_shortcode``, ``unknown_filter``, ``bad_filter``,
    ``escaped_shortcode``.
    """

    def __init__(self, message: str, *, code: str, hint: str = "", position: int = 1) -> None:
        super().__init__(message, code=code, hint=hint)
        self.position = position


class Form(StrEnum):
    """How a value is written."""

    PLAIN = "plain"  #: as its type asks
    MONEY = "money"
    WORDS = "words"  #: an amount, "cem reais"
    DATE = "date"
    TIME = "time"  #: the time of day
    DAY = "day"  #: the day of the month
    MONTH = "month"  #: its name by itself, capitalised
    YEAR = "year"
    LINE = "line"  #: markup as plain text in one line


@dataclass(frozen=True, kw_only=True)
class Shortcode:
    """One place of a text where a value goes."""

    name: str
    position: int  #: of its brace
    form: Form = Form.PLAIN
    argument: str = ""  #: the form's: a currency, a length of dates
    default: str | None = None
    asked: bool = True  #: the text asks for the form; else it belongs to the name, and is let go where it does not suit


@dataclass(frozen=True, kw_only=True)
class _Filter:
    name: str
    argument: str | None
    position: int

    def bad(self, message: str, *, code: str = "bad_filter", hint: str = _SHAPES) -> BadText:
        return BadText(
            worded("%(message)s at character %(position)s.", message=message, position=self.position),
            code=code,
            hint=hint,
            position=self.position,
        )


def read(text: str) -> Iterator[str | Shortcode]:
    """The text's pieces in their order, braces of the text as they are meant. Raises ``BadText``."""
    literal = ""
    index = 0
    while brace := _BRACE.search(text, index):
        start = brace.start()
        literal += text[index:start]
        if text.startswith(brace[0] * 2, start):
            literal += brace[0]
            index = start + 2
            continue
        if brace[0] == "}":
            raise BadText(
                worded('The "}" at character %(start)s closes nothing.', start=start + 1),
                code="stray_brace",
                hint=worded("Write }} for a brace in the text."),
                position=start + 1,
            )
        if literal:
            yield literal
            literal = ""
        shortcode, index = _shortcode(text, start=start)
        yield shortcode
    if literal := literal + text[index:]:
        yield literal


def _shortcode(text: str, *, start: int) -> tuple[Shortcode, int]:
    """The shortcode whose brace stands at an index, and the index behind it."""
    name = _NAME.match(text, start + 1)
    if name is None:
        raise BadText(
            worded('The "{" at character %(start)s begins no shortcode.', start=start + 1),
            code="stray_brace",
            hint=worded("Write {{ for a brace in the text. %(shapes)s", shapes=_SHAPES),
            position=start + 1,
        )
    shortcode = Shortcode(name=name[1], position=start + 1)
    end = name.end()
    seen: set[str] = set()
    while text.startswith("|", end):
        given, end = _filter(text, bar=end)
        part = _DEFAULT if given.name == _DEFAULT else "form"
        if part in seen:
            raise given.bad(worded("Another filter says already what %(name)s says", name=given.name))
        seen.add(part)
        shortcode = _filtered(shortcode, given)
    if text.startswith("}", end):
        return shortcode, end + 1
    where = worded("The shortcode {%(name)s at character %(position)s", name=name[1], position=start + 1)
    if end == len(text):
        raise BadText(
            worded("%(where)s is not closed.", where=where), code="bad_shortcode", hint=_SHAPES, position=start + 1
        )
    raise BadText(
        worded("%(where)s cannot go on with %(text)r at character %(end)s.", where=where, text=text[end], end=end + 1),
        code="bad_shortcode",
        hint=_SHAPES,
        position=end + 1,
    )


def _filter(text: str, *, bar: int) -> tuple[_Filter, int]:
    """The filter behind a bar, and the index behind it."""
    position = bar + 2
    name = _NAME.match(text, bar + 1)
    if name is None:
        raise BadText(
            worded("A filter is missing at character %(position)s.", position=position),
            code="bad_filter",
            hint=_SHAPES,
            position=position,
        )
    argument = _ARGUMENT.match(text, name.end())
    if argument is None:
        given = _Filter(name=name[1], argument=None, position=position)
        if text.startswith("(", name.end()):
            raise given.bad(worded("%(name)s takes one text between quotation marks", name=name[1]))
        return given, name.end()
    inside = argument[1] if argument[1] is not None else argument[2]
    return _Filter(name=name[1], argument=inside, position=position), argument.end()


def _filtered(shortcode: Shortcode, given: _Filter) -> Shortcode:
    match given.name:
        case "default":
            if given.argument is None:
                raise given.bad(worded("default needs a text between quotation marks"))
            return replace(shortcode, default=given.argument)
        case Form.MONEY | Form.WORDS:
            if given.argument is not None and not _CURRENCY.fullmatch(given.argument):
                raise given.bad(worded("%(name)s takes the three letters of a currency", name=given.name))
            return replace(shortcode, form=Form(given.name), argument=given.argument or "")
        case Form.DATE:
            if given.argument is not None and given.argument not in set(DateLength):
                raise given.bad(worded('date takes "short" or "long"'))
            return replace(shortcode, form=Form.DATE, argument=given.argument or "")
        case Form.TIME | Form.DAY | Form.MONTH | Form.YEAR | Form.LINE:
            if given.argument is not None:
                raise given.bad(worded("%(name)s takes nothing between brackets", name=given.name))
            return replace(shortcode, form=Form(given.name))
        case unknown:
            guess = did_you_mean(unknown, (_DEFAULT, *(form.value for form in Form if form is not Form.PLAIN)))
            raise given.bad(
                worded("There is no filter %(unknown)r", unknown=unknown), code="unknown_filter", hint=guess or _SHAPES
            )
