"""Walking an audience's sources a page at a time, by key: no source is ever in memory as a whole (S2, S6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.batches import debts
from sms_plugin.batches.asking import asked_of, page_of
from sms_plugin.batches.audience import (
    FILE,
    FILTERS,
    GROUP,
    NUMBERS,
    Audience,
    Source,
    entity_named,
    group_of,
    shortcode_of,
    typed_numbers,
)
from sms_plugin.batches.places import Place
from sms_plugin.host.bound import BoundEntity
from sms_plugin.host.identity import key_of, key_values
from sms_plugin.models import BatchRow, GroupMember
from sms_plugin.outbox.truth import among
from sms_plugin.state import State
from sms_plugin.values import made_often

_ROW: Any = BatchRow.__table__
_MEMBER: Any = GroupMember.__table__


@made_often(eq=False)
class Found:
    """One record or written number that a source found."""

    source: int
    entity: BoundEntity | None = None
    record: Any = None
    key: str = ""
    together: tuple[Any, ...] = ()  #: all the charges that one message tells of, the oldest first
    currency: str = ""  #: of charges in another one than the client's first message tells of
    written: str = field(default="", repr=False)  #: a number as it was typed or stands in the file
    values: Mapping[str, object] | None = field(default=None, repr=False)  #: of the file's row, by shortcode


@dataclass(frozen=True, kw_only=True)
class Walked:
    """One page, and where the next one begins; None at the end of the audience."""

    found: tuple[Found, ...]
    place: Place
    done: bool
    looked_at: int  #: records, rows and numbers that were taken up


def walk(session: Session, batch_id: Any, audience: Audience, place: Place, *, state: State, most: int) -> Walked:
    """The next page of about ``most``. Reads only.

    Raises ``SmsError`` where a source is gone, and what the host's filters make the database raise.
    """
    if place.source >= len(audience.sources):
        return Walked(found=(), place=place, done=True, looked_at=0)
    source = audience.sources[place.source]
    step = _Step(session=session, batch_id=batch_id, audience=audience, place=place, state=state, most=most)
    found, after, looked_at = _WAYS[source.kind](step, source)
    further = replace(place, after=after) if after is not None else replace(place, source=place.source + 1, after=None)
    return Walked(found=tuple(found), place=further, done=further.source >= len(audience.sources), looked_at=looked_at)


def expected(session: Session, batch_id: Any, audience: Audience, place: Place, *, state: State) -> int:
    """About how many records, rows and numbers there are to take up, from the place's source on. Reads only."""
    step = _Step(session=session, batch_id=batch_id, audience=audience, place=place, state=state, most=0)
    return sum(_count(step, source) for source in audience.sources[place.source :])


@dataclass(frozen=True, kw_only=True, eq=False)
class _Step:
    session: Session
    batch_id: Any
    audience: Audience
    place: Place
    state: State
    most: int


_Page = tuple[Sequence[Found], str | None, int]


def _filtered(step: _Step, source: Source) -> _Page:
    entity = entity_named(source.entity, state=step.state)
    return _asked(step, source, entity, source.conditions)


def _asked(step: _Step, source: Source, entity: BoundEntity, conditions: Sequence[Mapping[str, Any]]) -> _Page:
    holds = _holds(step, source, entity, conditions)
    audience, number = step.audience, step.place.source
    way = debts.way_to_clients(entity, each=audience.each, most=audience.debts)
    if way is None:
        records = page_of(step.session, entity, holds, after=step.place.after, most=step.most)
        found = [Found(source=number, entity=entity, record=each, key=key_of(each)) for each in records]
        return found, found[-1].key if len(found) == step.most else None, len(found)
    page = debts.by_client(step.session, way, holds, after=step.place.after, most=step.most)
    told = debts.told(
        step.session, page.charges, entity=entity, most=audience.debts, each=audience.each, state=step.state
    )
    found = [
        Found(
            source=number,
            entity=entity,
            record=each.record,
            key=key_of(each.record),
            together=each.together,
            currency=each.currency,
        )
        for each in told
    ]
    return found, page.after, sum(len(charges) for charges in page.charges)


def _grouped(step: _Step, source: Source) -> _Page:
    group = group_of(step.session, source)
    if group.entity is not None:
        return _asked(step, source, entity_named(group.entity, state=step.state), group.conditions)
    query = sa.select(_MEMBER.c.entity, _MEMBER.c.record).where(_MEMBER.c.group_id == group.id)
    if step.place.after is not None:
        entity, _, key = step.place.after.partition("\n")
        query = query.where(
            sa.or_(_MEMBER.c.entity > entity, sa.and_(_MEMBER.c.entity == entity, _MEMBER.c.record > key))
        )
    rows = step.session.execute(query.order_by(_MEMBER.c.entity, _MEMBER.c.record).limit(step.most)).all()
    seen = {entity: frozenset(keys) for entity, keys in source.only.items()}
    found = _loaded(
        step, [(row.entity, row.record) for row in rows if row.record in seen.get(row.entity, {row.record})]
    )
    return found, f"{rows[-1].entity}\n{rows[-1].record}" if len(rows) == step.most else None, len(rows)


def _single(step: _Step, source: Source) -> _Page:
    begins = int(step.place.after or 0)
    keys = source.keys[begins : begins + step.most]
    entity_named(source.entity, state=step.state)
    return _loaded(step, [(source.entity, key) for key in keys]), _next(step, begins, len(source.keys)), len(keys)


def _typed(step: _Step, source: Source) -> _Page:
    numbers, begins = typed_numbers(source.text), int(step.place.after or 0)
    some = numbers[begins : begins + step.most]
    found = [Found(source=step.place.source, written=each) for each in some]
    return found, _next(step, begins, len(numbers)), len(some)


def _listed(step: _Step, source: Source) -> _Page:
    query = sa.select(_ROW).where(_ROW.c.batch_id == step.batch_id, _ROW.c.line > int(step.place.after or 0))
    rows = step.session.execute(query.order_by(_ROW.c.line).limit(step.most)).all()
    found = [
        Found(
            source=step.place.source,
            written=row.phone,
            key=str(row.line),
            values={shortcode_of(column): value for column, value in row.row_values.items()},
        )
        for row in rows
    ]
    return found, found[-1].key if len(rows) == step.most else None, len(rows)


_WAYS: Mapping[str, Callable[[_Step, Source], _Page]] = {
    FILTERS: _filtered,
    GROUP: _grouped,
    NUMBERS: _typed,
    FILE: _listed,
    "records": _single,
}


def _next(step: _Step, begins: int, count: int) -> str | None:
    return str(begins + step.most) if begins + step.most < count else None


def _loaded(step: _Step, named: Sequence[tuple[str, str]]) -> list[Found]:
    """The records of these names, in their order; what is gone, or is a key of nothing, is left away."""
    records: dict[tuple[str, str], tuple[BoundEntity, Any]] = {}
    for name in dict.fromkeys(entity for entity, _ in named):
        entity = entity_named(name, state=step.state)
        keys = [key for each, key in named if each == name and _is_key(entity, key)]
        query = sa.select(entity.model).where(among(entity.model, keys)).options(*entity.eager)
        for record in step.session.scalars(query).unique() if keys else ():
            records[name, key_of(record)] = (entity, record)
    return [
        Found(source=step.place.source, entity=records[each][0], record=records[each][1], key=each[1])
        for each in dict.fromkeys(named)
        if each in records
    ]


def _is_key(entity: BoundEntity, key: str) -> bool:
    try:
        key_values(entity.model, key)
    except (ValueError, TypeError, ArithmeticError, KeyError):
        return False
    return True


def _count(step: _Step, source: Source) -> int:
    if source.kind == NUMBERS:
        return len(typed_numbers(source.text))
    if source.kind == FILE:
        query = sa.select(sa.func.count()).select_from(_ROW).where(_ROW.c.batch_id == step.batch_id)
        return int(step.session.scalar(query) or 0)
    if source.kind == GROUP:
        group = group_of(step.session, source)
        if group.entity is None:
            members = sa.select(sa.func.count()).select_from(_MEMBER).where(_MEMBER.c.group_id == group.id)
            return int(step.session.scalar(members) or 0)
        return _count_asked(step, source, group.entity, group.conditions)
    if source.kind == FILTERS:
        return _count_asked(step, source, source.entity, source.conditions)
    return len(source.keys)


def _holds(
    step: _Step, source: Source, entity: BoundEntity, conditions: Sequence[Mapping[str, Any]]
) -> sa.ColumnElement[bool]:
    """What is asked, of the records that the operator could see."""
    asked = asked_of(entity, conditions, state=step.state, today=step.place.today)
    if entity.key not in source.only:
        return asked
    keys = [key for key in source.only[entity.key] if _is_key(entity, key)]
    return sa.and_(asked, among(entity.model, keys)) if keys else sa.false()


def _count_asked(step: _Step, source: Source, name: str, conditions: Sequence[Mapping[str, Any]]) -> int:
    entity = entity_named(name, state=step.state)
    holds = _holds(step, source, entity, conditions)
    return int(step.session.scalar(sa.select(sa.func.count()).select_from(entity.model).where(holds)) or 0)
