"""Settling: a verdict is written on its attempt when it came back, and moves the message where it may (promise 3)."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.gateways.contract import About, Outcome, Verdict, refused
from sms_plugin.models import Attempt, Message
from sms_plugin.models.base import constant
from sms_plugin.models.message import REDACTED, shown_text
from sms_plugin.outbox.acceptance import Acceptance, accept
from sms_plugin.outbox.matching import kept_reference
from sms_plugin.outbox.moving import move
from sms_plugin.outbox.optouts import OPTED_OUT, stop_by_provider
from sms_plugin.outbox.receipts import match_waiting
from sms_plugin.outbox.tallies import moved
from sms_plugin.settings import Settings
from sms_plugin.states import MessageState, origins
from sms_plugin.text.storage import storable

_ATTEMPT: Any = Attempt.__table__
_MESSAGE: Any = Message.__table__
_bind = sa.bindparam

#: Of ours: the message never left this process, because too little time was left for a request. It is no attempt.
NOT_SUBMITTED = refused("late_start", for_good=False)


@dataclass(frozen=True, kw_only=True)
class Finished:
    """An attempt and what the gateway said of it."""

    id: UUID
    attempt: UUID
    provider_id: int
    verdict: Verdict


#: Any other verdict, unless a receipt has proven that the message was accepted.
_VERDICT = (
    sa.update(_ATTEMPT)
    .where(
        _ATTEMPT.c.id == _bind("b_attempt"),
        sa.or_(_ATTEMPT.c.verdict.is_(None), _ATTEMPT.c.verdict != constant(Outcome.ACCEPTED)),
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
        _MESSAGE.c.state.in_([constant(state) for state in states]),
    )


_OPEN = (MessageState.SENDING, MessageState.UNKNOWN)
#: An earlier attempt was accepted after all: that this one was refused says nothing.
_TAKEN = _settled(*_OPEN).values(
    state=constant(MessageState.SENT), reason=constant(""), text=shown_text, changed_at=_bind("b_now")
)
_FAILED = _settled(*_OPEN).values(
    state=constant(MessageState.FAILED),
    reason=_bind("b_why"),
    changed_at=_bind("b_now"),
    **REDACTED,
)
_UNKNOWN = _settled(MessageState.SENDING).values(
    state=constant(MessageState.UNKNOWN), reason=_bind("b_why"), changed_at=_bind("b_now")
)
_AGAIN = _settled(*_OPEN).values(
    state=constant(MessageState.QUEUED),
    reason=_bind("b_why"),
    due_at=sa.func.coalesce(_bind("b_due", type_=_MESSAGE.c.due_at.type), _MESSAGE.c.due_at),
    attempts=_MESSAGE.c.attempts - _bind("b_forgiven"),
    changed_at=_bind("b_now"),
)
_STATEMENTS = {
    MessageState.SENT: _TAKEN,
    MessageState.FAILED: _FAILED,
    MessageState.UNKNOWN: _UNKNOWN,
    MessageState.QUEUED: _AGAIN,
}


def settle(session: Session, finished: Sequence[Finished], *, settings: Settings, now: datetime) -> None:
    """Write what the gateway said. A verdict always stands on its own attempt; it moves the message while that attempt
    is its current one. A late acceptance moves it from wherever else it waits, too: it must not go again.

    Saying the same twice changes nothing. Writes in the caller's transaction.
    """
    taken = [each for each in finished if each.verdict.outcome is Outcome.ACCEPTED]
    others = [each for each in finished if each.verdict.outcome is not Outcome.ACCEPTED]
    told = _told(session, [each for each in others if each.verdict.outcome is Outcome.REFUSED])
    waiting = set(_accept(session, taken, now))
    moves: dict[MessageState, list[dict[str, Any]]] = {}
    for each in others:
        new, row = _next(each, told.get(each.id, _NOTHING_TOLD), settings, now)
        moves.setdefault(new, []).append(row)
    for new, rows in moves.items():
        went = session.connection().execute(_STATEMENTS[new], rows).rowcount
        # the states that they come from are live ones, which no tally counts
        moved(session, old={MessageState.SENDING.value: max(went, 0)}, new=new)
        if new is MessageState.SENT and went < len(rows):
            _move_late(session, [row["b_id"] for row in rows], now)
    if others:
        session.connection().execute(_VERDICT, [_verdict_row(each, now) for each in others])
        waiting |= {(each.provider_id, each.verdict.reference) for each in others if each.verdict.reference}
    stop_by_provider(session, [each.id for each in others if each.verdict.reason == OPTED_OUT], now=now)
    match(session, waiting, now=now)


def acceptances(taken: Sequence[Finished]) -> list[Acceptance]:
    """What was accepted, as it is written."""
    return [
        Acceptance(
            message=each.id,
            attempt=each.attempt,
            provider_id=each.provider_id,
            reference=kept_reference(each.verdict.reference),
        )
        for each in taken
    ]


def _accept(session: Session, taken: Sequence[Finished], now: datetime) -> Iterable[tuple[int, str]]:
    """Write what was accepted; the references that receipts waited for, with their provider."""
    some = acceptances(taken)
    accepted = accept(session, some, now=now)
    if accepted.went < len(some):
        _move_late(session, [each.id for each in taken], now)
    return accepted.waiting


def _move_late(session: Session, messages: Sequence[UUID], now: datetime) -> None:
    """An acceptance moves a message from wherever else it waits. FAILED is left to its receipts, which may say so."""
    waiting = origins(MessageState.SENT) - {MessageState.SENDING, MessageState.FAILED}
    move(session, messages, MessageState.SENT, reason="", now=now, only_from=waiting)


def match(session: Session, waiting: Iterable[tuple[int, str]], *, now: datetime) -> None:
    """Receipts that were quicker than the answer find their message by the reference that it brought: provider and
    reference. Writes in the caller's transaction.
    """
    references: dict[int, list[str]] = {}
    for provider_id, reference in waiting:
        references.setdefault(provider_id, []).append(reference)
    for provider_id, known in references.items():
        match_waiting(session, known, provider_id=provider_id, now=now)


def _verdict_row(each: Finished, now: datetime) -> dict[str, Any]:
    verdict = each.verdict
    return {
        "b_attempt": each.attempt,
        "b_verdict": verdict.outcome.value,
        "b_reason": storable(verdict.reason, 40),
        "b_about": None if verdict.about is None else verdict.about.value,
        "b_code": storable(verdict.provider_code, 40),
        "b_detail": storable(verdict.detail, 200),
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
    row: dict[str, Any] = {"b_id": each.id, "b_attempt": each.attempt, "b_now": now}
    if verdict.outcome is Outcome.ACCEPTED or told.taken:
        return MessageState.SENT, row
    row["b_why"] = storable(verdict.reason, 40)
    if verdict.outcome is Outcome.UNKNOWN:
        return MessageState.UNKNOWN, row
    if verdict.about in {About.ACCOUNT, About.PROVIDER} or verdict is NOT_SUBMITTED:
        # the message is not to blame: it waits for the provider within its validity, in its place (P21, X9)
        return MessageState.QUEUED, {**row, "b_due": None, "b_forgiven": 1}
    if verdict.for_good or attempts >= settings.attempts:
        return MessageState.FAILED, row
    wait = max(backoff(attempts, settings), timedelta(seconds=verdict.retry_after or 0))
    return MessageState.QUEUED, {**row, "b_due": now + wait, "b_forgiven": 0}


def backoff(attempts: int, settings: Settings) -> timedelta:
    """How long to wait after so many attempts: doubling up to the bound, then between half of it and one and a half."""
    wait = min(settings.backoff * 2.0 ** min(max(attempts - 1, 0), 64), settings.backoff_most)
    return timedelta(seconds=wait * random.uniform(0.5, 1.5))  # noqa: S311 - spreading load, not guarding a secret
