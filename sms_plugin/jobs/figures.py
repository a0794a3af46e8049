"""The job that counts the messages of the last days, for the pages that show figures (promise 10)."""

from __future__ import annotations

import time
from datetime import date
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from sms_plugin.models import database_now
from sms_plugin.outbox.counting import Counts, add, count_some, keep, range_of, to_count
from sms_plugin.state import State
from sms_plugin.transactions import look, within

if TYPE_CHECKING:
    from sms_plugin.jobs.due import Taken

#: Seconds between two runs, as long as they are short: a run takes one part in twenty of the time at most.
EVERY, SHARE = 15.0, 0.05
#: A run begins no further day after so many seconds. Today's is always counted, and one of the others.
_LONG = 1.0
#: The job is renewed so often, in seconds, while a day of very many is counted.
_RENEW = 5.0


def count_days(state: State, job: Taken) -> int:
    """Count the days whose figures may be old, the newest first; how many were counted.

    Reading locks nothing; each day is written in a step of its own, so that a run that breaks off loses one.
    """
    began = time.monotonic()
    days = look(state, lambda session: to_count(session, zone=state.settings.zone, now=database_now(session)))
    counted = 0
    for day in days:
        if counted > 1 and time.monotonic() - began > _LONG:
            break
        _count(state, job, day)
        counted += 1
    return counted


def _count(state: State, job: Taken, day: date) -> None:
    counts: Counts = {}
    now = look(state, database_now)
    since, before = range_of(day, state.settings.zone)
    renewed = time.monotonic()
    edge: UUID | None = since
    while edge is not None:
        some, edge = look(state, partial(count_some, since=edge, before=before))
        add(counts, some)
        if time.monotonic() - renewed > _RENEW:
            job.renew()
            renewed = time.monotonic()
    within(state, lambda session: keep(session, day, counts, now=now))
