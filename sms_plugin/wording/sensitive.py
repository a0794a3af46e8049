"""Shortcodes whose values nobody needs to see again: warned of, masked wherever a text is shown, and taken out of the
stored text once its message is over (M10).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sms_plugin.catalog.loader import load
from sms_plugin.text.shortcodes import BadText, parse

#: By the names of the manuals.
SENSITIVE: Final = frozenset(entry.name for entry in load().shortcodes.values() if entry.sensitive)
#: What stands in the place of a value: characters of GSM-7, so that a masked text is measured as its like would be.
MASK = "****"


def sensitive_in(texts: Mapping[str, str]) -> tuple[str, ...]:
    """The sensitive shortcodes that texts by language use, each once, in their order; none of what cannot be read."""
    found: dict[str, None] = {}
    for text in texts.values():
        try:
            names = parse(text).names if text.strip() else ()
        except BadText:
            continue
        found |= dict.fromkeys(name for name in names if name in SENSITIVE)
    return tuple(found)
