"""What every database can hold of foreign words."""

from __future__ import annotations

import pytest

from sms_plugin.text.storage import storable


@pytest.mark.parametrize(
    ("words", "kept"), [("SM1", "SM1"), ("Ваш 👋", "Ваш 👋"), ("a\0b", "ab"), ("a\ud800b", "a?b"), ("", "")]
)
def test_words_lose_what_some_databases_refuse(words: str, kept: str) -> None:
    assert storable(words, 40) == kept


@pytest.mark.parametrize("words", ["x" * 50, "я" * 50, "\0" + "x" * 50])
def test_words_are_bounded(words: str) -> None:
    assert len(storable(words, 40)) == 40
