"""Whether the sweep's run of one trigger on one day goes over its limit, known before it writes anything (X5).

A run is all that a trigger's dates bring on a day of the portal's, over its hooks and steps, whatever of it is written
already: so every page of it decides the same, after a crash too, and the whole run is one group.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.host.bound import BoundHook
from sms_plugin.host.when import Dated, Yearly
from sms_plugin.hours import DEFAULT_HOUR, end_of
from sms_plugin.models import TriggerRow
from sms_plugin.outbox.enqueue import Draft
from sms_plugin.state import State
from sms_plugin.states import MessageState
from sms_plugin.triggers.fired import Firing
from sms_plugin.triggers.steps import Step, steps_of
from sms_plugin.triggers.surge import group_of, hold
from sms_plugin.triggers.volumes import Limit, limit_of
from sms_plugin.triggers.windows import Window

#: Some windows select more than is due: so many rows for each that may be are looked at.
_LOOKED_AT = 8
_INSTANT = timedelta(microseconds=1)
#: Record, step and moment.
_Name: TypeAlias = tuple[str | None, str, str]


class RunGuard:
    """The guard of one sweep: it sizes each run once, and asks in each page whether somebody decided about it."""

    def __init__(self, state: State, *, now: datetime) -> None:
        self._state = state
        self._now = now
        self._over: dict[tuple[str, date], Limit | None] = {}

    def of_page(
        self, session: Session, row: TriggerRow, firings: Sequence[Firing]
    ) -> Callable[[list[Draft]], list[Draft]]:
        """What holds the drafts of a page of firings, as ``write`` wants it."""
        by_timing: dict[int, date] = {}
        days: dict[_Name, date] = {}
        for each in firings:
            if id(each.timing) not in by_timing:  # what comes due together mostly has one
                by_timing[id(each.timing)] = self._day(each)
            days[each.key, each.step, each.moment] = by_timing[id(each.timing)]

        def guard(drafts: list[Draft]) -> list[Draft]:
            going = {
                day
                for draft in drafts
                if draft.state is MessageState.QUEUED and (day := days.get(_name(draft))) is not None
            }
            groups = {day: self._group(session, row, day) for day in sorted(going)}
            return [_guarded(draft, groups, days.get(_name(draft))) for draft in drafts]

        return guard

    def _day(self, firing: Firing) -> date:
        zone = self._state.settings.zone
        at = self._now if firing.timing is None else firing.timing.own(zone)
        return at.astimezone(zone).date()

    def _group(self, session: Session, row: TriggerRow, day: date) -> UUID | None:
        """The group that the trigger's run of the day is held in; None where it goes."""
        key = (row.key, day)
        if key not in self._over:
            limit = limit_of(session, row.key, day, ceiling=row.ceiling)
            over = limit is not None and self._is_over(session, row, day, limit.most)
            self._over[key] = limit if over else None
        over_limit = self._over[key]
        return None if over_limit is None else group_of(session, row.key, day, over_limit, now=self._now)

    def _is_over(self, session: Session, row: TriggerRow, day: date, most: int) -> bool:
        found = 0
        for hook in self._state.registry.date_hooks():
            for step in steps_of(hook, row) if hook.trigger == row.key else ():
                found += self._size(session, row, hook, step, day, most=most - found)
                if found > most:
                    return True
        return False

    def _size(self, session: Session, row: TriggerRow, hook: BoundHook, step: Step, day: date, *, most: int) -> int:
        """How many records a step finds on a day, ``most`` + 1 standing for more."""
        window = self._window(row, hook, step, day)
        condition = window.condition()
        if condition is None:
            return 0
        assert isinstance(hook.when, (Dated, Yearly))  # noqa: S101 - date_hooks() gives no others
        at: Any = hook.when.at
        lead = hook.when.lead if isinstance(hook.when, Dated) and hook.when.lead is not None else sa.null()
        query = sa.select(at, lead).where(condition).limit((most + 1) * _LOOKED_AT)
        if hook.declared.only is not None:
            query = query.where(hook.declared.only)
        found = 0
        for value, own in session.execute(query):
            found += window.timing(value, own) is not None
            if found > most:
                break
        return found

    def _window(self, row: TriggerRow, hook: BoundHook, step: Step, day: date) -> Window:
        """The own moments of a day, by the portal's clocks, behind the moment from which the trigger tells at all."""
        assert isinstance(hook.when, (Dated, Yearly))  # noqa: S101 - date_hooks() gives no others
        zone = self._state.settings.zone
        begins = [moment for moment in (row.on_since, step.since) if moment is not None]
        return Window(
            when=hook.when,
            step=step,
            after=max(end_of(day - timedelta(days=1), zone) - _INSTANT, *begins),
            until=end_of(day, zone) - _INSTANT,
            hour=DEFAULT_HOUR if row.hour is None else row.hour,
            zone=zone,
            everywhere=False,
        )


def _guarded(draft: Draft, groups: Mapping[date, UUID | None], day: date | None) -> Draft:
    group = None if day is None else groups.get(day)
    return draft if group is None else hold(draft, group)


def _name(draft: Draft) -> _Name:
    return (draft.record, draft.step, draft.moment)
