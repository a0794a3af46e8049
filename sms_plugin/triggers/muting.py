"""Silence for an import: what is noticed inside ``with sms.muted():`` fires nothing, and is counted (X5).

A context variable holds it: blocks may stand in one another, and each thread and each task has its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

#: Counter of notices, of triggers that are on, that came while the host had them muted.
MUTED = "muted_notices"

_muted: ContextVar[bool] = ContextVar("sms_plugin_muted", default=False)


def is_muted() -> bool:
    """Whether the code that runs is inside such a block."""
    return _muted.get()


@contextmanager
def muted() -> Iterator[None]:
    """Mute what is noticed inside the block, in this thread or task, and in those that copy its context."""
    token = _muted.set(True)
    try:
        yield
    finally:
        _muted.reset(token)
