"""Writing messages, each occurrence once (promise 2, X1, X2)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.models import Message, new_id
from sms_plugin.outbox.insertion import insert_once
from sms_plugin.outbox.tallies import state_counter, tally
from sms_plugin.states import ENDED, MessageState

#: The order in which messages go (P18): a person's own action and staff, then reminders, then batches.
OWN_ACTION, REMINDER, BATCH = 0, 1, 2


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A message that was decided and not yet written. The fields are the columns of ``Message``."""

    occurrence: bytes | None
    state: MessageState
    reason: str = ""
    detail: str = ""
    trigger: str | None = None
    step: str = ""
    moment: str = ""
    purpose: str
    priority: int
    subject: str = ""
    operator: str = ""
    entity: str | None = None
    record: str | None = None
    version: bytes | None = None
    person_entity: str | None = None
    person: str | None = None
    client_entity: str | None = None
    client: str | None = None
    number: str | None = field(repr=False)
    language: str = ""
    text: str | None = field(default=None, repr=False)
    encoding: str = ""
    segments: int = 0
    due_at: datetime
    expires_at: datetime | None


def occurrence(*parts: str) -> bytes:
    """The key of an occurrence: equal for equal parts, 16 bytes."""
    return blake2b(json.dumps(parts, ensure_ascii=False).encode(), digest_size=16).digest()


def enqueue(session: Session, drafts: Sequence[Draft], *, now: datetime) -> list[UUID]:
    """Write the messages whose occurrence is new, in key order; the ids of those written.

    Writes through the session's connection, in the caller's transaction, without a flush. A key that another
    transaction is writing at this moment is left to it.
    """
    keyed = {draft.occurrence: draft for draft in drafts if draft.occurrence is not None}
    known = _known(session, list(keyed))
    fresh = [keyed[key] for key in sorted(keyed) if key not in known]
    fresh += [draft for draft in drafts if draft.occurrence is None]
    if not fresh:
        return []
    rows = [_row(draft, now) for draft in fresh]
    written = set(insert_once(session.connection(), Message.__table__, rows, unique="occurrence"))  # type: ignore[arg-type]
    ended = Counter(state_counter(row["state"]) for row in rows if row["state"] in ENDED and row["id"] in written)
    tally(session, ended)
    return [row["id"] for row in rows if row["id"] in written]


def _known(session: Session, keys: list[bytes]) -> set[bytes]:
    known: set[bytes] = set()
    for start in range(0, len(keys), 500):
        some = keys[start : start + 500]
        found = session.connection().execute(
            sa.select(Message.__table__.c.occurrence).where(Message.__table__.c.occurrence.in_(some))
        )
        known.update(bytes(key) for (key,) in found)
    return known


def _row(draft: Draft, now: datetime) -> dict[str, Any]:
    return {
        **asdict(draft),
        "id": new_id(now),
        "state": draft.state.value,
        "detail": draft.detail[:255],
        "direction": "out",
        "created_at": now,
        "changed_at": now,
        "attempts": 0,
        "lapses": 0,
    }
