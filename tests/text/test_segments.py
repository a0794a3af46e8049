from __future__ import annotations

import json
from math import ceil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sms_plugin.text.gsm import ALPHABET, EXTENSION, is_basic
from sms_plugin.text.segments import Costly, Encoding, cheaper, measure

# The answers of the npm package sms-segments-calculator 1.3.0 for some edges and for random texts of GSM-7,
# extension, BMP, emoji and cluster pools: [text, encodingName, segmentsCount]. Left out is the empty text,
# which it counts as one segment, and joiners between characters that no emoji joins, where it follows an
# older Unicode.
REFERENCE: list[tuple[str, str, int]] = [
    (text, encoding, segments)
    for text, encoding, segments in json.loads(
        Path(__file__).with_name("segments_reference.json").read_text(encoding="utf-8")
    )
]
BASIC = sorted(ALPHABET - EXTENSION)
GSM_TEXTS = st.text(st.sampled_from(sorted(ALPHABET)), max_size=700)
MIXED_TEXTS = st.text(
    st.one_of(
        st.sampled_from("aж€😀👍🏽\u200d\ufe0f\u0301🇵🇹\r\n"),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=300,
)


@pytest.mark.parametrize(("text", "encoding", "segments"), REFERENCE, ids=range(len(REFERENCE)))
def test_the_count_agrees_with_the_reference(text: str, encoding: str, segments: int) -> None:
    """X8."""
    measured = measure(text)
    assert (measured.encoding, measured.segments) == (encoding, segments)


def test_the_empty_text_is_no_segment() -> None:
    measured = measure("")
    assert (measured.encoding, measured.segments, measured.units, measured.left) == ("GSM-7", 0, 0, 160)
    assert measured.costly == ()


@pytest.mark.parametrize(
    ("text", "segments", "units", "left"),
    [
        ("a", 1, 1, 159),
        ("a" * 160, 1, 160, 0),
        ("a" * 161, 2, 161, 145),
        ("a" * 306, 2, 306, 0),
        ("a" * 307, 3, 307, 152),
        ("€" * 80, 1, 160, 0),
        ("€" * 81, 2, 162, 143),
        ("ж", 1, 1, 69),
        ("ж" * 70, 1, 70, 0),
        ("ж" * 71, 2, 71, 63),
        ("ж" * 134, 2, 134, 0),
        ("ж" * 135, 3, 135, 66),
        ("😀" * 35, 1, 70, 0),
        ("😀" * 36, 2, 72, 61),
    ],
)
def test_units_and_what_is_left(text: str, segments: int, units: int, left: int) -> None:
    measured = measure(text)
    assert (measured.segments, measured.units, measured.left) == (segments, units, left)


def test_the_encoding_is_its_own_name() -> None:
    assert json.dumps([measure("a").encoding, measure("ж").encoding]) == '["GSM-7", "UCS-2"]'


def test_an_escape_pair_is_not_split() -> None:
    assert measure("a" * 152 + "€" + "a" * 151).segments == 2
    assert measure("a" * 152 + "€" + "a" * 152).segments == 3
    assert measure("a" * 153 + "€" + "a" * 151).segments == 2


def test_a_surrogate_pair_is_not_split() -> None:
    assert measure("ж" * 66 + "😀" + "ж" * 65).segments == 2
    assert measure("ж" * 66 + "😀" + "ж" * 66).segments == 3


def test_a_grapheme_cluster_is_not_split() -> None:
    family = "👨‍👩‍👧‍👦"
    assert measure("ж" * 57 + family + "ж" * 56).segments == 2
    assert measure("ж" * 57 + family + "ж" * 57).segments == 3


def test_a_line_break_of_two_characters_costs_two() -> None:
    assert measure("\r\n" * 80).units == 160
    assert measure("ж\r\n").units == 3


def test_a_cluster_longer_than_a_segment_is_split() -> None:
    endless = "a" + "\u0301" * 200
    assert measure(endless).segments == 3
    assert measure("ж" + endless + "ж").units == 203


def test_a_lone_surrogate_counts_as_one_unit() -> None:
    assert measure("\ud800").units == 1


def test_a_measure_shows_no_text_in_its_representation() -> None:
    """Promise 9: bodies are absent from logs."""
    assert "secret" not in repr(measure("a secret"))


def test_costly_names_what_gsm_cannot_carry() -> None:
    """X8: the characters that made it dearer, with what stands for them."""
    assert measure("Olá “João” 😀").costly == (
        Costly(character="á", position=2, replacement="a"),
        Costly(character="“", position=4, replacement='"'),
        Costly(character="ã", position=7, replacement="a"),
        Costly(character="”", position=9, replacement='"'),
        Costly(character="😀", position=11, replacement=None),
    )


def test_costly_names_a_cluster_once() -> None:
    assert measure("e\u0301 👩🏽‍💻").costly == (
        Costly(character="e\u0301", position=0, replacement="é"),
        Costly(character="👩🏽‍💻", position=3, replacement=None),
    )


def test_extension_characters_are_costly_only_where_they_add_a_segment() -> None:
    assert measure("a" * 150 + "€").costly == ()
    assert measure("a" * 159 + "€").costly == (Costly(character="€", position=159, replacement=None),)
    assert measure("a" * 170 + "€").costly == ()


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Olá – “João”…", 'Ola - "Joao"...'),
        ("100\u00a0₴", "100 UAH"),
        ("e\u0301 ç a\u0303", "é c a"),
        ("zażółć gęślą jaźń", "zazolc gesla jazn"),
        ("plain €", "plain €"),
        ("", ""),
        ("Привіт, Олено", "Привіт, Олено"),
        ("Olá 😀", "Ola 😀"),
    ],
)
def test_cheaper_replaces_what_has_a_replacement(text: str, plain: str) -> None:
    assert cheaper(text) == plain


def test_cheaper_turns_the_portuguese_due_notice_into_one_segment() -> None:
    notice = "Estimado Cliente, tem fatura(s) com pagamentos em atraso. Por favor, normalize a situação. Cumprimentos"
    assert (measure(notice).encoding, measure(notice).segments) == (Encoding.UCS2, 2)
    assert (measure(cheaper(notice)).encoding, measure(cheaper(notice)).segments) == (Encoding.GSM, 1)


def test_cheaper_leaves_a_text_that_would_grow() -> None:
    text = "ж" * 68 + "…₴"
    assert cheaper(text) == text


@settings(deadline=None)
@given(MIXED_TEXTS)
def test_cheaper_is_never_dearer_and_never_changes_twice(text: str) -> None:
    plain = cheaper(text)
    assert measure(plain).segments <= measure(text).segments
    assert cheaper(plain) == plain


@settings(deadline=None)
@given(MIXED_TEXTS)
def test_costly_points_at_its_characters(text: str) -> None:
    costly = measure(text).costly
    assert all(text[one.position :].startswith(one.character) for one in costly)
    assert len({one.position for one in costly}) == len(costly)


@settings(deadline=None)
@given(MIXED_TEXTS)
def test_no_text_needs_less_room_than_its_units(text: str) -> None:
    measured = measure(text)
    alone, part = (160, 153) if measured.encoding is Encoding.GSM else (70, 67)
    room = alone if measured.segments <= 1 else measured.segments * part
    assert 0 <= measured.left <= alone
    assert measured.units <= room - measured.left
    assert measured.segments >= (ceil(measured.units / part) if measured.units > alone else bool(text))


@settings(deadline=None)
@given(GSM_TEXTS)
def test_each_gsm_segment_wastes_one_septet_at_most(text: str) -> None:
    measured = measure(text)
    assert measured.units == len(text) + sum(character in EXTENSION for character in text)
    if measured.segments > 1:
        assert measured.units >= (measured.segments - 1) * 152 + (153 - measured.left)


@settings(deadline=None)
@given(MIXED_TEXTS, st.characters(exclude_categories=["Cs"]))
def test_a_longer_text_is_never_cheaper_in_the_same_encoding(text: str, more: str) -> None:
    before, after = measure(text), measure(text + more)
    if before.encoding is after.encoding:
        assert after.units > before.units


@settings(deadline=None)
@given(st.text(st.sampled_from(BASIC), max_size=700))
def test_a_text_without_the_extension_table_fills_its_segments_one_septet_at_a_time(text: str) -> None:
    """X8: it is counted by its length alone, which must say the same as filling the segments one by one."""
    segments, used = (1, 0) if text else (0, 0)
    for _ in text:
        if used == (153 if len(text) > 160 else 160):
            segments, used = segments + 1, 0
        used += 1
    measured = measure(text)
    assert is_basic(text)
    assert (measured.encoding, measured.segments, measured.units) == (Encoding.GSM, segments, len(text))
    assert measured.left == (153 if segments > 1 else 160) - used


@pytest.mark.parametrize("character", ["€", "[", "\f", "ã", "\x1b", "\u00a0", "ж", "😀"])
def test_one_character_beyond_the_basic_table_is_enough(character: str) -> None:
    assert not is_basic(f"Hello {character}")
    assert is_basic("".join(BASIC))
