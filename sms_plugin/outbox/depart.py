"""Departing: an attempt stands in the database before its request leaves (promise 3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.models import Attempt, Lease, Message
from sms_plugin.models.base import constant
from sms_plugin.outbox.claim import Claimed
from sms_plugin.states import MessageState

_ATTEMPT: Any = Attempt.__table__
_LEASE: Any = Lease.__table__
_MESSAGE: Any = Message.__table__
_bind = sa.bindparam


@dataclass(frozen=True, kw_only=True)
class Departed:
    """A message with an open attempt, ready for the gateway."""

    id: UUID
    attempt: UUID
    number: str = field(repr=False)
    text: str = field(repr=False)


_OPENED = sa.insert(_ATTEMPT).values(
    id=_bind("b_attempt"),
    message_id=_bind("b_id"),
    provider_id=_bind("b_provider"),
    departed_at=_bind("b_now"),
    until=_bind("b_until"),
    reason=constant(""),
    provider_code=constant(""),
    detail=constant(""),
)
#: One statement for them all, after their attempts: each statement more keeps SQLite's other writers waiting.
_SENDING = (
    sa.update(_MESSAGE)
    .where(
        _MESSAGE.c.id.in_(_bind("b_ids", expanding=True)),
        _MESSAGE.c.state == constant(MessageState.QUEUED),
    )
    .values(
        state=constant(MessageState.SENDING),
        reason=constant(""),
        attempt_id=sa.select(_ATTEMPT.c.id)
        .where(_ATTEMPT.c.message_id == _MESSAGE.c.id, _ATTEMPT.c.id.in_(_bind("b_attempts", expanding=True)))
        .scalar_subquery(),
        attempts=_MESSAGE.c.attempts + sa.literal_column("1"),
        provider_id=_bind("b_provider"),
        changed_at=_bind("b_now"),
    )
)
_TAKE_UP = (
    sa.delete(_LEASE)
    .where(
        _LEASE.c.message_id.in_(_bind("ids", expanding=True)),
        _LEASE.c.token.in_(_bind("tokens", expanding=True)),
        _LEASE.c.until > _bind("now"),
    )
    .returning(_LEASE.c.message_id, _LEASE.c.token)
)


def depart(
    session: Session, claimed: Sequence[Claimed], *, provider_id: int, now: datetime, until: datetime
) -> list[Departed]:
    """Open an attempt for each message whose lease still holds; the others are nobody's or somebody else's now.

    Writes in the caller's transaction, which must be committed before the first request leaves.
    """
    if not claimed:
        return []
    connection = session.connection()
    ids, tokens = [each.id for each in claimed], list({each.token for each in claimed})
    held = connection.execute(_TAKE_UP, {"ids": ids, "tokens": tokens, "now": now})
    ours = {(message, token) for message, token in held}
    going = [
        Departed(id=each.id, attempt=uuid4(), number=each.number, text=each.text)
        for each in claimed
        if (each.id, each.token) in ours
    ]
    if going:
        common = {"b_provider": provider_id, "b_now": now}
        opened = {**common, "b_until": until}
        connection.execute(_OPENED, [{"b_id": each.id, "b_attempt": each.attempt, **opened} for each in going])
        both = {"b_ids": [each.id for each in going], "b_attempts": [each.attempt for each in going]}
        went = connection.execute(_SENDING, {**both, **common}).rowcount
        if went != len(going):
            return _really_going(connection, going)
    return going


def _really_going(connection: sa.Connection, going: list[Departed]) -> list[Departed]:
    """Those whose message was still queued: a lease that was taken on an old view of it must not send it again."""
    attempts = [each.attempt for each in going]
    current = connection.execute(sa.select(_MESSAGE.c.attempt_id).where(_MESSAGE.c.attempt_id.in_(attempts)))
    really = {row.attempt_id for row in current}
    connection.execute(sa.delete(_ATTEMPT).where(_ATTEMPT.c.id.in_([each for each in attempts if each not in really])))
    return [each for each in going if each.attempt in really]
