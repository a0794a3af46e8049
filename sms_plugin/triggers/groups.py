"""What a person decides about a run that is held as one group: it goes, or it is dropped (X5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError, worded
from sms_plugin.models import Message, Surge, first_id
from sms_plugin.models.base import constant
from sms_plugin.models.changes import note_change
from sms_plugin.outbox.moving import move
from sms_plugin.states import MessageState
from sms_plugin.triggers.surge import APPROVED, DROPPED, HELD
from sms_plugin.triggers.volumes import DROPPED as DROPPED_REASON
from sms_plugin.triggers.volumes import SURGE

#: Why a message that was held with its run is queued.
APPROVED_REASON = "surge_approved"
#: So many messages are moved in one transaction.
PAGE = 100
#: A group's messages are counted up to here: more is "more".
COUNTED = 9_999
#: What a run in another transaction still adds to a group that was decided is moved too, for so long.
FOLLOWED = timedelta(days=3)
#: So many groups are told of at once.
MOST = 50
#: A run begins a little before its group is written.
_BEFORE = timedelta(hours=1)
_MESSAGE: Any = Message.__table__


@dataclass(frozen=True, kw_only=True)
class Group:
    """A run that is or was held. ``messages`` are those that still wait, ``COUNTED`` + 1 standing for more."""

    id: UUID
    trigger: str
    day: date
    began_at: datetime
    ceiling: int
    usual: int | None
    state: str
    decided_at: datetime | None
    who: str
    messages: int

    @property
    def waits(self) -> bool:
        """Whether nobody decided about it yet."""
        return self.state == HELD


def held_groups(session: Session) -> list[Group]:
    """The groups that wait for a person, the oldest first. Reads only."""
    return _groups(session, sa.select(Surge).where(Surge.state == HELD).order_by(Surge.began_at, Surge.id).limit(MOST))


def decided_groups(session: Session, *, most: int = 10) -> list[Group]:
    """The groups that were decided about last, the newest first. Reads only."""
    decided = sa.select(Surge).where(Surge.state != HELD).order_by(Surge.decided_at.desc(), Surge.id).limit(most)
    return _groups(session, decided)


def group(session: Session, id: UUID) -> Group:
    """One group. Raises ``SmsError`` where there is none. Reads only."""
    found = _groups(session, sa.select(Surge).where(Surge.id == id))
    if not found:
        raise _unknown(id)
    return found[0]


def sample(session: Session, group: Group, *, most: int) -> list[Message]:
    """The first messages of a group that still wait. Reads only."""
    ids = session.scalars(_held(group.id, group.began_at).limit(most)).all()
    return list(session.scalars(sa.select(Message).where(Message.id.in_(ids)).order_by(Message.id))) if ids else []


def decide(session: Session, id: UUID, *, approve: bool, who: str, now: datetime) -> Group:
    """Say what becomes of a group; ``carry_out`` does it. Writes in the caller's transaction.

    Raises ``SmsError``: ``unknown_surge``, and ``surge_decided`` where somebody else was quicker, naming them.
    """
    decided = session.execute(
        sa.update(Surge)
        .where(Surge.id == id, Surge.state == HELD)
        .values(state=APPROVED if approve else DROPPED, decided_at=now, who=who[:120])
        .execution_options(synchronize_session=False)
    )
    found = session.scalar(sa.select(Surge).where(Surge.id == id).execution_options(populate_existing=True))
    if found is None:
        raise _unknown(id)
    if not decided.rowcount:  # type: ignore[attr-defined]
        raise SmsError(
            _decided(found),
            code="surge_decided",
            hint=worded("See its messages: what has not left can still be cancelled one by one."),
        )
    action = "run_approved" if approve else "run_dropped"
    note_change(session, f"trigger {found.trigger}", action, who=who, now=now, detail={"day": found.day.isoformat()})
    return group(session, id)


def carry_out(session: Session, id: UUID, *, now: datetime, most: int = PAGE) -> int:
    """Move the next messages of a group as was decided; how many were looked at, 0 where none is left.

    An approved one goes while it is valid, at its own time, asked again at its claim. Writes in the caller's
    transaction; whatever is done twice, or breaks off, goes on where messages are still held.
    """
    found = session.get(Surge, id)
    if found is None:
        raise _unknown(id)
    if found.state == HELD:
        return 0
    columns = _held(id, found.began_at).add_columns(_MESSAGE.c.expires_at).limit(most)
    rows = session.execute(columns).all()
    ids, held = [row.id for row in rows], {MessageState.HELD}
    if found.state == DROPPED:
        move(session, ids, MessageState.CANCELLED, reason=DROPPED_REASON, now=now, detail=str(id), who=found.who)
        return len(rows)
    late = [row.id for row in rows if row.expires_at is not None and row.expires_at <= now]
    going = [each for each in ids if each not in late]
    move(session, late, MessageState.EXPIRED, reason="too_late", now=now, who=found.who, only_from=held)
    move(
        session,
        going,
        MessageState.QUEUED,
        reason=APPROVED_REASON,
        now=now,
        detail=str(id),
        who=found.who,
        only_from=held,
    )
    return len(rows)


def to_carry_out(session: Session, *, now: datetime) -> Sequence[UUID]:
    """The groups that were decided about and may hold messages yet. Reads only."""
    query = sa.select(Surge.id).where(Surge.state != HELD, Surge.decided_at >= now - FOLLOWED).order_by(Surge.id)
    decided = session.scalars(query).all()
    return [each for each in decided if _left(session, each)]


def _left(session: Session, id: UUID) -> bool:
    began_at = session.scalars(sa.select(Surge.began_at).where(Surge.id == id)).one()
    return session.scalar(_held(id, began_at).limit(1)) is not None


def _groups(session: Session, query: Any) -> list[Group]:
    return [
        Group(
            id=each.id,
            trigger=each.trigger,
            day=each.day,
            began_at=each.began_at,
            ceiling=each.ceiling,
            usual=each.usual,
            state=each.state,
            decided_at=each.decided_at,
            who=each.who,
            messages=_counted(session, each),
        )
        for each in session.scalars(query)
    ]


def _counted(session: Session, each: Surge) -> int:
    some = _held(each.id, each.began_at).limit(COUNTED + 1).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(some)) or 0


def _held(id: UUID, began_at: datetime) -> Any:
    """The messages that wait with a group, in order: a range of the index of what is held."""
    return (
        sa.select(_MESSAGE.c.id)
        .where(
            _MESSAGE.c.state == constant(MessageState.HELD.value),
            _MESSAGE.c.id >= first_id(began_at - _BEFORE),
            _MESSAGE.c.reason == SURGE,
            _MESSAGE.c.detail == str(id),
        )
        .order_by(_MESSAGE.c.id)
    )


def _unknown(id: UUID) -> SmsError:
    return SmsError(
        worded("There is no held run %(id)s.", id=id), code="unknown_surge", hint=worded("See `flask sms surge list`.")
    )


def _decided(found: Surge) -> str:
    approved, who = found.state == APPROVED, found.who
    if not who:
        return worded("This run was approved already.") if approved else worded("This run was dropped already.")
    if approved:
        return worded("This run was approved by %(who)s already.", who=who)
    return worded("This run was dropped by %(who)s already.", who=who)
