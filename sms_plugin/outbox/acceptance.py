"""Writing down what was accepted: nearly every verdict there is, so in as few statements as the database allows.

A message is locked before its attempts, here as where receipts are taken: no two of ours wait for each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from sms_plugin.gateways.contract import Outcome
from sms_plugin.models import Attempt, Message, Receipt, Tally
from sms_plugin.models.base import constant
from sms_plugin.models.listed import in_json, listed
from sms_plugin.models.message import receipts_wait_of_named, shown_text, state_of_named
from sms_plugin.outbox.tallies import moved, state_counter
from sms_plugin.states import MessageState

_ATTEMPT: Any = Attempt.__table__
_MESSAGE: Any = Message.__table__
_RECEIPT: Any = Receipt.__table__
_TALLY: Any = Tally.__table__
_bind = sa.bindparam


@dataclass(frozen=True, kw_only=True)
class Acceptance:
    """An attempt that the provider accepted, and the reference that it gave."""

    message: UUID
    attempt: UUID
    provider_id: int
    reference: str | None


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """How many messages an acceptance moved, and the references, with their provider, that receipts waited for."""

    went: int
    waiting: tuple[tuple[int, str], ...]


def accept(session: Session, some: Sequence[Acceptance], *, now: datetime) -> Accepted:
    """Write the verdicts on their attempts, and move the messages that wait for them; counted. In the caller's
    transaction. A message whose current attempt is another one is left as it is.
    """
    if not some:
        return Accepted(went=0, waiting=())
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        return _at_once(connection, some, now)
    went = (_on_sqlite if connection.dialect.name == "sqlite" else _step_by_step)(connection, some, now)
    # the states that they come from are live ones, which no tally counts
    moved(session, old={MessageState.SENDING.value: went}, new=MessageState.SENT)
    return Accepted(went=went, waiting=_waiting(connection, some))


def _step_by_step(connection: Connection, some: Sequence[Acceptance], now: datetime) -> int:
    """How many messages moved."""
    given = {"b_ids": [each.message for each in some], "b_attempts": [each.attempt for each in some], "b_now": now}
    went = max(connection.execute(_SENT, given).rowcount, 0)
    rows = [{"b_attempt": each.attempt, "b_reference": each.reference, "b_now": now} for each in some]
    connection.execute(_VERDICT, rows)
    return went


_OPEN = state_of_named.in_([constant(MessageState.SENDING), constant(MessageState.UNKNOWN)])
_NEW_STATE = {
    "state": constant(MessageState.SENT),
    "reason": constant(""),
    "text": shown_text,
    "changed_at": _bind("b_now"),
}
#: What goes well is said with as few parameters as possible: they are made anew for every row.
_NEW_VERDICT = {
    "verdict": constant(Outcome.ACCEPTED),
    "reason": constant(""),
    "about": sa.null(),
    "provider_code": constant(""),
    "detail": constant(""),
    "settled_at": _bind("b_now"),
}
#: One statement for them all; an attempt belongs to one message, so both lists together are the pairs.
_SENT = (
    sa.update(_MESSAGE)
    .where(
        _MESSAGE.c.id.in_(_bind("b_ids", expanding=True)),
        _MESSAGE.c.attempt_id.in_(_bind("b_attempts", expanding=True)),
        _OPEN,
    )
    .values(_NEW_STATE)
)
_VERDICT = (
    sa.update(_ATTEMPT)
    .where(_ATTEMPT.c.id == _bind("b_attempt"))
    .values(
        {**_NEW_VERDICT, "reference": sa.func.coalesce(_bind("b_reference", type_=sa.String), _ATTEMPT.c.reference)}
    )
)
_TOLD = listed("b_told", message=sa.Uuid(), attempt=sa.Uuid(), reference=sa.String())
_SENT_LISTED = (
    sa.update(_MESSAGE)
    .where(_MESSAGE.c.id == _TOLD.c.message, _MESSAGE.c.attempt_id == _TOLD.c.attempt, _OPEN)
    .values(_NEW_STATE)
)
_VERDICT_LISTED = (
    sa.update(_ATTEMPT)
    .where(_ATTEMPT.c.id == _TOLD.c.attempt)
    .values({**_NEW_VERDICT, "reference": sa.func.coalesce(_TOLD.c.reference, _ATTEMPT.c.reference)})
)


def _on_sqlite(connection: Connection, some: Sequence[Acceptance], now: datetime) -> int:
    """How many messages moved."""
    given = {"b_told": in_json((each.message, each.attempt, each.reference) for each in some), "b_now": now}
    went = max(connection.execute(_SENT_LISTED, given).rowcount, 0)
    connection.execute(_VERDICT_LISTED, given)
    return went


_WAITING = (
    sa.select(_RECEIPT.c.provider_id, _RECEIPT.c.reference)
    .where(
        _RECEIPT.c.provider_id.in_(_bind("b_providers", expanding=True)),
        _RECEIPT.c.reference.in_(_bind("b_references", expanding=True)),
        receipts_wait_of_named,
    )
    .distinct()
)


def _waiting(connection: Connection, some: Sequence[Acceptance]) -> tuple[tuple[int, str], ...]:
    """Those of their references that a receipt brought before the answer did."""
    known = {(each.provider_id, each.reference) for each in some if each.reference is not None}
    if not known:
        return ()
    providers, references = ({each[at] for each in known} for at in (0, 1))
    rows = connection.execute(_WAITING, {"b_providers": sorted(providers), "b_references": sorted(references)})
    return tuple(sorted((row.provider_id, row.reference) for row in rows if tuple(row) in known))


@dataclass(frozen=True, kw_only=True)
class Accepting:
    """The parts of the statement in which all of it is done on PostgreSQL; its parameters are those of ``accepted``."""

    writes: tuple[Any, ...]  #: what is written, as parts of a statement that asks for the rest
    went: Any  #: how many messages moved
    waiting: Any  #: provider and reference of what receipts waited for


def accepting() -> Accepting:
    """The message first: its attempts are written once the messages have been counted."""
    told = _told()
    sent: Any = (
        sa.update(_MESSAGE)
        .where(_MESSAGE.c.id == told.c.message, _MESSAGE.c.attempt_id == told.c.attempt, _OPEN)
        .values(_NEW_STATE)
        .returning(_MESSAGE.c.id)
        .cte("sent")
    )
    went = sa.select(sa.func.count()).select_from(sent).scalar_subquery()
    written = (
        sa.update(_ATTEMPT)
        .where(_ATTEMPT.c.id == told.c.attempt, went >= sa.literal_column("0"))
        .values({**_NEW_VERDICT, "reference": sa.func.coalesce(told.c.reference, _ATTEMPT.c.reference)})
        .returning(_ATTEMPT.c.id)
        .cte("written")
    )
    counted = (
        sa.insert(_TALLY)
        .from_select(
            ["name", "amount"],
            sa.select(constant(state_counter(MessageState.SENT)), went).where(went > sa.literal_column("0")),
        )
        .returning(_TALLY.c.id)
        .cte("counted")
    )
    waiting = (
        sa.select(_RECEIPT.c.provider_id, _RECEIPT.c.reference)
        .join(told, sa.and_(told.c.reference == _RECEIPT.c.reference, told.c.provider == _RECEIPT.c.provider_id))
        .where(receipts_wait_of_named)
        .distinct()
        .subquery()
    )
    return Accepting(writes=(written, counted), went=went, waiting=waiting)


def _told() -> Any:
    """The messages that were accepted, with attempt, provider and reference, as something to select from."""
    given: Any = sa.func.unnest(
        _bind("b_taken", type_=ARRAY(sa.Uuid)),
        _bind("b_taken_attempts", type_=ARRAY(sa.Uuid)),
        _bind("b_providers", type_=ARRAY(sa.Integer)),
        _bind("b_references", type_=ARRAY(sa.String)),
    )
    given = given.table_valued(
        sa.column("message", sa.Uuid),
        sa.column("attempt", sa.Uuid),
        sa.column("provider", sa.Integer),
        sa.column("reference", sa.String),
    )
    return sa.select(given.render_derived(name="told")).cte("told")


def accepted(some: Sequence[Acceptance]) -> dict[str, Any]:
    """The parameters of ``accepting`` that name the messages."""
    ordered = sorted(some, key=lambda each: each.message)
    return {
        "b_taken": [each.message for each in ordered],
        "b_taken_attempts": [each.attempt for each in ordered],
        "b_providers": [each.provider_id for each in ordered],
        "b_references": [each.reference for each in ordered],
    }


def _together() -> sa.Select[Any]:
    parts = accepting()
    return (
        sa.select(parts.went.label("went"), parts.waiting.c.provider_id, parts.waiting.c.reference)
        .select_from(sa.select(sa.literal_column("1")).subquery().outerjoin(parts.waiting, sa.true()))
        .add_cte(*parts.writes)
    )


_TOGETHER = _together()


def _at_once(connection: Connection, some: Sequence[Acceptance], now: datetime) -> Accepted:
    rows = connection.execute(_TOGETHER, {**accepted(some), "b_now": now}).all()
    waiting = sorted((row.provider_id, row.reference) for row in rows if row.reference is not None)
    return Accepted(went=rows[0].went, waiting=tuple(waiting))
