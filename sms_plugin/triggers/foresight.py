"""What dates of the host's records will bring, made as the sweep makes it, before its time and without a write (X4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from sms_plugin.host.bound import BoundHook
from sms_plugin.host.when import Yearly
from sms_plugin.models import TriggerRow
from sms_plugin.outbox.enqueue import Draft
from sms_plugin.outbox.truth import ask
from sms_plugin.state import State
from sms_plugin.triggers.drafting import Drafting
from sms_plugin.triggers.dues import due, firing_of, window_of
from sms_plugin.triggers.fired import Firing
from sms_plugin.triggers.reading import guarded
from sms_plugin.triggers.steps import steps_of

#: An anniversary is found within so long a time.
_YEAR = timedelta(days=366)
#: How far from its date an occurrence may be.
_FAR = timedelta(days=3655)


@dataclass(frozen=True, kw_only=True, eq=False)
class Coming:
    """One occurrence of a record's date, and when it comes due by the portal's clocks, quiet hours apart."""

    firing: Firing
    at: datetime


def comings(
    session: Session,
    hook: BoundHook,
    row: TriggerRow,
    record: Any,
    value: date,
    *,
    lead: object = None,
    state: State,
    now: datetime,
) -> Iterator[Coming]:
    """The occurrences of one record's date: those of a plain date whenever they are, the next of an anniversary.

    ``lead`` is the record's own lead time, where its hook has one.
    """
    yearly = isinstance(hook.when, Yearly)
    first, last = (now, now + _YEAR) if yearly else (now - _FAR, now + _FAR)
    for step in steps_of(hook, row):
        timing = window_of(hook, row, step, after=first, until=last, state=state).timing(value, lead)
        if timing is not None:
            firing = firing_of(session, hook, row, step, record, timing, state=state)
            yield Coming(firing=firing, at=timing.own(state.settings.zone))


def coming_due(
    session: Session, hook: BoundHook, row: TriggerRow, *, after: datetime, until: datetime, state: State
) -> Iterator[list[Coming]]:
    """The occurrences whose own moment lies behind ``after`` and that a sweep up to ``until`` will have found, unless
    they are written already: in pages, as it finds them. Reads only.
    """
    for step in steps_of(hook, row):
        cursor: str | None = None
        more = True
        while more:
            found = due(session, hook, row, step, after=after, until=until, cursor=cursor, state=state)
            cursor, more = found.cursor, found.cursor is not None
            if found.firings:
                yield [
                    Coming(firing=firing, at=firing.timing.own(state.settings.zone))
                    for firing in found.firings
                    if firing.timing is not None
                ]


def drafts_of(work: Drafting, comings: Sequence[Coming]) -> list[tuple[Coming, Draft]]:
    """The drafts of occurrences of one hook, each due at its recipient's time. Reads only."""
    if not comings:
        return []
    first = comings[0].firing
    hooks = work.state.registry.hooks_of(first.reason.key, entity=first.entity.key)
    try:
        with guarded(work.session, careful=True):
            answers = ask(work.session, entity=first.entity, hooks=hooks, keys=[each.firing.key for each in comings])
    except Exception as error:  # noqa: BLE001 - the host's expressions may fail in any way; it holds these messages only
        return [(each, work.unanswered(each.firing, error)) for each in comings]
    return [
        (each, draft)
        for each in comings
        if each.firing.key in answers
        for draft in work.drafts(each.firing, answers[each.firing.key], hooks)
    ]
