"""The sweep: date hooks whose moment has come, selected by the database in pages, each occurrence once (T13, T22).

Each hook has a mark. The window reaches from the mark, or from one validity ago where that is earlier, to now: what
downtime missed is caught up, what was entered late is not forgotten, and what is too late becomes ``expired``. Nothing
from before the trigger was switched on is ever texted (X5).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy import inspect
from sqlalchemy.orm import Session

from sms_plugin.host.bound import BoundHook
from sms_plugin.host.identity import key_of, key_values
from sms_plugin.host.when import Dated, Yearly
from sms_plugin.hours import DEFAULT_HOUR
from sms_plugin.models import Mark, Message, TriggerRow
from sms_plugin.outbox.enqueue import OWN_ACTION, REMINDER
from sms_plugin.outbox.insertion import insert_once
from sms_plugin.state import State
from sms_plugin.triggers.drafting import Firing
from sms_plugin.triggers.firing import active_rows, occasion, validity, write
from sms_plugin.triggers.windows import Window

#: Records of one transaction: each has its text worded there, while SQLite's other writers wait.
PAGE = 25


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

    Raises what the host's expressions make the database raise; the other hooks are swept first.
    """
    failure: Exception | None = None
    for hook in state.registry.date_hooks():
        try:
            yield from _sweep_hook(pages, hook, state=state, now=now)
        except Exception as error:  # noqa: BLE001 - one broken declaration must not keep the others from firing
            failure = failure or error
    if failure is not None:
        raise failure


def _sweep_hook(pages: Pages, hook: BoundHook, *, state: State, now: datetime) -> Iterator[Swept]:
    more = True
    while more:
        with pages() as session:
            row = active_rows(session, {hook.trigger}, registry=state.registry).get(hook.trigger)
            if row is None or row.on_since is None:
                return
            mark = _mark(session, hook, row)
            if mark is None:
                return
            if mark.sweeping_until is None:
                mark.sweeping_until, mark.cursor = now, None
            records, messages = _page(session, hook, row, mark, state=state, now=now)
            more = records == PAGE
            if not more:
                # this window is done; a run that was interrupted began with an older one and goes on with the rest
                more = mark.sweeping_until < now
                mark.swept_until, mark.sweeping_until, mark.cursor = mark.sweeping_until, None, None
        if records:
            yield Swept(
                trigger=hook.trigger, entity=hook.entity.key, step=hook.step, records=records, messages=messages
            )


def _mark(session: Session, hook: BoundHook, row: TriggerRow) -> Mark | None:
    """The hook's mark; a new one, or one from before the trigger was switched on again, starts there.

    None where another sweep is making it at this moment, which then sweeps.
    """
    on_since = row.on_since
    assert on_since is not None  # noqa: S101 - the caller looked
    key = {"trigger": hook.trigger, "entity": hook.entity.key, "step": hook.step}
    mark = session.get(Mark, tuple(key.values()))
    if mark is None:
        first = {**key, "swept_until": on_since}
        insert_once(session.connection(), Mark.__table__, [first], unique=tuple(key))  # type: ignore[arg-type]
        mark = session.get(Mark, tuple(key.values()))
    if mark is None:
        return None
    if mark.swept_until < on_since:
        mark.swept_until, mark.sweeping_until, mark.cursor = on_since, None, None
    return mark


def _page(
    session: Session, hook: BoundHook, row: TriggerRow, mark: Mark, *, state: State, now: datetime
) -> tuple[int, int]:
    """The next page's records and the messages that they gave."""
    assert mark.sweeping_until is not None  # noqa: S101 - the caller set it
    assert row.on_since is not None  # noqa: S101 - the caller looked
    assert isinstance(hook.when, (Dated, Yearly))  # noqa: S101 - date_hooks() gives no others
    window = Window(
        when=hook.when,
        after=max(row.on_since, min(mark.swept_until, mark.sweeping_until - validity(row))),
        until=mark.sweeping_until,
        hour=DEFAULT_HOUR if row.hour is None else row.hour,
        zone=state.settings.zone,
    )
    condition = window.condition()
    if condition is None:
        return 0, 0
    found = _due(session, hook, condition, after=mark.cursor)
    if not found:
        return 0, 0
    mark.cursor = key_of(found[-1][0])
    due = [(record, value) for record, value in found if window.holds(value)]
    firings = [_firing(session, hook, row, record, value, window, state=state) for record, value in due]
    new = _not_yet_written(session, hook, firings)
    return len(found), write(session, new, state=state, now=now)


def _due(
    session: Session, hook: BoundHook, condition: sa.ColumnElement[bool], *, after: str | None
) -> list[tuple[Any, date]]:
    model = hook.entity.model
    columns = [getattr(model, _attribute(model, column)) for column in inspect(model).primary_key]
    assert isinstance(hook.when, (Dated, Yearly))  # noqa: S101 - date_hooks() gives no others
    query = sa.select(model, hook.when.at).where(condition).order_by(*columns).limit(PAGE)
    if hook.declared.only is not None:
        query = query.where(hook.declared.only)
    if after is not None:
        values = key_values(model, after)
        query = query.where(columns[0] > values[0] if len(columns) == 1 else sa.tuple_(*columns) > values)
    rows = session.execute(query.options(*hook.entity.eager)).unique().all()
    return [(row[0], row[1]) for row in rows]


def _attribute(model: type[Any], column: sa.Column[Any]) -> str:
    name: str = inspect(model).get_property_by_column(column).key
    return name


def _firing(
    session: Session,
    hook: BoundHook,
    row: TriggerRow,
    record: Any,
    value: date,
    window: Window,
    *,
    state: State,
) -> Firing:
    ends = [window.fires_at(value) + validity(row)]
    overtaken = window.useless_from(value)
    if overtaken is not None:
        ends.append(overtaken)
    reason = state.registry.reason(hook.trigger)
    moment, problem = occasion(hook, record, usual=window.moment(value), session=session)
    return Firing(
        reason=reason,
        row=row,
        entity=hook.entity,
        record=record,
        key=key_of(record),
        step=hook.step,
        moment=moment,
        hook=hook,
        to=hook.to,
        priority=OWN_ACTION if reason.purpose == "staff" else REMINDER,
        expires_at=min(ends),
        problem=problem,
    )


def _not_yet_written(session: Session, hook: BoundHook, firings: list[Firing]) -> list[Firing]:
    """Without those that an earlier sweep wrote: the window looks back, so most pages hold many of them."""
    written = session.execute(
        sa.select(Message.record, Message.moment).where(
            Message.entity == hook.entity.key,
            Message.record.in_([firing.key for firing in firings]),
            Message.trigger == hook.trigger,
            Message.step == hook.step,
        )
    ).all()
    known = {(row.record, row.moment) for row in written}
    return [firing for firing in firings if (firing.key, firing.moment) not in known]
