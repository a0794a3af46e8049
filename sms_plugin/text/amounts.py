"""Amounts in words, "cento e quarenta e seis reais e trinta e sete centavos" (M3).

The words of a number are those of ``num2words``, which not everybody needs: it comes with the extra ``words``. The
names of currencies are ours, for its Portuguese of Brazil takes none, its English knows neither real nor hryvnia, and
its minus is lost in Portuguese.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

from babel import Locale
from babel.numbers import get_currency_precision

from sms_plugin.errors import worded
from sms_plugin.text.formats import BadValue, Money, Style, locale_of, rounded

#: One, few, many: "1 гривня, 2 гривні, 5 гривень"; languages without the second form have it twice.
_Names = tuple[str, str, str]


def _names(one: str, many: str, few: str = "") -> _Names:
    return one, few or many, many


_CURRENCIES: Final[Mapping[str, Mapping[str, tuple[_Names, _Names]]]] = {
    "en": {
        "EUR": (_names("euro", "euros"), _names("cent", "cents")),
        "USD": (_names("dollar", "dollars"), _names("cent", "cents")),
        "BRL": (_names("real", "reais"), _names("centavo", "centavos")),
        "UAH": (_names("hryvnia", "hryvnias"), _names("kopiyka", "kopiykas")),
    },
    "pt": {
        "EUR": (_names("euro", "euros"), _names("cêntimo", "cêntimos")),
        "USD": (_names("dólar", "dólares"), _names("cêntimo", "cêntimos")),
        "BRL": (_names("real", "reais"), _names("centavo", "centavos")),
    },
    "pt_BR": {
        "EUR": (_names("euro", "euros"), _names("centavo", "centavos")),
        "USD": (_names("dólar", "dólares"), _names("centavo", "centavos")),
        "BRL": (_names("real", "reais"), _names("centavo", "centavos")),
    },
    "uk": {
        "EUR": (_names("євро", "євро"), _names("цент", "центів", "центи")),
        "USD": (_names("долар", "доларів", "долари"), _names("цент", "центів", "центи")),
        "BRL": (_names("реал", "реалів", "реали"), _names("сентаво", "сентаво")),
        "UAH": (_names("гривня", "гривень", "гривні"), _names("копійка", "копійок", "копійки")),
    },
}
_MINUS: Final = {"en": "minus", "pt": "menos", "pt_BR": "menos", "uk": "мінус"}
_AND: Final = {"en": " and ", "pt": " e ", "pt_BR": " e ", "uk": " "}
_FEMININE: Final = frozenset(("гривня", "копійка"))


def can_tell_words() -> bool:
    """Whether the library is installed."""
    return find_spec("num2words") is not None


def in_words(value: Money | Decimal, *, style: Style) -> str:
    """The amount in words, in English, Portuguese or Ukrainian; in English for readers of other languages.

    A currency that has no name here is told by its code, its fraction in digits. Raises ``BadValue`` for what is no
    amount, and where the library is not installed.
    """
    if not can_tell_words():
        raise BadValue(
            worded("Amounts cannot be written in words here."),
            code="bad_value",
            hint=worded('Install what does it: pip install "flask-admin-sms[words]".'),
        )
    language = _language(locale_of(style.language))
    if isinstance(value, Money):
        amount = rounded(value.amount, places=get_currency_precision(value.currency.upper()) if value.currency else 2)
        told = _money(abs(amount), value.currency.upper(), language=language)
    else:
        amount = rounded(value, places=min(max(-int(value.as_tuple().exponent), 0), 6) if value.is_finite() else 0)
        told = _number(abs(amount), language=language)
    return f"{_MINUS[language]} {told}" if amount < 0 else told


def _money(amount: Decimal, currency: str, *, language: str) -> str:
    names = _CURRENCIES[language].get(currency)
    whole = int(amount)
    if names is None:
        places = get_currency_precision(currency) if currency else 2
        part = int((amount - whole).scaleb(places))
        told = [_number(whole, language=language), currency, f"{part:0{places}}/{10**places}" if part else ""]
        return " ".join(each for each in told if each)
    part = int((amount - whole).scaleb(2))
    told = [_counted(whole, names[0], language=language)] if whole or not part else []
    told += [_counted(part, names[1], language=language)] if part else []
    return _AND[language].join(told)


def _counted(number: int, names: _Names, *, language: str) -> str:
    words = _number(number, language=language, feminine=names[0] in _FEMININE)
    # um milhão de euros, and um milhão e um euros
    of = " de " if language.startswith("pt") and number and number % 1_000_000 == 0 else " "
    return words + of + names[_form(number, language=language)]


def _form(number: int, *, language: str) -> int:
    """Which of three names a number goes with: one, few or many."""
    rule = Locale.parse(language).plural_form(number)
    # French-like rules have 0 with "one" in Portuguese, which says "zero euros" all the same
    return {"one": 0 if number else 2, "few": 1}.get(rule, 2)


def _number(number: Decimal | int, *, language: str, feminine: bool = False) -> str:
    num2words: Any = import_module("num2words").num2words

    exact: Any = int(number) if number == int(number) else number
    gender = {"gender": "feminine"} if feminine and language == "uk" else {}
    # Brazil's has commas behind thousands, which nobody writes in an amount
    words: str = num2words(exact, lang=language, **gender).replace(",", "")
    return words


def _language(locale: Locale) -> str:
    if (locale.language, locale.territory) == ("pt", "BR"):
        return "pt_BR"
    return locale.language if locale.language in _CURRENCIES else "en"
