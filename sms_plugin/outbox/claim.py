"""Claiming: a lease on due messages, after asking once more whether each may go (design: the way of a message)."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError
from sms_plugin.host.registry import Registry
from sms_plugin.models import random_ids
from sms_plugin.models.busy import is_busy
from sms_plugin.outbox.batched import of_running
from sms_plugin.outbox.cap import within_cap
from sms_plugin.outbox.charges import OVER, beyond_budget
from sms_plugin.outbox.consents import disagreeing
from sms_plugin.outbox.gathering import GATHERED, Together, ask_together
from sms_plugin.outbox.leasing import end_leases, lease_due
from sms_plugin.outbox.lengths import hold_too_long
from sms_plugin.outbox.moving import move
from sms_plugin.outbox.rewording import reword
from sms_plugin.outbox.truth import Answer, ask
from sms_plugin.outbox.waking import awake
from sms_plugin.people.consent import opted_out, stands_against
from sms_plugin.providers.breaker import take_probe
from sms_plugin.providers.rate import Slots, free, reserve
from sms_plugin.state import State
from sms_plugin.states import MessageState

log = logging.getLogger(__name__)

#: Renderings are the slow part of a claim: so many stand in one transaction, which on SQLite locks the host's out.
REWORDED = 10


@dataclass(frozen=True, kw_only=True)
class Claimed:
    """A message that is ours until ``until``, to be sent at ``at`` and not before."""

    id: UUID
    token: UUID
    number: str = field(repr=False)
    text: str = field(repr=False)
    at: datetime
    until: datetime
    attempt: UUID = field(default_factory=uuid4)  #: the one that it departs by, however often the departure is tried


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What one claim got, and when it is worth while to claim again although nothing new was queued."""

    messages: tuple[Claimed, ...] = ()
    apart: timedelta = timedelta()  #: the provider's rate: no two messages may go closer together
    again_at: datetime | None = None
    looked_at: int = 0  #: due messages that it took up, whatever became of them

    @property
    def dry(self) -> bool:
        """Whether nothing was due; never where it did not look because the rate has no slot free."""
        return not self.looked_at and self.again_at is None


def claim(
    session: Session,
    *,
    state: State,
    provider_id: int,
    want: int,
    now: datetime,
    lease: timedelta,
    lead: timedelta = timedelta(),
    probe: bool = False,
    standby: bool = False,
    longest: int | None = None,
) -> Claim:
    """Up to ``want`` due messages that may go, leased, each with its send time: under a rate no sooner than ``lead``
    from now, and no more than it has slots. Writes in the caller's transaction.

    Those that may not go are moved: opted out, no longer true, expired, held for a reason, longer than ``longest``
    characters (P19), over the budget, or put off by quiet hours or the daily cap. In the order of P18. As a ``probe``,
    one message, unless another process has it; for a ``standby``, what no provider can have accepted (X9).
    """
    room = free(session, provider_id, want=1 if probe else want, now=now)
    if not room.count:
        return Claim(apart=room.apart, again_at=room.again_at)
    token, until = uuid4(), now + lease
    rows = lease_due(session, token=token, until=until, want=room.count, now=now, sure=standby)
    if not rows:
        return Claim()
    running = of_running(session, rows, state=state, now=now)
    may_go = awake(session, _without_refused(session, running, state=state, now=now), state=state, now=now)
    texts, later = _true_texts(session, may_go, state=state, now=now)
    fits = texts.keys() - hold_too_long(session, texts, most=longest, now=now)
    today = within_cap(session, [row for row in may_go if row.id in fits], state=state, now=now)
    going = _affordable(session, today, provider_id, state=state, now=now)
    slots = _granted(session, len(going), provider_id, probe=probe, lead=lead, state=state, now=now)
    end_leases(session, [(each, token) for each in [*(row.id for row in going[len(slots.times) :]), *later]])
    ours = _with_times(going, slots.times, texts, token=token, until=until)
    return Claim(messages=ours, apart=slots.apart, again_at=slots.again_at, looked_at=len(rows))


def _with_times(
    going: Sequence[Any], times: Sequence[datetime], texts: Mapping[UUID, str], *, token: UUID, until: datetime
) -> tuple[Claimed, ...]:
    """The first of them, as many as there are send times."""
    return tuple(
        Claimed(id=row.id, token=token, number=row.number, text=texts[row.id], at=at, until=until, attempt=attempt)
        for row, at, attempt in zip(going, times, random_ids(len(times)), strict=False)
    )


def _granted(
    session: Session, want: int, provider_id: int, *, probe: bool, lead: timedelta, state: State, now: datetime
) -> Slots:
    """The slots that the rate has; as a probe none, unless this process is the one that tries the provider."""
    slots = reserve(session, provider_id, want=want, now=now, lead=lead)
    if not probe or not slots.times:
        return slots
    request = timedelta(seconds=state.settings.request_timeout)
    return slots if take_probe(session, provider_id, now=now, request=request) else replace(slots, times=())


def _affordable(session: Session, rows: Sequence[Any], provider_id: int, *, state: State, now: datetime) -> list[Any]:
    """Those that the provider's budget has room for; the others wait for a person (X10)."""
    ids = [row.id for row in rows]
    over = beyond_budget(session, ids, provider_id=provider_id, settings=state.settings, now=now)
    move(session, over, MessageState.HELD, reason=OVER, now=now)
    return [row for row in rows if row.id not in over] if over else list(rows)


def _without_refused(session: Session, rows: Sequence[Any], *, state: State, now: datetime) -> list[Any]:
    """Those that neither an opt-out, the host's own consent nor their validity stops; the others are moved."""
    outs = opted_out(session, [row.number for row in rows if row.number])
    verdicts: dict[UUID, tuple[MessageState, str]] = {}
    for row in rows:
        if not row.number or (not row.text and (row.trigger is None or row.entity is None)):
            # let go without what it was held for: a text is made anew from its record, the rest nobody can send
            verdicts[row.id] = (MessageState.HELD, "no_number" if not row.number else "no_text")
        elif stands_against(row.number, row.purpose, outs):
            verdicts[row.id] = (MessageState.SUPPRESSED, "opted_out")
        elif row.expires_at is not None and row.expires_at <= now:
            verdicts[row.id] = (MessageState.EXPIRED, "too_late")
    rest = [row for row in rows if row.id not in verdicts]
    verdicts |= dict.fromkeys(disagreeing(session, rest, state=state), (MessageState.SUPPRESSED, "no_consent"))
    for new, reason in sorted(set(verdicts.values())):
        move(session, [each for each, why in verdicts.items() if why == (new, reason)], new, reason=reason, now=now)
    return [row for row in rows if row.id not in verdicts]


def _true_texts(
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
        gone = [row.id for row in members if not _still(answers, row, state.registry)]
        move(session, gone, MessageState.SUPPRESSED, reason="no_longer_true", now=now)
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
    hooks = [hook for hook in registry.hooks_of(trigger) if hook.entity.key == entity]
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


def _still(answers: dict[str, Answer], row: Any, registry: Registry) -> bool:
    answer = answers.get(row.record)
    hooks = [hook for hook in registry.hooks_of(row.trigger or "") if hook.entity.key == row.entity]
    return answer is not None and answer.still(hooks, step=row.step, moment=row.moment)


def release(session: Session, claimed: Iterable[Claimed]) -> None:
    """Give back messages that will not be sent now. Writes in the caller's transaction."""
    end_leases(session, [(each.id, each.token) for each in claimed])
