"""Transactions of the plugin's own: short, retried where the database was busy, and polite to SQLite's other writers."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from sms_plugin.state import State

log = logging.getLogger(__name__)
T = TypeVar("T")

_TRIES = 5


@contextmanager
def step(state: State) -> Iterator[Session]:
    """A session in a transaction that commits at the end of the block, and rolls back where it raises.

    On SQLite it then pauses for as long as it held the lock, so that the host's own writers get their turn.
    """
    session = state.session()
    began = time.monotonic()
    try:
        with session.begin():
            yield session
            sqlite = session.connection().dialect.name == "sqlite"
    finally:
        session.close()
    if sqlite:
        time.sleep(min(time.monotonic() - began, 0.1))


def within(state: State, work: Callable[[Session], T]) -> T:
    """What the work gives, in a step of its own; tried again where the database was busy. Raises what it raises last."""
    for again in range(_TRIES):
        try:
            with step(state) as session:
                return work(session)
        except OperationalError as error:
            if again == _TRIES - 1:
                raise
            log.info("the database was busy (%s); trying again", type(error.orig).__name__)
            time.sleep(0.05 * 2**again)
    raise AssertionError("unreachable")
