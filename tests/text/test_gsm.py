from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sms_plugin.text.gsm import ALPHABET, EXTENSION, decoded, is_gsm, replacement, septets


def test_the_alphabet_has_the_137_characters_of_the_standard() -> None:
    assert len(ALPHABET) == 137
    assert len(EXTENSION) == 10


@pytest.mark.parametrize("character", list("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ ¤¡ÄÖÑÜ§¿äöñüà09azAZ"))
def test_a_default_character_costs_one_septet(character: str) -> None:
    assert septets(character) == 1


@pytest.mark.parametrize("character", list("^{}\\[~]|€\f"))
def test_an_extension_character_costs_two_septets(character: str) -> None:
    assert septets(character) == 2


@pytest.mark.parametrize("character", list("\x1bçãáõêíóúÀ`“’–…\u00a0\tіΑ😀"))
def test_other_characters_cannot_be_sent(character: str) -> None:
    assert septets(character) is None


def test_a_text_is_gsm_when_all_of_it_is() -> None:
    assert is_gsm("Olà {€}")
    assert not is_gsm("Olá")
    assert is_gsm("")


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        ("’", "'"),
        ("`", "'"),
        ("´", "'"),
        ("“", '"'),
        ("„", '"'),
        ("»", '"'),
        ("–", "-"),
        ("—", "-"),
        ("\u2011", "-"),
        ("…", "..."),
        ("\u00a0", " "),
        ("\u202f", " "),
        ("\u2007", " "),
        ("\t", " "),
        ("\u2028", "\n"),
        ("\u200b", ""),
        ("\ufeff", ""),
        ("\u00ad", ""),
        ("\x1b", ""),
        ("•", "*"),
        ("№", "No"),
        ("™", "TM"),
        ("Ａ", "A"),
        ("ﬁ", "fi"),
    ],
)
def test_signs_and_spaces_have_a_look_alike(written: str, instead: str) -> None:
    assert replacement(written) == instead


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        ("á", "a"),
        ("ã", "a"),
        ("ç", "c"),
        ("õ", "o"),
        ("Ê", "E"),
        ("ș", "s"),
        ("ğ", "g"),
        ("ł", "l"),
        ("đ", "d"),
        ("œ", "oe"),
        ("ı", "i"),
        ("ª", "a"),
        ("º", "o"),
        ("ǖ", "ü"),
        ("e\u0301", "é"),
        ("a\u0303", "a"),
        ("K", "K"),
    ],
)
def test_accented_letters_keep_as_much_as_gsm_knows(written: str, instead: str) -> None:
    assert replacement(written) == instead


@pytest.mark.parametrize(("sign", "code"), [("₴", "UAH"), ("₽", "RUB"), ("₺", "TRY"), ("₹", "INR"), ("₦", "NGN")])
def test_currency_signs_become_iso_codes(sign: str, code: str) -> None:
    assert replacement(sign) == code


@pytest.mark.parametrize("character", [*"АВЕКМНОРСТХаеорсухіІйЙѝαΑΒΕοώ中אا😀❤½⅓①", "и\u0306", "👍🏽"])
def test_other_scripts_and_pictures_have_none(character: str) -> None:
    assert replacement(character) is None


@pytest.mark.parametrize("sign", ["≮", "<\u0338", "↚"])
def test_a_sign_never_loses_the_stroke_that_turns_its_meaning_round(sign: str) -> None:
    assert replacement(sign) is None


@settings(deadline=None)
@given(st.text(max_size=4))
def test_a_replacement_is_always_gsm(written: str) -> None:
    instead = replacement(written)
    assert instead is None or is_gsm(instead)


@settings(deadline=None)
@given(st.characters(categories=("Lu", "Ll", "Lt", "Lo", "Lm")))
def test_no_letter_of_cyrillic_hebrew_or_arabic_is_replaced(letter: str) -> None:
    name = unicodedata.name(letter, "")
    if name.startswith(("CYRILLIC", "HEBREW", "ARABIC", "DEVANAGARI", "CJK")):
        assert replacement(letter) is None


@pytest.mark.parametrize(
    ("codes", "text"),
    [
        (b"\x00 \x02 \x10\x1a \x1c", "@ $ ΔΞ Æ"),
        (b"5 \x1be \x1b<x\x1b> \x1b(\x1b) \x1b/ \x1b\x14 \x1b= \x1b@", "5 € [x] {} \\ ^ ~ |"),
        (b"\x40\x5b\x60\x7b\x7f", "¡Ä¿äà"),
        (b"a\x1bb\x1b\x1bc\x1b", "ab c"),
        (b"\x80\xff", "??"),
        (b"", ""),
    ],
)
def test_septets_are_read_with_their_extensions(codes: bytes, text: str) -> None:
    """3GPP TS 23.038, 6.2.1 and 6.2.1.1; each of them against the published tables."""
    assert decoded(codes) == text


def test_every_character_of_the_alphabet_has_its_own_code() -> None:
    plain = {decoded(bytes([code])) for code in range(128) if code != 0x1B}
    extended = {decoded(bytes([0x1B, code])) for code in range(128)} - plain
    assert (plain | extended) - {" "} == set(ALPHABET) - {" "}
