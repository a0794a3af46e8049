"""Messages of sends to many at the claim: nothing of a paused or cancelled one goes, none in the recipient's night, and
none to somebody who was among the chosen once and is not any more (S7, X6, promise 4).
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError
from sms_plugin.models import Batch
from sms_plugin.models.busy import is_busy
from sms_plugin.outbox.moving import move, put_off
from sms_plugin.outbox.quiet import DEFER, QUIET_HOURS, Quiet, hours_of
from sms_plugin.people.recipients import zone_named
from sms_plugin.state import State
from sms_plugin.states import BatchState, MessageState

log = logging.getLogger(__name__)

#: For so long what was asked when a message was queued is taken to be true still.
FRESH = timedelta(minutes=2)
#: Why a message is held, or was dropped.
PAUSED, CANCELLED = "batch_paused", "batch_cancelled"
#: A person had it sent now, whatever its batch and the hour.
_HURRIED = "sent_now"
_BATCH: Any = Batch.__table__


def of_running(session: Session, rows: Sequence[Any], *, state: State, now: datetime) -> list[Any]:
    """Those of the claimed messages that are of no send to many, or of one that goes on at this hour; the others are
    held, cancelled or put off. Writes in the caller's transaction: one query, none where no message is of a batch.
    """
    asked = {row.batch_id for row in rows if row.batch_id is not None}
    if not asked:
        return list(rows)
    query = sa.select(_BATCH.c.id, _BATCH.c.state, _BATCH.c.quiet).where(_BATCH.c.id.in_(sorted(asked)))
    known = {batch.id: batch for batch in session.execute(query)}
    held: list[UUID] = []
    dropped: list[UUID] = []
    until: dict[datetime, list[UUID]] = defaultdict(list)
    for row in rows:
        batch = known.get(row.batch_id)
        if batch is None or row.reason == _HURRIED:
            continue
        opens = now
        if batch.quiet == DEFER:
            opens = opening(now, row.timezone, state=state)
        if batch.state == BatchState.PAUSED:
            held.append(row.id)
        elif batch.state == BatchState.CANCELLED:
            dropped.append(row.id)
        elif opens > now:
            until[opens].append(row.id)
    move(session, held, MessageState.HELD, reason=PAUSED, now=now)
    move(session, dropped, MessageState.CANCELLED, reason=CANCELLED, now=now)
    put_off(session, until, reason=QUIET_HOURS, now=now)
    gone = {*held, *dropped, *(each for some in until.values() for each in some)}
    rest = [row for row in rows if row.id not in gone] if gone else list(rows)
    return _still_chosen(session, rest, state=state, now=now)


def _still_chosen(session: Session, rows: Sequence[Any], *, state: State, now: datetime) -> list[Any]:
    """Those whose recipients are still among the chosen, asked again of what waited since it was queued: for the
    morning, for a provider that was away, for the number's next day (promise 4). The others are moved.
    """
    waited: dict[UUID, list[Any]] = defaultdict(list)
    for row in rows:
        if row.batch_id is not None and now - row.created_at > FRESH:
            waited[row.batch_id].append(row)
    stay: set[UUID] = set()
    for some in waited.values():
        stay |= _moved(session, some, state=state, now=now)
    return [row for row in rows if row.id not in stay] if stay else list(rows)


def _moved(session: Session, rows: Sequence[Any], *, state: State, now: datetime) -> set[UUID]:
    """Those of one send's messages that are not to go, held where nobody can say."""
    try:
        with session.begin_nested():
            gone = state.no_longer_chosen(session, rows, state=state)
    except Exception as error:
        # the host's filters may fail in any way; it holds the messages of this send only
        if is_busy(error):
            raise
        log.warning("cannot ask whether recipients of a send to many are still chosen: %s", type(error).__name__)
        why = error.message if isinstance(error, SmsError) else type(error).__name__
        move(session, [row.id for row in rows], MessageState.HELD, reason="truth_failed", now=now, detail=why)
        return {row.id for row in rows}
    for reason in sorted(set(gone.values())):
        of = [each for each, why in gone.items() if why == reason]
        move(session, of, MessageState.SUPPRESSED, reason=reason, now=now)
    return set(gone)


def opening(moment: datetime, timezone: str, *, state: State) -> datetime:
    """The moment itself where texts may go then where the recipient lives, else the first one after."""
    quiet = Quiet(policy=DEFER, hours=hours_of(None, settings=state.settings))
    return quiet.open_at(moment, zone_named(timezone, settings=state.settings)) or moment
