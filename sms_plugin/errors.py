"""What can go wrong, by name.

``SmsError`` is what a caller may handle: it has a stable ``code`` and a ``hint`` that says how to mend it.
``ConfigurationError`` stands outside that tree on purpose, so that ``except SmsError`` never hides a portal
that is set up wrongly.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Self


class Worded(str):
    """English words that remember how they were put together, so that a door can say them in another language.

    They are plain text to whatever writes them to a log, a table or a terminal. A value of theirs that is worded
    itself is said in the other language, too.
    """

    template: str
    many: str  #: the template for other numbers than one; empty where there is nothing to count
    values: dict[str, object]

    def __new__(cls, template: str, many: str = "", /, **values: object) -> Self:
        chosen = many if many and values["num"] != 1 else template
        made = super().__new__(cls, chosen % values if values else chosen)
        made.template, made.many, made.values = template, many, values
        return made

    def __str__(self) -> str:
        """Itself, so that ``str(error)`` still knows how its words were put together."""
        return self


def worded(template: str, /, **values: object) -> Worded:
    """Words for whoever meets them at some door: ``worded("There is no %(what)s.", what=name)``."""
    return Worded(template, "", **values)


def counted(one: str, many: str, number: int, /, **values: object) -> Worded:
    """Words that suit the number, which may stand in them as ``%(num)s``."""
    return Worded(one, many, num=number, **values)


def joined(*words: str) -> str:
    """One text of several that are worded each; those that are empty are left out."""
    said = {f"_{place}": each for place, each in enumerate(words) if each}
    made = " ".join(f"%({place})s" for place in said)
    return Worded(made, "", **said)


class _Explained(Exception):
    """An error that carries what to do about it."""

    def __init__(self, message: str, *, code: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.hint = hint

    def __str__(self) -> str:
        return joined(self.message, self.hint)


class SmsError(_Explained):
    """A call, a text or a record that cannot become a message as it is."""


class ConfigurationError(_Explained):
    """A setting, a declaration or a key that must be mended before the portal can text."""


class ForgedRequest(SmsError):
    """A webhook request whose signature or secret does not hold."""


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """The sentence that names the closest known word, or nothing."""
    close = get_close_matches(wrong, list(known), n=1, cutoff=0.6)
    return worded("Did you mean %(known)r?", known=close[0]) if close else ""
