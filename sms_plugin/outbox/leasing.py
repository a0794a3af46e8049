"""Leases on due messages: taken by one claim at a time, each database in its own way (design: claim; X2).

A message is locked before its lease is written, everywhere: whoever moves it waits, and no two of ours wait for each
other. What another claim has locked is passed by.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from sms_plugin.gateways.contract import Outcome
from sms_plugin.models import Attempt, Lease, Message
from sms_plugin.models.base import constant
from sms_plugin.models.message import state_of_named
from sms_plugin.models.planning import plan_as_it_is
from sms_plugin.outbox import passed
from sms_plugin.outbox.enqueue import BATCH, OWN_ACTION
from sms_plugin.states import MessageState

_ATTEMPT: Any = Attempt.__table__
_LEASE: Any = Lease.__table__
_MESSAGE: Any = Message.__table__
_bind = sa.bindparam
_RANKS = range(OWN_ACTION, BATCH + 1)
#: What a claim has to know of a message.
_LOOKED_AT = [
    _MESSAGE.c[name]
    for name in (
        "id",
        "batch_id",
        "priority",
        "due_at",
        "entity",
        "record",
        "trigger",
        "step",
        "moment",
        "purpose",
        "number",
        "text",
        "version",
        "expires_at",
        "person_entity",
        "person",
        "client_entity",
        "client",
        "language",
        "timezone",
        "operator",
        "reason",
        "created_at",
    )
]


def lease_due(
    session: Session, *, token: UUID, until: datetime, want: int, now: datetime, sure: bool = False
) -> Sequence[Any]:
    """Up to ``want`` due messages that are nobody's, leased under the token, in the order of P18; ``sure``: of those
    that no provider can have accepted, whatever a person or a policy decided (X9).

    The rows hold what ``claim`` has to know. Writes in the caller's transaction, which runs at READ COMMITTED or is
    SQLite's only writer.
    """
    plan_as_it_is(session)
    connection = session.connection()
    given = {"b_token": token, "b_until": until, "b_now": now, "b_want": want}
    rows = _WAYS.get(connection.dialect.name, _in_two_steps)(connection, given, sure)
    return sorted(rows, key=lambda row: (row.priority, row.due_at, row.id))


def lease_unread(
    session: Session, *, token: UUID, until: datetime, want: int, now: datetime, sure: bool = False
) -> int:
    """As ``lease_due``, for whoever reads the messages afterwards (``held_under``): how many were leased. SQLite's only
    write lock is not kept for reading then.
    """
    if session.get_bind().dialect.name != "sqlite":
        return len(lease_due(session, token=token, until=until, want=want, now=now, sure=sure))
    given = {"b_token": token, "b_until": until, "b_now": now, "b_want": want}
    return _lease_on_sqlite(session.connection(), given, sure)


def held_under(session: Session, token: UUID) -> Sequence[Any]:
    """What is still leased under the token and queued, as ``lease_due`` gives it. Reads only."""
    return sorted(_leased(session.connection(), token), key=lambda row: (row.priority, row.due_at, row.id))


def end_leases_under(session: Session, token: UUID) -> None:
    """End all that is leased under the token. Writes in the caller's transaction."""
    session.connection().execute(sa.delete(_LEASE).where(_LEASE.c.token == token))


def end_leases(session: Session, leases: Iterable[tuple[UUID, UUID]]) -> None:
    """End leases, each by its message and token, so that others may claim. Writes in the caller's transaction."""
    rows = [{"b_id": message, "b_token": token} for message, token in sorted(leases)]
    if rows:
        session.connection().execute(_END, rows)


_END = sa.delete(_LEASE).where(_LEASE.c.message_id == _bind("b_id"), _LEASE.c.token == _bind("b_token"))


def _due(priority: int, *columns: Any, sure: bool = False) -> sa.Select[Any]:
    """The first due messages of a rank that nobody holds: a range of the index, in its order."""
    refused = _ATTEMPT.c.verdict.is_not_distinct_from(constant(Outcome.REFUSED))
    in_doubt = sa.exists().where(_ATTEMPT.c.message_id == _MESSAGE.c.id, ~refused)
    due = (
        sa.select(*columns)
        .where(
            sa.text("sms_message.state = 'queued'"),
            _MESSAGE.c.priority == sa.literal_column(str(priority)),
            _MESSAGE.c.due_at <= _bind("b_now", type_=_MESSAGE.c.due_at.type),
            ~sa.exists().where(_LEASE.c.message_id == _MESSAGE.c.id),
        )
        .order_by(_MESSAGE.c.due_at, _MESSAGE.c.id)
    )
    return due.where(~in_doubt) if sure else due


_TOKEN = _bind("b_token", type_=sa.Uuid())
_UNTIL = _bind("b_until", type_=_LEASE.c.until.type)
_WANT: Any = _bind("b_want", type_=sa.Integer)


def _one_statement(*, sure: bool, further: bool) -> Any:
    """Lock, lease and read in one statement: what was locked a moment before by a claim that committed since is found
    to be leased by the key of leases. ``further``: from where earlier claims have come to.
    """
    want = _WANT
    ranks: list[Any] = []
    for priority in _RANKS:
        first = _due(priority, *_LOOKED_AT, sure=sure).with_for_update(skip_locked=True, of=_MESSAGE).limit(want)
        if further and priority in passed.RANKS:
            first = first.where(_behind(priority))
        ranks.append(first.cte(f"due_{priority}"))
        want = want - sa.select(sa.func.count()).select_from(ranks[-1]).scalar_subquery()
    due = sa.union_all(*(sa.select(rank) for rank in ranks)).cte("due")
    taken = (
        postgresql.insert(_LEASE)
        .from_select(["message_id", "token", "until"], sa.select(due.c.id, _TOKEN, _UNTIL), include_defaults=False)
        .on_conflict_do_nothing(index_elements=["message_id"])
        .returning(_LEASE.c.message_id)
        .cte("taken")
    )
    return sa.select(due).join(taken, taken.c.message_id == due.c.id)


def _behind(priority: int) -> Any:
    due_at, id_ = passed.names(priority)
    place = sa.tuple_(_bind(due_at, type_=_MESSAGE.c.due_at.type), _bind(id_, type_=sa.Uuid()))
    return sa.tuple_(_MESSAGE.c.due_at, _MESSAGE.c.id) > place


_FROM_THE_HEAD = {sure: _one_statement(sure=sure, further=False) for sure in (False, True)}
_FURTHER = {sure: _one_statement(sure=sure, further=True) for sure in (False, True)}


def _on_postgresql(connection: Connection, given: Mapping[str, Any], sure: bool) -> Sequence[Any]:
    """From where earlier claims have come to, and from the head where that brings too few, or was long ago."""
    so_far, want, now = passed.passed(connection.engine, sure=sure), given["b_want"], given["b_now"]
    places = so_far.places()
    rows: Sequence[Any] = []
    if places is not None:
        rows = connection.execute(_FURTHER[sure], {**given, **places}).all()
        so_far.note(rows, want=want, now=now)
    if len(rows) < want:
        so_far.look()
        left = want - len(rows)
        more = connection.execute(_FROM_THE_HEAD[sure], {**given, "b_want": left}).all()
        so_far.note(more, want=left, now=now)
        rows = [*rows, *more]
    return rows


_INSERT_DUE = {
    sure: [
        sa.insert(_LEASE).from_select(
            ["message_id", "token", "until"],
            _due(priority, _MESSAGE.c.id, _TOKEN, _UNTIL, sure=sure).limit(_WANT),
            include_defaults=False,
        )
        for priority in _RANKS
    ]
    for sure in (False, True)
}
#: By the few leases that there are, whatever MariaDB takes the number of messages for.
_LEASED = (
    sa.select(*_LOOKED_AT)
    .select_from(sa.join(_LEASE, _MESSAGE, _LEASE.c.message_id == _MESSAGE.c.id))
    .prefix_with("STRAIGHT_JOIN", dialect="mysql")
    .prefix_with("STRAIGHT_JOIN", dialect="mariadb")
    .where(_LEASE.c.token == _TOKEN, state_of_named == constant(MessageState.QUEUED))
)
#: SQLite takes a table that was never analysed, or while it was empty, for a million rows: joined, it would go through
#: all that is queued, or all messages, for the leases.
_LEASED_ON_SQLITE = sa.select(*_LOOKED_AT).where(
    _MESSAGE.c.id.in_(sa.select(_LEASE.c.message_id).where(_LEASE.c.token == _TOKEN)),
    state_of_named == constant(MessageState.QUEUED),
)


def _leased(connection: Connection, token: UUID) -> Sequence[Any]:
    query = _LEASED_ON_SQLITE if connection.dialect.name == "sqlite" else _LEASED
    return connection.execute(query, {"b_token": token}).all()


def _on_sqlite(connection: Connection, given: Mapping[str, Any], sure: bool) -> Sequence[Any]:
    taken = _lease_on_sqlite(connection, given, sure)
    return _leased(connection, given["b_token"]) if taken else []


def _lease_on_sqlite(connection: Connection, given: Mapping[str, Any], sure: bool) -> int:
    """One statement a rank: it takes the only write lock there is, so nothing can come between."""
    taken = 0
    for insert in _INSERT_DUE[sure]:
        if taken < given["b_want"]:
            result = connection.execute(
                insert, {**given, "b_want": given["b_want"] - taken}, execution_options={"preserve_rowcount": True}
            )
            taken += max(result.rowcount, 0)
    return taken


_LOCK_DUE = {
    sure: [_due(priority, *_LOOKED_AT, sure=sure).with_for_update(skip_locked=True).limit(_WANT) for priority in _RANKS]
    for sure in (False, True)
}
#: Nothing here could be cut: only a lease that stands already is left alone.
_LEASE_LOCKED = sa.insert(_LEASE).prefix_with("IGNORE")


def _in_two_steps(connection: Connection, given: Mapping[str, Any], sure: bool) -> Sequence[Any]:
    """Lock rank by rank, then lease what was locked; a lease that was written meanwhile keeps its own token."""
    locked: list[Any] = []
    for query in _LOCK_DUE[sure]:
        left = given["b_want"] - len(locked)
        if left:
            locked += connection.execute(query, {"b_now": given["b_now"], "b_want": left}).all()
    if not locked:
        return []
    connection.execute(
        _LEASE_LOCKED,
        [{"message_id": row.id, "token": given["b_token"], "until": given["b_until"]} for row in locked],
    )
    ours = sa.select(_LEASE.c.message_id).where(
        _LEASE.c.message_id.in_([row.id for row in locked]), _LEASE.c.token == given["b_token"]
    )
    kept = set(connection.execute(ours).scalars())
    return [row for row in locked if row.id in kept]


_WAYS = {"postgresql": _on_postgresql, "sqlite": _on_sqlite}
