"""Departing: an attempt stands in the database before its request leaves (promise 3)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from sms_plugin.models import Attempt, Lease, Message
from sms_plugin.models.base import constant
from sms_plugin.models.listed import in_json, listed
from sms_plugin.models.message import state_of_named
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


def depart(
    session: Session, claimed: Sequence[Claimed], *, provider_id: int, now: datetime, until: datetime
) -> list[Departed]:
    """Open an attempt for each message whose lease still holds; the others are nobody's or somebody else's now.

    Writes in the caller's transaction, which must be committed before the first request leaves. That a message goes
    from queued to sending once, under its own lock, is what keeps two from sending it.
    """
    if not claimed:
        return []
    connection = session.connection()
    common = {"b_provider": provider_id, "b_now": now, "b_until": until}
    went = _WAYS.get(connection.dialect.name, _step_by_step)(connection, claimed, common)
    if len(went) < len(claimed):
        went |= _departed_before(connection, [each.attempt for each in claimed if each.attempt not in went])
    return departed(claimed, went)


def departed(claimed: Sequence[Claimed], went: Collection[UUID]) -> list[Departed]:
    """Those whose attempt is among these, in order."""
    return [
        Departed(id=each.id, attempt=each.attempt, number=each.number, text=each.text)
        for each in claimed
        if each.attempt in went
    ]


def _departed_before(connection: Connection, attempts: list[UUID]) -> set[UUID]:
    """Those that a transaction opened whose commit was not heard of: nobody else can have sent them."""
    opened = sa.select(_ATTEMPT.c.id).where(_ATTEMPT.c.id.in_(attempts), _ATTEMPT.c.verdict.is_(None))
    return set(connection.execute(opened).scalars())


_SENDING: Any = {
    "state": constant(MessageState.SENDING),
    "reason": constant(""),
    "attempts": _MESSAGE.c.attempts + sa.literal_column("1"),
    "provider_id": _bind("b_provider"),
    "changed_at": _bind("b_now"),
}
_OPENED: Any = {
    "provider_id": _bind("b_provider", type_=_ATTEMPT.c.provider_id.type),
    "departed_at": _bind("b_now", type_=_ATTEMPT.c.departed_at.type),
    "until": _bind("b_until", type_=_ATTEMPT.c.until.type),
    "reason": constant(""),
    "provider_code": constant(""),
    "detail": constant(""),
}
_QUEUED = constant(MessageState.QUEUED) == state_of_named


def departing() -> Any:
    """The statement in which all of it is done on PostgreSQL, the message first: it gives back the attempts opened.

    Its parameters are those of ``departure``.
    """
    wanted: Any = sa.func.unnest(
        _bind("b_ids", type_=ARRAY(sa.Uuid)),
        _bind("b_tokens", type_=ARRAY(sa.Uuid)),
        _bind("b_attempts", type_=ARRAY(sa.Uuid)),
    )
    wanted = wanted.table_valued(
        sa.column("message", sa.Uuid), sa.column("token", sa.Uuid), sa.column("attempt", sa.Uuid)
    )
    wanted = sa.select(wanted.render_derived(name="wanted")).cte("wanted")
    held = sa.exists().where(
        _LEASE.c.message_id == _MESSAGE.c.id, _LEASE.c.token == wanted.c.token, _LEASE.c.until > _bind("b_now")
    )
    going: Any = (
        sa.update(_MESSAGE)
        .where(_MESSAGE.c.id == wanted.c.message, _QUEUED, held)
        .values({**_SENDING, "attempt_id": wanted.c.attempt})
        .returning(_MESSAGE.c.id, _MESSAGE.c.attempt_id)
        .cte("going")
    )
    ended = sa.delete(_LEASE).where(_LEASE.c.message_id == going.c.id).returning(_LEASE.c.message_id).cte("ended")
    values = [going.c.attempt_id, going.c.id, *_OPENED.values()]
    return (
        sa.insert(_ATTEMPT)
        .from_select(["id", "message_id", *_OPENED], sa.select(*values), include_defaults=False)
        .returning(_ATTEMPT.c.id)
        .add_cte(ended)
    )


_TOGETHER = departing()


def departure(claimed: Sequence[Claimed]) -> dict[str, Any]:
    """The parameters of ``departing`` that name the messages."""
    return {
        "b_ids": [each.id for each in claimed],
        "b_tokens": [each.token for each in claimed],
        "b_attempts": [each.attempt for each in claimed],
    }


def _in_one_statement(connection: Connection, claimed: Sequence[Claimed], common: Mapping[str, Any]) -> set[UUID]:
    """The attempts that were opened."""
    return set(connection.execute(_TOGETHER, {**departure(claimed), **common}).scalars())


_LOCK = (
    sa.select(_MESSAGE.c.id)
    .where(_MESSAGE.c.id.in_(_bind("b_ids", expanding=True)), _QUEUED)
    .order_by(_MESSAGE.c.id)
    .with_for_update()
)
_TAKE_UP = (
    sa.delete(_LEASE)
    .where(
        _LEASE.c.message_id.in_(_bind("b_ids", expanding=True)),
        _LEASE.c.token.in_(_bind("b_tokens", expanding=True)),
        _LEASE.c.until > _bind("b_now"),
    )
    .returning(_LEASE.c.message_id, _LEASE.c.token)
)
_OPEN = sa.insert(_ATTEMPT).values({**_OPENED, "id": _bind("b_attempt"), "message_id": _bind("b_id")})
#: One statement for them all, after their attempts.
_SEND = (
    sa.update(_MESSAGE)
    .where(_MESSAGE.c.id.in_(_bind("b_ids", expanding=True)), _QUEUED)
    .values(
        {
            **_SENDING,
            "attempt_id": sa.select(_ATTEMPT.c.id)
            .where(_ATTEMPT.c.message_id == _MESSAGE.c.id, _ATTEMPT.c.id.in_(_bind("b_attempts", expanding=True)))
            .scalar_subquery(),
        }
    )
)


def _step_by_step(connection: Connection, claimed: Sequence[Claimed], common: Mapping[str, Any]) -> set[UUID]:
    """The attempts that were opened."""
    ids = list(connection.execute(_LOCK, {"b_ids": [each.id for each in claimed]}).scalars())
    tokens = list({each.token for each in claimed})
    rows = connection.execute(_TAKE_UP, {"b_ids": ids, "b_tokens": tokens, "b_now": common["b_now"]})
    held = {(row.message_id, row.token) for row in rows}
    going = [each for each in claimed if (each.id, each.token) in held]
    if not going:
        return set()
    connection.execute(_OPEN, [{"b_id": each.id, "b_attempt": each.attempt, **common} for each in going])
    attempts = [each.attempt for each in going]
    given = {"b_ids": [each.id for each in going], "b_attempts": attempts}
    if connection.execute(_SEND, {**given, **common}).rowcount == len(going):
        return set(attempts)
    return _really_going(connection, attempts)


def _really_going(connection: Connection, attempts: list[UUID]) -> set[UUID]:
    """Those whose message was still queued: a lease that was taken on an old view of it must not send it again."""
    current = connection.execute(sa.select(_MESSAGE.c.attempt_id).where(_MESSAGE.c.attempt_id.in_(attempts)))
    really = set(current.scalars())
    connection.execute(sa.delete(_ATTEMPT).where(_ATTEMPT.c.id.in_([each for each in attempts if each not in really])))
    return really


_WANTED = listed("b_wanted", message=sa.Uuid(), token=sa.Uuid(), attempt=sa.Uuid())
#: Without the types of the columns, as nobody needs more than to tell them apart.
_TAKE_UP_LISTED = (
    sa.delete(_LEASE)
    .where(
        sa.tuple_(_LEASE.c.message_id, _LEASE.c.token).in_(sa.select(_WANTED.c.message, _WANTED.c.token)),
        _LEASE.c.until > _bind("b_now"),
    )
    .returning(sa.type_coerce(_LEASE.c.message_id, sa.String), sa.type_coerce(_LEASE.c.token, sa.String))
)
_OPEN_LISTED = sa.insert(_ATTEMPT).from_select(
    ["id", "message_id", *_OPENED],
    sa.select(_WANTED.c.attempt, _WANTED.c.message, *_OPENED.values()),
    include_defaults=False,
)
_SEND_LISTED = (
    sa.update(_MESSAGE)
    .where(_MESSAGE.c.id == _WANTED.c.message, _QUEUED)
    .values({**_SENDING, "attempt_id": _WANTED.c.attempt})
)


def _on_sqlite(connection: Connection, claimed: Sequence[Claimed], common: Mapping[str, Any]) -> set[UUID]:
    """The attempts that were opened. We are the only writer; each statement more keeps the others waiting."""
    wanted = in_json((each.id, each.token, each.attempt) for each in claimed)
    taken = connection.execute(_TAKE_UP_LISTED, {"b_wanted": wanted, "b_now": common["b_now"]})
    held = {tuple(row) for row in taken}
    going = [each for each in claimed if (each.id.hex, each.token.hex) in held]
    if not going:
        return set()
    if len(going) < len(claimed):
        wanted = in_json((each.id, each.token, each.attempt) for each in going)
    connection.execute(_OPEN_LISTED, {"b_wanted": wanted, **common})
    attempts = [each.attempt for each in going]
    if connection.execute(_SEND_LISTED, {"b_wanted": wanted, **common}).rowcount == len(going):
        return set(attempts)
    return _really_going(connection, attempts)


_WAYS = {"postgresql": _in_one_statement, "sqlite": _on_sqlite}
