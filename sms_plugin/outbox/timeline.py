"""All that happened to one message, in order (X11)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError
from sms_plugin.models import Attempt, Event, Message, Receipt


@dataclass(frozen=True, kw_only=True)
class Moment:
    """One thing that happened. ``what`` is decided, departed, verdict, receipt, moved or, last, stands."""

    at: datetime
    what: str
    state: str = ""
    reason: str = ""
    detail: str = ""
    who: str = ""


def timeline(session: Session, message: UUID) -> list[Moment]:
    """The life of a message. Raises ``SmsError`` where there is no such message. Reads only."""
    found = session.get(Message, message)
    if found is None:
        raise SmsError(f"There is no message {message}.", code="unknown_message", hint="See `flask sms message list`.")
    decided = Moment(at=found.created_at, what="decided", detail=found.trigger or "by hand", who=found.operator)
    between = [*_attempts(session, message), *_receipts(session, message), *_moves(session, message)]
    stands = Moment(at=found.changed_at, what="stands", state=found.state, reason=found.reason, detail=found.detail)
    return [decided, *sorted(between, key=lambda moment: moment.at), stands]


def _attempts(session: Session, message: UUID) -> Iterator[Moment]:
    for attempt in session.scalars(sa.select(Attempt).where(Attempt.message_id == message)):
        yield Moment(at=attempt.departed_at, what="departed", state="sending")
        if attempt.verdict is not None and attempt.settled_at is not None:
            yield Moment(
                at=attempt.settled_at,
                what="verdict",
                state=attempt.verdict,
                reason=attempt.reason,
                detail=" ".join(part for part in (attempt.provider_code, attempt.detail) if part),
            )


def _receipts(session: Session, message: UUID) -> Iterator[Moment]:
    for receipt in session.scalars(sa.select(Receipt).where(Receipt.message_id == message)):
        yield Moment(
            at=receipt.received_at,
            what="receipt",
            state=receipt.status,
            reason=receipt.reason,
            detail=receipt.provider_code,
        )


def _moves(session: Session, message: UUID) -> Iterator[Moment]:
    for event in session.scalars(sa.select(Event).where(Event.message_id == message)):
        yield Moment(
            at=event.at,
            what="moved",
            state=event.state,
            reason=event.reason,
            detail=str(event.detail.get("detail", "")),
            who=event.who,
        )
