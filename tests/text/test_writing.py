"""Values in the form that a text asks for, or that belongs to a name (M3, M4)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from sms_plugin.text.formats import BadValue, Money, Style
from sms_plugin.text.grammar import Form, Shortcode
from sms_plugin.text.shortcodes import MissingValue, parse, render
from sms_plugin.text.writing import written

BRAZIL = Style(language="pt-BR", timezone=ZoneInfo("America/Sao_Paulo"))
KYIV = Style(language="uk", timezone=ZoneInfo("Europe/Kyiv"))
DUE = date(2018, 5, 23)
PAID = datetime(2018, 5, 31, 23, 30, tzinfo=UTC)


def rendered(text: str, value: object, *, style: Style = BRAZIL) -> str:
    return render(parse(text), value=lambda name: value, style=style)


@pytest.mark.parametrize(
    ("text", "value", "told"),
    [
        ("{x|day}", DUE, "23"),
        ("{x|day}", date(2018, 5, 3), "3"),
        ("{x|month}", DUE, "Maio"),
        ("{x|year}", DUE, "2018"),
        ("{x|time}", time(9, 5), "09:05"),
        ("{x|time}", PAID, "20:30"),
        ("{x|date}", PAID, "31/05/2018"),
        ("{x|words}", Money(amount=Decimal("2.37"), currency="BRL"), "dois reais e trinta e sete centavos"),
        ('{x|words("BRL")}', Decimal("2"), "dois reais"),
        ("{x|words}", 21, "vinte e um"),
        ("{x|line}", "<p>a<br>b</p>", "a, b"),
        ("{x|line}", 5, "5"),
        ('{x|month|default("-")}', None, "-"),
        ('{x|line|default("-")}', "<p> </p>", "-"),
        ('{x|words|default("-")}', None, "-"),
    ],
)
def test_a_filter_says_how_a_value_is_written(text: str, value: object, told: str) -> None:
    assert rendered(text, value) == told


def test_a_month_and_a_day_are_those_of_the_reader() -> None:
    assert rendered("{x|day} {x|month} {x|time}", PAID, style=KYIV) == "1 Червень 02:30"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{x|month}", "Maio"),
        ("{x|day}", 23),
        ("{x|year}", time(9, 0)),
        ("{x|time}", DUE),
        ("{x|words}", "muito"),
        ("{x|words}", DUE),
        ('{x|words("EUR")}', Money(amount=Decimal(1), currency="BRL")),
    ],
)
def test_a_filter_that_cannot_write_a_value_is_told(text: str, value: object) -> None:
    with pytest.raises(BadValue, match="character 1"):
        rendered(text, value)


def test_markup_that_says_nothing_is_a_missing_value() -> None:
    """M5."""
    with pytest.raises(MissingValue):
        rendered("{x|line}", "<p></p><script>x()</script>")


@pytest.mark.parametrize(
    ("form", "value", "told"),
    [
        (Form.MONTH, DUE, "Maio"),
        (Form.MONTH, "Maio", "Maio"),
        (Form.DAY, 23, "23"),
        (Form.DATE, PAID, "31/05/2018"),
        (Form.DATE, "amanhã", "amanhã"),
        (Form.TIME, DUE, "23/05/2018"),
        (Form.WORDS, "cem reais", "cem reais"),
        (Form.WORDS, 100, "cem"),
        (Form.LINE, "<b>a</b>", "a"),
        (Form.LINE, 5, "5"),
        (Form.LINE, None, ""),
    ],
)
def test_the_form_of_a_name_is_let_go_where_it_does_not_suit(form: Form, value: object, told: str) -> None:
    """A host may map a word where others map a date."""
    assert written(Shortcode(name="x", position=1, form=form, asked=False), raw=value, style=BRAZIL) == told
