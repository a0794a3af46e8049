"""Leases and attempts whose time ran out: what a process that died or slept left behind (promise 3)."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.gateways.contract import Outcome
from sms_plugin.models import Attempt, Lease, Message
from sms_plugin.outbox.moving import move
from sms_plugin.states import MessageState

#: A message that was lost so often without an attempt is suspected of killing the process: it is quarantined.
LAPSES = 2


def lapse_leases(session: Session, *, now: datetime, most: int = 100) -> int:
    """Give messages back whose lease ran out before an attempt; the second time they are held. Their number.

    Writes in the caller's transaction.
    """
    lapsed = session.scalars(
        sa.select(Lease.message_id).where(Lease.until <= now).order_by(Lease.message_id).limit(most)
    ).all()
    if not lapsed:
        return 0
    # the delete decides: a lease that was taken up or ended meanwhile is not ours to judge
    gone = session.scalars(
        sa.delete(Lease)
        .where(Lease.message_id.in_(lapsed), Lease.until <= now)
        .returning(Lease.message_id)
        .execution_options(synchronize_session=False)
    ).all()
    session.execute(
        sa.update(Message)
        .where(Message.id.in_(gone))
        .values(lapses=Message.lapses + 1)
        .execution_options(synchronize_session=False)
    )
    suspects = session.scalars(
        sa.select(Message.id).where(
            Message.id.in_(gone), Message.lapses >= LAPSES, Message.state == MessageState.QUEUED.value
        )
    ).all()
    move(session, suspects, MessageState.HELD, reason="quarantined", now=now)
    return len(gone)


def lapse_attempts(session: Session, *, now: datetime, most: int = 100) -> int:
    """Call unknown what departed and never came back; the number of attempts. Writes in the caller's transaction."""
    open_attempts = (
        sa.select(Attempt.id, Attempt.message_id)
        .where(Attempt.verdict.is_(None), Attempt.until <= now)
        .order_by(Attempt.until)
        .limit(most)
    )
    lost = sorted(session.execute(open_attempts).all(), key=lambda row: row.id)
    for row in lost:
        written = session.execute(
            sa.update(Attempt)
            .where(Attempt.id == row.id, Attempt.verdict.is_(None))
            .values(verdict=Outcome.UNKNOWN.value, reason="no_verdict", settled_at=now)
            .execution_options(synchronize_session=False)
        )
        if not written.rowcount:  # type: ignore[attr-defined]
            continue
        session.execute(
            sa.update(Message)
            .where(
                Message.id == row.message_id,
                Message.attempt_id == row.id,
                Message.state == MessageState.SENDING.value,
            )
            .values(state=MessageState.UNKNOWN.value, reason="no_verdict", changed_at=now)
            .execution_options(synchronize_session=False)
        )
    return len(lost)
