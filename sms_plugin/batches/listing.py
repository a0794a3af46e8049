"""Sends to many and their recipients, a page at a time by key: no page counts or reads a whole send (promise 10)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.models import Batch, BatchRecipient
from sms_plugin.states import BatchState

#: So many recipients are looked through for words in one page.
LOOKED_THROUGH = 20_000
_DIGITS = frozenset("0123456789+ ")


@dataclass(frozen=True, kw_only=True)
class Page:
    """Some recipients, and the id behind which the next ones stand; None where these are the last."""

    rows: Sequence[BatchRecipient]
    after: int | None


def batches(
    session: Session, *, states: Collection[BatchState] = (), before: UUID | None = None, most: int = 25
) -> Sequence[Batch]:
    """Sends to many, the newest first; those older than ``before``, where it is given. Reads only."""
    query = sa.select(Batch).order_by(Batch.id.desc()).limit(most)
    if states:
        query = query.where(Batch.state.in_(sorted(states)))
    if before is not None:
        query = query.where(Batch.id < before)
    return session.scalars(query).all()


def recipients(
    session: Session,
    batch_id: UUID,
    *,
    left_out: bool = False,
    after: int = 0,
    most: int = 25,
    words: str = "",
    masked: bool = False,
) -> Page:
    """Whom the batch reaches, or leaves out, in the order in which they were found. With ``words``, those whose name,
    number or text holds them, looked for among so many at once: a page may be empty and have a next one. ``masked`` is
    for who may not see numbers whole: one is found by all of it, never by a part (X23). Reads only.
    """
    of = sa.and_(BatchRecipient.batch_id == batch_id, BatchRecipient.left_out.is_(left_out), BatchRecipient.id > after)
    if not words.strip():
        found = session.scalars(sa.select(BatchRecipient).where(of).order_by(BatchRecipient.id).limit(most + 1)).all()
        return Page(rows=found[:most], after=found[most - 1].id if len(found) > most else None)
    window = sa.select(BatchRecipient.id).where(of).order_by(BatchRecipient.id).limit(LOOKED_THROUGH).subquery()
    query = (
        sa.select(BatchRecipient)
        .join(window, window.c.id == BatchRecipient.id)
        .where(_holding(words.strip(), masked=masked))
        .order_by(BatchRecipient.id)
        .limit(most + 1)
    )
    found = session.scalars(query).all()
    if len(found) > most:
        return Page(rows=found[:most], after=found[most - 1].id)
    last, number = session.execute(sa.select(sa.func.max(window.c.id), sa.func.count()).select_from(window)).one()
    return Page(rows=found, after=last if number == LOOKED_THROUGH else None)


def _holding(words: str, *, masked: bool) -> sa.ColumnElement[bool]:
    if _DIGITS.issuperset(words):
        number = "".join(words.split())
        return BatchRecipient.number == number if masked else BatchRecipient.number.contains(number, autoescape=True)
    shown = sa.func.coalesce(BatchRecipient.redacted, BatchRecipient.text, "")
    if masked:  # who is no record is called by the number that was written, which may be wrong in a detail
        named = sa.and_(BatchRecipient.entity.is_not(None), BatchRecipient.name.icontains(words, autoescape=True))
        return sa.or_(named, shown.icontains(words, autoescape=True))
    return sa.or_(
        BatchRecipient.name.icontains(words, autoescape=True),
        BatchRecipient.detail.icontains(words, autoescape=True),
        shown.icontains(words, autoescape=True),
    )
