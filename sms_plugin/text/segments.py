"""How many segments a text is billed as, what made it dearer, and the same text made cheaper (X8)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Final

from sms_plugin.text import gsm
from sms_plugin.text.clusters import all_single, clusters


class Encoding(StrEnum):
    """How the characters travel."""

    GSM = "GSM-7"
    UCS2 = "UCS-2"


@dataclass(frozen=True, kw_only=True)
class _Capacity:
    alone: int  # units of a text that is one segment
    part: int  # units of each segment of a longer text, beside its header


_CAPACITY: Final = {
    Encoding.GSM: _Capacity(alone=160, part=153),
    Encoding.UCS2: _Capacity(alone=70, part=67),
}


@dataclass(frozen=True, kw_only=True)
class Costly:
    """A character (grapheme cluster) that makes a text dearer."""

    character: str
    position: int  #: index of its first code point in the text
    replacement: str | None  #: what GSM-7 would write; "" leaves it out, None: nothing stands for it


@dataclass(frozen=True, kw_only=True)
class Measure:
    """What a text costs on the air."""

    encoding: Encoding
    segments: int  #: 0 for the empty text
    units: int  #: septets of GSM-7, 16-bit units of UCS-2, without headers
    left: int  #: units that the last segment still takes
    text: str = field(repr=False)

    @cached_property
    def costly(self) -> tuple[Costly, ...]:
        """The characters that made the text dearer, in their order.

        In UCS-2 they are those that GSM-7 cannot carry. In GSM-7 they are the characters of the extension
        table, and only where the text would be fewer segments if each took one septet like the others; they
        have no replacement, because nothing shorter says what € and [ say.
        """
        if self.encoding is Encoding.UCS2:
            return tuple(_beyond_gsm(self.text))
        if self.segments == _filled([1] * len(self.text), encoding=Encoding.GSM)[0]:
            return ()
        return tuple(
            Costly(character=character, position=position, replacement=None)
            for position, character in enumerate(self.text)
            if character in gsm.EXTENSION
        )


def measure(text: str) -> Measure:
    """Encoding, segments and units of a text as it is sent. Linear in its length.

    A segment holds 160 septets or 70 16-bit units, 153 or 67 where there are several. No escape pair,
    surrogate pair or grapheme cluster is split, but for a cluster that is longer than a segment. Source: 3GPP
    TS 23.038 and 23.040, 9.2.3.24.1.
    """
    if gsm.is_basic(text):
        return _basic(text)
    encoding = Encoding.GSM if gsm.is_gsm(text) else Encoding.UCS2
    widths = _septets(text) if encoding is Encoding.GSM else _words(text)
    segments, last = _filled(widths, encoding=encoding)
    capacity = _CAPACITY[encoding]
    return Measure(
        encoding=encoding,
        segments=segments,
        units=sum(widths),
        left=(capacity.part if segments > 1 else capacity.alone) - last,
        text=text,
    )


def _basic(text: str) -> Measure:
    """The measure of a text of which each character is one septet."""
    units = len(text)
    segments, last = (1 if units else 0), units
    capacity = _CAPACITY[Encoding.GSM]
    if units > capacity.alone:
        full, rest = divmod(units - 1, capacity.part)
        segments, last = full + 1, rest + 1
    left = (capacity.part if segments > 1 else capacity.alone) - last
    return Measure(encoding=Encoding.GSM, segments=segments, units=units, left=left, text=text)


def cheaper(text: str) -> str:
    """The text with each costly character replaced by what GSM-7 writes instead, where there is such a thing.

    The text itself where the result would be more segments: in a text that stays UCS-2, an ellipsis becomes
    three dots for nothing.
    """
    before = measure(text)
    pieces = []
    done = 0
    for costly in before.costly:
        if costly.replacement is not None:
            pieces += [text[done : costly.position], costly.replacement]
            done = costly.position + len(costly.character)
    plain = "".join(pieces) + text[done:]
    return plain if measure(plain).segments <= before.segments else text


def _septets(text: str) -> Sequence[int]:
    if gsm.EXTENSION.isdisjoint(text):
        return [1] * len(text)
    return [2 if character in gsm.EXTENSION else 1 for character in text]


def _words(text: str) -> Sequence[int]:
    """The widths in 16-bit units of what must not be split."""
    alphabet = set(text)
    if not all_single(alphabet):
        longest = _CAPACITY[Encoding.UCS2].part
        widths: list[int] = []
        for cluster in clusters(text):
            units = [_units(character) for character in cluster]
            widths += units if sum(units) > longest else [sum(units)]
        return widths
    if max(alphabet) <= "\uffff":
        return [1] * len(text)
    return [_units(character) for character in text]


def _units(character: str) -> int:
    return 2 if character > "\uffff" else 1


def _filled(widths: Sequence[int], *, encoding: Encoding) -> tuple[int, int]:
    """How many segments the widths fill, and how many units of the last."""
    capacity = _CAPACITY[encoding]
    total = sum(widths)
    if total <= capacity.alone:
        return (1 if widths else 0), total
    if total == len(widths):
        full, rest = divmod(total - 1, capacity.part)
        return full + 1, rest + 1
    return _packed(widths, room=capacity.part)


def _packed(widths: Iterable[int], *, room: int) -> tuple[int, int]:
    segments, used = 1, 0
    for width in widths:
        if used + width > room:
            segments, used = segments + 1, 0
        used += width
    return segments, used


def _beyond_gsm(text: str) -> Iterator[Costly]:
    position = 0
    for cluster in text if all_single(set(text)) else clusters(text):
        if not gsm.is_gsm(cluster):
            yield Costly(character=cluster, position=position, replacement=gsm.replacement(cluster))
        position += len(cluster)
