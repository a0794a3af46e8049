"""Values as a recipient reads them: money, dates and numbers in their language and timezone (M4).

No format holds a no-break space: GSM-7 has none, and one would make the whole text dearer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum, StrEnum
from functools import lru_cache
from typing import Final, TypeVar

from babel import Locale, UnknownLocaleError
from babel.dates import format_date as babel_date
from babel.numbers import format_decimal, get_currency_precision, get_currency_symbol, parse_pattern

from sms_plugin.errors import SmsError, worded
from sms_plugin.text.gsm import is_gsm

_T = TypeVar("_T")


class DateLength(StrEnum):
    """How much of a date is written out."""

    SHORT = "short"  #: 23/05/2018
    LONG = "long"  #: 23 de maio de 2018


# Keyed by language, or language and territory, which goes first. A pattern stands here where CLDR would
# abbreviate the year, or leave open whether 05/06 is in May or in June; other languages have CLDR's medium
# form.
_PATTERNS: Final[Mapping[DateLength, Mapping[str, str]]] = {
    DateLength.SHORT: {"pt": "dd/MM/y", "uk": "dd.MM.y", "en": "d MMM y", "en_US": "MMM d, y"},
    DateLength.LONG: {"en": "d MMMM y", "en_US": "MMMM d, y"},
}
_CLDR: Final[Mapping[DateLength, str]] = {DateLength.SHORT: "medium", DateLength.LONG: "long"}
_ANSWERS: Final[Mapping[str, tuple[str, str]]] = {
    "en": ("no", "yes"),
    "pt": ("não", "sim"),
    "uk": ("ні", "так"),
}
# Languages whose month by itself is another word than in a date. Babel must not be asked for the others:
# where a locale has no stand-alone months of its own, it answers with those of whatever locale was read
# before.
_INFLECTED: Final = frozenset(("ast", "be", "ca", "cs", "el", "fi", "hr", "hy", "lt", "oc", "pl", "ru", "sk", "uk"))
_FALLBACK: Final = "en"
_PLAIN: Final = str.maketrans(
    {"\u00a0": " ", "\u202f": " ", "\u2009": " ", "’": "'", "−": "-", "\u200e": "", "\u200f": ""}
)
# Line breaks and controls part words; what nobody sees makes a text dearer, or turns the rest of it round.
_CONTROLS: Final = (
    dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, 0x2800, 0x3164, 0x115F, 0x1160], " ")
    | dict.fromkeys([0x00AD, 0x061C, 0x180E, 0x200B, 0x200E, 0x200F, *range(0x2060, 0x2070), 0xFEFF], "")
    | dict.fromkeys([*range(0x202A, 0x202F), *range(0xFFF9, 0xFFFC), *range(0xE0000, 0xE0080)], "")
    | dict.fromkeys(range(0xD800, 0xE000), "\ufffd")  # half a character cannot be encoded, so not stored either
)
_PLAIN_NUMBER: Final = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?", re.ASCII)
_MOST_DIGITS: Final = 15  # before the point; with the places they fit the precision of decimal's own context
_MOST_PLACES: Final = 10


class BadValue(SmsError):
    """A value that cannot be written as was asked (``bad_value``). Never tells it: errors are logged."""


@dataclass(frozen=True, kw_only=True)
class Style:
    """How one recipient reads."""

    language: str  #: a tag such as "pt-BR"; an unknown one falls back to its language, then to English
    timezone: tzinfo


@dataclass(frozen=True, kw_only=True)
class Money:
    """An amount with its currency."""

    amount: Decimal
    currency: str  #: ISO 4217; "" where nobody said it, and only the number is written


def format_value(value: object, *, style: Style, gsm: bool) -> str:
    """The value in one line, as the recipient reads it; "" for None.

    ``gsm`` tells that the rest of the text is GSM-7, so that a currency sign must not force UCS-2. Aware
    datetimes are told in the recipient's timezone, naive ones as they are. Raises ``BadValue``.
    """
    match value:
        case None:
            return ""
        case Enum():
            return format_value(value.value, style=style, gsm=gsm)
        case bool():
            no, yes = _chosen(_ANSWERS, locale=locale_of(style.language)) or _ANSWERS[_FALLBACK]
            return yes if value else no
        case Money():
            return format_money(value, style=style, gsm=gsm)
        case float() | Decimal():
            return _format_number(value, style=style)
        case datetime():
            return f"{format_date(value, style=style)} {format_time(value, style=style)}"
        case date():
            return format_date(value, style=style)
        case time():
            return format_time(value, style=style)
        case _:
            return one_line(str(value))


def one_line(text: str) -> str:
    """The text with runs of spaces, breaks and controls as one space, none at its ends, nothing invisible."""
    return " ".join(text.translate(_CONTROLS).split())


def to_money(value: object, *, currency: str = "") -> Money:
    """The value as an amount, in ``currency`` where it names none itself. Raises ``BadValue``."""
    if isinstance(value, Money):
        if currency and value.currency and value.currency.upper() != currency.upper():
            raise BadValue(
                worded("The amount is in %(currency)s, not in %(other)s.", currency=value.currency, other=currency),
                code="bad_value",
                hint=worded(
                    'Write money without ("%(currency)s"), or money("%(other)s").',
                    currency=currency,
                    other=value.currency,
                ),
            )
        return Money(amount=value.amount, currency=value.currency or currency)
    if isinstance(value, Decimal):
        return Money(amount=value, currency=currency)
    written = value.strip() if isinstance(value, str) else str(value)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number or (isinstance(value, str) and _PLAIN_NUMBER.fullmatch(written)):
        return Money(amount=Decimal(written), currency=currency)
    raise BadValue(
        worded("The value is no amount of money."), code="bad_value", hint=worded("Map it to a number or to Money.")
    )


def format_money(money: Money, *, style: Style, gsm: bool) -> str:
    """The amount with its currency's sign, or its ISO code where the sign would make a GSM-7 text UCS-2."""
    locale = locale_of(style.language)
    currency = money.currency.upper()
    sign, places, pattern = _currency(currency, style.language)
    if gsm and not is_gsm(sign):
        sign = currency
    amount = rounded(money.amount, places=places)
    number = _written(abs(amount), pattern=pattern.replace("¤", "").strip(), places=places, locale=locale)
    return ("-" if amount < 0 else "") + _signed(number, sign=sign, pattern=pattern, locale=locale)


@lru_cache(maxsize=256)
def _currency(currency: str, language: str) -> tuple[str, int, str]:
    """The sign of a currency, its places, and how a language writes an amount with its sign."""
    locale = locale_of(language)
    sign = get_currency_symbol(currency, locale).translate(_PLAIN) if currency else ""
    pattern = locale.currency_formats["standard"].pattern.partition(";")[0].translate(_PLAIN).strip()
    return sign, get_currency_precision(currency), pattern


def _signed(number: str, *, sign: str, pattern: str, locale: Locale) -> str:
    if not sign:
        return number
    if pattern.startswith("¤"):
        # Where Portuguese puts the sign first, it writes R$146,37, whatever CLDR says.
        apart = sign[-1].isalpha() or (pattern.startswith("¤ ") and locale.language != "pt")
        return f"{sign} {number}" if apart else sign + number
    apart = sign[0].isalpha() or pattern.endswith(" ¤")
    return f"{number} {sign}" if apart else number + sign


def format_date(value: date, *, style: Style, length: DateLength = DateLength.SHORT) -> str:
    """The day, "23/05/2018" or "23 de maio de 2018"; an aware datetime's in the recipient's timezone."""
    return _day(local_day(value, style=style), style.language, length)


@lru_cache(maxsize=1024)
def _day(day: date, language: str, length: DateLength) -> str:
    """Many texts of one run tell the same day."""
    locale = locale_of(language)
    pattern = _chosen(_PATTERNS[length], locale=locale) or _CLDR[length]
    return babel_date(day, format=pattern, locale=locale).translate(_PLAIN)


def local_day(value: date, *, style: Style) -> date:
    """The day; an aware datetime's in the recipient's timezone."""
    return _local(value, style=style).date() if isinstance(value, datetime) else value


def format_time(value: datetime | time, *, style: Style) -> str:
    """The time of day, "14:30"; "2:30 PM" in the United States."""
    if isinstance(value, datetime):
        value = _local(value, style=style).time()
    locale = locale_of(style.language)
    if (locale.language, locale.territory) == ("en", "US"):
        return f"{value.hour % 12 or 12}:{value:%M} {'AM' if value.hour < 12 else 'PM'}"
    return f"{value:%H:%M}"


def month_name(value: date, *, style: Style) -> str:
    """The month by itself, capitalised: "Maio"; an aware datetime's in the recipient's timezone."""
    month = local_day(value, style=style).month
    locale = locale_of(style.language)
    name: str = locale.months["stand-alone" if locale.language in _INFLECTED else "format"]["wide"][month]
    return name[:1].upper() + name[1:]


def _format_number(value: float | Decimal, *, style: Style) -> str:
    """A float with three places at most, a Decimal with the places that it is written with."""
    locale = locale_of(style.language)
    if isinstance(value, float):
        number = rounded(Decimal(repr(value)), places=3).normalize()
    else:
        number = value
    exponent = number.as_tuple().exponent
    places = min(max(-exponent, 0), _MOST_PLACES) if isinstance(exponent, int) else 0
    return _written(rounded(number, places=places), pattern="#,##0", places=places, locale=locale)


def rounded(amount: Decimal, *, places: int) -> Decimal:
    """The amount with so many places. Raises ``BadValue`` for what nobody could read: too many digits, no number."""
    if not amount.is_finite() or amount.adjusted() >= _MOST_DIGITS:
        raise BadValue(
            worded("The value is no number that can be written."), code="bad_value", hint=worded("Mend the record.")
        )
    rounded = amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    return abs(rounded) if rounded.is_zero() else rounded


def _written(number: Decimal, *, pattern: str, places: int, locale: Locale) -> str:
    whole = pattern.partition(".")[0]
    exact = f"{whole}.{'0' * places}" if places else whole
    return format_decimal(number, format=_number_pattern(exact), locale=locale).translate(_PLAIN)


_number_pattern = lru_cache(maxsize=256)(parse_pattern)


def _local(moment: datetime, *, style: Style) -> datetime:
    return moment if moment.tzinfo is None else moment.astimezone(style.timezone)


def _chosen(by_language: Mapping[str, _T], *, locale: Locale) -> _T | None:
    return by_language.get(f"{locale.language}_{locale.territory}") or by_language.get(locale.language)


@lru_cache(maxsize=256)
def locale_of(tag: str) -> Locale:
    """The locale of a language's tag, else of its language, else English."""
    written = tag.strip().replace("-", "_")
    for candidate in (written, written.partition("_")[0]):
        try:
            return Locale.parse(candidate)
        except (UnknownLocaleError, ValueError):
            continue
    return Locale.parse(_FALLBACK)
