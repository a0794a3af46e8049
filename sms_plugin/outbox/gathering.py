"""Several debts of one person told in one message: what one run finds for a recipient on a day (X21).

The message's own occurrence is the trigger, the number, the day and the currency; those of the debts stand beside it in
``sms_gathered``, each once ever. The message is locked while a debt joins it, and is joined only while it waits: what
comes later is a further message of that day. At the claim each debt is asked again, and the text is worded anew where
one fell away.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError, worded
from sms_plugin.models import Event, Gathered, Lease, Message
from sms_plugin.models.busy import is_busy
from sms_plugin.models.insertion import insert_once
from sms_plugin.models.message import trigger_of_named
from sms_plugin.outbox.enqueue import Draft, enqueue, occurrence
from sms_plugin.outbox.moving import move
from sms_plugin.outbox.rewording import reword
from sms_plugin.outbox.truth import Answer, ask
from sms_plugin.people.recipients import zone_named
from sms_plugin.state import State
from sms_plugin.states import MessageState

log = logging.getLogger(__name__)

#: The step of a message that tells of several.
GATHERED = "gathered"
#: Messages of one recipient, trigger and day, where each left before the next debt came.
_MOST = 20
_GATHERED: Any = Gathered.__table__
_MESSAGE: Any = Message.__table__


class Key(NamedTuple):
    """What the debts of one message have in common."""

    trigger: str
    entity: str
    number: str
    day: str  #: on which they are due, by the recipient's calendar
    currency: str
    state: str
    detail: str

    def moment(self, number: int = 0) -> str:
        """What tells a message from another one of the trigger to the same number."""
        return f"{self.day} {self.currency} {number}"

    def occurrence(self, number: int = 0) -> bytes:
        """The occurrence of the message; a further one, where the first has left, has another."""
        return occurrence(GATHERED, *self[:5], str(number))


@dataclass(frozen=True, kw_only=True)
class Together:
    """Which debts of a message are still true. ``version`` is None where the portal could not be asked."""

    records: tuple[str, ...]
    version: bytes | None
    steps: tuple[str, ...] = ()  #: by which they are told


def gather(session: Session, debts: Sequence[tuple[Draft, str]], *, state: State, now: datetime) -> int:
    """Write drafts, each with the currency of its debt, into one message for each recipient, day and currency; the
    number of new messages. In the caller's transaction, in key order; whatever is given twice changes nothing.
    """
    known = _known(session, [draft for draft, _ in debts])
    groups = grouped([each for each in debts if each[0].occurrence not in known], state=state)
    return sum(_gathered(session, key, drafts, state=state, now=now) for key, drafts in groups.items())


def grouped(debts: Sequence[tuple[Draft, str]], *, state: State) -> dict[Key, list[Draft]]:
    """Which drafts, each with the currency of its debt, one message tells of; in the order of the keys."""
    groups: dict[Key, list[Draft]] = defaultdict(list)
    for draft, currency in debts:
        day = draft.due_at.astimezone(zone_named(draft.timezone, settings=state.settings)).date()
        key = Key(
            trigger=draft.trigger or "",
            entity=draft.entity or "",
            number=draft.number or "",
            day=f"{day}",
            currency=currency,
            state=draft.state,
            detail=draft.detail,
        )
        groups[key].append(draft)
    return {key: groups[key] for key in sorted(groups)}


def alone(session: Session, drafts: Sequence[Draft]) -> list[Draft]:
    """The drafts that no message tells of together with others. Reads only."""
    known = _told(session, [draft.occurrence for draft in drafts if draft.occurrence is not None])
    return [draft for draft in drafts if draft.occurrence not in known]


def gathered_of(session: Session, trigger: str, entity: str, keys: Sequence[str]) -> set[tuple[str | None, str, str]]:
    """Record, step and moment of what messages of a trigger tell of together. Reads only."""
    rows = session.execute(
        sa.select(_GATHERED.c.record, _GATHERED.c.step, _GATHERED.c.moment)
        .join(_MESSAGE, _MESSAGE.c.id == _GATHERED.c.message_id)
        .where(_GATHERED.c.entity == entity, _GATHERED.c.record.in_(keys), trigger_of_named == trigger)
    )
    return {(row.record, row.step, row.moment) for row in rows}


def ask_together(session: Session, rows: Sequence[Any], *, state: State) -> dict[UUID, Together]:
    """What is still true of messages that tell of several: one query for their debts, one for each entity and trigger.

    Reads only.
    """
    if not rows:
        return {}
    parts: dict[UUID, list[Any]] = defaultdict(list)
    query = sa.select(_GATHERED).where(_GATHERED.c.message_id.in_([row.id for row in rows]))
    for part in session.execute(query.order_by(_GATHERED.c.record)):
        parts[part.message_id].append(part)
    found: dict[UUID, Together] = {}
    for (entity, trigger), some in groupby(sorted(rows, key=_about), key=_about):
        found |= _asked(session, entity, trigger, {row.id: parts[row.id] for row in some}, state=state)
    return found


def _asked(
    session: Session, entity: str, trigger: str, parts: dict[UUID, list[Any]], *, state: State
) -> dict[UUID, Together]:
    bound = state.registry.entities.get(entity)
    hooks = [hook for hook in state.registry.hooks_of(trigger) if hook.entity.key == entity]
    keys = sorted({part.record for some in parts.values() for part in some})
    try:
        if bound is None:
            raise SmsError(worded("The entity is no longer declared."), code="truth_failed")
        with session.begin_nested():
            answers = ask(session, entity=bound, hooks=hooks, keys=keys)
    except Exception as error:
        # the host's expressions may fail in any way; it holds these messages only
        if is_busy(error):
            raise
        log.warning("cannot ask whether gathered messages of %s still hold: %s", entity, type(error).__name__)
        return dict.fromkeys(parts, Together(records=(), version=None))
    found: dict[UUID, Together] = {}
    for id, some in parts.items():
        true = [
            part
            for part in some
            if (answer := answers.get(part.record)) is not None
            and answer.still(hooks, step=part.step, moment=part.moment)
        ]
        records = tuple(sorted({part.record for part in true}))
        found[id] = Together(
            records=records,
            version=version_of(records, answers),
            steps=tuple(sorted({part.step for part in true})),
        )
    return found


def _gathered(session: Session, key: Key, drafts: list[Draft], *, state: State, now: datetime) -> int:
    """Put drafts of one recipient into the message of their day that still waits, or into a new one."""
    for number in range(_MOST):
        own, moment = key.occurrence(number), key.moment(number)
        new = enqueue(
            session, [replace(drafts[0], occurrence=own, step=GATHERED, moment=moment, version=None)], now=now
        )
        found = session.scalars(
            sa.select(Message)
            .where(Message.occurrence == own)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).one_or_none()
        if found is None or not (new or _joins(session, found, drafts[0])):
            continue
        if join(session, found.id, drafts):
            _word(session, found, state=state, now=now)
        elif new:
            # another transaction told of all of them meanwhile
            session.execute(sa.delete(Event).where(Event.message_id == found.id))
            session.execute(sa.delete(Message).where(Message.id == found.id))
            return 0
        return len(new)
    return len(enqueue(session, drafts, now=now))


def _joins(session: Session, found: Message, draft: Draft) -> bool:
    """Whether the message still waits as this draft would, in nobody's hand."""
    if (found.state, found.reason, found.detail) != (draft.state.value, draft.reason, draft.detail):
        return False
    return session.scalar(sa.select(Lease.token).where(Lease.message_id == found.id)) is None


def version_of(records: Iterable[str], answers: Mapping[str, Answer]) -> bytes:
    """The version of a message that tells of these records."""
    versions = repr([(record, answers[record].version) for record in sorted(records)]).encode()
    return blake2b(versions, digest_size=16).digest()


def join(session: Session, message: UUID, drafts: Sequence[Draft]) -> int:
    """Keep that a message tells of these drafts, each once ever; how many are new. In the caller's transaction."""
    rows = [
        {
            "occurrence": draft.occurrence,
            "message_id": message,
            "entity": draft.entity,
            "record": draft.record,
            "step": draft.step,
            "moment": draft.moment,
        }
        for draft in sorted(drafts, key=lambda draft: draft.occurrence or b"")
    ]
    before = session.scalar(sa.select(sa.func.count()).where(_GATHERED.c.message_id == message)) or 0
    insert_once(session.connection(), _GATHERED, rows, unique="occurrence")
    return (session.scalar(sa.select(sa.func.count()).where(_GATHERED.c.message_id == message)) or 0) - before


def _word(session: Session, found: Message, *, state: State, now: datetime) -> None:
    """Word the message of all its debts; one that cannot be worded waits for a person."""
    together = ask_together(session, [found], state=state)[found.id]
    if not together.records or together.version is None:
        return  # the claim asks again, and says why
    try:
        with session.begin_nested():
            version, steps = together.version, together.steps
            reword(session, found, version=version, state=state, records=together.records, steps=steps)
    except Exception as error:
        if is_busy(error):
            raise
        told = (error.code, error.message) if isinstance(error, SmsError) else ("render_failed", type(error).__name__)
        move(session, [found.id], MessageState.HELD, reason=told[0], now=now, detail=told[1])


def _known(session: Session, drafts: Sequence[Draft]) -> set[bytes]:
    keys = [draft.occurrence for draft in drafts if draft.occurrence is not None]
    rows = session.execute(sa.select(_MESSAGE.c.occurrence).where(_MESSAGE.c.occurrence.in_(keys))) if keys else ()
    return {bytes(key) for (key,) in rows} | _told(session, keys)


def _told(session: Session, keys: Iterable[bytes]) -> set[bytes]:
    wanted = list(keys)
    if not wanted:
        return set()
    rows = session.execute(sa.select(_GATHERED.c.occurrence).where(_GATHERED.c.occurrence.in_(wanted)))
    return {bytes(key) for (key,) in rows}


def _about(row: Any) -> tuple[str, str]:
    return (row.entity, row.trigger)
