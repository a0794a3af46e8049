"""Messages of sends to many at the claim: nothing of a paused or cancelled one goes, and none in the recipient's night
(S7, X6).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.models import Batch
from sms_plugin.outbox.moving import move, put_off
from sms_plugin.outbox.quiet import DEFER, QUIET_HOURS, Quiet, hours_of
from sms_plugin.people.recipients import zone_named
from sms_plugin.state import State
from sms_plugin.states import BatchState, MessageState

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
    return [row for row in rows if row.id not in gone] if gone else list(rows)


def opening(moment: datetime, timezone: str, *, state: State) -> datetime:
    """The moment itself where texts may go then where the recipient lives, else the first one after."""
    quiet = Quiet(policy=DEFER, hours=hours_of(None, settings=state.settings))
    return quiet.open_at(moment, zone_named(timezone, settings=state.settings)) or moment
