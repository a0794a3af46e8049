"""What a text costs while it is being written: its shortcodes are not filled in yet (M6, X8)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sms_plugin.text.segments import Costly, Measure, measure

#: A shortcode as it stands in a text, its filters along; a doubled brace is a brace of the text.
_SHORTCODE = re.compile(r"\{\{|\}\}|(\{[^{}]*\})")


@dataclass(frozen=True, kw_only=True)
class Count:
    """The size of a text without its shortcodes, and what in it made it dearer."""

    measure: Measure
    shortcodes: int
    costly: tuple[Costly, ...]  #: each character once, in their order

    @property
    def replaceable(self) -> tuple[Costly, ...]:
        """Those that can be written cheaper; none where some other keeps the text dear anyway."""
        if any(each.replacement is None for each in self.costly):
            return ()
        return self.costly


def count(template: str) -> Count:
    """The count of a text as it stands; one that cannot be read is counted too."""
    pieces: list[str] = []
    shortcodes, done = 0, 0
    for found in _SHORTCODE.finditer(template):
        pieces += [template[done : found.start()], "" if found[1] else found[0][0]]
        shortcodes += bool(found[1])
        done = found.end()
    size = measure("".join(pieces) + template[done:])
    costly: dict[str, Costly] = {}
    for each in size.costly:
        costly.setdefault(each.character, each)
    return Count(measure=size, shortcodes=shortcodes, costly=tuple(costly.values()))
