"""Writing the recipients of a batch, each number once, with exact counts of what was written (S5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.batches.wording import Row, duplicate, told_anyway
from sms_plugin.models import BatchRecipient
from sms_plugin.models.insertion import insert_many

_RECIPIENT: Any = BatchRecipient.__table__


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What was written."""

    going: int = 0
    left_out: int = 0
    segments: int = 0
    spread: Counter[int]
    cost: Decimal | None = None


def keep(session: Session, batch_id: UUID, rows: Sequence[Row]) -> Kept:
    """Write the rows that are new. Whoever shares the number of another one who gets the message is left out; somebody
    who was found already is there once.

    The caller holds the batch's row, so that nobody else writes recipients of it. In the caller's transaction.
    """
    fresh = _fresh(session, rows)
    insert_many(session.connection(), _RECIPIENT, fresh)
    going = [row for row in fresh if not row["is_left_out"]]
    costs = [row["cost"] for row in going if row["cost"] is not None]
    return Kept(
        going=len(going),
        left_out=len(fresh) - len(going),
        segments=sum(row["segments"] for row in going),
        spread=Counter(row["segments"] for row in going),
        cost=sum(costs, Decimal()) if costs else None,
    )


def _fresh(session: Session, rows: Sequence[Row]) -> list[Row]:
    written = {row["occurrence"]: told_anyway(row) for row in rows if row["is_left_out"] and row["entity"] is None}
    standing = _standing(session, [*(row["occurrence"] for row in rows), *filter(None, written.values())])
    fresh: list[Row] = []
    sharing: list[Row] = []
    for row in rows:
        if written.get(row["occurrence"]) in standing:
            continue  # the number was typed in, too: somebody whom it belongs to gets the message
        first = standing.get(row["occurrence"])
        if first is None:
            standing[row["occurrence"]] = _person(row)
            fresh.append(row)
        elif not row["is_left_out"] and None not in _person(row) and first != _person(row):
            sharing.append(duplicate(row))
    if sharing:
        known = {**standing, **_standing(session, [row["occurrence"] for row in sharing])}
        for row in sharing:
            if row["occurrence"] not in known:
                known[row["occurrence"]] = _person(row)
                fresh.append(row)
    return fresh


def _person(row: Row) -> tuple[str | None, str | None]:
    return row["person_entity"], row["person"]


def _standing(session: Session, occurrences: Sequence[bytes]) -> dict[bytes, tuple[str | None, str | None]]:
    """Those that stand already, each with whom it is for."""
    known: dict[bytes, tuple[str | None, str | None]] = {}
    for start in range(0, len(occurrences), 500):
        some = occurrences[start : start + 500]
        for row in session.connection().execute(_KNOWN, {"keys": some}):
            known[bytes(row.occurrence)] = (row.person_entity, row.person)
    return known


_KNOWN = sa.select(_RECIPIENT.c.occurrence, _RECIPIENT.c.person_entity, _RECIPIENT.c.person).where(
    _RECIPIENT.c.occurrence.in_(sa.bindparam("keys", expanding=True))
)
