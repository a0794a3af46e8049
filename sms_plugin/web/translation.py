"""The words of the pages in the viewer's language, through translation files of the plugin's own (X14).

The host tells the language by a function of its own, or by its Flask-Babel. Without either, or where Flask-Babel is
installed and never initialised, the pages speak English; nothing here fails for want of it.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from gettext import NullTranslations
from operator import itemgetter
from typing import Any

from flask import current_app, has_app_context, has_request_context
from markupsafe import escape

from sms_plugin.errors import Worded
from sms_plugin.web.translation_files import known_words, words_of


def gettext(words: str, /, **values: Any) -> str:
    """The words in the viewer's language, with the values in their places: ``gettext("%(count)s rows", count=3)``."""
    told = _spoken(language()).gettext(words)
    return told % values if values else told


def ngettext(one: str, many: str, number: int, /, **values: Any) -> str:
    """The words that suit the number, which may stand in them as ``%(num)s``."""
    return _spoken(language()).ngettext(one, many, number) % {"num": number, **values}


def in_words(words: object, /) -> str:
    """The words of an error, or of what a lower floor says, in the viewer's language where they are ``worded``."""
    said = str(words)
    if not isinstance(said, Worded):
        return said
    values = {name: in_words(each) if isinstance(each, str) else each for name, each in said.values.items()}
    if said.many:
        return ngettext(said.template, said.many, int(str(values.pop("num"))), **values)
    return gettext(said.template, **values)


def retold(stored: str, /) -> str:
    """What was written down in English when it happened, such as a message's detail, in the viewer's language where its
    words are known; names and numbers in it stay as they are.
    """
    return _retold(stored, language())


@lru_cache(maxsize=2048)
def _retold(stored: str, language: str) -> str:
    if not stored or language.partition("_")[0] == "en":
        return stored
    sentences = _SENTENCES.split(stored)
    told = [_matched(each, language) for each in sentences]
    if len(told) == 1 or None in told:  # a value may hold a sentence of its own
        whole = _matched(stored, language)
        if whole is not None:
            return whole
    return " ".join(other or each for other, each in zip(told, sentences, strict=True))


def _matched(stored: str, language: str) -> str | None:
    """One text that is put together as a known one is, in the language; of several the one that says the most."""
    spoken = _spoken(language)
    if (told := spoken.gettext(stored)) != stored:
        return told
    for template, pattern in _patterns(language):
        found = pattern.fullmatch(stored)
        if found is not None:
            said = _UNQUOTED.sub("s", spoken.gettext(template))  # what stands in quotes brings them along
            return said % {name: _retold(each, language) for name, each in found.groupdict().items()}
    return None


_SENTENCES = re.compile(r"(?<=[.!?]) (?=[A-Z0-9])")
_PLACE = re.compile(r"%\((\w+)\)(?:[rsd]|\.\d+f)")
_UNQUOTED = re.compile(r"(?<=\))(?:[rd]|\.\d+f)")
#: So many letters have to stand between a text's values, or nearly anything would be taken for it.
_LEAST = 8


@cache
def _patterns(language: str) -> list[tuple[str, re.Pattern[str]]]:
    """What a text that has values in it looks like, those that say the most first."""
    found: list[tuple[int, str, re.Pattern[str]]] = []
    for template in known_words(language):
        parts = _PLACE.split(template)
        said, names = parts[::2], parts[1::2]
        letters = sum(map(str.isalpha, "".join(said)))
        if names and len(set(names)) == len(names) and letters >= _LEAST:
            places = [*(f"(?P<{name}>.+?)" for name in names), ""]
            pattern = "".join(
                re.escape(each.replace("%%", "%")) + place for each, place in zip(said, places, strict=True)
            )
            found.append((-letters, template, re.compile(pattern, re.DOTALL)))
    return [(template, pattern) for _, template, pattern in sorted(found, key=itemgetter(0, 1))]


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
    """The viewer's language, as the host tells it, or its Flask-Babel where it uses that; else English."""
    state = current_app.extensions.get("sms") if has_request_context() else None
    if state is not None and (told := state.viewers_language()):
        return str(told).replace("-", "_")
    if not speaks_babel():
        return "en"
    from flask_babel import get_locale

    return str(get_locale() or "en")


def speaks_babel() -> bool:
    """Whether the host has initialised Flask-Babel on the current app."""
    return has_app_context() and "babel" in current_app.extensions


@cache
def _spoken(language: str) -> NullTranslations:
    return words_of(language)
