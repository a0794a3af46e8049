from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sms_plugin.errors import SmsError
from sms_plugin.text.formats import BadValue, Money, Style
from sms_plugin.text.shortcodes import (
    BadText,
    Form,
    MissingValue,
    Shortcode,
    UnknownShortcode,
    check,
    parse,
    render,
)

BRAZIL = Style(language="pt-BR", timezone=ZoneInfo("America/Sao_Paulo"))
UKRAINE = Style(language="uk", timezone=ZoneInfo("Europe/Kyiv"))
PIECES = [*"{}|()\"' a.1é", "{{", "}}", "{name", "{name}", "|default(", "|money", "|date", '("EUR")', '("x")']


def rendered(text: str, values: Mapping[str, object], *, style: Style = BRAZIL) -> str:
    return render(parse(text), value=values.__getitem__, style=style)


def test_a_text_is_read_into_literals_and_shortcodes() -> None:
    parsed = parse('Olá {name|default("você")}, {total|money("BRL")}!')
    assert parsed.parts == (
        "Olá ",
        Shortcode(name="name", position=5, default="você"),
        ", ",
        Shortcode(name="total", position=29, form=Form.MONEY, argument="BRL"),
        "!",
    )


def test_names_are_distinct_and_in_order() -> None:
    assert parse("{b} {a} {b} {A} {_1}").names == ("b", "a", "A", "_1")


def test_a_text_keeps_its_source() -> None:
    assert parse("a {b}").source == "a {b}"


def test_the_same_text_is_read_once() -> None:
    assert parse("read {once}") is parse("read {once}")


@pytest.mark.parametrize(
    "text",
    [
        "{ name }",
        "{\tname }",
        '{name|default("x")}',
        '{ name | default( "x" ) }',
        "{name|default('x')}",
        '{name|default("")}',
        '{name|default("}{ | )")}',
        '{name|default("a\'b")}',
        "{name|money}",
        "{name|money()}",
        '{name|money("EUR")}',
        "{name|date}",
        '{name|date("long")}',
        '{name|date("short")|default("-")}',
        '{name|default("-")|money}',
    ],
)
def test_a_shortcode_may_be_written_so(text: str) -> None:
    assert parse(text).names == ("name",)


@pytest.mark.parametrize(
    ("text", "code", "position"),
    [
        ("", "empty_text", 1),
        (" \n\u00a0", "empty_text", 1),
        ("100% {", "stray_brace", 6),
        ("{}", "stray_brace", 1),
        ("{ }", "stray_brace", 1),
        (":-} ;)", "stray_brace", 3),
        ("{name}}", "stray_brace", 7),
        ('json {"a":1}', "stray_brace", 6),
        ("{1a}", "stray_brace", 1),
        ("{-x}", "stray_brace", 1),
        ("{é}", "stray_brace", 1),
        ("{\nname}", "stray_brace", 1),
        ("a {name", "bad_shortcode", 3),
        ("{name.full}", "bad_shortcode", 6),
        ("{name[0]}", "bad_shortcode", 6),
        ("{name()}", "bad_shortcode", 6),
        ("{cli-name}", "bad_shortcode", 5),
        ("{a b}", "bad_shortcode", 4),
        ("{a+b}", "bad_shortcode", 3),
        ("{a!r}", "bad_shortcode", 3),
        ("{a:>10}", "bad_shortcode", 3),
        ("{a{b}}", "bad_shortcode", 3),
        ("{a if b else c}", "bad_shortcode", 4),
        ("{a|money(1)}", "bad_filter", 4),
        ("{a|}", "bad_filter", 4),
        ("{a||money}", "bad_filter", 4),
        ("{a|default}", "bad_filter", 4),
        ("{a|default()}", "bad_filter", 4),
        ("{a|default(b)}", "bad_filter", 4),
        ("{a|default(“x”)}", "bad_filter", 4),
        ('{a|default("x}', "bad_filter", 4),
        ('{a|default("x","y")}', "bad_filter", 4),
        ('{a|money("euro")}', "bad_filter", 4),
        ('{a|money("")}', "bad_filter", 4),
        ('{a|date("%Y")}', "bad_filter", 4),
        ("{a|money|date}", "bad_filter", 10),
        ('{a|default("x")|default("y")}', "bad_filter", 17),
        ("{a|upper}", "unknown_filter", 4),
        ("{a|Money}", "unknown_filter", 4),
    ],
)
def test_anything_else_is_an_error_with_its_position(text: str, code: str, position: int) -> None:
    with pytest.raises(BadText) as caught:
        parse(text)
    assert (caught.value.code, caught.value.position) == (code, position)
    assert caught.value.hint


def test_a_misspelt_filter_is_guessed() -> None:
    with pytest.raises(BadText, match="Did you mean 'money'"):
        parse("{a|mony}")


@pytest.mark.parametrize(
    ("text", "output"),
    [
        ("{{", "{"),
        ("}}", "}"),
        ("{{}}", "{}"),
        ("a {{b}} {name}", "a {b} Ana"),
        ("{{{name}}}", "{Ana}"),
        ("{{{{name}}}}", "{{name}}"),
        ("{name}}}", "Ana}"),
        ("\r\n {name}\n", "\r\n Ana\n"),
    ],
)
def test_doubled_braces_are_braces(text: str, output: str) -> None:
    assert rendered(text, {"name": "Ana"}) == output


def test_check_accepts_what_the_section_reaches() -> None:
    check(parse("{a} {b}"), reachable={"a", "b", "c"})


def test_check_names_an_unknown_shortcode_with_a_guess() -> None:
    """M5: refused on save, naming it."""
    with pytest.raises(UnknownShortcode) as caught:
        check(parse("Total: {invoce_total}"), reachable=["invoice_total", "invoice_number"])
    assert caught.value.code == "unknown_shortcode"
    assert caught.value.names == ("invoce_total",)
    assert "{invoce_total} at character 8 is unknown" in caught.value.message
    assert caught.value.hint == "Did you mean 'invoice_total'?"


def test_check_names_each_unknown_shortcode() -> None:
    with pytest.raises(UnknownShortcode) as caught:
        check(parse("{nam} {zzz} {nam} {total}"), reachable=["name", "total"], known=["name"])
    assert caught.value.names == ("nam", "zzz")
    assert "{nam} at character 1" in caught.value.message
    assert "{zzz} at character 7" in caught.value.message
    assert caught.value.hint == "{nam}: Did you mean 'name'?"


def test_check_tells_a_known_shortcode_that_the_section_does_not_reach() -> None:
    """M5."""
    with pytest.raises(UnknownShortcode, match="known but not reached from this section") as caught:
        check(parse("{order_number}"), reachable=["invoice_number"], known=["order_number"])
    assert caught.value.code == "unreachable_shortcode"
    assert caught.value.hint


@pytest.mark.parametrize("text", ["Hi {{name}}", "Hi {{ name }}", 'Hi {{name|default("x")}}'])
def test_check_refuses_a_shortcode_in_double_braces(text: str) -> None:
    """M5: never sent with a raw {name}."""
    with pytest.raises(BadText, match="single braces") as caught:
        check(parse(text), reachable=["name"])
    assert (caught.value.code, caught.value.position) == ("escaped_shortcode", 4)


@pytest.mark.parametrize("text", ["{{anything}}", "{{{name}}}", "{{ {name} }}"])
def test_check_accepts_other_braces(text: str) -> None:
    check(parse(text), reachable=["name"])


@pytest.mark.parametrize(
    ("text", "value", "output"),
    [
        ("{x}", "Ana", "Ana"),
        ("{x}", 0, "0"),
        ("{x}", False, "não"),
        ("{x}", Money(amount=Decimal("146.37"), currency="BRL"), "R$146,37"),
        ("{x|money}", Money(amount=Decimal("146.37"), currency="BRL"), "R$146,37"),
        ('{x|money("BRL")}', Decimal("146.37"), "R$146,37"),
        ('{x|money("BRL")}', "146.37", "R$146,37"),
        ('{x|money("BRL")}', 0, "R$0,00"),
        ("{x|money}", Decimal("1146.3"), "1.146,30"),
        ("{x}", date(2018, 5, 23), "23/05/2018"),
        ('{x|date("long")}', date(2018, 5, 23), "23 de maio de 2018"),
        ("{x}", datetime(2018, 5, 24, 1, 30, tzinfo=UTC), "23/05/2018 22:30"),
        ("{x|date}", datetime(2018, 5, 24, 1, 30, tzinfo=UTC), "23/05/2018"),
    ],
)
def test_a_value_is_written_as_the_shortcode_asks(text: str, value: object, output: str) -> None:
    assert rendered(text, {"x": value}) == output


@pytest.mark.parametrize("value", [None, "", "  ", "\n\t", "\u00a0", "\u200b"])
def test_a_missing_value_stops_the_text(value: object) -> None:
    """Promise 5: no hole in the text."""
    with pytest.raises(MissingValue, match="at character 4") as caught:
        rendered("Hi {name}!", {"name": value})
    assert (caught.value.code, caught.value.name) == ("missing_value", "name")


@pytest.mark.parametrize("form", ["", "|money", '|money("EUR")', "|date"])
@pytest.mark.parametrize("value", [None, "", " "])
def test_a_missing_value_follows_its_default(form: str, value: object) -> None:
    """M5."""
    assert rendered(f'Hi {{name{form}|default("friend")}}!', {"name": value}) == "Hi friend!"


def test_an_empty_default_leaves_the_place_empty() -> None:
    assert rendered('Hi{name|default("")}!', {"name": None}) == "Hi!"


def test_a_text_of_which_nothing_is_left_is_refused() -> None:
    with pytest.raises(BadText) as caught:
        rendered(' {name|default("")}', {"name": None})
    assert caught.value.code == "empty_text"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{x|money}", "a lot"),
        ("{x|money}", date(2018, 5, 23)),
        ('{x|money("EUR")}', Money(amount=Decimal(1), currency="BRL")),
        ("{x}", Money(amount=Decimal("NaN"), currency="BRL")),
        ("{x}", float("inf")),
        ("{x|date}", "23/05/2018"),
        ("{x|date}", 5),
        ("{x|date}", Money(amount=Decimal(1), currency="BRL")),
    ],
)
def test_a_value_that_a_filter_cannot_write_is_named(text: str, value: object) -> None:
    with pytest.raises(BadValue, match=r"The shortcode \{x\} at character 1") as caught:
        rendered(text, {"x": value})
    assert caught.value.code == "bad_value"


def test_a_currency_sign_gives_way_where_all_else_is_gsm() -> None:
    """M4."""
    price = Money(amount=Decimal(100), currency="UAH")
    assert rendered("Total: {x}", {"x": price}, style=UKRAINE) == "Total: 100,00 UAH"


@pytest.mark.parametrize(
    ("text", "values", "output"),
    [
        ("До сплати: {x}", {}, "До сплати: 100,00 ₴"),
        ("{name}: {x}", {"name": "Олена"}, "Олена: 100,00 ₴"),
        ('{name|default("Вам")}: {x}', {"name": None}, "Вам: 100,00 ₴"),
        ("{x}, {x}", {}, "100,00 UAH, 100,00 UAH"),
    ],
)
def test_the_rest_of_the_text_decides_on_the_currency_sign(text: str, values: dict[str, object], output: str) -> None:
    """M4."""
    price = Money(amount=Decimal(100), currency="UAH")
    assert rendered(text, {**values, "x": price}, style=UKRAINE) == output


def test_a_value_brings_no_shortcode_along() -> None:
    output = rendered("{name} {secret}", {"name": "{secret} {{x}} {", "secret": "s"})
    assert output == "{secret} {{x}} { s"


def test_a_value_brings_no_line_break_along() -> None:
    assert rendered("{name}!", {"name": " Ana\r\n\x00Maria "}) == "Ana Maria!"


def test_each_value_is_asked_for_once() -> None:
    numbers = count(1)
    assert render(parse("{a} {b} {a}"), value=lambda _: next(numbers), style=BRAZIL) == "1 2 1"


def test_what_the_value_raises_goes_through() -> None:
    with pytest.raises(KeyError):
        rendered("{name}", {})


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join) | st.text(max_size=60))
def test_any_text_is_read_or_refused_and_renders_without_its_braces(text: str) -> None:
    try:
        parsed = parse(text)
    except SmsError:
        return
    literals = "".join(part for part in parsed.parts if isinstance(part, str))
    assert literals.count("{") <= text.count("{{")
    assert literals.count("}") <= text.count("}}")
    values = {one.name: date(2018, 5, 23) if one.form is Form.DATE else 1 for one in parsed.shortcodes}
    try:
        output = render(parsed, value=values.__getitem__, style=BRAZIL)
    except BadValue:
        return
    assert output.count("{") == literals.count("{")
    assert output.count("}") == literals.count("}")
