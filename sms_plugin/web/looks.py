"""Keeping who looked at what (X23). A look is written when the page has been answered, so that it waits for nobody; a
print or a file is written before it begins, and is refused where that cannot be.

A look that the database does not take even then is kept in this process, told in the log, and written with the next.
"""

from __future__ import annotations

import logging
import re
import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from flask import Flask, Response, after_this_request, current_app
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from sms_plugin import transactions
from sms_plugin.host.identity import RecordRef
from sms_plugin.models import database_now
from sms_plugin.outbox.accesses import ONCE_IN, Deed, Look, note_look
from sms_plugin.state import State
from sms_plugin.text.phones import mask
from sms_plugin.trails import trail
from sms_plugin.web.apart import within
from sms_plugin.web.permissions import actor

log = logging.getLogger(__name__)

#: So many looks are kept in a process that the database did not take, and so many that it took of late.
_KEPT, _REMEMBERED = 1000, 5000
#: What filters say that is kept otherwise; and what may be a number among words that were looked for.
_APART = frozenset({"number", "client"})
_DIGITS = re.compile(r"\+?\d[\d ]{6,}")


@dataclass
class _Book:
    """What a process knows of looks."""

    lock: Lock = field(default_factory=Lock)
    lately: dict[tuple[Any, ...], float] = field(default_factory=dict)
    unwritten: deque[tuple[Look, datetime]] = field(default_factory=lambda: deque(maxlen=_KEPT))

    def is_new(self, key: tuple[Any, ...]) -> bool:
        """Whether this process has not seen it of late; from now on it has."""
        now = time.monotonic()
        with self.lock:
            if now - self.lately.get(key, float("-inf")) < ONCE_IN.total_seconds():
                return False
            if len(self.lately) >= _REMEMBERED:
                self.lately.clear()
            self.lately[key] = now
            return True


_books: WeakKeyDictionary[State, _Book] = WeakKeyDictionary()


def looked(
    state: State,
    *,
    about: RecordRef | None = None,
    number: str | None = None,
    place: str = "",
    filters: Mapping[str, str] | None = None,
) -> None:
    """Have it kept that the current user looks at a history, or at full numbers: once in ten minutes for each thing.

    ``place`` is a list of many people's numbers; behind a colon, which of its kind. ``number`` is whole here, and
    masked in what is kept. Never fails, and writes nothing before the page is answered.
    """
    look = _look(Deed.LOOKED, about, number, place, filters)
    book = _books.setdefault(state, _Book())
    if not book.is_new((look.who, look.about, number, look.place)):
        return
    at = datetime.now(UTC)
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]

    def answered(response: Response) -> Response:
        response.call_on_close(lambda: _write(app, look, at))
        return response

    after_this_request(answered)


def listed(state: State, numbers: Iterable[str | None], *, full: bool, place: str, name: str = "") -> None:
    """Have it kept that the current user looks at a list in which numbers stand whole: ``full`` says that they do. A
    list without any is no look. ``name`` is what people call the list. Never fails.
    """
    if full and any(numbers):
        kind = place.partition(":")[0]
        looked(state, place=place, filters={kind: name} if name else None)


def taken(
    state: State,
    deed: Deed,
    *,
    about: RecordRef | None = None,
    number: str | None = None,
    place: str = "",
    filters: Mapping[str, str] | None = None,
) -> None:
    """Keep that the current user prints messages or takes them out, before it begins. Commits.

    Raises what the database says: then nothing may be handed out.
    """
    look = _look(deed, about, number, place, filters)
    within(state, lambda session: note_look(session, look, now=database_now(session)))


def _look(
    deed: Deed, about: RecordRef | None, number: str | None, place: str, filters: Mapping[str, str] | None = None
) -> Look:
    told = {name: _DIGITS.sub("***", value) for name, value in (filters or {}).items() if name not in _APART}
    if number is not None:
        told["number"] = mask(number)
    return Look(who=actor(), deed=deed, about=about, place=place, detail=told)


def _write(app: Flask, look: Look, at: datetime) -> None:
    with app.app_context():
        state: State = app.extensions["sms"]
        book = _books.setdefault(state, _Book())
        with book.lock:
            due = [*book.unwritten, (look, at)]
            book.unwritten.clear()
        try:
            transactions.briefly(state, lambda session: _note(session, due))
        except SQLAlchemyError as error:
            with book.lock:
                book.unwritten.extend(due)
            log.error("who looked at messages could not be kept yet, and will be with the next look: %s", trail(error))


def _note(session: Session, due: Iterable[tuple[Look, datetime]]) -> None:
    for look, at in due:
        note_look(session, look, now=at)
