"""From a confirmed batch to its messages, a page at a time and little ahead of the provider: it can be paused, and what
is no longer true when its turn comes does not go (S7, promises 2, 4, 6).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.batches.places import Place
from sms_plugin.batches.truth import Truth
from sms_plugin.errors import SmsError
from sms_plugin.models import Batch, BatchRecipient, Message, Provider, database_now
from sms_plugin.models.busy import is_away, is_busy
from sms_plugin.outbox.batched import opening
from sms_plugin.outbox.cap import CAPPED
from sms_plugin.outbox.enqueue import BATCH, Draft, enqueue
from sms_plugin.outbox.quiet import DEFER, QUIET_HOURS
from sms_plugin.state import State
from sms_plugin.states import BatchState, MessageState
from sms_plugin.transactions import Hurried, look_along

log = logging.getLogger(__name__)

#: Messages of a batch that are queued at most, and at least where the provider is slow: what it sends in a minute.
AHEAD, LEAST_AHEAD, AHEAD_FOR = 5000, 200, 60
#: Recipients of one transaction: SQLite's other writers wait for it.
PAGE, PAGE_ON_SQLITE = 500, 100
#: For how long a message is worth sending once its turn has come: an outage of a weekend loses none.
VALIDITY = timedelta(days=3)
_RECIPIENT: Any = BatchRecipient.__table__
_MESSAGE: Any = Message.__table__
#: Seconds until room is looked for again.
_REST = 0.05


@dataclass(frozen=True, kw_only=True)
class _Page:
    """Recipients whose turn has come, as messages, and where the batch stood when they were read."""

    fed: int
    drafts: Sequence[Draft]
    last: int  #: the id of the last of them
    left_out: int  #: of those whom the batch leaves out


def feed_some(state: State, batch_id: UUID, *, seconds: float) -> int:
    """Queue messages of a running batch for so long at most; their number. Nothing while there is no provider that
    could send them, or so many are queued already.

    In transactions of its own: the caller has none open. Raises what the database raises.
    """
    until, fed = time.monotonic() + seconds, 0
    hurried = Hurried(state)
    try:
        while True:
            some = _feed(state, batch_id, hurried)
            if some is None or time.monotonic() >= until:
                return fed + (some or 0)
            fed += some
            if some:
                state.wake.set()
            else:
                time.sleep(_REST)
    finally:
        hurried.close()


def _feed(state: State, batch_id: UUID, hurried: Hurried) -> int | None:
    """Feed one page; the number of messages, 0 while there is no room, None where nothing is to be fed now."""
    try:
        page = look_along(state, lambda session: _read(session, batch_id, state))
    except Exception as error:
        if is_busy(error) or is_away(error):
            raise
        log.warning("a send to many cannot be asked whether it is still true: %s", type(error).__name__)
        why = (error.code, error.message) if isinstance(error, SmsError) else ("filter_failed", type(error).__name__)
        hurried.within(lambda session: stop(session, batch_id, *why))
        return None
    if page is None:
        return None
    if not page.drafts:
        return 0
    return hurried.within(lambda session: _written(session, batch_id, page))


def _read(session: Session, batch_id: UUID, state: State) -> _Page | None:
    """The next page, empty while there is no room for it; None where there is none. Reads only."""
    now = database_now(session)
    batch = session.get(Batch, batch_id)
    if batch is None or batch.state != BatchState.RUNNING or (batch.due_at is not None and batch.due_at > now):
        return None
    ahead = _ahead(session)
    if ahead is None:
        return None
    rows = _next(session, batch, most=PAGE_ON_SQLITE if state.db.engine.dialect.name == "sqlite" else PAGE)
    if not rows:
        return None
    if _queued(session, batch_id, most=ahead, now=now) >= ahead:
        return _Page(fed=batch.fed, drafts=(), last=batch.fed, left_out=0)
    truth = Truth(session=session, batch=batch, place=Place.read(batch.cursor), state=state)
    gone = truth.gone([row for row in rows if not row.is_left_out])
    zones = {row.timezone for row in rows}
    due = {zone: opening(now, zone, state=state) if batch.quiet == DEFER else now for zone in zones}
    drafts = [_draft(batch, row, gone.get(row.id, ""), due_at=due[row.timezone], now=now) for row in rows]
    return _Page(fed=batch.fed, drafts=drafts, last=rows[-1].id, left_out=sum(row.is_left_out for row in rows))


def _ahead(session: Session) -> int | None:
    """How many messages may be queued; None while nobody could send them."""
    provider = session.execute(_PROVIDER).first()
    if provider is None or provider.stopped_at is not None:
        return None
    if not provider.rate_count or not provider.rate_seconds:
        return AHEAD
    return min(max(int(provider.rate_count * AHEAD_FOR / provider.rate_seconds), LEAST_AHEAD), AHEAD)


def _next(session: Session, batch: Batch, *, most: int) -> list[Any]:
    """The recipients behind the last one that was fed, those who are left out among them, by the index of both."""
    rows: list[Any] = []
    for left_out in (False, True):
        rows += session.execute(
            sa.select(_RECIPIENT)
            .where(
                _RECIPIENT.c.batch_id == batch.id, _RECIPIENT.c.is_left_out.is_(left_out), _RECIPIENT.c.id > batch.fed
            )
            .order_by(_RECIPIENT.c.id)
            .limit(most)
        ).all()
    return sorted(rows, key=lambda row: row.id)[:most]


def _queued(session: Session, batch_id: UUID, *, most: int, now: datetime) -> int:
    """How many are queued; what waits for its number's next day takes nobody's place (X22)."""
    of = sa.select(_MESSAGE.c.id).where(
        _MESSAGE.c.batch_id == batch_id,
        sa.text("sms_message.state = 'queued'"),
        sa.or_(_MESSAGE.c.reason != CAPPED, _MESSAGE.c.due_at <= now),
    )
    return int(session.scalar(sa.select(sa.func.count()).select_from(of.limit(most).subquery())) or 0)


def _written(session: Session, batch_id: UUID, page: _Page) -> int:
    """Write the messages and the place behind them, where the batch still runs; nobody pauses it meanwhile."""
    query = sa.select(Batch.state, Batch.fed, Batch.fed_out).where(Batch.id == batch_id).with_for_update()
    batch = session.execute(query).one()
    if batch.state != BatchState.RUNNING or batch.fed != page.fed:
        return 0
    now = database_now(session)
    enqueue(session, page.drafts, now=now)
    session.execute(
        sa.update(Batch)
        .where(Batch.id == batch_id)
        .values(
            fed=page.last,
            fed_out=batch.fed_out + page.left_out,
            started_at=sa.func.coalesce(Batch.started_at, sa.literal(now, Batch.started_at.type)),
        )
        .execution_options(synchronize_session=False)
    )
    return len(page.drafts)


def _draft(batch: Batch, row: Any, gone: str, *, due_at: datetime, now: datetime) -> Draft:
    """The message of a recipient: queued, or suppressed with the reason, which answers why nobody got anything."""
    out = row.is_left_out or bool(gone)
    reason = row.reason if row.is_left_out else gone or (QUIET_HOURS if due_at > now else "")
    return Draft.of(
        {
            "occurrence": bytes(row.occurrence),
            "state": MessageState.SUPPRESSED if out else MessageState.QUEUED,
            "reason": reason,
            "detail": row.detail if row.is_left_out else "",
            "batch_id": batch.id,
            "purpose": batch.purpose,
            "priority": BATCH,
            "operator": batch.operator,
            "wording_id": batch.wording_id,
            "due_at": due_at,
            "expires_at": due_at + VALIDITY,
            **{name: getattr(row, name) for name in _SAME},
        }
    )


#: What a message has from its recipient.
_SAME = (
    "entity",
    "record",
    "person_entity",
    "person",
    "client_entity",
    "client",
    "number",
    "language",
    "timezone",
    "text",
    "redacted",
    "encoding",
    "segments",
)
_PROVIDER = sa.select(Provider.id, Provider.stopped_at, Provider.rate_count, Provider.rate_seconds).where(
    Provider.active == 1
)


def stop(session: Session, batch_id: UUID, reason: str, detail: str) -> bool:
    """Pause a running batch that must be looked at by a person; whether it ran. Writes in the caller's transaction."""
    stopped = session.execute(
        sa.update(Batch)
        .where(Batch.id == batch_id, Batch.state == BatchState.RUNNING.value)
        .values(
            state=BatchState.PAUSED.value,
            reason=reason[:40],
            detail=detail[:255],
            version=Batch.version + 1,
            changed_at=database_now(session),
        )
        .execution_options(synchronize_session=False)
    )
    return bool(stopped.rowcount)  # type: ignore[attr-defined]
