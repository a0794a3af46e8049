"""How far this process's claims have come in the order of what is due (promise 10).

PostgreSQL's index keeps an entry of each message that has gone until somebody vacuums, and a transaction of the host's
that stays open makes it ask the table about each: a claim from the head passes all of them, one that goes on where the
last one ended none.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import Engine

from sms_plugin.outbox.enqueue import BATCH, OWN_ACTION, REMINDER

#: What came back to the queue with an earlier time is found so many seconds later at the latest, and at once where
#: nothing else fills a claim. A person who waits for an own action does not: its rank is always read from the head.
LOOKED_FOR_AGAIN = 1.0
#: The ranks that are gone on with.
RANKS = range(REMINDER, BATCH + 1)
_LAST = UUID(int=2**128 - 1)


class Passed:
    """The last message that was taken of each rank, and when it was last looked from the head. For any thread: who
    reads what another one is about to write looks once too far ahead, or once more than it had to.
    """

    def __init__(self) -> None:
        self._places: Mapping[int, tuple[datetime, UUID]] = {}
        self._looked_at = 0.0

    def places(self) -> Mapping[str, Any] | None:
        """Where to go on, as parameters; None for a look from the head."""
        places = self._places
        if not places.keys() >= set(RANKS) or time.monotonic() - self._looked_at > LOOKED_FOR_AGAIN:
            return None
        return {name: value for rank in RANKS for name, value in zip(names(rank), places[rank], strict=True)}

    def look(self) -> None:
        """Note that it is looked from the head now."""
        self._places, self._looked_at = {}, time.monotonic()

    def note(self, rows: Sequence[Any], *, want: int, now: datetime) -> None:
        """Note what a look for so many took; after one that took fewer, the next one is from the head."""
        if len(rows) < want:
            self._places = {}
            return
        places, left = dict(self._places), want
        for rank in range(OWN_ACTION, BATCH + 1):
            taken = [(row.due_at, row.id) for row in rows if row.priority == rank]
            left -= len(taken)
            # of a rank that did not fill the claim all that was due has been taken
            places[rank] = (now, _LAST) if left else max(taken)
            if not left:
                break
        self._places = places


def names(rank: int) -> tuple[str, str]:
    """What the parameters of a rank are called."""
    return f"b_due_{rank}", f"b_id_{rank}"


_passed: WeakKeyDictionary[Engine, dict[bool, Passed]] = WeakKeyDictionary()


def passed(engine: Engine, *, sure: bool) -> Passed:
    """How far the claims on a database have come, those for a standby (``sure``) apart."""
    return _passed.setdefault(engine, {True: Passed(), False: Passed()})[sure]
