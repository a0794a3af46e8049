"""The sweep: date hooks whose moment has come, selected by the database in pages, each occurrence once (T13, T22).

Each step of a hook has a mark. The window reaches from the mark, or from one validity ago where that is earlier, to
now: what downtime missed is caught up, what was entered late is not forgotten, and what is too late becomes
``expired``. Nothing from before the trigger was switched on, or the step was added, is ever texted (X5).

What is found, and when it is due for whom, is in ``dues``: a forecast asks the same without writing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from sms_plugin.collector import look_at_the_young
from sms_plugin.host.bound import BoundHook
from sms_plugin.models import TriggerRow
from sms_plugin.state import State
from sms_plugin.triggers.dues import due
from sms_plugin.triggers.fired import validity
from sms_plugin.triggers.firing import active_rows, write
from sms_plugin.triggers.marks import Place, mark_of
from sms_plugin.triggers.run_guard import RunGuard
from sms_plugin.triggers.steps import Step, steps_of


class Pages(Protocol):
    """A transaction for each page: opened, committed and closed by whoever runs the sweep."""

    def __call__(self) -> AbstractContextManager[Session]: ...


@dataclass(frozen=True, kw_only=True)
class Swept:
    """What one page brought."""

    trigger: str
    entity: str
    step: str
    records: int
    messages: int


def sweep(pages: Pages, *, state: State, now: datetime) -> Iterator[Swept]:
    """Every active date hook's due occurrences up to ``now``, page by page. Each page commits; a crash loses none.

    Raises what the host's expressions make the database raise; the other steps are swept first.
    """
    failure: Exception | None = None
    guard = RunGuard(state, now=now)
    for hook in state.registry.date_hooks():
        for name in _names(pages, hook, state=state):
            try:
                yield from _sweep_step(pages, hook, name, guard, state=state, now=now)
            except Exception as error:  # noqa: BLE001 - one broken declaration must not keep the others from firing
                failure = failure or error
    if failure is not None:
        raise failure


def _names(pages: Pages, hook: BoundHook, *, state: State) -> list[str]:
    """The names of the hook's steps that are in force; none while its trigger is inactive."""
    with pages() as session:
        row = _active(session, hook, state=state)
        return [] if row is None else [step.name for step in steps_of(hook, row)]


def _active(session: Session, hook: BoundHook, *, state: State) -> TriggerRow | None:
    row = active_rows(session, {hook.trigger}, registry=state.registry).get(hook.trigger)
    return None if row is None or row.on_since is None else row


def _sweep_step(
    pages: Pages, hook: BoundHook, name: str, guard: RunGuard, *, state: State, now: datetime
) -> Iterator[Swept]:
    more = True
    while more:
        with pages() as session:
            # an admin may have changed it since the page before
            row = _active(session, hook, state=state)
            step = None if row is None else next((each for each in steps_of(hook, row) if each.name == name), None)
            if row is None or step is None:
                return
            mark = mark_of(session, hook, step.name, begins=_begins(row, step))
            if mark is None:
                return
            if mark.sweeping_until is None:
                mark = replace(mark, sweeping_until=now, cursor=None)
            records, messages, cursor = _page(session, hook, row, step, mark, guard, state=state, now=now)
            more = cursor is not None
            until = mark.sweeping_until
            if more:
                mark = replace(mark, cursor=cursor)
            else:
                # this window is done; a run that was interrupted began with an older one and goes on with the rest
                more = until is not None and until < now
                mark = replace(mark, swept_until=until or now, sweeping_until=None, cursor=None)
            mark.keep(session)
        look_at_the_young()
        if records:
            yield Swept(trigger=hook.trigger, entity=hook.entity.key, step=name, records=records, messages=messages)


def _begins(row: TriggerRow, step: Step) -> datetime:
    """Nothing older is the step's to tell."""
    assert row.on_since is not None  # noqa: S101 - the caller looked
    return row.on_since if step.since is None else max(row.on_since, step.since)


def _page(
    session: Session,
    hook: BoundHook,
    row: TriggerRow,
    step: Step,
    mark: Place,
    guard: RunGuard,
    *,
    state: State,
    now: datetime,
) -> tuple[int, int, str | None]:
    """The next page's records, the messages that they gave, and the cursor behind them; None at the window's end."""
    assert mark.sweeping_until is not None  # noqa: S101 - the caller set it
    found = due(
        session,
        hook,
        row,
        step,
        after=max(_begins(row, step), min(mark.swept_until, mark.sweeping_until - validity(row))),
        until=mark.sweeping_until,
        cursor=mark.cursor,
        state=state,
    )
    hold = guard.of_page(session, row, found.firings)
    return len(found.firings), write(session, found.firings, state=state, now=now, guard=hold), found.cursor
