"""Webhook requests that are refused: told in the log once a minute for each provider and reason, without anything that
they hold, and counted. A flood of them costs one write a second, and no line of log for each.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from dataclasses import dataclass, field
from threading import Lock
from weakref import WeakKeyDictionary

from sqlalchemy.exc import SQLAlchemyError

from sms_plugin.outbox.tallies import tally
from sms_plugin.state import State
from sms_plugin.transactions import within

log = logging.getLogger(__name__)

clock = time.monotonic
#: A reason is told again after so long, and what was counted is written so often, in seconds.
TOLD_EVERY, WRITTEN_EVERY = 60.0, 1.0


@dataclass
class _Book:
    """What one process refused."""

    lock: Lock = field(default_factory=Lock)
    told_at: dict[tuple[str, str], float] = field(default_factory=dict)
    untold: Counter[tuple[str, str]] = field(default_factory=Counter)
    uncounted: Counter[str] = field(default_factory=Counter)
    written_at: float = float("-inf")


_books: WeakKeyDictionary[State, _Book] = WeakKeyDictionary()


def refuse(state: State, *, provider: str, why: str, counter: str = "") -> None:
    """Tell of a refused request, and count it where there is a counter for it."""
    book = _books.setdefault(state, _Book())
    now = clock()
    with book.lock:
        key = (provider, why)
        book.untold[key] += 1
        if counter:
            book.uncounted[counter] += 1
        tell = now - book.told_at.get(key, float("-inf")) >= TOLD_EVERY
        number = book.untold.pop(key) if tell else 0
        if tell:
            book.told_at[key] = now
    if tell:
        more = f" ({number - 1} more like it since this was told last)" if number > 1 else ""
        log.warning("a webhook request for %s was refused: %s%s", provider, why, more)
    write_counts(state)


def write_counts(state: State) -> None:
    """Write what was counted, unless that was done a moment ago: then the next request does it."""
    book = _books.get(state)
    if book is None or not book.uncounted:
        return
    now = clock()
    with book.lock:
        if now - book.written_at < WRITTEN_EVERY:
            return
        counted, book.uncounted = book.uncounted, Counter()
        book.written_at = now
    try:
        within(state, lambda session: tally(session, counted))
    except SQLAlchemyError:
        with book.lock:
            book.uncounted.update(counted)
        raise
