"""The words of the pages in the viewer's language, through a catalogue of the plugin's own (X14).

The host's Flask-Babel tells the language where the host uses it. Where it is absent, or installed and never
initialised, the pages speak English; nothing here fails for want of it.
"""

from __future__ import annotations

from functools import cache
from gettext import NullTranslations, translation
from pathlib import Path
from typing import Any

from flask import current_app, has_app_context
from markupsafe import escape

_CATALOGUES = Path(__file__).parent / "translations"


def gettext(words: str, /, **values: Any) -> str:
    """The words in the viewer's language, with the values in their places: ``gettext("%(count)s rows", count=3)``."""
    told = _catalogue(language()).gettext(words)
    return told % values if values else told


def ngettext(one: str, many: str, number: int, /, **values: Any) -> str:
    """The words that suit the number, which may stand in them as ``%(num)s``."""
    return _catalogue(language()).ngettext(one, many, number) % {"num": number, **values}


class Lazy:
    """Words that are translated when they are shown: for class attributes, labels and menus."""

    def __init__(self, words: str, values: dict[str, Any]) -> None:
        self._words = words
        self._values = values

    def __str__(self) -> str:
        return gettext(self._words, **self._values)

    def __html__(self) -> str:
        return str(escape(str(self)))

    def __mod__(self, values: Any) -> str:
        told: str = str(self) % values
        return told

    def __eq__(self, other: object) -> bool:
        return str(self) == str(other) if isinstance(other, str | Lazy) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._words)

    def __repr__(self) -> str:
        return f"Lazy({self._words!r})"


def lazy_gettext(words: str, /, **values: Any) -> Any:
    """Words that are translated when they are shown."""
    return Lazy(words, values)


def language() -> str:
    """The viewer's language, as Flask-Babel tells it where the host uses it; else English."""
    if not speaks_babel():
        return "en"
    from flask_babel import get_locale

    return str(get_locale() or "en")


def speaks_babel() -> bool:
    """Whether the host has initialised Flask-Babel on the current app."""
    return has_app_context() and "babel" in current_app.extensions


@cache
def _catalogue(language: str) -> NullTranslations:
    spoken = [language, language.partition("_")[0]]
    return translation("sms", localedir=str(_CATALOGUES), languages=spoken, fallback=True)
