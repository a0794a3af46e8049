"""The shipped triggers, sections and shortcodes, read once from their data files."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, kw_only=True)
class TriggerEntry:
    """A reason to text: what it is about, whom it reaches and a suggested text by language."""

    key: str
    section: str
    audience: str
    purpose: str
    label: Mapping[str, str]
    text: Mapping[str, str]
    help: Mapping[str, str] = field(default_factory=dict)  #: what it is for, in a line
    quiet: str = "defer"  #: what quiet hours do to it: defer, forward, ignore (X6)


@dataclass(frozen=True, kw_only=True)
class ShortcodeEntry:
    """A name that a text may use where the host maps it."""

    name: str
    section: str
    label: Mapping[str, str]  #: what it stands for, by language
    help: Mapping[str, str] = field(default_factory=dict)  #: what is easily taken wrong about it
    example: str = ""  #: what it might read
    form: str = ""  #: how its value is written where the text does not say it (M3, M4)
    sensitive: bool = False  #: no preview and no export shows it (M10)


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """All that ships, by key."""

    triggers: Mapping[str, TriggerEntry]
    shortcodes: Mapping[str, ShortcodeEntry]
    sections: Mapping[str, Mapping[str, str]]  #: their names by language, in the order of the screens


@cache
def load() -> Catalogue:
    """The shipped catalogue."""
    return Catalogue(
        triggers={key: TriggerEntry(key=key, **row) for key, row in _read("triggers.toml").items()},
        shortcodes={
            name: ShortcodeEntry(name=name, section=section, **row)
            for section, rows in _read("shortcodes.toml").items()
            for name, row in rows.items()
        },
        sections=_read("sections.toml"),
    )


def in_language(words: Mapping[str, str], language: str) -> str:
    """The words in a language such as "pt-BR", else in its base, else in English, else in any; "" where none are."""
    base = language.replace("_", "-").partition("-")[0]
    return words.get(language) or words.get(base) or words.get("en") or next(iter(words.values()), "")


def _read(file: str) -> dict[str, Any]:
    return tomllib.loads((files("sms_plugin.catalog") / file).read_text("utf-8"))
