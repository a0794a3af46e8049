"""What can go wrong, by name.

``SmsError`` is what a caller may handle: it has a stable ``code`` and a ``hint`` that says how to mend it.
``ConfigurationError`` stands outside that tree on purpose, so that ``except SmsError`` never hides a portal
that is set up wrongly.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class _Explained(Exception):
    """An error that carries what to do about it."""

    def __init__(self, message: str, *, code: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class SmsError(_Explained):
    """A call, a text or a record that cannot become a message as it is."""


class ConfigurationError(_Explained):
    """A setting, a declaration or a key that must be mended before the portal can text."""


class ForgedRequest(SmsError):
    """A webhook request whose signature or secret does not hold."""


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """The sentence that names the closest known word, or nothing."""
    close = get_close_matches(wrong, list(known), n=1, cutoff=0.6)
    return f"Did you mean {close[0]!r}?" if close else ""
