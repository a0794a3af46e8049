"""Amounts in words (M3)."""

from __future__ import annotations

from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sms_plugin.text import amounts
from sms_plugin.text.amounts import in_words
from sms_plugin.text.formats import BadValue, Money, Style, one_line


def style(language: str) -> Style:
    return Style(language=language, timezone=ZoneInfo("Europe/Lisbon"))


@pytest.mark.parametrize(
    ("language", "amount", "currency", "words"),
    [
        ("pt-BR", "146.37", "BRL", "cento e quarenta e seis reais e trinta e sete centavos"),
        ("pt-BR", "1250", "brl", "mil duzentos e cinquenta reais"),
        ("pt-BR", "1234567", "BRL", "um milhão duzentos e trinta e quatro mil quinhentos e sessenta e sete reais"),
        ("pt-BR", "2000000", "EUR", "dois milhões de euros"),
        ("pt-PT", "1000000000", "EUR", "mil milhões de euros"),
        ("pt-PT", "1.01", "EUR", "um euro e um cêntimo"),
        ("pt", "0", "EUR", "zero euros"),
        ("pt", "-0.50", "USD", "menos cinquenta cêntimos"),
        ("uk", "146.37", "UAH", "сто сорок шість гривень тридцять сім копійок"),
        ("uk-UA", "2001.02", "UAH", "дві тисячі одна гривня дві копійки"),
        ("uk", "1.21", "UAH", "одна гривня двадцять одна копійка"),
        ("uk", "11.12", "UAH", "одинадцять гривень дванадцять копійок"),
        ("uk", "0", "UAH", "нуль гривень"),
        ("uk", "2.01", "USD", "два долари один цент"),
        ("uk", "1000000", "EUR", "один мільйон євро"),
        ("en", "146.37", "EUR", "one hundred and forty-six euros and thirty-seven cents"),
        ("en", "1", "UAH", "one hryvnia"),
        ("en", "0.999", "EUR", "one euro"),
        ("en", "1250.5", "CHF", "one thousand two hundred and fifty CHF 50/100"),
        ("en", "1250", "JPY", "one thousand two hundred and fifty JPY"),
        ("en", "3.1255", "KWD", "three KWD 126/1000"),
        ("en", "12", "", "twelve"),
        ("de", "2", "EUR", "two euros"),
        ("", "2", "EUR", "two euros"),
    ],
)
def test_money_in_words(language: str, amount: str, currency: str, words: str) -> None:
    assert in_words(Money(amount=Decimal(amount), currency=currency), style=style(language)) == words


@pytest.mark.parametrize(
    ("language", "number", "words"),
    [
        ("en", "21", "twenty-one"),
        ("en", "146.37", "one hundred and forty-six point three seven"),
        ("pt", "-5", "menos cinco"),
        ("pt-BR", "1001", "mil e um"),
        ("uk", "146.00", "сто сорок шість"),
        ("uk", "1001", "одна тисяча один"),
        ("en", "1E+2", "one hundred"),
    ],
)
def test_numbers_in_words(language: str, number: str, words: str) -> None:
    assert in_words(Decimal(number), style=style(language)) == words


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "1E+20"])
def test_what_nobody_could_read_is_refused(amount: str) -> None:
    for value in (Decimal(amount), Money(amount=Decimal(amount), currency="EUR")):
        with pytest.raises(BadValue):
            in_words(value, style=style("en"))


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(amounts, "find_spec", lambda name: None)
    with pytest.raises(BadValue, match="in words") as caught:
        in_words(Decimal(1), style=style("en"))
    assert "flask-admin-sms[words]" in caught.value.hint


@settings(deadline=None)
@given(
    st.decimals(-(10**12), 10**12, places=2),
    st.sampled_from(["EUR", "BRL", "UAH", "USD", "JPY", "KWD", ""]),
    st.sampled_from(["en", "en-US", "pt", "pt-BR", "uk", "fr"]),
)
def test_any_amount_has_words_in_one_line(amount: Decimal, currency: str, language: str) -> None:
    words = in_words(Money(amount=amount, currency=currency), style=style(language))
    assert words == one_line(words)
    assert "," not in words
