"""Leases and attempts whose time ran out: what a process that died or slept left behind (promise 3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.gateways.contract import Outcome
from sms_plugin.models import Attempt, Lease, Message
from sms_plugin.models.message import state_of_named
from sms_plugin.outbox.moving import move
from sms_plugin.states import MessageState

_LEASE: Any = Lease.__table__
_MESSAGE: Any = Message.__table__

#: A message that was lost so often without an attempt is suspected of killing the process: it is quarantined.
LAPSES = 2
#: By key, one at a time: a search for several may walk over rows that somebody else holds, and wait for them.
_LAPSED = sa.delete(_LEASE).where(_LEASE.c.message_id == sa.bindparam("b_id"))
_COUNTED = sa.update(_MESSAGE).where(_MESSAGE.c.id == sa.bindparam("b_id")).values(lapses=_MESSAGE.c.lapses + 1)


def lapse_leases(session: Session, *, now: datetime, most: int = 100) -> int:
    """Give messages back whose lease ran out before an attempt; the second time they are held. Their number.

    One that somebody is about to take up is passed by, however long that somebody sleeps. Writes in the caller's
    transaction.
    """
    first = session.scalars(
        sa.select(Lease.message_id).where(Lease.until <= now).order_by(Lease.message_id).limit(most)
    ).all()
    gone = session.scalars(
        sa.select(Lease.message_id)
        .where(Lease.message_id.in_(_unlocked(session, first)), Lease.until <= now)
        .order_by(Lease.message_id)
        .with_for_update(skip_locked=True)
    ).all()
    if not gone:
        return 0
    rows = [{"b_id": message} for message in gone]
    session.connection().execute(_LAPSED, rows)
    session.connection().execute(_COUNTED, rows)
    suspects = session.scalars(
        sa.select(Message.id).where(
            Message.id.in_(gone), Message.lapses >= LAPSES, state_of_named == MessageState.QUEUED.value
        )
    ).all()
    move(session, suspects, MessageState.HELD, reason="quarantined", now=now)
    return len(gone)


def lapse_attempts(session: Session, *, now: datetime, most: int = 100) -> int:
    """Call unknown what departed and never came back; the number of attempts. Writes in the caller's transaction.

    One whose verdict is being written is passed by.
    """
    open_attempts = (
        sa.select(Attempt.id, Attempt.message_id)
        .where(Attempt.verdict.is_(None), Attempt.until <= now)
        .order_by(Attempt.until)
        .limit(most)
    )
    found = session.execute(open_attempts).all()
    ours = set(_unlocked(session, [row.message_id for row in found]))
    lost = [row for row in found if row.message_id in ours]
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


def _unlocked(session: Session, messages: Sequence[UUID]) -> Sequence[UUID]:
    """Those that nobody has in hand, locked: the message before its lease and its attempts, as everywhere."""
    if not messages:
        return []
    wanted = sa.select(Message.id).where(Message.id.in_(messages)).order_by(Message.id)
    return session.scalars(wanted.with_for_update(skip_locked=True)).all()
