"""All that happened to messages, in order (X11)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError
from sms_plugin.models import Attempt, Batch, Event, Lease, Message, Provider, Receipt
from sms_plugin.models.message import attempts_provider_of_named, receipts_provider_of_named
from sms_plugin.states import MessageState


@dataclass(frozen=True, kw_only=True)
class Moment:
    """One thing that happened, in codes: doors put them into words.

    ``what`` is confirmed or approved (of a send to many), decided (or received), departed, verdict, receipt, moved,
    claimed or, last, stands.
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
    return timelines(session, [found])[message]


def timelines(session: Session, messages: Sequence[Message]) -> dict[UUID, list[Moment]]:
    """The lives of some messages, by their ids: a few questions for all of them. Reads only."""
    ids = [each.id for each in messages]
    between: dict[UUID, list[Moment]] = {each: [] for each in ids}
    if ids:
        for message, moment in (*_attempts(session, ids), *_receipts(session, ids), *_moves(session, ids)):
            between[message].append(moment)
    claimed = _claims(session, [each.id for each in messages if each.state == MessageState.QUEUED])
    sends = _sends(session, {each.batch_id for each in messages if each.batch_id is not None})
    return {
        each.id: [*sends.get(each.batch_id, ()), *_life(each, between[each.id], claimed.get(each.id))]
        for each in messages
    }


def _sends(session: Session, batches: Collection[UUID]) -> dict[UUID | None, list[Moment]]:
    """Who confirmed the sends to many, and who approved them."""
    if not batches:
        return {}
    return {
        each.id: [
            Moment(at=at, what=what, who=who, detail=each.name)
            for what, at, who in (
                ("confirmed", each.confirmed_at, each.confirmed_by),
                ("approved", each.approved_at, each.approved_by),
            )
            if at is not None
        ]
        for each in session.scalars(sa.select(Batch).where(Batch.id.in_(batches)))
    }


def _life(found: Message, between: list[Moment], claimed_until: datetime | None) -> list[Moment]:
    what = "received" if found.direction == "in" else "decided"
    life = [Moment(at=found.created_at, what=what, detail=found.trigger or "by hand", who=found.operator)]
    life += sorted(between, key=lambda moment: moment.at)
    if claimed_until is not None:
        life.append(Moment(at=found.changed_at, what="claimed", until=claimed_until))
    return [*life, _stands(found)]


def _stands(found: Message) -> Moment:
    return Moment(
        at=found.changed_at,
        what="stands",
        state=found.state,
        reason=found.reason,
        detail=found.detail,
        until=found.due_at if found.state == MessageState.QUEUED else None,
    )


def _claims(session: Session, queued: Collection[UUID]) -> dict[UUID, datetime]:
    if not queued:
        return {}
    rows = session.execute(sa.select(Lease.message_id, Lease.until).where(Lease.message_id.in_(queued)))
    return {row.message_id: row.until for row in rows}


def _attempts(session: Session, messages: Collection[UUID]) -> Iterator[tuple[UUID, Moment]]:
    query = (
        sa.select(Attempt, Provider.name)
        .join(Provider, Provider.id == attempts_provider_of_named)
        .where(Attempt.message_id.in_(messages))
    )
    for attempt, provider in session.execute(query):
        departed = Moment(at=attempt.departed_at, what="departed", state="sending", provider=provider)
        yield attempt.message_id, departed
        if attempt.verdict is not None and attempt.settled_at is not None:
            verdict = Moment(
                at=attempt.settled_at,
                what="verdict",
                state=attempt.verdict,
                reason=attempt.reason,
                about=attempt.about or "",
                detail=" ".join(part for part in (attempt.provider_code, attempt.detail) if part),
                provider=provider,
            )
            yield attempt.message_id, verdict


def _receipts(session: Session, messages: Collection[UUID]) -> Iterator[tuple[UUID, Moment]]:
    query = (
        sa.select(Receipt, Provider.name)
        .join(Provider, Provider.id == receipts_provider_of_named)
        .where(Receipt.message_id.in_(messages))
    )
    for receipt, provider in session.execute(query):
        reported = Moment(
            at=receipt.received_at,
            what="receipt",
            state=receipt.status,
            reason=receipt.reason,
            detail=receipt.provider_code,
            provider=provider,
            occurred_at=receipt.occurred_at,
        )
        if receipt.message_id is not None:
            yield receipt.message_id, reported


def _moves(session: Session, messages: Collection[UUID]) -> Iterator[tuple[UUID, Moment]]:
    for event in session.scalars(sa.select(Event).where(Event.message_id.in_(messages))):
        moved = Moment(
            at=event.at,
            what="moved",
            state=event.state,
            reason=event.reason,
            detail=str(event.detail.get("detail", "")),
            who=event.who,
        )
        yield event.message_id, moved
