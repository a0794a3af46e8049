"""Looking for the recipients of a batch and wording the text of each, a page at a time (S2, S3, S5).

A page is read and worded without a lock, then written with the place behind it, in one transaction; killed at any
point, the building goes on where it stood. The unique key of each recipient makes that none is there twice.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.batches.audience import Audience, Source, check_source
from sms_plugin.batches.drafting import check_ready
from sms_plugin.batches.fence import found, moved, record
from sms_plugin.batches.keeping import Kept, keep
from sms_plugin.batches.places import Place
from sms_plugin.batches.sources import expected, walk
from sms_plugin.batches.wording import Row, Wording, rows_of
from sms_plugin.collector import look_at_the_young
from sms_plugin.errors import SmsError
from sms_plugin.models import Batch, BatchRecipient, database_now
from sms_plugin.models.busy import is_away, is_busy
from sms_plugin.providers.costs import tariff
from sms_plugin.providers.lines import longest
from sms_plugin.state import State
from sms_plugin.states import BatchState
from sms_plugin.transactions import Hurried, look_along

log = logging.getLogger(__name__)

#: Records, rows or numbers of one page.
PAGE = 500
#: Rows of one transaction: SQLite's other writers wait for it.
ROWS, ROWS_ON_SQLITE = 500, 100
_RECIPIENT: Any = BatchRecipient.__table__


def check_draft(state: State, batch_id: UUID) -> None:
    """Refuse a draft that nobody could be looked for with. Before ``begin``, and apart from it: the host's filters run
    here, which nobody shall wait for. Raises ``SmsError``: what ``check_ready`` says, ``unknown_batch``.
    """
    look_along(state, lambda session: check_ready(session, found(session, batch_id), state=state))


def check_added(state: State, source: Source) -> None:
    """Refuse another source that cannot be asked, before it is added as with ``check_draft``. Raises ``SmsError``."""
    look_along(state, lambda session: check_source(source, session=session, state=state))


def begin(session: Session, batch_id: UUID, *, version: int, who: str, now: datetime, state: State) -> Batch:
    """Have the recipients looked for of a draft that ``check_draft`` saw at this version. Call ``build_some`` when the
    caller's transaction has ended. Raises ``SmsError``: ``changed_meanwhile``, ``not_now``.
    """
    place = Place(clearing=True, day=now.astimezone(state.settings.zone).date().isoformat())
    values: dict[str, Any] = dict.fromkeys(("looked_at", "going", "left_out", "segments"), 0)
    values |= dict.fromkeys(("expected", "cost", "built_at")) | dict.fromkeys(("currency", "reason", "detail"), "")
    values |= {"cursor": place.written, "spread": {}}
    moved(session, batch_id, new=BatchState.BUILDING, version=version, now=now, values=values)
    batch = found(session, batch_id)
    record(session, batch, "built", who=who, now=now)
    return batch


def build_some(state: State, batch_id: UUID, *, seconds: float) -> bool:
    """Build on for so long at most, a page at least; whether more is left to build.

    In transactions of its own: the caller has none open. A source that is gone makes the batch a draft again, with the
    reason. Raises what the database raises.
    """
    until = time.monotonic() + seconds
    hurried = Hurried(state)
    try:
        while _page(state, batch_id, hurried):
            look_at_the_young()
            if time.monotonic() >= until:
                return True
        return False
    finally:
        hurried.close()


@dataclass(frozen=True, kw_only=True)
class _Read:
    """One page, worded, and where the batch stood when it was read."""

    cursor: str | None
    place: Place
    rows: Sequence[Row] = ()
    looked_at: int = 0
    done: bool = False
    expected: int | None = None
    currency: str = ""


def _page(state: State, batch_id: UUID, hurried: Hurried) -> bool:
    """Build one page; whether there may be another one."""
    try:
        read = look_along(state, lambda session: _read(session, batch_id, state))
    except Exception as error:
        if is_busy(error) or is_away(error):
            raise
        log.warning("a send to many cannot be built: %s", type(error).__name__)
        why = (error.code, error.message) if isinstance(error, SmsError) else ("filter_failed", type(error).__name__)
        hurried.within(lambda session: _back_to_draft(session, batch_id, *why))
        return False
    if read is None:
        return False
    most = ROWS_ON_SQLITE if state.db.engine.dialect.name == "sqlite" else ROWS
    if Place.read(read.cursor).clearing:
        return hurried.within(lambda session: _clear(session, batch_id, read, most))
    parts = [read.rows[start : start + most] for start in range(0, len(read.rows), most)] or [()]
    for number, rows in enumerate(parts, 1):
        last = number == len(parts)

        def work(session: Session, rows: Sequence[Row] = rows, last: bool = last) -> bool:
            return _written(session, batch_id, read, rows, last=last)

        if not hurried.within(work):
            return True  # somebody else builds it, or decided about it: it is looked at anew
    return not read.done


def _read(session: Session, batch_id: UUID, state: State) -> _Read | None:
    """The next page; None where there is nothing to build. Reads only."""
    batch = session.get(Batch, batch_id)
    if batch is None or batch.state != BatchState.BUILDING:
        return None
    place, audience = Place.read(batch.cursor), Audience.read(batch.audience)
    if place.clearing:
        return _Read(cursor=batch.cursor, place=replace(place, clearing=False))
    size = None
    if batch.expected is None:
        size = batch.looked_at + expected(session, batch_id, audience, place, state=state)
    walked = walk(session, batch_id, audience, place, state=state, most=PAGE)
    prices = tariff(session)
    work = Wording(
        session=session,
        state=state,
        batch_id=batch_id,
        audience=audience,
        purpose=batch.purpose,
        texts=batch.texts,
        prices=prices,
        longest=longest(session, state=state),
    )
    return _Read(
        cursor=batch.cursor,
        place=walked.place,
        rows=rows_of(work, walked.found),
        looked_at=walked.looked_at,
        done=walked.done,
        expected=size,
        currency=prices.currency,
    )


def _locked(session: Session, batch_id: UUID, read: _Read) -> Any | None:
    """The batch's row, which nobody else builds or decides about before this transaction ends; None where it has gone
    on since it was read.
    """
    row = session.execute(sa.select(Batch.__table__).where(Batch.id == batch_id).with_for_update()).one()
    return row if row.state == BatchState.BUILDING and row.cursor == read.cursor else None


def _clear(session: Session, batch_id: UUID, read: _Read, most: int) -> bool:
    """Take away some of what an earlier building left; then the building begins."""
    if _locked(session, batch_id, read) is None:
        return True
    ids = [
        id
        for left_out in (False, True)
        for id in session.scalars(
            sa.select(_RECIPIENT.c.id)
            .where(_RECIPIENT.c.batch_id == batch_id, _RECIPIENT.c.is_left_out.is_(left_out))
            .order_by(_RECIPIENT.c.id)
            .limit(most)
        )
    ]
    if ids:
        session.execute(sa.delete(_RECIPIENT).where(_RECIPIENT.c.id.in_(ids)))
    else:
        _set(session, batch_id, {"cursor": read.place.written})
    return True


def _written(session: Session, batch_id: UUID, read: _Read, rows: Sequence[Row], *, last: bool) -> bool:
    """Write some rows of a page, with the last ones the place behind it; False where the batch has gone on."""
    batch = _locked(session, batch_id, read)
    if batch is None:
        return False
    now = database_now(session)
    kept = keep(session, batch_id, rows)
    values: dict[str, Any] = {**_counted(batch, kept), "changed_at": now}
    if read.expected is not None:
        values |= {"expected": read.expected}
    if read.currency:
        values |= {"currency": read.currency}
    if last:
        values |= {"cursor": read.place.written, "looked_at": batch.looked_at + read.looked_at}
    if last and read.done:
        values |= {"state": BatchState.READY.value, "built_at": now, "version": batch.version + 1}
    _set(session, batch_id, values)
    return True


def _counted(batch: Any, kept: Kept) -> dict[str, Any]:
    """The batch's sums with what was written now."""
    if not kept.going and not kept.left_out:
        return {}
    spread = dict(batch.spread)
    for segments, number in kept.spread.items():
        spread[str(segments)] = spread.get(str(segments), 0) + number
    return {
        "going": batch.going + kept.going,
        "left_out": batch.left_out + kept.left_out,
        "segments": batch.segments + kept.segments,
        "spread": spread,
        "cost": batch.cost if kept.cost is None else (batch.cost or 0) + kept.cost,
    }


def _back_to_draft(session: Session, batch_id: UUID, reason: str, detail: str) -> None:
    """Make it a draft again that says why nobody could be looked for."""
    now = database_now(session)
    values = {"reason": reason[:40], "detail": detail[:255]}
    session.execute(
        sa.update(Batch)
        .where(Batch.id == batch_id, Batch.state == BatchState.BUILDING.value)
        .values(state=BatchState.DRAFT.value, version=Batch.version + 1, changed_at=now, **values)
        .execution_options(synchronize_session=False)
    )


def _set(session: Session, batch_id: UUID, values: dict[str, Any]) -> None:
    session.execute(
        sa.update(Batch).where(Batch.id == batch_id).values(values).execution_options(synchronize_session=False)
    )
