"""Foreign words as every database can hold them."""

from __future__ import annotations


def storable(words: str, most: int) -> str:
    """The first ``most`` characters, without NULs, and with ``?`` for halves of surrogate pairs: neither can be kept
    everywhere, and JSON can write both.
    """
    if words.isascii() and "\0" not in words:
        return words[:most]
    return words.replace("\0", "")[:most].encode("utf-8", "replace").decode()
