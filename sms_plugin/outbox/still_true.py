"""Asking once more, at the claim, whether what a message says is still true, and wording it anew where it changed
(promise 4).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError
from sms_plugin.host.bound import BoundHook
from sms_plugin.host.registry import Registry
from sms_plugin.models.busy import is_busy
from sms_plugin.outbox.gathering import GATHERED, Together, ask_together
from sms_plugin.outbox.moving import move
from sms_plugin.outbox.rewording import reword
from sms_plugin.outbox.truth import Answer, ask
from sms_plugin.state import State
from sms_plugin.states import MessageState

log = logging.getLogger(__name__)

#: Renderings are the slow part of a claim: so many stand in one transaction, which on SQLite locks the host's out.
REWORDED = 10


def true_texts(
    session: Session, rows: Sequence[Any], *, state: State, now: datetime
) -> tuple[dict[UUID, str], list[UUID]]:
    """The text of each message that is still true, rendered again where its record changed, and those that come with a
    later claim because too many are to be rendered; what is no longer true is moved.
    """
    # what a person wrote, of no trigger, goes as it was shown: there is nothing to word anew
    texts = {row.id: row.text for row in rows if row.trigger is None or row.entity is None}
    changed: dict[UUID, Answer | Together] = {}
    _gathered_texts(session, rows, texts, changed, state=state, now=now)
    about = sorted(
        (row for row in rows if row.id not in texts and row.step != GATHERED), key=lambda row: (row.entity, row.trigger)
    )
    for (entity, trigger), group in groupby(about, key=lambda row: (row.entity, row.trigger)):
        members = list(group)
        answers = _answers(session, entity, trigger, members, registry=state.registry)
        if answers is None:
            move(session, [row.id for row in members], MessageState.HELD, reason="truth_failed", now=now, detail=entity)
            continue
        hooks = _hooks_of(entity, trigger, state.registry)
        gone = {row.id for row in members if not _still(answers, row, hooks)}
        move(session, sorted(gone), MessageState.SUPPRESSED, reason="no_longer_true", now=now)
        for row in members:
            if row.id in gone:
                continue
            answer = answers[row.record]
            if answer.version == row.version:
                texts[row.id] = row.text
            else:
                changed[row.id] = answer
    stale = [row for row in rows if row.id in changed]  # in the order of P18
    for row in stale[:REWORDED]:
        _reworded(session, row, changed[row.id], texts, state=state, now=now)
    return texts, [row.id for row in stale[REWORDED:]]


def _gathered_texts(
    session: Session,
    rows: Sequence[Any],
    texts: dict[UUID, str],
    changed: dict[UUID, Answer | Together],
    *,
    state: State,
    now: datetime,
) -> None:
    """Those that tell of several debts: what is true of them is said, what is not falls away (X21)."""
    of_several = [row for row in rows if row.step == GATHERED and row.entity is not None]
    asked = ask_together(session, of_several, state=state)
    silent = [row.id for row in of_several if asked[row.id].version is None]
    gone = [row.id for row in of_several if not asked[row.id].records and row.id not in silent]
    move(session, silent, MessageState.HELD, reason="truth_failed", now=now)
    move(session, gone, MessageState.SUPPRESSED, reason="no_longer_true", now=now)
    for row in of_several:
        if not asked[row.id].records:
            continue
        if asked[row.id].version == row.version:
            texts[row.id] = row.text
        else:
            changed[row.id] = asked[row.id]


def _reworded(
    session: Session, row: Any, answer: Answer | Together, texts: dict[UUID, str], *, state: State, now: datetime
) -> None:
    try:
        with session.begin_nested():
            assert answer.version is not None  # noqa: S101 - what could not be asked was moved
            records, steps = (answer.records, answer.steps) if isinstance(answer, Together) else ((), ())
            texts[row.id] = reword(session, row, version=answer.version, state=state, records=records, steps=steps)
    except SmsError as error:
        move(session, [row.id], MessageState.HELD, reason=error.code, now=now, detail=error.message)
    except Exception as error:
        # the host's own attributes may raise anything; it holds this message only
        if is_busy(error):
            raise
        log.warning("message %s could not be worded again: %s", row.id, type(error).__name__)
        move(session, [row.id], MessageState.HELD, reason="render_failed", now=now, detail=type(error).__name__)


def _answers(
    session: Session, entity: str, trigger: str, rows: Iterable[Any], *, registry: Registry
) -> dict[str, Answer] | None:
    """What the database says of these records; None where it cannot be asked."""
    bound = registry.entities.get(entity)
    if bound is None:
        log.warning("messages of the entity %s wait: it is no longer declared", entity)
        return None
    hooks = _hooks_of(entity, trigger, registry)
    keys = sorted({row.record for row in rows})
    try:
        with session.begin_nested():
            return ask(session, entity=bound, hooks=hooks, keys=keys)
    except Exception as error:
        # the host's expressions may fail in any way; it holds these messages only
        if is_busy(error):
            raise
        log.warning("cannot ask whether messages of %s still hold: %s", entity, type(error).__name__)
        return None


def _hooks_of(entity: str, trigger: str, registry: Registry) -> list[BoundHook]:
    return [hook for hook in registry.hooks_of(trigger) if hook.entity.key == entity]


def _still(answers: dict[str, Answer], row: Any, hooks: Sequence[BoundHook]) -> bool:
    answer = answers.get(row.record)
    return answer is not None and answer.still(hooks, step=row.step, moment=row.moment)
