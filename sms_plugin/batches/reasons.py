"""Why a send leaves people out, counted by reason, and its longest text: without reading a whole send (promise 10)."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.models import BatchRecipient

#: So many recipients are looked through at most.
LOOKED_THROUGH = 20_000


@dataclass(frozen=True, kw_only=True)
class Reasons:
    """How many are left out, by reason, the most frequent first."""

    numbers: tuple[tuple[str, int], ...]
    cut: bool  #: whether there are more than were looked through


def reasons(session: Session, batch_id: UUID) -> Reasons:
    """Why people are left out, counted among the first of them. Reads only."""
    window = (
        sa.select(BatchRecipient.reason.label("reason"))
        .where(BatchRecipient.batch_id == batch_id, BatchRecipient.left_out)
        .order_by(BatchRecipient.id)
        .limit(LOOKED_THROUGH)
        .subquery()
    )
    number = sa.func.count()
    rows = session.execute(sa.select(window.c.reason, number).group_by(window.c.reason)).all()
    found = sorted(((row[0], row[1]) for row in rows), key=lambda each: (-each[1], each[0]))
    return Reasons(numbers=tuple(found), cut=sum(count for _, count in found) >= LOOKED_THROUGH)


def longest(session: Session, batch_id: UUID, *, segments: int) -> BatchRecipient | None:
    """A recipient whose text has so many segments, the most there are; None where none of the first has. Reads only."""
    window = (
        sa.select(BatchRecipient.id.label("id"), BatchRecipient.segments.label("segments"))
        .where(BatchRecipient.batch_id == batch_id, BatchRecipient.left_out.is_(False))
        .order_by(BatchRecipient.id)
        .limit(LOOKED_THROUGH)
        .subquery()
    )
    id = session.scalar(sa.select(sa.func.min(window.c.id)).where(window.c.segments == segments))
    return None if id is None else session.get(BatchRecipient, id)
