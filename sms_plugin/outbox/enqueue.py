"""Writing messages, each occurrence once (promise 2, X1, X2)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from datetime import datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.models import Message, new_id
from sms_plugin.models.insertion import insert_once, passes_by
from sms_plugin.outbox.tallies import state_counter, tally
from sms_plugin.providers.costs import UNKNOWN, Tariff, tariff
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
    batch_id: UUID | None = None
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
    timezone: str = ""  #: of the recipient; "" is the portal's
    wording_id: int | None = None  #: the version of the texts that it was made from
    text: str | None = field(default=None, repr=False)
    redacted: str | None = field(default=None, repr=False)  #: what is shown in its place (M10)
    encoding: str = ""
    segments: int = 0
    due_at: datetime
    expires_at: datetime | None

    @classmethod
    def of(cls, *values: Mapping[str, Any]) -> Draft:
        """A draft with these values, later ones before earlier ones, which name every field without a default; a frozen
        class's own way sets each field by itself: a run of thousands notices.
        """
        draft: Draft = object.__new__(cls)
        own = vars(draft)
        for each in (_DEFAULTS, *values):
            own.update(each)
        return draft

    def but(self, **changes: Any) -> Draft:
        """The same with other values. ``dataclasses.replace`` asks each field anew: a run of thousands notices."""
        changed: Draft = object.__new__(Draft)
        vars(changed).update(vars(self), **changes)
        return changed

    @property
    def shown_text(self) -> str | None:
        """The text as it may be shown: sensitive values are masked."""
        return self.text if self.redacted is None else self.redacted


#: In the order of the fields; those without a default stand empty, to be filled in.
_DEFAULTS: Mapping[str, Any] = {each.name: None if each.default is MISSING else each.default for each in fields(Draft)}


def occurrence(*parts: str) -> bytes:
    """The key of an occurrence: equal for equal parts, 16 bytes."""
    return blake2b(as_json(parts).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def as_json(parts: Sequence[str]) -> str:
    """A JSON list of these texts, as ``json`` writes it; those of nearly all keys have nothing that it would change."""
    written = "".join(parts)
    if written.isascii() and written.isprintable() and '"' not in written and "\\" not in written:
        return '["' + '", "'.join(parts) + '"]' if parts else "[]"
    return _encode(parts)


#: ``json.dumps`` makes a new encoder each time that it is told something.
_encode = json.JSONEncoder(ensure_ascii=False).encode


def enqueue(session: Session, drafts: Sequence[Draft], *, now: datetime) -> list[UUID]:
    """Write the messages whose occurrence is new, in key order, each with what it is expected to cost by the active
    provider's prices; the ids of those written.

    Writes through the session's connection, in the caller's transaction, without a flush. A key that another
    transaction is writing at this moment is left to it.
    """
    keyed = {draft.occurrence: draft for draft in drafts if draft.occurrence is not None}
    known = set() if passes_by(session.connection()) else _known(session, list(keyed))
    fresh = [draft for key, draft in keyed.items() if key not in known]
    fresh += [draft for draft in drafts if draft.occurrence is None]
    if not fresh:
        return []
    prices = tariff(session) if any(draft.segments for draft in fresh) else UNKNOWN
    # ids in the order given, which is the claim's among those of one moment; rows in key order, against deadlocks
    rows = [_row(draft, now, prices) for draft in fresh]
    rows.sort(key=lambda row: (row["occurrence"] is None, row["occurrence"] or b""))
    written = set(insert_once(session.connection(), Message.__table__, rows, unique="occurrence"))  # type: ignore[arg-type]
    ended = Counter(state_counter(row["state"]) for row in rows if row["state"] in ENDED and row["id"] in written)
    tally(session, ended)
    return [row["id"] for row in rows if row["id"] in written]


_KEY: Any = Message.__table__.c.occurrence
_KNOWN = sa.select(_KEY).where(_KEY.in_(sa.bindparam("keys", expanding=True)))


def _known(session: Session, keys: list[bytes]) -> set[bytes]:
    known: set[bytes] = set()
    for start in range(0, len(keys), 500):
        found = session.connection().execute(_KNOWN, {"keys": keys[start : start + 500]})
        known.update(bytes(key) for (key,) in found)
    return known


def _row(draft: Draft, now: datetime, prices: Tariff) -> dict[str, Any]:
    return {
        **vars(draft),
        "id": new_id(now),
        "state": draft.state.value,
        "detail": draft.detail[:255],
        "direction": "out",
        "channel": "",
        "cost": prices.cost(draft.number, draft.segments),
        "currency": prices.currency,
        "created_at": now,
        "changed_at": now,
        "attempts": 0,
        "lapses": 0,
    }
