from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum, IntEnum
from zoneinfo import ZoneInfo

import pytest
from babel import Locale
from hypothesis import given, settings
from hypothesis import strategies as st

from sms_plugin.text.formats import (
    BadValue,
    DateLength,
    Money,
    Style,
    format_date,
    format_money,
    format_time,
    format_value,
    month_name,
    one_line,
    to_money,
)

LANGUAGES = [
    "pt-BR",
    "pt",
    "pt-PT",
    "uk",
    "en",
    "en-US",
    "en-GB",
    "de",
    "de-CH",
    "fr",
    "es",
    "pl",
    "ru",
    "sv",
    "fa",
]


def style(language: str, *, timezone: str = "Europe/Lisbon") -> Style:
    return Style(language=language, timezone=ZoneInfo(timezone))


@pytest.mark.parametrize(
    ("language", "amount", "currency", "written"),
    [
        ("pt-BR", "146.37", "BRL", "R$146,37"),
        ("pt", "100", "BRL", "R$100,00"),
        ("pt-BR", "1126.37", "BRL", "R$1.126,37"),
        ("pt-BR", "-5", "BRL", "-R$5,00"),
        ("pt-BR", "5", "EUR", "€5,00"),
        ("pt-BR", "5", "UAH", "UAH 5,00"),
        ("pt-PT", "146.37", "EUR", "146,37 €"),
        ("pt-PT", "-1234567.8", "EUR", "-1 234 567,80 €"),
        ("uk", "100", "UAH", "100,00 UAH"),
        ("uk-UA", "1234.5", "UAH", "1 234,50 UAH"),
        ("en", "100", "UAH", "UAH 100.00"),
        ("en", "1234.5", "EUR", "€1,234.50"),
        ("en-US", "0.5", "USD", "$0.50"),
        ("en", "1234.5", "JPY", "¥1,235"),
        ("en", "1.5", "KWD", "KWD 1.500"),
        ("de-CH", "1234.5", "CHF", "CHF 1'234.50"),
        ("en", "0.125", "eur", "€0.13"),
        ("en", "-0.001", "EUR", "€0.00"),
        ("en", "12", "", "12.00"),
        ("en", "12", "XQX", "XQX 12.00"),
    ],
)
def test_money_in_a_gsm_text(language: str, amount: str, currency: str, written: str) -> None:
    """M4: R$146,37 without a space, and no sign that GSM-7 lacks."""
    money = Money(amount=Decimal(amount), currency=currency)
    assert format_money(money, style=style(language), gsm=True) == written


def test_money_has_its_sign_where_the_text_is_not_gsm_anyway() -> None:
    money = Money(amount=Decimal(100), currency="UAH")
    assert format_money(money, style=style("uk"), gsm=False) == "100,00 ₴"


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "1E+20", "1E+999999"])
def test_money_that_cannot_be_written_is_refused(amount: str) -> None:
    with pytest.raises(BadValue):
        format_money(Money(amount=Decimal(amount), currency="EUR"), style=style("en"), gsm=True)


@pytest.mark.parametrize(
    ("language", "short", "long", "month"),
    [
        ("pt-BR", "23/05/2018", "23 de maio de 2018", "Maio"),
        ("pt", "23/05/2018", "23 de maio de 2018", "Maio"),
        ("pt-PT", "23/05/2018", "23 de maio de 2018", "Maio"),
        ("uk", "23.05.2018", "23 травня 2018 р.", "Травень"),
        ("en", "23 May 2018", "23 May 2018", "May"),
        ("en-GB", "23 May 2018", "23 May 2018", "May"),
        ("en-US", "May 23, 2018", "May 23, 2018", "May"),
        ("de", "23.05.2018", "23. Mai 2018", "Mai"),
        ("es", "23 may 2018", "23 de mayo de 2018", "Mayo"),
        ("pl", "23 maj 2018", "23 maja 2018", "Maj"),
    ],
)
def test_dates(language: str, short: str, long: str, month: str) -> None:
    """M4: 23/05/2018, and the month by itself capitalised."""
    day = date(2018, 5, 23)
    reader = style(language)
    assert format_date(day, style=reader) == short
    assert format_date(day, style=reader, length=DateLength.LONG) == long
    assert month_name(day, style=reader) == month


def test_a_month_is_not_that_of_a_locale_read_before() -> None:
    """Babel resolves the stand-alone months that Chinese shares with other locales into its own."""
    assert Locale.parse("zh").months["stand-alone"]["wide"][5] == "五月"
    assert [month_name(date(2018, 5, 1), style=style(one)) for one in ("pt-BR", "uk", "en", "de")] == [
        "Maio",
        "Травень",
        "May",
        "Mai",
    ]


@pytest.mark.parametrize(
    ("language", "written"), [("pt", "14:05"), ("uk", "14:05"), ("en", "14:05"), ("en-US", "2:05 PM")]
)
def test_times_have_24_hours_but_in_the_united_states(language: str, written: str) -> None:
    assert format_time(time(14, 5), style=style(language)) == written


@pytest.mark.parametrize(("hour", "written"), [(0, "12:30 AM"), (11, "11:30 AM"), (12, "12:30 PM")])
def test_noon_and_midnight_in_the_united_states(hour: int, written: str) -> None:
    assert format_time(time(hour, 30), style=style("en-US")) == written


def test_an_aware_moment_is_told_in_the_timezone_of_the_reader() -> None:
    moment = datetime(2018, 5, 31, 23, 30, tzinfo=UTC)
    reader = style("pt", timezone="Europe/Kyiv")
    assert format_value(moment, style=reader, gsm=True) == "01/06/2018 02:30"
    assert format_date(moment, style=reader) == "01/06/2018"
    assert month_name(moment, style=reader) == "Junho"


def test_a_naive_moment_is_told_as_it_is() -> None:
    moment = datetime(2018, 5, 31, 23, 30)
    assert format_value(moment, style=style("pt", timezone="Asia/Tokyo"), gsm=True) == "31/05/2018 23:30"


class Status(str, Enum):  # noqa: UP042 - hosts have such enums too
    PAID = "paid"


class Level(IntEnum):
    HIGH = 3


class Named:
    def __str__(self) -> str:
        return "a\nname"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, ""),
        ("  Ana\r\n Maria\t", "Ana Maria"),
        ("", ""),
        (2018, "2018"),
        (-1000000, "-1000000"),
        (0, "0"),
        (True, "sim"),
        (False, "não"),
        (Decimal("1234.50"), "1.234,50"),
        (Decimal(7), "7"),
        (Decimal("1E+2"), "100"),
        (0.1 + 0.2, "0,3"),
        (3.0, "3"),
        (1234.5678, "1.234,568"),
        (Status.PAID, "paid"),
        (Level.HIGH, "3"),
        (Named(), "a name"),
        (date(2018, 5, 3), "03/05/2018"),
        (time(9, 0), "09:00"),
        (Money(amount=Decimal("146.37"), currency="BRL"), "R$146,37"),
    ],
)
def test_a_value_is_written_by_its_type(value: object, written: str) -> None:
    assert format_value(value, style=style("pt-BR"), gsm=True) == written


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e300, Decimal("NaN")])
def test_a_number_that_is_none_is_refused(value: object) -> None:
    with pytest.raises(BadValue):
        format_value(value, style=style("en"), gsm=True)


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("pt-ZZ", "03/05/2018"),
        ("uk_UA", "03.05.2018"),
        ("xx", "3 May 2018"),
        ("", "3 May 2018"),
        ("../pt", "3 May 2018"),
    ],
)
def test_an_unknown_language_falls_back(language: str, written: str) -> None:
    assert format_date(date(2018, 5, 3), style=style(language)) == written


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\x00b", "a b"),
        ("a\u2028b", "a b"),
        ("a \u00a0\u202f b", "a b"),
        ("\u202eabc\u202c", "abc"),
        ("\ufeffa\u200bb", "ab"),
        ("👨‍👩‍👧", "👨‍👩‍👧"),
        ("{invoice_total}", "{invoice_total}"),
    ],
)
def test_a_text_becomes_one_line(text: str, line: str) -> None:
    assert one_line(text) == line


@pytest.mark.parametrize(
    ("value", "amount"),
    [(Decimal("1.5"), "1.5"), (3, "3"), (0.1, "0.1"), ("146.37", "146.37"), (" -2 ", "-2")],
)
def test_numbers_become_money(value: object, amount: str) -> None:
    assert to_money(value, currency="EUR") == Money(amount=Decimal(amount), currency="EUR")


@pytest.mark.parametrize("value", ["146,37", "abc", "NaN", "1e5", True, date(2018, 5, 3)])
def test_what_is_no_number_becomes_no_money(value: object) -> None:
    with pytest.raises(BadValue):
        to_money(value, currency="EUR")


def test_money_keeps_its_own_currency() -> None:
    money = Money(amount=Decimal(1), currency="UAH")
    assert to_money(money) == money
    with pytest.raises(BadValue, match="UAH"):
        to_money(money, currency="EUR")


@settings(deadline=None)
@given(
    st.sampled_from(LANGUAGES),
    st.decimals(-(10**12), 10**12, places=2),
    st.sampled_from(["EUR", "BRL", "UAH", "USD", "RUB", "CHF", "SEK", "PLN", "JPY", "ILS", ""]),
    st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)),
    st.booleans(),
)
def test_no_format_holds_a_no_break_space_or_a_line_break(
    language: str, amount: Decimal, currency: str, moment: datetime, gsm: bool
) -> None:
    """M4."""
    reader = style(language)
    for value in (Money(amount=amount, currency=currency), amount, float(amount), moment, moment.date()):
        written = format_value(value, style=reader, gsm=gsm)
        assert written == one_line(written)
    long = format_date(moment, style=reader, length=DateLength.LONG)
    assert long == one_line(long)
