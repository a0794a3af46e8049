"""Moving messages from state to state outside of an attempt: one door, so that each is allowed, counted and told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.models import Event, Lease, Message, new_id
from sms_plugin.models.message import REDACTED, state_of_named
from sms_plugin.outbox.tallies import moved
from sms_plugin.states import ENDED, MessageState, origins


def move(
    session: Session,
    ids: Sequence[UUID],
    new: MessageState,
    *,
    reason: str,
    now: datetime,
    detail: str = "",
    who: str = "",
    values: Mapping[str, Any] | None = None,
    only_from: Collection[MessageState] | None = None,
) -> list[UUID]:
    """Move those messages that may go to the state; the ids that went, in order.

    ``only_from`` leaves out those that are in another state by now. Their leases end, so that no claim made before can
    send them. Writes in the caller's transaction.
    """
    if not ids:
        return []
    wanted = sorted(ids)
    sources = origins(new) if only_from is None else origins(new).intersection(only_from)
    rows = session.execute(
        sa.select(Message.id, Message.state)
        .where(Message.id.in_(wanted), state_of_named.in_(sorted(sources)))
        .order_by(Message.id)
        .with_for_update()
    ).all()
    changes = {"state": new.value, "reason": reason, "detail": detail[:255], "changed_at": now, **(values or {})}
    changes |= REDACTED if new in ENDED else {}
    gone = [row for row in rows if _went(session, row, changes)]
    went = [row.id for row in gone]
    if went:
        session.execute(sa.delete(Lease).where(Lease.message_id.in_(went)))
        said = {"at": now, "state": new.value, "reason": reason, "who": who[:120]}
        tell(session, went, {**said, "detail": {"detail": detail} if detail else {}})
        moved(session, old=Counter(row.state for row in gone), new=new)
    return went


def put_off(session: Session, until: Mapping[datetime, Sequence[UUID]], *, reason: str, now: datetime) -> None:
    """Have claimed messages wait until these moments, each told why; their leases end. Writes in the caller's
    transaction.
    """
    for due_at, some in sorted(until.items()):
        ids = sorted(some)
        session.execute(
            sa.update(Message)
            .where(Message.id.in_(ids), state_of_named == MessageState.QUEUED.value)
            .values(due_at=due_at, reason=reason, changed_at=now)
            .execution_options(synchronize_session=False)
        )
        session.execute(sa.delete(Lease).where(Lease.message_id.in_(ids)))
        said = {"at": now, "state": MessageState.QUEUED.value, "reason": reason, "who": ""}
        tell(session, ids, {**said, "detail": {"detail": due_at.isoformat()}})


def _went(session: Session, row: Any, changes: Mapping[str, Any]) -> bool:
    """Whether a message was still in the state that it was seen in, and so has changed."""
    gone = session.execute(
        sa.update(Message)
        .where(Message.id == row.id, Message.state == row.state)
        .values(changes)
        .execution_options(synchronize_session=False)
    )
    return bool(gone.rowcount)  # type: ignore[attr-defined]


def tell(session: Session, messages: Sequence[UUID], said: Mapping[str, Any]) -> None:
    """Keep for each message's timeline what happened to it. Writes in the caller's transaction."""
    session.connection().execute(
        sa.insert(Event.__table__),  # type: ignore[arg-type]
        [{"id": new_id(said["at"]), "message_id": each, **said} for each in messages],
    )
