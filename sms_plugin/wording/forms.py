"""Texts in which each shortcode has the form that belongs to its name: a month is written as one (M3, M4)."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from sms_plugin.catalog.loader import load
from sms_plugin.text.grammar import Form
from sms_plugin.text.shortcodes import Parsed, Shortcode, parse


@lru_cache(maxsize=1024)
def formed(text: str) -> Parsed:
    """The text, read once, its own filters before the catalogue's forms. Raises ``BadText`` as ``parse`` does."""
    parsed = parse(text)
    parts = tuple(part if isinstance(part, str) else _formed(part) for part in parsed.parts)
    return parsed if parts == parsed.parts else Parsed(source=parsed.source, parts=parts)


def _formed(shortcode: Shortcode) -> Shortcode:
    entry = load().shortcodes.get(shortcode.name)
    if entry is None or not entry.form or shortcode.form is not Form.PLAIN:
        return shortcode
    return replace(shortcode, form=Form(entry.form), asked=False)
