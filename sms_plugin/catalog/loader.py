"""The shipped triggers and shortcodes, read once from their data files."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, kw_only=True)
class TriggerEntry:
    """A reason to text: what it is about, whom it reaches and a suggested text by language."""

    key: str
    section: str
    audience: str
    purpose: str
    label: Mapping[str, str]
    text: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class ShortcodeEntry:
    """A name that a text may use where the host maps it."""

    name: str
    section: str
    label: str


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """All that ships, by key."""

    triggers: Mapping[str, TriggerEntry]
    shortcodes: Mapping[str, ShortcodeEntry]


@cache
def load() -> Catalogue:
    """The shipped catalogue."""
    folder = files("sms_plugin.catalog")
    triggers = tomllib.loads((folder / "triggers.toml").read_text("utf-8"))
    sections = tomllib.loads((folder / "shortcodes.toml").read_text("utf-8"))
    return Catalogue(
        triggers={key: TriggerEntry(key=key, **row) for key, row in triggers.items()},
        shortcodes={
            name: ShortcodeEntry(name=name, section=section, label=label)
            for section, names in sections.items()
            for name, label in names.items()
        },
    )
