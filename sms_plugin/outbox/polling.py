"""Which messages a provider is asked about, and when: at set times after they left, ever less often, until no receipt
can come any more.

No row keeps that: a message is asked about when its departure lies in one of a few short spans of time, which move on
with the clock.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.gateways.contract import Capabilities, Outcome, Report, Sent
from sms_plugin.models import Attempt, Message
from sms_plugin.models.base import constant
from sms_plugin.models.message import state_of_named
from sms_plugin.states import MessageState

_MESSAGE: Any = Message.__table__
_ATTEMPT: Any = Attempt.__table__
#: After departure. Networks give a text up after two or three days: what is not told by then never is.
POINTS = tuple(timedelta(minutes=each) for each in (1, 3, 10, 30, 2 * 60, 8 * 60, 24 * 60, 72 * 60))
#: Where the provider calls us by itself, it is asked only for what it has not told by then.
WHERE_PUSHED = POINTS[2:]
#: Of those, the ones at which a message whose end is known is asked about for the rest: a price comes a little later,
#: and some tell the way that it went only when they are asked.
FOR_THE_REST = (timedelta(minutes=10), timedelta(hours=2))


_NONE = UUID(int=0)


@dataclass(frozen=True, kw_only=True)
class Span:
    """Departures after one moment, up to another."""

    after: datetime
    until: datetime


@dataclass(frozen=True, kw_only=True)
class Due:
    """A message to ask about, and the attempt that the provider accepted."""

    attempt: UUID
    sent: Sent


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far the asking has come: about what became due between two moments, provider by provider, in order."""

    since: datetime
    until: datetime
    provider_id: int = 0
    departed_at: datetime | None = None
    attempt: UUID = _NONE

    def __str__(self) -> str:
        times = (self.since, self.until, self.departed_at or _EPOCH)
        at = " ".join(str((each - _EPOCH) // _MICROSECOND) for each in times)
        return f"{at} {self.provider_id} {self.attempt.hex}"


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def progress(cursor: str | None, *, now: datetime, every: timedelta) -> Progress:
    """Where to go on: within a run that ended early, else from where the last one ended until now."""
    try:
        since, until, departed, provider_id, attempt = (cursor or "").split()
        at = [_EPOCH + int(each) * _MICROSECOND for each in (since, until, departed)]
        stood = {"provider_id": int(provider_id), "departed_at": at[2], "attempt": UUID(attempt)}
        left = Progress(since=at[0], until=at[1], **stood)  # type: ignore[arg-type]
    except ValueError:
        return Progress(since=now - every, until=now)
    if left.provider_id:
        return left
    return Progress(since=max(min(left.until, now), now - POINTS[-1]), until=now)


def ended(done: Progress) -> Progress:
    """The progress of a run that asked about all of it."""
    return Progress(since=done.until, until=done.until)


def spans(done: Progress, points: Sequence[timedelta]) -> Iterator[Span]:
    """The departures that became due, the oldest first, none twice."""
    found = sorted((done.since - point, done.until - point) for point in points)
    after, until = found[0]
    for start, end in found[1:]:
        if start >= until:
            yield Span(after=after, until=until)
            after = start
        until = max(until, end)
    yield Span(after=after, until=until)


def points_of(can: Capabilities, *, pushed: bool) -> Sequence[timedelta]:
    """When after its departure a message is asked about; ``pushed`` says whether receipts can reach the portal."""
    return WHERE_PUSHED if can.receipts and pushed else POINTS


def due(session: Session, span: Span, done: Progress, *, can: Capabilities) -> list[Due]:
    """The next messages to ask the provider about: accepted, and without an end so far; where it tells prices, also
    those whose price nobody has told; where there are several ways, also those of which nobody knows it. Reads only.
    """
    wanted = [state_of_named == constant(MessageState.SENT)]
    wanted += [_lacking(_MESSAGE.c.is_charged.is_(None), done)] if can.prices else []
    wanted += [_lacking(_MESSAGE.c.channel == constant(""), done)] if len(can.channels) > 1 else []
    start = sa.literal(span.after, _ATTEMPT.c.departed_at.type), UUID(int=(1 << 128) - 1)
    if done.departed_at is not None and done.departed_at > span.after:
        start = sa.literal(done.departed_at, _ATTEMPT.c.departed_at.type), done.attempt
    columns = (_ATTEMPT.c.id, _ATTEMPT.c.message_id, _ATTEMPT.c.reference, _ATTEMPT.c.departed_at, _MESSAGE.c.number)
    rows = session.execute(
        sa.select(*columns)
        .join(_MESSAGE, _MESSAGE.c.id == _ATTEMPT.c.message_id)
        .where(
            _ATTEMPT.c.provider_id == done.provider_id,
            _ATTEMPT.c.departed_at >= start[0],
            _ATTEMPT.c.departed_at <= span.until,
            sa.or_(_ATTEMPT.c.departed_at > start[0], _ATTEMPT.c.id > start[1]),
            _ATTEMPT.c.verdict == constant(Outcome.ACCEPTED),
            _ATTEMPT.c.reference.is_not(None),
            _MESSAGE.c.attempt_id == _ATTEMPT.c.id,
            sa.or_(*wanted),
        )
        .order_by(_ATTEMPT.c.departed_at, _ATTEMPT.c.id)
        .limit(can.polled)
    )
    return [
        Due(
            attempt=row.id,
            sent=Sent(reference=row.reference, id=row.message_id, number=row.number or "", departed_at=row.departed_at),
        )
        for row in rows
    ]


def _lacking(what: Any, done: Progress) -> Any:
    """That a message has its end and lacks something, and is of an age at which that may have come."""
    return sa.and_(
        state_of_named.in_([constant(MessageState.DELIVERED), constant(MessageState.UNDELIVERED)]),
        what,
        _ATTEMPT.c.departed_at > done.since - FOR_THE_REST[-1],
        _ATTEMPT.c.departed_at <= done.until - FOR_THE_REST[0],
    )


def behind(done: Progress, last: Due) -> Progress:
    """The progress once this message was asked about."""
    return replace(done, departed_at=last.sent.departed_at, attempt=last.attempt)


def addressed(reports: Sequence[Report], asked: Sequence[Due]) -> list[Report]:
    """The reports, each with our own id of the message, as far as its reference is one that was asked about."""
    ids = {each.sent.reference: each.sent.id for each in asked}
    return [
        report
        if report.message_id is not None or report.reference not in ids
        else replace(report, message_id=ids[report.reference])
        for report in reports
    ]
