"""Carrying out what was decided about batches, and counting how far they are (S7, promise 10)."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.batches.deciding import settled_of
from sms_plugin.batches.feeding import stop
from sms_plugin.batches.progress import PER_MINUTE
from sms_plugin.models import Batch, BatchRecipient, Message, database_now, first_id
from sms_plugin.outbox.batched import CANCELLED, PAUSED
from sms_plugin.outbox.charges import OVER
from sms_plugin.outbox.moving import move
from sms_plugin.outbox.search import along_batch
from sms_plugin.state import State
from sms_plugin.states import BatchState, MessageState
from sms_plugin.transactions import look, within

#: Messages of one transaction.
MOVED = 100
#: Why a batch paused itself.
TOO_MANY_FAILED = "too_many_failed"
#: So many messages at least are known to have gone or failed before their share says anything.
ENOUGH = 20
#: A released message is worth sending for as long as one whose turn has come.
FRESH = timedelta(days=3)
#: A running batch is counted so often, in seconds, or once in so many times as long as a count takes.
COUNT_EVERY, COUNT_SHARE = 2.0, 30
#: What was paused or has ended is counted closely at first, then now and then for a while: receipts come late.
COUNT_CLOSELY_EVERY, COUNT_CLOSELY_FOR = timedelta(seconds=10), timedelta(minutes=10)
COUNT_ENDED_EVERY, COUNT_ENDED_FOR = timedelta(minutes=5), timedelta(days=3)
#: So long before its end at most a batch was drafted that is counted after it.
DRAFTED_FOR = timedelta(days=60)
_MESSAGE: Any = Message.__table__
_BATCH: Any = Batch.__table__
_ASKED = sa.select(
    *(_BATCH.c[name] for name in ("id", "state", "due_at", "started_at", "changed_at", "counted_at", "ended_at"))
)
_GOING_ON = [each.value for each in (BatchState.BUILDING, BatchState.RUNNING, BatchState.PAUSED)]
_OVER = [each.value for each in (BatchState.DONE, BatchState.CANCELLED)]
_RECIPIENT: Any = BatchRecipient.__table__
#: The messages that a decision is about: their state and, where it matters, why they are in it; where they go, and why.
_Decision = tuple[MessageState, str | None, MessageState, str]
_DECISIONS: Mapping[BatchState, Sequence[_Decision]] = {
    BatchState.PAUSED: [(MessageState.QUEUED, None, MessageState.HELD, PAUSED)],
    BatchState.RUNNING: [(MessageState.HELD, PAUSED, MessageState.QUEUED, "batch_resumed")],
    BatchState.CANCELLED: [
        (MessageState.QUEUED, None, MessageState.CANCELLED, CANCELLED),
        (MessageState.HELD, None, MessageState.CANCELLED, CANCELLED),
    ],
}


def to_follow(session: Session) -> list[tuple[UUID, BatchState]]:
    """The batches that something is to be done for now, the oldest first. Reads only, by the index of states: it is
    asked every second.
    """
    now = database_now(session)
    lately = first_id(now - COUNT_ENDED_FOR - DRAFTED_FOR)
    rows = list(session.execute(_ASKED.where(_BATCH.c.state.in_(_GOING_ON))))
    rows += session.execute(_ASKED.where(_BATCH.c.state.in_(_OVER), _BATCH.c.id >= lately))
    found = [(row.id, BatchState(row.state)) for row in rows if _wants(session, row, now)]
    return sorted(found)


def is_any(session: Session) -> bool:
    """Whether something is to be done for a batch now. Reads only."""
    return bool(to_follow(session))


def _wants(session: Session, row: Any, now: datetime) -> bool:
    state = BatchState(row.state)
    if state is BatchState.BUILDING:
        return True
    if state is BatchState.RUNNING:
        return row.due_at is None or row.due_at <= now
    if row.ended_at is not None and row.ended_at < now - COUNT_ENDED_FOR:
        return False
    return _is_stale(row, now) or any(_has(session, row.id, each) for each, *_ in _DECISIONS.get(state, ()))


def _is_stale(row: Any, now: datetime) -> bool:
    """Whether what became of its messages is to be counted again: closely at first, then now and then."""
    if row.started_at is None:
        return False
    if row.counted_at is None or row.counted_at <= row.changed_at:
        return True
    closely = row.ended_at is None or row.ended_at >= now - COUNT_CLOSELY_FOR
    return bool(row.counted_at <= now - (COUNT_CLOSELY_EVERY if closely else COUNT_ENDED_EVERY))


def _has(session: Session, batch_id: UUID, state: MessageState) -> bool:
    query = sa.select(_MESSAGE.c.id).where(_MESSAGE.c.batch_id == batch_id, _MESSAGE.c.state == state.value)
    return session.execute(query.limit(1)).first() is not None


def carry_out(session: Session, batch_id: UUID, *, now: datetime, most: int = MOVED) -> int:
    """Hold, release or cancel some of the messages that are still as they were before it was decided; their number,
    0 when all is done. Writes in the caller's transaction.
    """
    state = session.scalar(sa.select(Batch.state).where(Batch.id == batch_id).with_for_update())
    for old, because, new, reason in _DECISIONS.get(BatchState(state), ()) if state else ():
        query = sa.select(_MESSAGE.c.id).where(_MESSAGE.c.batch_id == batch_id, _MESSAGE.c.state == old.value)
        if because is not None:
            query = query.where(_MESSAGE.c.reason == because)
        ids = session.scalars(along_batch(query.order_by(_MESSAGE.c.id)).limit(most)).all()
        values = {"expires_at": now + FRESH} if new is MessageState.QUEUED else None
        # what somebody moved meanwhile is not among those that went: it is looked for again
        if ids and move(session, ids, new, reason=reason, now=now, values=values, only_from={old}):
            return len(ids)
    return 0


def count(state: State, batch_id: UUID) -> None:
    """Count the batch's messages where that is worth while by now; stop it where too many failed, end it where all of
    them have. In transactions of its own.
    """
    now = look(state, database_now)
    batch = look(state, lambda session: session.get(Batch, batch_id))
    if batch is None or batch.started_at is None:
        return
    if batch.state == BatchState.RUNNING and _again.get(batch_id, now) > now:
        return
    began = time.monotonic()
    counts = look(state, lambda session: _counts(session, batch_id))
    took = time.monotonic() - began
    _remember(batch_id, now + timedelta(seconds=max(took * COUNT_SHARE, COUNT_EVERY)))
    within(state, lambda session: _counted(session, batch_id, counts))


#: When a batch's count is worth while again, in this process: it depends on how long one takes.
_again: dict[UUID, datetime] = {}


def _remember(batch_id: UUID, at: datetime) -> None:
    if len(_again) > 1000:
        _again.clear()
    _again[batch_id] = at


def _counts(session: Session, batch_id: UUID) -> dict[str, int]:
    """The batch's messages by state: an index holds nothing else."""
    query = sa.select(_MESSAGE.c.state, sa.func.count()).where(_MESSAGE.c.batch_id == batch_id)
    return {state: int(number) for state, number in session.execute(query.group_by(_MESSAGE.c.state))}


def _counted(session: Session, batch_id: UUID, counts: dict[str, int]) -> None:
    now = database_now(session)
    batch = session.execute(sa.select(Batch.__table__).where(Batch.id == batch_id).with_for_update()).one()
    progress = {**counts, PER_MINUTE: _per_minute(batch, counts, now)}
    _set(session, batch_id, progress=progress, counted_at=now)
    if batch.state != BatchState.RUNNING:
        return
    settled, failed = settled_of(counts)
    settled, failed = settled - batch.passed_settled, failed - batch.passed_failed
    if batch.stop_share and settled >= ENOUGH and failed * 100 >= settled * batch.stop_share:
        stop(session, batch_id, TOO_MANY_FAILED, f"{failed} of {settled}")
    elif _is_over(session, batch):
        _set(session, batch_id, state=BatchState.DONE.value, version=batch.version + 1, ended_at=now, changed_at=now)


def _per_minute(batch: Any, counts: Mapping[str, int], now: datetime) -> int:
    """How many went in the last minute, as far as two counts tell."""
    went = settled_of(dict(counts))[0] - settled_of(batch.progress)[0]
    if batch.counted_at is None or not batch.progress:
        since = batch.started_at or now
    else:
        since = batch.counted_at
    seconds = (now - since).total_seconds()
    if seconds <= 0:
        return int(batch.progress.get(PER_MINUTE, 0))
    lately = went * 60 / seconds
    before = batch.progress.get(PER_MINUTE)
    return round(lately if before is None else (lately + int(before)) / 2)


def _is_over(session: Session, batch: Any) -> bool:
    """Whether every recipient was fed, and none of its messages is on its way, or held for the budget, which somebody
    lets go or cancels with the send: what was fed since the count is.
    """
    for left_out in (False, True):
        query = sa.select(_RECIPIENT.c.id).where(
            _RECIPIENT.c.batch_id == batch.id, _RECIPIENT.c.is_left_out.is_(left_out), _RECIPIENT.c.id > batch.fed
        )
        if session.execute(query.order_by(_RECIPIENT.c.id).limit(1)).first() is not None:
            return False
    moving = [MessageState.QUEUED.value, MessageState.SENDING.value]
    held = [(MessageState.HELD.value, each) for each in (PAUSED, OVER)]
    for state, reason in [*((each, None) for each in moving), *held]:
        left = sa.select(_MESSAGE.c.id).where(_MESSAGE.c.batch_id == batch.id, _MESSAGE.c.state == state)
        if session.execute((left if reason is None else left.where(_MESSAGE.c.reason == reason)).limit(1)).first():
            return False
    return True


def _set(session: Session, batch_id: UUID, **values: Any) -> None:
    session.execute(
        sa.update(Batch).where(Batch.id == batch_id).values(**values).execution_options(synchronize_session=False)
    )
