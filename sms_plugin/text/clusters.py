"""Grapheme clusters: what a reader takes for one character, and a segment must not cut in two.

Source: Unicode Standard Annex 29, as far as texts need it, without its tables: marks, joiners, skin tones,
tags, flags, and the jamo of a Korean syllable.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

_JOINER: Final = "\u200d"
_FIRST_MARK: Final = "\u0300"  # no character before it joins another, but for controls
_RANGES: Final = (
    (0x0E33, 0x0E33),
    (0x0EB3, 0x0EB3),
    (0x1160, 0x11FF),
    (0x200C, 0x200D),
    (0xFF9E, 0xFF9F),
    (0x1F3FB, 0x1F3FF),
    (0xE0020, 0xE007F),
)


def all_single(characters: Iterable[str]) -> bool:
    """Whether each of these characters, in any order, is a cluster by itself."""
    return not any(
        character >= _FIRST_MARK and (_is_flag(character) or _extends(character)) for character in characters
    )


def clusters(text: str) -> list[str]:
    """The text cut into grapheme clusters; joined, they are the text."""
    found: list[str] = []
    previous = ""
    flags = 0
    for character in text:
        if character < _FIRST_MARK:
            joined = False
            flags = 0
        elif _is_flag(character):
            joined = flags % 2 == 1
            flags += 1
        else:
            joined = _is_picture(character) if previous == _JOINER else False
            joined |= _extends(character) and not _is_control(previous)
            flags = 0
        if joined:
            found[-1] += character
        else:
            found.append(character)
        previous = character
    return found


def _is_flag(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _is_control(character: str) -> bool:
    return not character or unicodedata.category(character) == "Cc"


@lru_cache(maxsize=4096)
def _extends(character: str) -> bool:
    code = ord(character)
    return unicodedata.category(character) in {"Mn", "Me", "Mc"} or any(a <= code <= b for a, b in _RANGES)


def _is_picture(character: str) -> bool:
    return unicodedata.category(character) == "So"
