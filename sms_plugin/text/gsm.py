"""The GSM 7-bit default alphabet with its extension table, and what can stand for what is not in it.

Source: 3GPP TS 23.038, 6.2.1 and 6.2.1.1.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from types import MappingProxyType
from typing import Final

# In the order of the table's codes; the escape (0x1B) between Ξ and Æ is no character of a text.
_DEFAULT: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION: Final = frozenset("\f^{}\\[~]|€")  #: each is sent as an escape and a second septet
#: The second septet of each, after the escape.
_EXTENDED: Final = MappingProxyType(dict(zip(b"\x0a\x14\x28\x29\x2f\x3c\x3d\x3e\x40\x65", "\f^{}\\[~]|€", strict=True)))
_ESCAPE: Final = 0x1B
ALPHABET: Final = frozenset(_DEFAULT) | EXTENSION
_BASIC: Final = re.compile(f"[{re.escape(_DEFAULT)}]*")

_INVISIBLE: Final = frozenset(
    chr(code)
    for first, last in (
        (0x00AD, 0x00AD),
        (0x061C, 0x061C),
        (0x180E, 0x180E),
        (0x200B, 0x200F),
        (0x202A, 0x202E),
        (0x2060, 0x206F),
        (0xFE00, 0xFE0F),
        (0xFEFF, 0xFEFF),
        (0xE0020, 0xE007F),
        (0xE0100, 0xE01EF),
    )
    for code in range(first, last + 1)
)

#: What stands for which characters; of two the first.
_ALIKE: Final = (
    ("'", "`´‘’‚‛′‵ʹʻʼʽˈ"),
    ('"', "“”„‟″‶«»〝〞〟¨ˮ"),
    ("<", "‹〈"),
    (">", "›〉"),
    ("-", "‐‑‒–—―−⁃⁻﹘﹣－¯ˉ"),
    (",", "¸‚،"),
    (".", "·∙⋅․"),
    ("*", "•●◦▪■★☆∗"),
    ("/", "⁄∕÷"),
    ("\n", "\x85\u2028\u2029"),
    (" ", "\t\v"),
)
#: What is written otherwise one by one: signs, letters, money.
_SPELLED: Final = (
    {"…": "...", "‥": "..", "→": "->", "←": "<-", "⇒": "=>", "≈": "~", "˜": "~", "×": "x", "±": "+/-", "¦": "|"}
    | {"≤": "<=", "≥": ">=", "≠": "<>", "°": "o", "²": "2", "³": "3", "©": "(c)", "®": "(R)"}
    | {"ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ħ": "h", "Ħ": "H"}
    | {"œ": "oe", "Œ": "OE", "ı": "i", "ẞ": "SS", "ŧ": "t", "Ŧ": "T", "ŋ": "ng", "Ŋ": "NG", "µ": "u"}
    | {"₴": "UAH", "₽": "RUB", "₺": "TRY", "₹": "INR", "₪": "ILS", "₩": "KRW", "₫": "VND", "₱": "PHP"}
    | {"₦": "NGN", "₡": "CRC", "₲": "PYG", "₵": "GHS", "₸": "KZT", "₼": "AZN", "₾": "GEL", "₭": "LAK"}
    | {"₮": "MNT", "៛": "KHR", "฿": "THB", "৳": "BDT", "֏": "AMD", "₿": "BTC", "₤": "£", "¢": "c"}
)
_LOOK_ALIKES: Final = MappingProxyType(
    {character: instead for instead, characters in reversed(_ALIKE) for character in characters} | _SPELLED
)


def septets(character: str) -> int | None:
    """What one character costs in septets, 1 or 2; None where GSM-7 cannot carry it."""
    if character in EXTENSION:
        return 2
    return 1 if character in ALPHABET else None


def is_gsm(text: str) -> bool:
    """Whether GSM-7 carries the whole text."""
    return ALPHABET.issuperset(text)


def is_basic(text: str) -> bool:
    """Whether GSM-7 carries the whole text without its extension table: one septet for each character."""
    return _BASIC.fullmatch(text) is not None


def decoded(codes: bytes) -> str:
    """The text of septets, one a byte, as SMSCs hand it on. What follows an escape and is no extension is read without
    it, as 6.2.1.1 says; a byte that is no septet is a question mark.
    """
    text, escaped = "", False
    for code in codes:
        if code == _ESCAPE and not escaped:
            escaped = True
            continue
        text += (_EXTENDED.get(code, "") if escaped else "") or _character(code)
        escaped = False
    return text


def _character(code: int) -> str:
    if code == _ESCAPE:
        return " "
    return _DEFAULT[code - (code > _ESCAPE)] if code < 0x80 else "?"


def replacement(written: str) -> str | None:
    """What GSM-7 writes instead of a character or grapheme cluster; "" leaves it out, None: nothing does.

    Punctuation, spaces, currency signs, ligatures and accented letters have one; the letters of another
    script have none, however much some of them look like Latin ones.
    """
    instead = ""
    for character in unicodedata.normalize("NFC", written):
        plain = _plain(character)
        if plain is None:
            return None
        instead += plain
    return instead


@lru_cache(maxsize=4096)
def _plain(character: str) -> str | None:
    if character in ALPHABET:
        return character
    if character in _LOOK_ALIKES:
        return _LOOK_ALIKES[character]
    kind = unicodedata.category(character)
    if kind == "Zs":
        return " "
    if character in _INVISIBLE or kind in {"Cc", "Mn", "Me"}:
        return ""
    return _without_marks(character) or _in_plain_letters(character, kind=kind)


def _without_marks(character: str) -> str | None:
    """The letter with as many of its accents as GSM-7 knows: ǖ becomes ü, ã becomes a."""
    letter = unicodedata.normalize("NFD", character)
    # A stroke through a sign turns its meaning round: only letters lose their marks.
    if not letter[0].isalpha():
        return None
    while letter:
        composed = unicodedata.normalize("NFC", letter)
        if composed in ALPHABET:
            return composed
        letter = letter[:-1]
    return None


def _in_plain_letters(character: str, *, kind: str) -> str | None:
    # Fractions, exponents and numbers in circles would run into the digits beside them: 1½ is not 11/2.
    if kind == "No":
        return None
    # Composed, so that a mark stays on its sign, and a space that only carries a mark is none.
    apart = unicodedata.normalize("NFKC", character)
    if apart == character or apart.startswith(" "):
        return None
    letters = [_plain(part) for part in apart]
    return None if None in letters else "".join(letter or "" for letter in letters)
