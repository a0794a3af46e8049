"""A text written with the characters that a provider takes."""

from __future__ import annotations

import unicodedata

from sms_plugin.text import gsm

_INSTEAD = {"€": "EUR", "£": "GBP", "ß": "ss", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "¡": "!", "¿": "?"}


def without_accents(text: str) -> str:
    """The text in ASCII as far as that goes: accents dropped, look-alikes replaced, the rest left."""
    return text if text.isascii() else "".join(_ascii(char) for char in unicodedata.normalize("NFC", text))


def _ascii(char: str) -> str:
    if char.isascii():
        return char
    for candidate in (char, gsm.replacement(char)):
        if candidate is None:
            continue
        bare = "".join(_INSTEAD.get(part, part) for part in unicodedata.normalize("NFKD", candidate))
        bare = "".join(part for part in bare if not unicodedata.combining(part))
        if bare.isascii():
            return bare
    return char


def within_charset(text: str, *, charset: str) -> str:
    """The text with look-alikes for the characters that ``charset`` lacks; what has none is left as it is."""
    return "".join(_fitting(char, charset=charset) for char in unicodedata.normalize("NFC", text))


def _fitting(char: str, *, charset: str) -> str:
    if encodable(char, charset=charset):
        return char
    alike = gsm.replacement(char)
    return alike if alike is not None and encodable(alike, charset=charset) else char


def encodable(text: str, *, charset: str) -> bool:
    """Whether ``charset`` has every character of the text."""
    try:
        text.encode(charset)
    except UnicodeEncodeError:
        return False
    return True
