"""What providers report later: kept once each, and the state that they prove together, whatever their order (X3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.gateways.contract import Outcome, ReceiptStatus, Report
from sms_plugin.models import Attempt, Lease, Message, Receipt, new_id
from sms_plugin.models.insertion import insert_once
from sms_plugin.models.message import REDACTED, attempts_provider_of_named, receipts_wait_of_named
from sms_plugin.outbox.charges import correct, is_price, told_by_receipts
from sms_plugin.outbox.matching import by_reference, kept_reference, message_of
from sms_plugin.outbox.optouts import OPTED_OUT, stop_by_provider
from sms_plugin.outbox.tallies import moved, tally
from sms_plugin.providers.budget import Ledger
from sms_plugin.states import ENDED, MessageState, may_move, state_by_receipts
from sms_plugin.text.storage import storable

_ATTEMPT: Any = Attempt.__table__
_MESSAGE: Any = Message.__table__
_RECEIPT: Any = Receipt.__table__

#: Counter of webhook requests that were refused for their signature.
FORGED = "forged_receipts"
#: No text is of so many segments.
_MOST_SEGMENTS = 1000
#: The reason of a delivered message at which somebody has looked (P5).
READ = ReceiptStatus.READ.value
_FINAL = frozenset({ReceiptStatus.DELIVERED, ReceiptStatus.READ})
#: Counter of receipts that fit no message.
UNMATCHED = "unmatched_receipts"


def take(
    session: Session, reports: Sequence[Report], *, provider_id: int, about: UUID | None, now: datetime
) -> list[UUID]:
    """Keep the reports and move their messages; the ids of the messages that moved.

    ``about`` is the message whose own address was called. Writes in the caller's transaction.
    """
    moved_ids: list[UUID] = []
    ledger = Ledger()
    for report in reports:
        wanted = report.message_id or about
        message = message_of(session, report, provider_id=provider_id, wanted=wanted)
        row = _row(report, provider_id=provider_id, wanted=wanted, message=message, now=now)
        if not insert_once(session.connection(), _RECEIPT, [row], unique="digest"):
            continue
        if message is None:
            tally(session, {UNMATCHED: 1})
            continue
        # delivered is delivered, whatever else was ever reported: nobody needs to read it again
        only = [SimpleNamespace(**row)] if report.status in _FINAL else None
        reference = kept_reference(report.reference)
        if _apply(session, message, reference, provider_id, only=only, ledger=ledger, now=now):
            moved_ids.append(message.id)
        if report.reason == OPTED_OUT:
            stop_by_provider(session, [message.id], now=now)
    ledger.write(session)
    return moved_ids


_WAITING = (
    sa.select(_RECEIPT.c.reference)
    .where(
        _RECEIPT.c.provider_id == sa.bindparam("provider"),
        _RECEIPT.c.reference.in_(sa.bindparam("references", expanding=True)),
        receipts_wait_of_named,
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
    ledger = Ledger()
    for reference in sorted(waiting):
        message = by_reference(session, reference, provider_id=provider_id)
        if message is None:
            continue
        session.execute(
            sa.update(Receipt)
            .where(Receipt.provider_id == provider_id, Receipt.reference == reference, receipts_wait_of_named)
            .values(message_id=message.id)
            .execution_options(synchronize_session=False)
        )
        if _apply(session, message, reference, provider_id, ledger=ledger, now=now):
            moved_ids.append(message.id)
    ledger.write(session)
    return moved_ids


def rematch(session: Session, *, now: datetime) -> int:
    """Look once more for the messages of receipts that came alone within the last day; the number that moved.

    A receipt and the answer with its reference may have been written side by side, each without seeing the other.
    """
    alone = session.execute(
        sa.select(Receipt.provider_id, Receipt.reference)
        .join(
            Attempt,
            sa.and_(Attempt.reference == Receipt.reference, attempts_provider_of_named == Receipt.provider_id),
        )
        .where(Receipt.message_id.is_(None), Receipt.received_at > now - timedelta(days=1))
        .distinct()
        .limit(100)
    ).all()
    return sum(len(match_waiting(session, [row.reference], provider_id=row.provider_id, now=now)) for row in alone)


def _row(
    report: Report,
    *,
    provider_id: int,
    wanted: UUID | None,
    message: Any | None,
    now: datetime,
) -> dict[str, Any]:
    """A report as it is kept. What makes it the same as another is what it says, not what we made of it."""
    said: tuple[Any, ...] = (provider_id, wanted, report.reference, report.status.value, report.provider_code)
    more = (report.channel, report.segments, report.price, report.currency)
    said += more if any(each not in {"", None} for each in more) else ()
    return {
        "id": new_id(now),
        "provider_id": provider_id,
        "message_id": None if message is None else message.id,
        "reference": kept_reference(report.reference),
        "status": report.status.value,
        "reason": storable(report.reason, 40),
        "provider_code": storable(report.provider_code, 40),
        "channel": storable(report.channel, 12),
        "segments": report.segments if report.segments in range(1, _MOST_SEGMENTS) else None,
        "price": report.price if is_price(report.price) else None,
        "currency": storable(report.currency, 8),
        "digest": blake2b(repr(said).encode(), digest_size=16).digest(),
        "occurred_at": report.occurred_at,
        "received_at": now,
    }


def _apply(
    session: Session,
    message: Any,
    reference: str | None,
    provider_id: int,
    *,
    only: Sequence[Any] | None = None,
    ledger: Ledger,
    now: datetime,
) -> bool:
    """Move a message to the state that all of its receipts prove, and write the way, the segments and the price that
    they tell; whether it moved. ``only`` are those that decide alone.
    """
    receipts = _receipts(session, message) if only is None else only
    statuses = _statuses(session, message, receipts)
    if not statuses:
        return False
    new = state_by_receipts(statuses)
    if message.attempt_id is not None and message.verdict != Outcome.ACCEPTED.value:
        _prove(session, message, reference, now=now)
    told = told_by_receipts(session, message, receipts, provider_id)
    if "cost" in told:
        correct(ledger, message, provider_id, price=told["cost"], currency=told.get("currency", message.currency))
    old = MessageState(message.state)
    moves = old is not new and may_move(old, new)
    if moves:
        told |= {"state": new.value, "reason": _reason(session, message.id, new), "changed_at": now}
    if new is MessageState.DELIVERED and READ in statuses and (moves or old is new) and message.reason != READ:
        told["reason"] = READ
    if told:
        # it is locked: nobody has moved it since it was read
        named = {_COLUMNS.get(name, name): value for name, value in told.items()}
        say = _SAY.values(REDACTED) if moves and new in ENDED else _SAY
        session.connection().execute(say, {"message": message.id, "old": old.value, **named})
    if moves:
        if old in _LEASED:
            session.execute(sa.delete(Lease).where(Lease.message_id == message.id))
        moved(session, old={old.value: 1}, new=new)
    return moves


_COLUMNS = {"charged": "is_charged"}
_SAY = sa.update(_MESSAGE).where(
    _MESSAGE.c.id == sa.bindparam("message"), _MESSAGE.c.state == sa.bindparam("old", type_=sa.String)
)
#: A message in these may have a lease, which ends when it moves.
_LEASED = frozenset({MessageState.QUEUED, MessageState.SENDING, MessageState.HELD})


def _receipts(session: Session, message: Any) -> Sequence[Any]:
    columns = ("status", "reference", "received_at", "channel", "segments", "price", "currency")
    return session.execute(
        sa.select(*(_RECEIPT.c[name] for name in columns)).where(_RECEIPT.c.message_id == message.id)
    ).all()


def _statuses(session: Session, message: Any, receipts: Sequence[Any]) -> list[str]:
    """What counts for the message as it is tried now: that an earlier attempt failed says nothing of a later one."""
    if all(row.status not in _BAD for row in receipts):
        return [row.status for row in receipts]
    current = session.execute(
        sa.select(Attempt.reference, Attempt.departed_at).where(Attempt.id == message.attempt_id)
    ).one_or_none()
    return [row.status for row in receipts if row.status not in _BAD or current is None or _of_current(row, current)]


_BAD = frozenset({MessageState.UNDELIVERED.value, MessageState.FAILED.value})


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


def _prove(session: Session, message: Any, reference: str | None, *, now: datetime) -> None:
    """A receipt proves that the current attempt was accepted, whatever its verdict."""
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
