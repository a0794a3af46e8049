"""All that happened to one message, in order (X11)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError
from sms_plugin.models import Attempt, Event, Lease, Message, Provider, Receipt
from sms_plugin.states import MessageState


@dataclass(frozen=True, kw_only=True)
class Moment:
    """One thing that happened, in codes: doors put them into words.

    ``what`` is decided, departed, verdict, receipt, moved, claimed or, last, stands.
    """

    at: datetime
    what: str
    state: str = ""
    reason: str = ""
    about: str = ""  #: whom a refusal is about: message, recipient, account
    detail: str = ""
    who: str = ""
    provider: str = ""
    until: datetime | None = None  #: stands: when it is due; claimed: when the lease ends
    occurred_at: datetime | None = None  #: receipt: when it happened, as the provider says


def timeline(session: Session, message: UUID) -> list[Moment]:
    """The life of a message. Raises ``SmsError`` where there is no such message. Reads only."""
    found = session.get(Message, message)
    if found is None:
        raise SmsError(f"There is no message {message}.", code="unknown_message", hint="See `flask sms message list`.")
    decided = Moment(at=found.created_at, what="decided", detail=found.trigger or "by hand", who=found.operator)
    between = [*_attempts(session, message), *_receipts(session, message), *_moves(session, message)]
    return [decided, *sorted(between, key=lambda moment: moment.at), *_claims(session, found), _stands(found)]


def _stands(found: Message) -> Moment:
    return Moment(
        at=found.changed_at,
        what="stands",
        state=found.state,
        reason=found.reason,
        detail=found.detail,
        until=found.due_at if found.state == MessageState.QUEUED else None,
    )


def _claims(session: Session, found: Message) -> Iterator[Moment]:
    until = session.scalar(sa.select(Lease.until).where(Lease.message_id == found.id))
    if until is not None and found.state == MessageState.QUEUED:
        yield Moment(at=found.changed_at, what="claimed", until=until)


def _attempts(session: Session, message: UUID) -> Iterator[Moment]:
    query = (
        sa.select(Attempt, Provider.name)
        .join(Provider, Provider.id == Attempt.provider_id)
        .where(Attempt.message_id == message)
    )
    for attempt, provider in session.execute(query):
        yield Moment(at=attempt.departed_at, what="departed", state="sending", provider=provider)
        if attempt.verdict is not None and attempt.settled_at is not None:
            yield Moment(
                at=attempt.settled_at,
                what="verdict",
                state=attempt.verdict,
                reason=attempt.reason,
                about=attempt.about or "",
                detail=" ".join(part for part in (attempt.provider_code, attempt.detail) if part),
                provider=provider,
            )


def _receipts(session: Session, message: UUID) -> Iterator[Moment]:
    query = (
        sa.select(Receipt, Provider.name)
        .join(Provider, Provider.id == Receipt.provider_id)
        .where(Receipt.message_id == message)
    )
    for receipt, provider in session.execute(query):
        yield Moment(
            at=receipt.received_at,
            what="receipt",
            state=receipt.status,
            reason=receipt.reason,
            detail=receipt.provider_code,
            provider=provider,
            occurred_at=receipt.occurred_at,
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
