"""What declared things may be called, and their words by language."""

from __future__ import annotations

import re
from collections.abc import Mapping

#: What a shortcode, a trigger and a filter may be called.
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z", re.ASCII)


def by_language(words: str | Mapping[str, str]) -> Mapping[str, str]:
    """Words that are given in one language or in several, by language; none where there are none."""
    if isinstance(words, str):
        return {"en": words} if words else {}
    return words
