"""Tolerating a wrong set-up while it is being checked, so that one run names every mistake."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from sms_plugin.errors import ConfigurationError

_found: ContextVar[list[ConfigurationError] | None] = ContextVar("sms_plugin_found", default=None)


@contextmanager
def collecting() -> Iterator[list[ConfigurationError]]:
    """Inside the block, apps are made although their settings are wrong; what was wrong is in the list."""
    problems: list[ConfigurationError] = []
    token = _found.set(problems)
    try:
        yield problems
    finally:
        _found.reset(token)


def tolerated() -> list[ConfigurationError] | None:
    """The list to put problems into, or None where they must be raised."""
    return _found.get()
