"""What providers report later: kept once each, and the state that they prove together, whatever their order (X3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.gateways.contract import Outcome, Report
from sms_plugin.models import Attempt, Lease, Message, Receipt, new_id
from sms_plugin.outbox.insertion import insert_once
from sms_plugin.outbox.tallies import moved, tally
from sms_plugin.states import MessageState, may_move, state_by_receipts

_RECEIPT: Any = Receipt.__table__

#: Counter of webhook requests that were refused for their signature.
FORGED = "forged_receipts"
#: Counter of receipts that fit no message.
UNMATCHED = "unmatched_receipts"


def kept_reference(reference: str | None) -> str | None:
    """A provider's reference as it is kept and compared: the column bounds it."""
    return None if reference is None else reference[:100]


def take(
    session: Session, reports: Sequence[Report], *, provider_id: int, about: UUID | None, now: datetime
) -> list[UUID]:
    """Keep the reports and move their messages; the ids of the messages that moved.

    ``about`` is the message whose own address was called. Writes in the caller's transaction.
    """
    moved_ids: list[UUID] = []
    for report in reports:
        wanted = report.message_id or about
        message = _message_of(session, report, provider_id=provider_id, wanted=wanted)
        if not _keep(session, report, provider_id=provider_id, wanted=wanted, message=message, now=now):
            continue
        if message is None:
            tally(session, {UNMATCHED: 1})
        elif _apply(session, message, kept_reference(report.reference), now=now):
            moved_ids.append(message.id)
    return moved_ids


_WAITING = (
    sa.select(_RECEIPT.c.reference)
    .where(
        _RECEIPT.c.provider_id == sa.bindparam("provider"),
        _RECEIPT.c.reference.in_(sa.bindparam("references", expanding=True)),
        _RECEIPT.c.message_id.is_(None),
    )
    .distinct()
)


def match_waiting(session: Session, references: Sequence[str | None], *, provider_id: int, now: datetime) -> list[UUID]:
    """Give receipts that came before their reference was known to their messages; the ids of those that moved."""
    references = sorted({kept for each in references if (kept := kept_reference(each)) is not None})
    if not references:
        return []
    asked = {"provider": provider_id, "references": references}
    waiting = session.connection().execute(_WAITING, asked).scalars().all()
    moved_ids: list[UUID] = []
    for reference in sorted(waiting):
        message = _by_reference(session, reference, provider_id=provider_id)
        if message is None:
            continue
        session.execute(
            sa.update(Receipt)
            .where(Receipt.provider_id == provider_id, Receipt.reference == reference, Receipt.message_id.is_(None))
            .values(message_id=message.id)
            .execution_options(synchronize_session=False)
        )
        if _apply(session, message, reference, now=now):
            moved_ids.append(message.id)
    return moved_ids


def rematch(session: Session, *, now: datetime) -> int:
    """Look once more for the messages of receipts that came alone within the last day; the number that moved.

    A receipt and the answer with its reference may have been written side by side, each without seeing the other.
    """
    alone = session.execute(
        sa.select(Receipt.provider_id, Receipt.reference)
        .join(
            Attempt,
            sa.and_(Attempt.reference == Receipt.reference, Attempt.provider_id == Receipt.provider_id),
        )
        .where(Receipt.message_id.is_(None), Receipt.received_at > now - timedelta(days=1))
        .distinct()
        .limit(100)
    ).all()
    return sum(len(match_waiting(session, [row.reference], provider_id=row.provider_id, now=now)) for row in alone)


def _message_of(session: Session, report: Report, *, provider_id: int, wanted: UUID | None) -> Message | None:
    if wanted is not None:
        tried = sa.select(Attempt.id).where(Attempt.message_id == wanted, Attempt.provider_id == provider_id).limit(1)
        if session.scalar(tried) is not None:
            return _locked(session, wanted)
    reference = kept_reference(report.reference)
    return None if reference is None else _by_reference(session, reference, provider_id=provider_id)


def _by_reference(session: Session, reference: str, *, provider_id: int) -> Message | None:
    found = session.scalar(
        sa.select(Attempt.message_id).where(Attempt.reference == reference, Attempt.provider_id == provider_id).limit(1)
    )
    return None if found is None else _locked(session, found)


def _locked(session: Session, message: UUID) -> Message | None:
    return session.scalar(
        sa.select(Message).where(Message.id == message).with_for_update().execution_options(populate_existing=True)
    )


def _keep(
    session: Session,
    report: Report,
    *,
    provider_id: int,
    wanted: UUID | None,
    message: Message | None,
    now: datetime,
) -> bool:
    """Whether the report is new. What makes it the same is what it says, not what we made of it."""
    said = (provider_id, wanted, report.reference, report.status.value, report.provider_code)
    row = {
        "id": new_id(now),
        "provider_id": provider_id,
        "message_id": None if message is None else message.id,
        "reference": kept_reference(report.reference),
        "status": report.status.value,
        "reason": report.reason[:40],
        "provider_code": report.provider_code[:40],
        "digest": blake2b(repr(said).encode(), digest_size=16).digest(),
        "occurred_at": report.occurred_at,
        "received_at": now,
    }
    return bool(insert_once(session.connection(), _RECEIPT, [row], unique="digest"))


def _apply(session: Session, message: Message, reference: str | None, *, now: datetime) -> bool:
    """Move a message to the state that all of its receipts prove; whether it moved."""
    statuses = _statuses(session, message)
    if not statuses:
        return False
    new = state_by_receipts(statuses)
    _prove(session, message, reference, now=now)
    # read again: on SQLite the lock was taken by the receipt that was just written
    session.refresh(message, ["state"])
    old = MessageState(message.state)
    if old is new or not may_move(old, new):
        return False
    reason = _reason(session, message.id, new)
    session.execute(
        sa.update(Message)
        .where(Message.id == message.id, Message.state == old.value)
        .values(state=new.value, reason=reason, changed_at=now)
        .execution_options(synchronize_session=False)
    )
    session.execute(sa.delete(Lease).where(Lease.message_id == message.id))
    moved(session, old={old.value: 1}, new=new)
    return True


def _statuses(session: Session, message: Message) -> list[str]:
    """What counts for the message as it is tried now: that an earlier attempt failed says nothing of a later one."""
    current = session.execute(
        sa.select(Attempt.reference, Attempt.departed_at).where(Attempt.id == message.attempt_id)
    ).one_or_none()
    rows = session.execute(
        sa.select(Receipt.status, Receipt.reference, Receipt.received_at).where(Receipt.message_id == message.id)
    )
    bad = {MessageState.UNDELIVERED.value, MessageState.FAILED.value}
    return [row.status for row in rows if row.status not in bad or current is None or _of_current(row, current)]


def _of_current(row: Any, current: Any) -> bool:
    """Whether a receipt is about this attempt: by the provider's reference, else by its time."""
    if row.reference is not None and current.reference is not None:
        return bool(row.reference == current.reference)
    return bool(row.received_at >= current.departed_at)


def _reason(session: Session, message: UUID, new: MessageState) -> str:
    if new not in {MessageState.UNDELIVERED, MessageState.FAILED}:
        return ""
    told = session.scalar(
        sa.select(Receipt.reason).where(Receipt.message_id == message, Receipt.status == new.value).limit(1)
    )
    return told or new.value


def _prove(session: Session, message: Message, reference: str | None, *, now: datetime) -> None:
    """A receipt proves that the current attempt was accepted, whatever its verdict."""
    if message.attempt_id is None:
        return
    session.execute(
        sa.update(Attempt)
        .where(
            Attempt.id == message.attempt_id,
            sa.or_(Attempt.verdict.is_(None), Attempt.verdict == Outcome.UNKNOWN.value),
        )
        .values(
            verdict=Outcome.ACCEPTED.value,
            reason="receipt",
            reference=sa.func.coalesce(Attempt.reference, reference),
            settled_at=now,
        )
        .execution_options(synchronize_session=False)
    )
