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

from sms_plugin.models import Lease, Message, first_id
from sms_plugin.models.base import constant
from sms_plugin.outbox.enqueue import BATCH, OWN_ACTION
from sms_plugin.outbox.search import Wanted, along_batch, unsorted
from sms_plugin.states import LIVE, MessageState

#: So many messages at most are looked at for a page, where a filter leaves some out that no index knows.
LOOK_AT = 2000
#: Positions are told up to here: further back, nobody counts.
COUNTED = 1000
_CHUNK = 500
_MESSAGE: Any = Message.__table__
_READ = ("id", "state", "priority", "due_at", "reason", "trigger", "provider_id", "batch_id")
_LIGHT = tuple(_MESSAGE.c[name] for name in (*_READ, "client_entity", "client", "number"))
#: So many of the newest messages of one client or number are looked through for those that wait.
_OF_ONE = 1000
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
    wanted: Wanted | None = None,
) -> Waiting:
    """The next messages of the queue after a place, from its head without one. Reads only.

    ``states`` leaves out others (all that wait: held, queued, sending, unknown); ``reason`` leaves out messages that
    wait for another one, ``wanted`` those that do not fit it (but for its state and its words); both bound how many are
    looked at.
    """
    wanted = wanted or Wanted()
    start = after or Place(as_of=now, part=Part.SENDING, priority=-1, due_at=now, id=UUID(int=0), passed=0)
    narrow = reason is not None or not wanted.is_empty
    chosen: list[Place] = []
    last, cut, more = start, False, False
    rows = _rows(session, start, states, wanted, chunk=_CHUNK if narrow else most + 1)
    for passed, (part, row) in enumerate(rows, start.passed):
        if len(chosen) == most or passed - start.passed == LOOK_AT:
            more, cut = True, len(chosen) < most
            break
        last = replace(last, part=part, priority=row.priority, due_at=row.due_at, id=row.id, passed=passed + 1)
        if (reason is None or row.reason == reason) and _fits(row, wanted):
            chosen.append(last)
    counted = not states and wanted.is_empty
    return Waiting(entries=_entries(session, chosen, counted=counted), next=last if more else None, cut=cut)


def _rows(
    session: Session, start: Place, states: Collection[MessageState], wanted: Wanted, *, chunk: int
) -> Iterator[tuple[Part, Any]]:
    if wanted.number is not None or wanted.client is not None:
        return _of_somebody(session, start, states, wanted)
    return _walk(session, start, states, chunk=chunk, batch=wanted.batch_id)


def _fits(row: Any, wanted: Wanted) -> bool:
    """Whether a message is wanted, as far as its own row says."""
    return (
        (wanted.trigger is None or row.trigger == wanted.trigger)
        and (wanted.provider_id is None or row.provider_id == wanted.provider_id)
        and (wanted.batch_id is None or row.batch_id == wanted.batch_id)
        and (wanted.number is None or row.number == wanted.number)
        and (wanted.client is None or (row.client_entity, row.client) == wanted.client)
        and (wanted.since is None or row.id >= first_id(wanted.since))
        and (wanted.before is None or row.id < first_id(wanted.before))
    )


def _of_somebody(
    session: Session, start: Place, states: Collection[MessageState], wanted: Wanted
) -> Iterator[tuple[Part, Any]]:
    """What waits of one client or number, in the queue's order: so few that they are sorted here."""
    if wanted.number is not None:
        of = _MESSAGE.c.number == wanted.number
    else:
        entity, key = wanted.client or ("", "")
        of = sa.and_(_MESSAGE.c.client_entity == entity, _MESSAGE.c.client == key)
    newest = sa.select(*_LIGHT).where(of).order_by(_MESSAGE.c.id.desc()).limit(_OF_ONE)
    found = [
        (_part(row, start.as_of), row)
        for row in session.execute(newest)
        if row.state in LIVE and (not states or row.state in states)
    ]
    begin = _order(start.part, start) if start.priority >= 0 else ()
    ordered = sorted(found, key=lambda each: _order(*each))
    return iter([each for each in ordered if _order(*each) > begin])


def _part(row: Any, as_of: datetime) -> Part:
    if row.state == MessageState.QUEUED:
        return Part.DUE if row.due_at <= as_of else Part.LATER
    return next(part for part, state in _STATE_OF.items() if state == row.state)


def _order(part: Part, row: Any) -> tuple[Any, ...]:
    """Where a message stands in the queue."""
    if part is Part.DUE:
        return part, row.priority, row.due_at, row.id.int
    if part is Part.LATER:
        return part, row.due_at, row.priority, row.id.int
    return part, row.id.int


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
    session: Session, start: Place, states: Collection[MessageState], *, chunk: int, batch: UUID | None = None
) -> Iterator[tuple[Part, Any]]:
    if batch is not None:
        unsorted(session)
    for part in Part:
        if part < start.part or (states and _STATE_OF[part] not in states):
            continue
        after = start if part is start.part and start.priority >= 0 else None
        if batch is not None and part in {Part.DUE, Part.LATER}:
            # its messages were written in the order of their turn, and its index goes by that
            due = _MESSAGE.c.due_at <= start.as_of if part is Part.DUE else _MESSAGE.c.due_at > start.as_of
            rows: Iterator[Any] = _by_id(session, _STATE_OF[part], after, chunk, batch=batch, also=due)
        elif part is Part.DUE:
            rows = _due(session, start.as_of, after, chunk)
        elif part is Part.LATER:
            rows = _later(session, start.as_of, after, chunk)
        else:
            rows = _by_id(session, _STATE_OF[part], after, chunk, batch=batch)
        for row in rows:
            yield part, row


def _by_id(
    session: Session,
    state: MessageState,
    after: Place | None,
    chunk: int,
    *,
    batch: UUID | None = None,
    also: Any = None,
) -> Iterator[Any]:
    query = _of(state).order_by(_MESSAGE.c.id)
    if batch is not None:
        query = along_batch(query.where(_MESSAGE.c.batch_id == batch))
    if also is not None:
        query = query.where(also)
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
