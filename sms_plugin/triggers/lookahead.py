"""Every message that the next days will bring, one after the other, as the sweep and the claim would have it (X4).

Windows of a day each, the portal's, are asked as the sweep asks its own; what waits in the queue comes first.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError, worded
from sms_plugin.host.bound import BoundHook
from sms_plugin.hours import DEFAULT_HOUR, end_of
from sms_plugin.models import Mark, TriggerRow
from sms_plugin.outbox.enqueue import Draft
from sms_plugin.providers.budget import today
from sms_plugin.state import State
from sms_plugin.triggers.debts import parted
from sms_plugin.triggers.dues import due
from sms_plugin.triggers.expecting import Expected, Reckoning, expected_of
from sms_plugin.triggers.fired import Firing, validity
from sms_plugin.triggers.firing import active_rows, drafted
from sms_plugin.triggers.skipped import as_if_on
from sms_plugin.triggers.steps import Step, steps_of
from sms_plugin.triggers.together import HookStep, Together, Waiting, place
from sms_plugin.triggers.waiting import waiting
from sms_plugin.wording.texts import silent_because

log = logging.getLogger(__name__)

#: So far ahead is looked at most.
MOST_DAYS = 31
_DAY = timedelta(days=1)
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True)
class Look:
    """What is looked at: so many days from today on, of all triggers that are on, or of one.

    That one may be off: it is looked at as if it were switched on now.
    """

    days: int
    trigger: str | None = None


def walk(
    session: Session, look: Look, *, reckoning: Reckoning, state: State, now: datetime, most: int | None = None
) -> Iterator[Expected]:
    """Every message that is expected by the end of the last day, each occurrence once, in an order that stays. Where
    debts are gathered (X21), no more than ``most`` of a day's are looked at, and one.
    """
    _check(look, state)
    zone = state.settings.zone
    end = end_of(today(state.settings, now) + (look.days - 1) * _DAY, zone)
    rows = _rows(session, look, state=state, now=now)
    begins = _begins(session, rows, state=state, now=now)
    at: datetime | None = None  #: where the last window ended
    queued = Waiting()
    for number in range(look.days):
        day = today(state.settings, now) + number * _DAY
        until = end_of(day, zone) - _TICK
        for page in waiting(session, after=at, until=until, state=state, now=now):
            queued.see(page)
            yield from _reckoned(session, page, reckoning, end)
        last = None if number == look.days - 1 else until
        for some in _runs(rows, state):
            together = Together(some[0], most=most, state=state)
            for each in some:
                after = begins[each.name] if at is None else at
                for page in _of_step(session, each, together, after, until, last, state=state, now=now):
                    yield from _reckoned(session, page, reckoning, end)
            for page in together.told(session, queued):
                yield from _reckoned(session, page, reckoning, end)
        reckoning.forget(day - 3 * _DAY)
        at = until


def _reckoned(session: Session, page: Sequence[Expected], reckoning: Reckoning, end: datetime) -> Iterator[Expected]:
    coming = reckoning.reckon(session, [each for each in page if each.due_at < end])
    yield from (each for each in coming if each.due_at < end)
    let_go(session)


def _check(look: Look, state: State) -> None:
    if not 1 <= look.days <= MOST_DAYS:
        raise SmsError(
            worded("%(days)s days are none to look ahead.", days=look.days),
            code="bad_days",
            hint=worded("Give 1 to %(most)s.", most=MOST_DAYS),
        )
    if look.trigger is not None:
        state.registry.reason(look.trigger)


def _rows(session: Session, look: Look, *, state: State, now: datetime) -> dict[str, TriggerRow]:
    """The rows of the triggers that are looked at; one that is off, as if it were switched on now."""
    registry = state.registry
    rows = active_rows(session, set(registry.reasons), registry=registry)
    if look.trigger is not None and look.trigger not in rows:
        rows[look.trigger] = foreseen_row(session, look.trigger, state=state, now=now)
    return rows


def foreseen_row(session: Session, trigger: str, *, state: State, now: datetime) -> TriggerRow:
    """The row that a trigger would have if it were switched on now, apart from the session.

    Raises ``SmsError`` where it would have nothing to say.
    """
    row = as_if_on(session.get(TriggerRow, trigger), trigger, now=now)
    session.expunge_all()  # the template is to outlive the pages, each of which is rolled back
    silent = silent_because(row, state.registry.reason(trigger), registry=state.registry)
    if silent:
        raise SmsError(worded("It would send nothing."), code=silent, hint=worded("Give it a text."))
    return row


def _begins(
    session: Session, rows: dict[str, TriggerRow], *, state: State, now: datetime
) -> dict[tuple[str, str, str], datetime]:
    """From when on the next sweep looks, by trigger, entity and step."""
    marks = {
        (row.trigger, row.entity, row.step): row.swept_until
        for row in session.execute(sa.select(Mark.trigger, Mark.entity, Mark.step, Mark.swept_until))
    }
    begins: dict[tuple[str, str, str], datetime] = {}
    for each in (each for some in _runs(rows, state) for each in some):
        on_since = each.row.on_since or now
        since = on_since if each.step.since is None else max(on_since, each.step.since)
        begins[each.name] = max(since, min(marks.get(each.name, now), now - validity(each.row)))
    return begins


def _runs(rows: dict[str, TriggerRow], state: State) -> list[list[HookStep]]:
    """All steps of all hooks, those together whose debts one message tells of, in the order in which their messages
    come due on a day: so the cap stops the last of them. What counts in hours comes behind the day's own hour, as what
    is brought forward to the evening does.
    """
    runs: dict[tuple[str, ...], list[HookStep]] = {}
    for hook in state.registry.date_hooks():
        row = rows.get(hook.trigger)
        if row is None:
            continue
        for step in steps_of(hook, row):
            each = HookStep(hook=hook, row=row, step=step)
            runs.setdefault(each.name[:2] if each.gathers else each.name, []).append(each)
    return sorted(runs.values(), key=_hour)


def _hour(run: list[HookStep]) -> int:
    """The hour of the day for which its messages are due; behind all hours where they have none in common."""
    hour = run[0].row.hour
    return 24 if not run[0].step.by_day else DEFAULT_HOUR if hour is None else hour


def _of_step(
    session: Session,
    each: HookStep,
    together: Together,
    after: datetime,
    until: datetime,
    last: datetime | None,
    *,
    state: State,
    now: datetime,
) -> Iterator[list[Expected]]:
    """What a step brings whose own moment lies in the window, wherever its people live, in pages by key; what is told
    with others is kept in ``together``.

    The last window has no ``last``: what is brought forward into it is part of it.
    """
    hook, step = each.hook, each.step
    cursor: str | None = None
    while not together.full:
        try:
            found = due(session, hook, each.row, step, after=after, until=until, cursor=cursor, state=state)
        except (
            SQLAlchemyError
        ) as error:  # the host's expressions may fail in any way; the other steps are told all the same
            log.warning("what %s will bring cannot be asked: %s", hook.trigger, type(error).__name__)
            let_go(session)
            yield [_unasked(hook, step, at=max(now, until - _DAY))]
            return
        firings = {(firing.key, firing.step, firing.moment): firing for firing in found.firings}
        drafts = drafted(session, found.firings, state=state, now=now, provided=True)
        own = [draft for draft in drafts if _is_own(firings, draft, last, state)]
        gathered, alone = parted(session, found.firings, own, state=state)
        together.add(gathered)
        if alone:
            yield [expected_of(draft, place=place(draft.occurrence)) for draft in alone]
        cursor = found.cursor
        if cursor is None:
            return


def _unasked(hook: BoundHook, step: Step, *, at: datetime) -> Expected:
    place = f"u {hook.trigger} {hook.entity.key} {step.name} {at:%Y%m%d}"
    return Expected(place=place, trigger=hook.trigger, step=step.name, due_at=at, problem="truth_failed")


def _is_own(firings: dict[tuple[str, str, str], Firing], draft: Draft, last: datetime | None, state: State) -> bool:
    """Whether the message is this window's: the next one finds those again whose own moment comes later, where they
    live.
    """
    timing = firings[draft.record or "", draft.step, draft.moment].timing
    return last is None or timing is None or timing.own(_zone_of(draft, state)) <= last


def _zone_of(draft: Draft, state: State) -> ZoneInfo:
    return ZoneInfo(draft.timezone) if draft.timezone else state.settings.zone


def let_go(session: Session) -> None:
    """Nothing that was read stays, and nothing that the host's attributes changed."""
    session.rollback()
    session.expunge_all()
