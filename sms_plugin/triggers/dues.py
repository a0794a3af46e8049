"""What is due of one step of a date hook, as firings: read from the database and decided, with nothing written.

The sweep writes what this finds; a forecast reads the same and drafts it, in a session that it rolls back::

    found = due(session, hook, row, step, after=now, until=now + timedelta(days=7), cursor=None, state=state)
    drafts = drafted(session, found.firings, state=state, now=now)   # each with its recipient, text, due_at, state
    ...                                                              # and again from found.cursor, until that is None

``row`` need not be on: any row asks what its trigger would send. What stands among the messages already is left out: a
forecast adds what is queued. ``drafted`` asks the hook's ``only`` as it is now; own moments up to ``after`` (per
recipient) give no draft.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import instance_state
from sqlalchemy.orm.interfaces import LoaderOption

from sms_plugin.host.bound import BoundEntity, BoundHook, Target
from sms_plugin.host.identity import key_of, key_text, key_values
from sms_plugin.host.when import Dated, Yearly
from sms_plugin.hours import DEFAULT_HOUR
from sms_plugin.models import Message, TriggerRow
from sms_plugin.models.message import trigger_of_named
from sms_plugin.outbox.enqueue import OWN_ACTION, REMINDER
from sms_plugin.outbox.gathering import gathered_of
from sms_plugin.outbox.quiet import quiet_of
from sms_plugin.outbox.truth import bound, key_columns
from sms_plugin.state import State
from sms_plugin.triggers.fired import Firing, validity
from sms_plugin.triggers.firing import occasion
from sms_plugin.triggers.steps import Step
from sms_plugin.triggers.windows import Timing, Window

#: Records of one page: each has its text worded there, while SQLite's other writers wait. Elsewhere nobody does.
PAGE, ELSEWHERE = 100, 500
#: A page looks at so many times its own rows, keys and dates alone, for most of them were written by an earlier sweep:
#: at so many at once where the first look did not fill it.
LOOKS, LOOK = 20, 500


@dataclass(frozen=True, kw_only=True)
class Due:
    """One page of what is due."""

    firings: tuple[Firing, ...]
    cursor: str | None  #: where the next page begins; None where this is the last one


def due(
    session: Session,
    hook: BoundHook,
    row: TriggerRow,
    step: Step,
    *,
    after: datetime,
    until: datetime,
    cursor: str | None,
    state: State,
) -> Due:
    """The next page of what a sweep at ``until`` finds, of all whose own moment lies behind ``after``. Reads only.

    Records are found as soon as the first of those who may be told has to be, wherever they live, and before quiet
    hours into which they are not to fall: each message says for itself when it is due. Raises what the host's
    expressions make the database raise.
    """
    window = window_of(hook, row, step, after=after, until=until, state=state)
    condition = window.condition()
    if condition is None:
        return Due(firings=(), cursor=None)
    page, cursor = _fresh(session, hook, window, condition, cursor=cursor)
    records = _records(session, hook, [each for each, _ in page])
    firings = [
        firing_of(session, hook, row, step, records[each.own], timing, state=state)
        for each, timing in page
        if each.own in records
    ]
    if hook.declared.once is not None and firings:
        written = _written(session, hook, [each.key for each in firings])
        firings = [each for each in firings if (each.key, each.step, each.moment) not in written]
    return Due(firings=tuple(firings), cursor=cursor)


def page_size(session: Session) -> int:
    """How many records a page may have on this database."""
    return PAGE if session.get_bind().dialect.name == "sqlite" else ELSEWHERE


def _fresh(
    session: Session, hook: BoundHook, window: Window, condition: sa.ColumnElement[bool], *, cursor: str | None
) -> tuple[list[tuple[_Row, Timing]], str | None]:
    """The rows of the next page, each with when it is due, and where the one after it begins; None at the end.

    What was written is passed by, look after look, so that a window which reaches far back costs no page of its own.
    """
    size = page_size(session)
    page: list[tuple[_Row, Timing]] = []
    timings: dict[tuple[date, Any], Timing | None] = {}
    most, left = size + 1, LOOKS * size
    while left > 0:
        rows = _rows(session, hook, condition, cursor=cursor, most=most)
        found: list[tuple[_Row, Timing]] = []
        for each in rows:
            when = (each.at, each.lead)
            if when not in timings:  # what comes due together mostly has one date
                timings[when] = window.timing(*when)
            timing = timings[when]
            if timing is not None:
                found.append((each, timing))
        page += _not_yet_written(session, hook, found)
        if len(page) > size:
            return page[:size], page[size - 1][0].cursor
        if len(rows) < most:
            return page, None
        cursor, most, left = rows[-1].cursor, LOOK, left - most
    return page, cursor


class _Row(NamedTuple):
    key: str
    own: tuple[Any, ...]  #: the key's values
    at: date
    lead: Any

    @property
    def cursor(self) -> str:
        return json.dumps([self.at.isoformat(), self.key])


def window_of(
    hook: BoundHook, row: TriggerRow, step: Step, *, after: datetime, until: datetime, state: State
) -> Window:
    """The own moments that a sweep at ``until`` looks for, of those behind ``after``."""
    assert isinstance(hook.when, (Dated, Yearly))  # noqa: S101 - date_hooks() gives no others
    everywhere = _may_live_elsewhere(hook, state)
    quiet = quiet_of(row, state.registry.reason(hook.trigger), settings=state.settings)
    return Window(
        when=hook.when,
        step=step,
        after=after,
        until=quiet.ahead(until, portal=state.settings.zone, everywhere=everywhere),
        hour=DEFAULT_HOUR if row.hour is None else row.hour,
        zone=state.settings.zone,
        everywhere=everywhere,
    )


def _may_live_elsewhere(hook: BoundHook, state: State) -> bool:
    """Whether anybody whom the hook reaches may have a timezone of their own."""
    targets: tuple[Target, ...] = hook.to or hook.entity.to.get(state.registry.reason(hook.trigger).audience, ())
    inline = [target.person for target in targets if target.person is not None]
    if len(inline) < len(targets) or not targets:
        inline += [entity.person for entity in state.registry.entities.values() if entity.person is not None]
    return any(person.timezone is not None for person in inline)


def _rows(
    session: Session, hook: BoundHook, condition: sa.ColumnElement[bool], *, cursor: str | None, most: int
) -> list[_Row]:
    """Keys and dates in the order of the date's index: a walk over the keys would meet the whole table first."""
    assert isinstance(hook.when, (Dated, Yearly))  # noqa: S101 - the caller looked
    keys = key_columns(hook.entity.model)
    at: Any = hook.when.at
    lead = hook.when.lead if isinstance(hook.when, Dated) and hook.when.lead is not None else sa.null()
    query = sa.select(*keys, at, lead).where(condition).order_by(at, *keys)
    if hook.declared.only is not None:
        query = query.where(hook.declared.only)
    found: list[tuple[Any, ...]] = []
    for part in [sa.true()] if cursor is None else _behind(session, hook.entity.model, at, cursor):
        if len(found) < most:
            found += map(tuple, session.execute(query.where(part).limit(most - len(found))).all())
    count = len(keys)
    return [_Row(key_text(own := each[:count]), own, each[count], each[count + 1]) for each in found]


def _behind(session: Session, model: type[Any], at: Any, cursor: str) -> list[sa.ColumnElement[bool]]:
    """What selects the rows behind a cursor, part after part."""
    keys, (value, key) = key_columns(model), json.loads(cursor)
    read: Any = datetime if "T" in value else date
    since, own = read.fromisoformat(value), key_values(model, key)
    behind = keys[0] > own[0] if len(keys) == 1 else sa.tuple_(*keys) > sa.tuple_(*own)
    if session.get_bind().dialect.name == "sqlite":
        # by the index of a date it goes on at a key within one date only; else each page met the whole day before it
        return [sa.and_(at == since, behind), at > since]
    return [sa.and_(at >= since, sa.or_(at > since, behind))]


def _not_yet_written(session: Session, hook: BoundHook, found: list[tuple[_Row, Timing]]) -> list[tuple[_Row, Timing]]:
    """Without those that an earlier sweep wrote: the window looks back, so most looks meet many of them.

    Where the host itself says what is once, the records have to be read first.
    """
    if not found or hook.declared.once is not None:
        return found
    known = _written(session, hook, [each.key for each, _ in found])
    return [(each, timing) for each, timing in found if (each.key, timing.step, timing.moment) not in known]


def _written(session: Session, hook: BoundHook, keys: list[str]) -> set[tuple[str | None, str, str]]:
    """Record, step and moment of the messages that there are of these records."""
    asked = {"entity": hook.entity.key, "trigger": hook.trigger, "records": keys}
    connection = session.connection()
    found = connection.execute(_WRITTEN_OF_ARRAY if connection.dialect.name == "postgresql" else _WRITTEN, asked)
    names = {(row[0], row[1], row[2]) for row in found.all()}
    return names | gathered_of(session, hook.trigger, hook.entity.key, keys) if hook.entity.debt is not None else names


_MESSAGE: Any = Message.__table__
_OF_HOOK = sa.select(_MESSAGE.c.record, _MESSAGE.c.step, _MESSAGE.c.moment).where(
    _MESSAGE.c.entity == sa.bindparam("entity"), trigger_of_named == sa.bindparam("trigger")
)
_WRITTEN = _OF_HOOK.where(_MESSAGE.c.record.in_(sa.bindparam("records", expanding=True)))
_ASKED = (
    sa.func.unnest(sa.bindparam("records", type_=ARRAY(sa.String))).table_valued("key").render_derived(name="asked")
)
#: The driver reads hundreds of parameters anew each time. The records are looked up one by one: with the figures of a
#: table that was small a moment ago, each page of a run that writes very many would go through all that it wrote.
_OF_ONE = _OF_HOOK.where(_MESSAGE.c.record == _ASKED.c.key).offset(sa.literal_column("0")).lateral()
_WRITTEN_OF_ARRAY = sa.select(_OF_ONE).select_from(_ASKED).join(_OF_ONE, sa.true())


def _records(session: Session, hook: BoundHook, rows: list[_Row]) -> dict[tuple[Any, ...], Any]:
    """The records of these rows, by their key."""
    if not rows:
        return {}
    dialect = session.get_bind().dialect.name
    query = _loading(hook.entity.model, hook.entity.eager, dialect)  # type: ignore[arg-type]  # a class is hashable
    wanted = [each.own if len(each.own) > 1 else each.own[0] for each in rows]
    found = session.execute(query, {"sms_keys": wanted}).unique().scalars()
    return {instance_state(record).identity or (): record for record in found}


def records_of(session: Session, entity: BoundEntity, keys: Sequence[str]) -> dict[str, Any]:
    """The records with these keys, by key, with all that their texts reach."""
    dialect = session.get_bind().dialect.name
    query = _loading(entity.model, entity.eager, dialect)  # type: ignore[arg-type]  # a class is hashable
    values = [key_values(entity.model, key) for key in dict.fromkeys(keys)]
    wanted = [value if len(value) > 1 else value[0] for value in values]
    found = session.execute(query, {"sms_keys": wanted}).unique().scalars() if wanted else ()
    return {key_of(record): record for record in found}


@lru_cache(maxsize=256)
def _loading(model: type[Any], eager: tuple[LoaderOption, ...], dialect: str) -> sa.Select[Any]:
    """The query that loads records by their keys, put together once."""
    return sa.select(model).where(bound(model, dialect)).options(*eager)


def firing_of(
    session: Session,
    hook: BoundHook,
    row: TriggerRow,
    step: Step,
    record: Any,
    timing: Timing,
    *,
    state: State,
) -> Firing:
    """What one record's date fires. Reads only: the host's ``once=``, where there is one."""
    reason = state.registry.reason(hook.trigger)
    moment, problem = occasion(hook, record, usual=timing.moment, session=session)
    purpose = row.purpose or reason.purpose
    return Firing(
        reason=reason,
        row=row,
        entity=hook.entity,
        record=record,
        key=key_of(record),
        step=timing.step,
        moment=moment,
        hook=hook,
        to=hook.to,
        timing=timing,
        priority=OWN_ACTION if purpose == "staff" else REMINDER,
        expires_at=timing.own(state.settings.zone) + validity(row),
        problem=problem,
    )
