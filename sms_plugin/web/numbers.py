"""Numbers, shares and spans of time as the viewer's language writes them."""

from __future__ import annotations

from decimal import Decimal
from functools import cache

from babel.core import Locale, UnknownLocaleError
from babel.numbers import format_decimal, format_percent, get_decimal_symbol

from sms_plugin.web.translation import gettext, language, ngettext


def number(value: int) -> str:
    """A whole number, its thousands apart."""
    return format_decimal(value, locale=viewers_locale())


def amount(value: Decimal) -> str:
    """An amount, all of its digits, with the comma or the point of the viewer's language."""
    return f"{value:f}".replace(".", get_decimal_symbol(viewers_locale()))


def at_most(value: int, most: int) -> str:
    """A number that was counted up to a bound: more than that is "9,999+"."""
    return f"{number(most)}+" if value > most else number(value)


def short(value: float) -> str:
    """A number on an axis, where there is little room: "20", "0.5", "1.5M"."""
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if value >= 10 * size or (value >= size and size > 1_000):
            return f"{format_decimal(value / size, format='#,##0.#', locale=viewers_locale())}{letter}"
    return format_decimal(value, format="#,##0.####", locale=viewers_locale())


def percent(share: float | None) -> str:
    """A share of one, in a hundred; a dash where nobody knows it."""
    return "–" if share is None else format_percent(share, format="#,##0.#%", locale=viewers_locale())


def span(seconds: int) -> str:
    """So many seconds, in the largest unit that they fill."""
    if seconds < 60:
        return gettext("%(seconds)s s", seconds=seconds)
    if seconds < 3600:
        return gettext("%(minutes)s min", minutes=seconds // 60)
    return ngettext("one hour", "%(num)s hours", seconds // 3600)


def viewers_locale() -> Locale:
    """Babel's locale of the viewer's language; English for one that it does not know."""
    return _locale_of(language())


@cache
def _locale_of(spoken: str) -> Locale:
    try:
        return Locale.parse(spoken)
    except (UnknownLocaleError, ValueError):
        return Locale("en")
