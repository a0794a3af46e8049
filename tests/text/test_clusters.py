from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sms_plugin.text.clusters import all_single, clusters


@pytest.mark.parametrize(
    "cluster",
    [
        "é",
        "e\u0301",
        "ç\u0327\u0323",
        "и\u0306",
        "👍",
        "👍🏽",
        "❤️",
        "1️⃣",
        "👨‍👩‍👧‍👦",
        "👩🏽‍💻",
        "🏳️‍🌈",
        "🇵🇹",
        "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
        "नि",
        "กำ",
        "\u1112\u1161\u11ab",
    ],
)
def test_what_a_reader_takes_for_one_character_is_one_cluster(cluster: str) -> None:
    assert clusters(f"a{cluster}b") == ["a", cluster, "b"]


def test_flags_pair_up_from_the_left() -> None:
    assert clusters("🇵🇹🇺🇦🇧") == ["🇵🇹", "🇺🇦", "🇧"]


def test_a_mark_joins_no_line_break() -> None:
    assert clusters("\n\u0301a") == ["\n", "\u0301", "a"]


def test_a_mark_at_the_beginning_stands_by_itself() -> None:
    assert clusters("\u0301a") == ["\u0301", "a"]


def test_a_line_break_of_two_characters_may_be_cut() -> None:
    assert clusters("\r\n") == ["\r", "\n"]


@settings(deadline=None)
@given(st.text())
def test_the_clusters_together_are_the_text(text: str) -> None:
    assert "".join(clusters(text)) == text


@settings(deadline=None)
@given(st.text())
def test_characters_that_join_nothing_are_their_own_clusters(text: str) -> None:
    if all_single(text):
        assert clusters(text) == list(text)
