"""What waits in the queue already, as a forecast counts it: asked whether it still holds (X4)."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.models import Message
from sms_plugin.models.base import constant
from sms_plugin.models.message import shown_text
from sms_plugin.outbox.consents import disagreeing
from sms_plugin.outbox.enqueue import BATCH, OWN_ACTION
from sms_plugin.outbox.gathering import GATHERED, ask_together
from sms_plugin.outbox.truth import ask
from sms_plugin.state import State
from sms_plugin.states import MessageState
from sms_plugin.triggers.expecting import Expected

log = logging.getLogger(__name__)

_CHUNK = 200
_MESSAGE: Any = Message.__table__
_SAME = (
    "trigger",
    "step",
    "moment",
    "purpose",
    "priority",
    "entity",
    "record",
    "person_entity",
    "person",
    "client_entity",
    "client",
    "number",
    "timezone",
    "segments",
    "due_at",
    "expires_at",
)
_QUEUED = sa.select(_MESSAGE.c.id, shown_text.label("shown"), *(_MESSAGE.c[name] for name in _SAME)).where(
    _MESSAGE.c.state == constant(MessageState.QUEUED.value)
)


def waiting(
    session: Session, *, after: datetime | None, until: datetime, state: State, now: datetime
) -> Iterator[list[Expected]]:
    """The queued messages that fall due after ``after``, up to and with ``until``, in pages along the queue's index.

    Without ``after`` what should have gone already is among them. Each as the claim would find it now: no longer true,
    no longer agreed to, too late by its time. Reads only.
    """
    for priority in range(OWN_ACTION, BATCH + 1):
        of_rank = _QUEUED.where(_MESSAGE.c.priority == priority, _MESSAGE.c.due_at <= until)
        last: tuple[datetime, UUID] | None = None
        while True:
            rows = _page(session, of_rank, after, last)
            if rows:
                yield _asked(session, rows, state=state, now=now)
            if len(rows) < _CHUNK:
                break
            last = (rows[-1].due_at, rows[-1].id)


def _page(session: Session, of_rank: Any, after: datetime | None, last: tuple[datetime, UUID] | None) -> list[Any]:
    """The next rows of a rank; what is due at the very moment of the last one is asked for apart."""
    rows: list[Any] = []
    beyond = of_rank if after is None else of_rank.where(_MESSAGE.c.due_at > after)
    if last is not None:
        same = of_rank.where(_MESSAGE.c.due_at == last[0], _MESSAGE.c.id > last[1])
        rows = list(session.execute(same.order_by(_MESSAGE.c.id).limit(_CHUNK)))
        beyond = of_rank.where(_MESSAGE.c.due_at > last[0])
    if len(rows) < _CHUNK:
        ordered = beyond.order_by(_MESSAGE.c.due_at, _MESSAGE.c.id)
        rows += session.execute(ordered.limit(_CHUNK - len(rows))).all()
    return rows


def _asked(session: Session, rows: Sequence[Any], *, state: State, now: datetime) -> list[Expected]:
    problems = _no_longer_true(session, rows, state)
    rest = [row for row in rows if row.id not in problems]
    problems |= dict.fromkeys(disagreeing(session, rest, state=state), "no_consent")
    expected = [_expected(row, now) for row in rows]
    return [
        replace(each, problem=problems[row.id]) if row.id in problems and each.goes else each
        for each, row in zip(expected, rows, strict=True)
    ]


def _expected(row: Any, now: datetime) -> Expected:
    at = max(row.due_at, now)
    late = row.expires_at is not None and row.expires_at <= at
    values = {name: getattr(row, name) for name in _SAME} | {"due_at": at}
    return Expected(
        place=f"m {row.id}",
        text=row.shown or "",
        message=row.id,
        problem="too_late" if late else "" if row.number else "no_number",
        **values,
    )


def _gone(session: Session, rows: Sequence[Any], state: State) -> dict[UUID, str]:
    """Those that tell of several debts of which none is left (X21)."""
    asked = ask_together(session, rows, state=state)
    return {
        id: "truth_failed" if each.version is None else "no_longer_true"
        for id, each in asked.items()
        if not each.records
    }


def _no_longer_true(session: Session, rows: Sequence[Any], state: State) -> dict[UUID, str]:
    about = [row for row in rows if row.trigger is not None and row.entity is not None]
    problems = _gone(session, [row for row in about if row.step == GATHERED], state)
    about = [row for row in about if row.step != GATHERED]
    about.sort(key=lambda row: (row.entity, row.trigger))
    for (entity, trigger), group in groupby(about, key=lambda row: (row.entity, row.trigger)):
        members, bound = list(group), state.registry.entities.get(entity)
        hooks = state.registry.hooks_of(trigger, entity=entity)
        try:
            with session.begin_nested():
                if bound is None:
                    raise LookupError(entity)
                answers = ask(session, entity=bound, hooks=hooks, keys=sorted({row.record for row in members}))
        except Exception as error:  # noqa: BLE001 - the host's expressions may fail in any way; it is told of these only
            log.warning("cannot ask whether messages of %s still hold: %s", entity, type(error).__name__)
            problems |= dict.fromkeys((row.id for row in members), "truth_failed")
            continue
        for row in members:
            answer = answers.get(row.record)
            if answer is None or not answer.still(hooks, step=row.step, moment=row.moment):
                problems[row.id] = "no_longer_true"
    return problems
