"""What waits, in the order in which it will go (Q1): read in pages by key, at the same cost whatever waits."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum
from heapq import merge
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.models import Lease, Message
from sms_plugin.models.base import constant
from sms_plugin.outbox.enqueue import BATCH, OWN_ACTION
from sms_plugin.states import MessageState

#: So many messages at most are looked at for a page, where a reason is asked for: no index knows reasons.
LOOK_AT = 1000
#: Positions are told up to here: further back, nobody counts.
COUNTED = 1000
_CHUNK = 500
_MESSAGE: Any = Message.__table__
_LIGHT = (_MESSAGE.c.id, _MESSAGE.c.state, _MESSAGE.c.priority, _MESSAGE.c.due_at, _MESSAGE.c.reason)
_S = MessageState


class Part(IntEnum):
    """Where a message waits: the parts of the queue, in their order."""

    SENDING = 0  #: under way
    DUE = 1  #: by rank, then by due time: as a claim takes them
    LATER = 2  #: by due time, then by rank
    UNKNOWN = 3  #: waits for a person, or for the provider's word
    HELD = 4  #: waits for a person


_STATE_OF = {
    Part.SENDING: _S.SENDING,
    Part.DUE: _S.QUEUED,
    Part.LATER: _S.QUEUED,
    Part.UNKNOWN: _S.UNKNOWN,
    Part.HELD: _S.HELD,
}


@dataclass(frozen=True, kw_only=True)
class Place:
    """A place in the queue: just after one message. ``as_of`` keeps the order while one pages through it."""

    as_of: datetime
    part: Part
    priority: int
    due_at: datetime
    id: UUID
    passed: int  #: messages up to it, from the head of the queue


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A message of the queue. ``position`` is counted from the head, near it, while no filter leaves others out."""

    message: Message
    part: Part
    position: int | None
    claimed: bool  #: a process has it in hand


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A page of the queue. ``next`` is where the next page begins; None at the end."""

    entries: tuple[Entry, ...]
    next: Place | None
    cut: bool = False  #: the page is short because so many were looked at already: there may be more


def waiting(
    session: Session,
    *,
    now: datetime,
    most: int,
    after: Place | None = None,
    states: Collection[MessageState] = (),
    reason: str | None = None,
) -> Waiting:
    """The next messages of the queue after a place, from its head without one. Reads only.

    ``states`` leaves out others (all that wait: held, queued, sending, unknown); ``reason`` leaves out messages that
    wait for another one, and bounds how many are looked at.
    """
    start = after or Place(as_of=now, part=Part.SENDING, priority=-1, due_at=now, id=UUID(int=0), passed=0)
    chosen: list[Place] = []
    last, cut, more = start, False, False
    rows = _walk(session, start, states, chunk=most + 1 if reason is None else _CHUNK)
    for passed, (part, row) in enumerate(rows, start.passed):
        if len(chosen) == most or passed - start.passed == LOOK_AT:
            more, cut = True, len(chosen) < most
            break
        last = replace(last, part=part, priority=row.priority, due_at=row.due_at, id=row.id, passed=passed + 1)
        if reason is None or row.reason == reason:
            chosen.append(last)
    return Waiting(entries=_entries(session, chosen, counted=not states), next=last if more else None, cut=cut)


def _entries(session: Session, places: list[Place], *, counted: bool) -> tuple[Entry, ...]:
    ids = [place.id for place in places]
    if not ids:
        return ()
    messages = {each.id: each for each in session.scalars(sa.select(Message).where(Message.id.in_(ids)))}
    claimed = set(session.scalars(sa.select(Lease.message_id).where(Lease.message_id.in_(ids))))
    return tuple(
        Entry(
            message=messages[place.id],
            part=place.part,
            position=place.passed if counted and place.part <= Part.LATER and place.passed <= COUNTED else None,
            claimed=place.id in claimed and place.part in {Part.DUE, Part.LATER},
        )
        for place in places
        if place.id in messages
    )


def _walk(
    session: Session, start: Place, states: Collection[MessageState], *, chunk: int
) -> Iterator[tuple[Part, Any]]:
    for part in Part:
        if part < start.part or (states and _STATE_OF[part] not in states):
            continue
        after = start if part is start.part and start.priority >= 0 else None
        if part is Part.DUE:
            rows: Iterator[Any] = _due(session, start.as_of, after, chunk)
        elif part is Part.LATER:
            rows = _later(session, start.as_of, after, chunk)
        else:
            rows = _by_id(session, _STATE_OF[part], after, chunk)
        for row in rows:
            yield part, row


def _by_id(session: Session, state: MessageState, after: Place | None, chunk: int) -> Iterator[Any]:
    query = _of(state).order_by(_MESSAGE.c.id)
    last = None if after is None else after.id
    while True:
        rows = session.execute((query if last is None else query.where(_MESSAGE.c.id > last)).limit(chunk)).all()
        yield from rows
        if len(rows) < chunk:
            return
        last = rows[-1].id


def _due(session: Session, as_of: datetime, after: Place | None, chunk: int) -> Iterator[Any]:
    until = _MESSAGE.c.due_at <= as_of
    for priority in range(OWN_ACTION if after is None else after.priority, BATCH + 1):
        same = after is not None and after.priority == priority
        yield from _ranked(session, priority, (after.due_at, after.id) if after and same else None, until, chunk)


def _later(session: Session, as_of: datetime, after: Place | None, chunk: int) -> Iterator[Any]:
    ranks: list[Iterator[Any]] = []
    for priority in range(OWN_ACTION, BATCH + 1):
        beyond, key = _MESSAGE.c.due_at > as_of, None
        if after is not None:
            if priority == after.priority:
                key = (after.due_at, after.id)
            elif priority < after.priority:
                beyond = _MESSAGE.c.due_at > after.due_at
            else:
                beyond = _MESSAGE.c.due_at >= after.due_at
        ranks.append(_ranked(session, priority, key, beyond, chunk))
    return merge(*ranks, key=lambda row: (row.due_at, row.priority, row.id.int))


def _ranked(
    session: Session, priority: int, after: tuple[datetime, UUID] | None, among: Any, chunk: int
) -> Iterator[Any]:
    """The queued messages of one rank by due time, as the index holds them.

    What is due at the very moment of the last one is asked for apart: of a batch, a million may be, and one question
    for both would read them again and again.
    """
    query = _of(MessageState.QUEUED).where(_MESSAGE.c.priority == priority)
    while True:
        rows: list[Any] = []
        if after is not None:
            due_at, last = after
            same = query.where(_MESSAGE.c.due_at == due_at, _MESSAGE.c.id > last)
            rows = list(session.execute(same.order_by(_MESSAGE.c.id).limit(chunk)))
        if len(rows) < chunk:
            further = query.where(among) if after is None else query.where(among, _MESSAGE.c.due_at > after[0])
            ordered = further.order_by(_MESSAGE.c.due_at, _MESSAGE.c.id)
            rows += session.execute(ordered.limit(chunk - len(rows))).all()
        yield from rows
        if len(rows) < chunk:
            return
        after = (rows[-1].due_at, rows[-1].id)


def _of(state: MessageState) -> Any:
    # said in the statement itself: only then the index of such rows is known to serve
    return sa.select(*_LIGHT).where(_MESSAGE.c.state == constant(state.value))
