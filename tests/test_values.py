"""Values that are made often are what frozen dataclasses are, but for the price."""

from __future__ import annotations

from dataclasses import field, replace

import pytest

from sms_plugin.values import made_often


@made_often()
class _Pair:
    left: int
    right: str = field(default="", repr=False)


@made_often(eq=False)
class _Apart:
    left: int


def test_they_are_equal_and_hash_by_their_fields() -> None:
    assert _Pair(left=1, right="a") == replace(_Pair(left=1), right="a")
    assert len({_Pair(left=1), _Pair(left=1), _Pair(left=2)}) == 2


def test_without_equality_each_is_itself() -> None:
    one = _Apart(left=1)
    assert one != _Apart(left=1)
    assert one in {one}


def test_they_are_made_by_name_only() -> None:
    with pytest.raises(TypeError):
        _Pair(1)  # type: ignore[call-arg]


def test_what_is_not_to_be_shown_is_not() -> None:
    """Promise 9: numbers and texts stand in such values."""
    assert "secret" not in repr(_Pair(left=1, right="secret"))
