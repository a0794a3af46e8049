"""Departing and settling: an attempt stands in the database before a request leaves, its verdict when it came back."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.gateways.contract import About, Outcome, Verdict, refused
from sms_plugin.models import Attempt, Lease, Message
from sms_plugin.outbox.claim import Claimed
from sms_plugin.outbox.moving import move
from sms_plugin.outbox.receipts import kept_reference, match_waiting
from sms_plugin.outbox.tallies import moved
from sms_plugin.settings import Settings
from sms_plugin.states import MessageState, origins

_ATTEMPT: Any = Attempt.__table__
_LEASE: Any = Lease.__table__
_MESSAGE: Any = Message.__table__
_bind = sa.bindparam

#: The time that a verdict may take to be written after the request's own time ran out.
SETTLE_MARGIN = timedelta(seconds=15)
#: Of ours: the message never left this process, because too little time was left for a request. It is no attempt.
NOT_SUBMITTED = refused("late_start", for_good=False)


@dataclass(frozen=True, kw_only=True)
class Departed:
    """A message with an open attempt, ready for the gateway."""

    id: UUID
    attempt: UUID
    number: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Finished:
    """An attempt and what the gateway said of it."""

    id: UUID
    attempt: UUID
    provider_id: int
    verdict: Verdict


_SENDING = (
    sa.update(_MESSAGE)
    .where(_MESSAGE.c.id == _bind("b_id"), _MESSAGE.c.state == MessageState.QUEUED.value)
    .values(
        state=MessageState.SENDING.value,
        reason="",
        attempt_id=_bind("b_attempt"),
        attempts=_MESSAGE.c.attempts + 1,
        provider_id=_bind("b_provider"),
        changed_at=_bind("b_now"),
    )
)


_TAKE_UP = (
    sa.delete(_LEASE)
    .where(
        _LEASE.c.message_id.in_(_bind("ids", expanding=True)),
        _LEASE.c.token.in_(_bind("tokens", expanding=True)),
        _LEASE.c.until > _bind("now"),
    )
    .returning(_LEASE.c.message_id, _LEASE.c.token)
)
_OPENED = sa.insert(_ATTEMPT)
_UNSAID = {"reason": "", "provider_code": "", "detail": ""}


def depart(
    session: Session, claimed: Sequence[Claimed], *, provider_id: int, now: datetime, until: datetime
) -> list[Departed]:
    """Open an attempt for each message whose lease still holds; the others are nobody's or somebody else's now.

    Writes in the caller's transaction, which must be committed before the first request leaves.
    """
    if not claimed:
        return []
    connection = session.connection()
    ids, tokens = [each.id for each in claimed], list({each.token for each in claimed})
    held = connection.execute(_TAKE_UP, {"ids": ids, "tokens": tokens, "now": now})
    ours = {(message, token) for message, token in held}
    going = [
        Departed(id=each.id, attempt=uuid4(), number=each.number, text=each.text)
        for each in claimed
        if (each.id, each.token) in ours
    ]
    if going:
        rows = [{"b_id": each.id, "b_attempt": each.attempt, "b_provider": provider_id, "b_now": now} for each in going]
        connection.execute(_SENDING, rows)
        connection.execute(
            _OPENED,
            [
                {
                    "id": each.attempt,
                    "message_id": each.id,
                    "provider_id": provider_id,
                    "departed_at": now,
                    "until": until,
                    **_UNSAID,
                }
                for each in going
            ],
        )
    return going


#: What a receipt has proven stands; the answer that says the same adds the provider's reference.
_VERDICT = (
    sa.update(_ATTEMPT)
    .where(
        _ATTEMPT.c.id == _bind("b_attempt"),
        sa.or_(
            _ATTEMPT.c.verdict.is_(None),
            _ATTEMPT.c.verdict != Outcome.ACCEPTED.value,
            _bind("b_verdict", type_=sa.String) == Outcome.ACCEPTED.value,
        ),
    )
    .values(
        verdict=_bind("b_verdict"),
        reason=_bind("b_reason"),
        about=_bind("b_about"),
        provider_code=_bind("b_code"),
        detail=_bind("b_detail"),
        reference=sa.func.coalesce(_bind("b_reference", type_=sa.String), _ATTEMPT.c.reference),
        settled_at=_bind("b_now"),
    )
)


def _settled(*states: MessageState) -> Any:
    return sa.update(_MESSAGE).where(
        _MESSAGE.c.id == _bind("b_id"),
        _MESSAGE.c.attempt_id == _bind("b_attempt"),
        # not IN: its parameters expand, which a statement for many rows cannot
        sa.or_(*(_MESSAGE.c.state == state.value for state in states)),
    )


_OPEN = (MessageState.SENDING, MessageState.UNKNOWN)
_ENDS = _settled(*_OPEN).values(state=_bind("b_state"), reason=_bind("b_why"), changed_at=_bind("b_now"))
_UNKNOWN = _settled(MessageState.SENDING).values(
    state=MessageState.UNKNOWN.value, reason=_bind("b_why"), changed_at=_bind("b_now")
)
_AGAIN = _settled(*_OPEN).values(
    state=MessageState.QUEUED.value,
    reason=_bind("b_why"),
    due_at=_bind("b_due"),
    attempts=_MESSAGE.c.attempts - _bind("b_forgiven"),
    changed_at=_bind("b_now"),
)


def settle(session: Session, finished: Sequence[Finished], *, settings: Settings, now: datetime) -> None:
    """Write what the gateway said. A verdict always stands on its own attempt; it moves the message while that attempt
    is its current one. A late acceptance moves it from wherever else it waits, too: it must not go again.

    Saying the same twice changes nothing. Writes in the caller's transaction.
    """
    if not finished:
        return
    connection = session.connection()
    connection.execute(_VERDICT, [_verdict_row(each, now) for each in finished])
    moves: dict[MessageState, list[dict[str, Any]]] = {}
    told = _told(session, [each for each in finished if each.verdict.outcome is Outcome.REFUSED])
    for each in finished:
        new, row = _next(each, told.get(each.id, _NOTHING_TOLD), settings, now)
        moves.setdefault(new, []).append(row)
    for new, rows in moves.items():
        statement = {MessageState.UNKNOWN: _UNKNOWN, MessageState.QUEUED: _AGAIN}.get(new, _ENDS)
        went = connection.execute(statement, rows).rowcount
        if went > 0 and statement is _ENDS:
            # both states that it may come from are live ones, which are not counted by tallies
            moved(session, old={MessageState.SENDING.value: went}, new=new)
        if new is MessageState.SENT and went < len(rows):
            # FAILED is left to its receipts: one of them may have said so
            waiting = origins(new) - {MessageState.SENDING, MessageState.FAILED}
            move(session, [row["b_id"] for row in rows], new, reason="", now=now, only_from=waiting)
    _match(session, finished, now)


def _match(session: Session, finished: Sequence[Finished], now: datetime) -> None:
    """Receipts that were quicker than the answer find their message by the reference that it brought."""
    references: dict[int, list[str]] = {}
    for each in finished:
        if each.verdict.reference is not None:
            references.setdefault(each.provider_id, []).append(each.verdict.reference)
    for provider_id, known in references.items():
        match_waiting(session, known, provider_id=provider_id, now=now)


def _verdict_row(each: Finished, now: datetime) -> dict[str, Any]:
    verdict = each.verdict
    return {
        "b_attempt": each.attempt,
        "b_verdict": verdict.outcome.value,
        "b_reason": verdict.reason[:40],
        "b_about": None if verdict.about is None else verdict.about.value,
        "b_code": verdict.provider_code[:40],
        "b_detail": verdict.detail[:200],
        "b_reference": kept_reference(verdict.reference),
        "b_now": now,
    }


@dataclass(frozen=True, kw_only=True)
class _Told:
    """What earlier attempts say of a message that was refused now."""

    attempts: int
    taken: bool  #: one of them was accepted after all


_NOTHING_TOLD = _Told(attempts=0, taken=False)


def _told(session: Session, finished: Sequence[Finished]) -> dict[UUID, _Told]:
    if not finished:
        return {}
    taken = sa.exists().where(_ATTEMPT.c.message_id == _MESSAGE.c.id, _ATTEMPT.c.verdict == Outcome.ACCEPTED.value)
    rows = session.connection().execute(
        sa.select(_MESSAGE.c.id, _MESSAGE.c.attempts, taken.label("taken")).where(
            _MESSAGE.c.id.in_([each.id for each in finished])
        )
    )
    return {row.id: _Told(attempts=row.attempts, taken=bool(row.taken)) for row in rows}


def _next(each: Finished, told: _Told, settings: Settings, now: datetime) -> tuple[MessageState, dict[str, Any]]:
    """The state that a verdict leads to, and the row that says so."""
    verdict, attempts = each.verdict, told.attempts
    row: dict[str, Any] = {"b_id": each.id, "b_attempt": each.attempt, "b_why": verdict.reason[:40], "b_now": now}
    if verdict.outcome is Outcome.ACCEPTED or told.taken:
        return MessageState.SENT, {**row, "b_why": "", "b_state": MessageState.SENT.value}
    if verdict.outcome is Outcome.UNKNOWN:
        return MessageState.UNKNOWN, row
    if verdict.about is About.ACCOUNT or verdict is NOT_SUBMITTED:
        # the message is not to blame: it waits for the provider within its validity (P21)
        wait = timedelta(seconds=verdict.retry_after or 0)
        return MessageState.QUEUED, {**row, "b_due": now + wait, "b_forgiven": 1}
    if verdict.for_good or attempts >= settings.attempts:
        return MessageState.FAILED, {**row, "b_state": MessageState.FAILED.value}
    wait = max(backoff(attempts, settings), timedelta(seconds=verdict.retry_after or 0))
    return MessageState.QUEUED, {**row, "b_due": now + wait, "b_forgiven": 0}


def backoff(attempts: int, settings: Settings) -> timedelta:
    """How long to wait after so many attempts: doubling up to the bound, then between half of it and one and a half."""
    wait = min(settings.backoff * 2.0 ** min(max(attempts - 1, 0), 64), settings.backoff_most)
    return timedelta(seconds=wait * random.uniform(0.5, 1.5))  # noqa: S311 - spreading load, not guarding a secret
