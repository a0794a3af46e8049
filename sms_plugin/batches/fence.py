"""One decision about a batch at a time: whoever saw an older version is told, and changes nothing (issue Desk)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError, worded
from sms_plugin.models import Batch
from sms_plugin.models.changes import note_change
from sms_plugin.states import BATCH_MOVES, BatchState


class ChangedMeanwhile(SmsError):
    """Somebody else decided about the batch, or it went on by itself, since it was looked at."""

    def __init__(self, batch: Batch) -> None:
        super().__init__(
            worded("%(name)s was changed meanwhile: it is %(state)s now.", name=repr(batch.name), state=batch.state),
            code="changed_meanwhile",
            hint=worded("Look at it again, and decide then."),
        )
        self.state = batch.state


def found(session: Session, batch_id: UUID) -> Batch:
    """The batch as it stands in the database now. Raises ``SmsError`` (``unknown_batch``)."""
    batch = session.get(Batch, batch_id, populate_existing=True)
    if batch is None:
        raise SmsError(
            worded("There is no send %(batch)s.", batch=batch_id),
            code="unknown_batch",
            hint=worded("See the list of sends to many."),
        )
    return batch


def moved(
    session: Session,
    batch_id: UUID,
    *,
    version: int | None,
    now: datetime,
    new: BatchState | None = None,
    only_from: Collection[BatchState] | None = None,
    values: Mapping[str, Any] | None = None,
    where: Collection[sa.ColumnElement[bool]] = (),
) -> None:
    """Raise the version and change the batch, where it still is as it was seen. Writes in the caller's transaction.

    Raises ``SmsError``: ``changed_meanwhile`` for an older version, ``not_now`` for a state that does not allow it.
    Without a ``version`` the state alone decides.
    """
    sources = set(BatchState) if new is None else {old for old, after in BATCH_MOVES.items() if new in after}
    sources = sources if only_from is None else sources.intersection(only_from)
    change = sa.update(Batch).where(Batch.id == batch_id, Batch.state.in_(sorted(sources)), *where)
    if version is not None:
        change = change.where(Batch.version == version)
    changes = {**(values or {}), **({} if new is None else {"state": new.value})}
    done = session.execute(
        change.values(version=Batch.version + 1, changed_at=now, **changes).execution_options(synchronize_session=False)
    )
    if done.rowcount:  # type: ignore[attr-defined]
        return
    batch = found(session, batch_id)
    if (version is None or batch.version == version) and batch.state not in sources:
        raise SmsError(
            worded("%(name)s is %(state)s: that cannot be done now.", name=repr(batch.name), state=batch.state),
            code="not_now",
            hint=worded("Look at it again."),
        )
    raise ChangedMeanwhile(batch)


def name_of(batch: Batch) -> str:
    """How the record of changes calls a batch, cut to its column."""
    return f"batch {batch.name}"[:120]


def record(session: Session, batch: Batch, action: str, *, who: str, now: datetime, **detail: Any) -> None:
    """Keep in the record of changes who decided what (X12). Writes in the caller's transaction."""
    note_change(session, name_of(batch), action, who=who, now=now, detail=detail)
