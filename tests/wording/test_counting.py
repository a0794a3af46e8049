"""What a text costs while it is being written (M6, X8)."""

from __future__ import annotations

import pytest

from sms_plugin.wording.counting import count


@pytest.mark.parametrize(
    ("template", "text", "shortcodes"),
    [
        ("Hello", "Hello", 0),
        ("Hello {name}!", "Hello !", 1),
        ('{name|default("you")} {other}', " ", 2),
        ("{{braces}} {name}", "{braces} ", 1),
        ("stray } and {", "stray } and {", 0),
        ("", "", 0),
    ],
)
def test_a_shortcode_is_no_part_of_what_is_counted(template: str, text: str, shortcodes: int) -> None:
    counted = count(template)
    assert (counted.measure.text, counted.shortcodes) == (text, shortcodes)


def test_the_braces_of_shortcodes_do_not_make_a_text_dearer() -> None:
    counted = count("x" * 158 + "{name}{other}")
    assert (counted.measure.segments, counted.costly) == (1, ())


def test_each_costly_character_is_named_once_in_its_place() -> None:
    counted = count("São João – são {name}")
    assert [(each.character, each.replacement) for each in counted.replaceable] == [("ã", "a"), ("–", "-")]


def test_nothing_is_worth_replacing_beside_letters_that_have_no_cheaper_spelling() -> None:
    counted = count("Дякуємо – {name}")
    assert counted.replaceable == ()
    assert counted.costly[0].character == "Д"
