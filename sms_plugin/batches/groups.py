"""Groups of people under a name: kept, changed, asked who is in them now (S6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from sms_plugin.batches.conditions import check, condition
from sms_plugin.batches.uses import where_used
from sms_plugin.errors import SmsError, worded
from sms_plugin.host.bound import BoundEntity
from sms_plugin.host.identity import RecordRef
from sms_plugin.models import Group, GroupMember
from sms_plugin.models.changes import note_change
from sms_plugin.state import State
from sms_plugin.transactions import lending

#: A larger group is told as "more than" so many: nobody waits for a count.
COUNTED = 1000
#: So many are put into a group at once.
AT_ONCE = 500
_FIELDS = ("name", "description", "entity", "conditions")
#: So many members are named where a change is noted.
_TOLD = 20


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A group as somebody wants it. Without an entity its members are fixed, else all whom the conditions find."""

    name: str
    description: str = ""
    entity: str | None = None
    conditions: Sequence[Mapping[str, Any]] = field(default=())


@dataclass(frozen=True, kw_only=True)
class Size:
    """How many are in a group: so many, or more than that."""

    number: int
    more: bool = False


def create(session: Session, wanted: Wanted, *, state: State, who: str, now: datetime) -> Group:
    """A new group, flushed. Writes in the caller's transaction. Raises ``SmsError``: ``bad_name``, ``name_taken``, and
    what is wrong with its conditions.
    """
    with lending(session, state):
        _check(wanted, state=state)
    group = Group(**_values(wanted), who=who[:120], created_at=now, changed_at=now)
    session.add(group)
    _flush(session, wanted)
    note_change(session, _what(group), "created", who=who, now=now, detail=_values(wanted))
    return group


def change(
    session: Session, group: Group, wanted: Wanted, *, seen: datetime | None, state: State, who: str, now: datetime
) -> Group:
    """The group as it is wanted now, flushed. Writes in the caller's transaction.

    ``seen`` is the ``changed_at`` that the operator looked at. Raises ``SmsError`` as ``create`` does, and
    ``changed_meanwhile`` where somebody was quicker. What a group is of stays: fixed members, or records of an entity.
    """
    if seen is not None and seen != group.changed_at:
        raise SmsError(
            worded("Somebody else has changed this group meanwhile."),
            code="changed_meanwhile",
            hint=worded("Look at it again, and save once more what you want."),
        )
    with lending(session, state):
        _check(wanted, state=state)
    after = {**_values(wanted), "entity": group.entity}
    changed = {name: [getattr(group, name), after[name]] for name in _FIELDS if getattr(group, name) != after[name]}
    if changed:
        what = _what(group)
        for name in changed:
            setattr(group, name, after[name])
        group.changed_at = now
        _flush(session, wanted)
        note_change(session, what, "changed", who=who, now=now, detail=changed)
    return group


def delete(session: Session, group: Group, *, who: str, now: datetime) -> None:
    """Take a group away with its list of members. Writes in the caller's transaction.

    Raises ``SmsError`` (``group_in_use``) naming the sends that still reach it.
    """
    uses = where_used(session, group.id)
    if uses:
        raise SmsError(
            worded(
                "The group %(name)r is used by %(uses)s.",
                name=group.name,
                uses=", ".join(repr(each.name) for each in uses),
            ),
            code="group_in_use",
            hint=worded("Take it out of those first, or wait until they are over."),
        )
    session.execute(sa.delete(GroupMember).where(GroupMember.group_id == group.id))
    note_change(session, _what(group), "deleted", who=who, now=now, detail={"name": group.name})
    session.delete(group)
    session.flush()


def add(session: Session, group: Group, refs: Iterable[RecordRef], *, who: str, now: datetime) -> int:
    """How many became members that were none. Writes in the caller's transaction.

    Raises ``SmsError``: ``saved_filter`` for a group without fixed members, ``too_many`` for more than ``AT_ONCE``.
    """
    wanted = list(dict.fromkeys(refs))
    if group.entity is not None:
        raise SmsError(
            worded("The group %(name)r finds its members by a saved filter.", name=group.name),
            code="saved_filter",
            hint=worded("Choose a group of fixed members."),
        )
    if len(wanted) > AT_ONCE:
        raise SmsError(
            worded("These are %(count)s.", count=len(wanted)),
            code="too_many",
            hint=worded("Add at most %(at_once)s at once.", at_once=AT_ONCE),
        )
    there = set(_among(session, group.id, wanted))
    fresh = [each for each in wanted if each not in there]
    for each in sorted(fresh, key=lambda ref: (ref.entity, ref.key)):
        session.add(GroupMember(group_id=group.id, entity=each.entity, record=each.key))
    if fresh:
        session.flush()
        note_change(session, _what(group), "changed", who=who, now=now, detail={"members": ["", _listed("+", fresh)]})
    return len(fresh)


def remove(session: Session, group: Group, refs: Iterable[RecordRef], *, who: str, now: datetime) -> int:
    """How many are members no more. Writes in the caller's transaction."""
    gone = _among(session, group.id, list(dict.fromkeys(refs))[:AT_ONCE])
    for each in gone:
        session.execute(
            sa.delete(GroupMember).where(
                GroupMember.group_id == group.id, GroupMember.entity == each.entity, GroupMember.record == each.key
            )
        )
    if gone:
        note_change(session, _what(group), "changed", who=who, now=now, detail={"members": [_listed("", gone), ""]})
    return len(gone)


def locked(session: Session, id: int) -> Group:
    """A group, kept from others until the caller's transaction ends. Raises ``SmsError`` where it is gone."""
    found = session.get(Group, id, with_for_update=True, populate_existing=True)
    if found is None:
        raise SmsError(
            worded("This group is not there any more."), code="unknown_group", hint=worded("Choose another one.")
        )
    return found


def saved(group: Group, *, state: State) -> tuple[BoundEntity, Sequence[Mapping[str, Any]]]:
    """The entity and the conditions of a group with a saved filter, checked.

    Raises ``SmsError`` naming the group where the portal does not offer its entity or one of its filters any more.
    """
    entity = state.registry.entities.get(group.entity or "")
    if entity is None:
        raise SmsError(
            worded(
                "The group %(name)r asks for %(entity)r, which the portal does not have any more.",
                name=group.name,
                entity=group.entity,
            ),
            code="unknown_entity",
            hint=worded("Delete the group, or ask whoever runs the portal."),
        )
    try:
        check(group.conditions, entity=entity, state=state)
    except SmsError as error:
        raise SmsError(
            worded("The group %(name)r: %(message)s", name=group.name, message=error.message),
            code=error.code,
            hint=error.hint,
        ) from error
    return entity, group.conditions


def holds(group: Group, *, state: State, today: date) -> sa.ColumnElement[bool]:
    """That a record of the group's entity is in it on this day. Raises ``SmsError`` as ``saved`` does."""
    entity, conditions = saved(group, state=state)
    return condition(conditions, entity=entity, state=state, today=today)


def size(session: Session, group: Group, *, state: State, today: date, most: int = COUNTED) -> Size:
    """How many are in the group, counted up to ``most``. Reads only. Raises ``SmsError`` as ``saved`` does."""
    some: sa.Select[Any]
    if group.entity is None:
        some = sa.select(sa.literal(1)).select_from(GroupMember).where(GroupMember.group_id == group.id)
    else:
        entity, _ = saved(group, state=state)
        some = sa.select(sa.literal(1)).select_from(entity.model).where(holds(group, state=state, today=today))
    number = session.scalar(sa.select(sa.func.count()).select_from(some.limit(most + 1).subquery())) or 0
    return Size(number=min(number, most), more=number > most)


def fixed(session: Session, group: int, *, after: RecordRef | None = None, most: int) -> list[RecordRef]:
    """The fixed members of a group behind one of them, in the order of their names. Reads only."""
    query = sa.select(GroupMember.entity, GroupMember.record).where(GroupMember.group_id == group)
    if after is not None:
        query = query.where(
            GroupMember.entity >= after.entity,
            sa.or_(GroupMember.entity > after.entity, GroupMember.record > after.key),
        )
    rows = session.execute(query.order_by(GroupMember.entity, GroupMember.record).limit(most))
    return [RecordRef(entity=entity, key=key) for entity, key in rows]


def _among(session: Session, group: int, refs: Sequence[RecordRef]) -> list[RecordRef]:
    """Those of the records that are members."""
    by_entity: dict[str, list[str]] = {}
    for each in refs:
        by_entity.setdefault(each.entity, []).append(each.key)
    found: list[RecordRef] = []
    for entity, keys in by_entity.items():
        rows = session.scalars(
            sa.select(GroupMember.record).where(
                GroupMember.group_id == group, GroupMember.entity == entity, GroupMember.record.in_(keys)
            )
        )
        found += [RecordRef(entity=entity, key=key) for key in rows]
    return found


def _check(wanted: Wanted, *, state: State) -> None:
    if not wanted.name.strip() or len(wanted.name) > 80 or len(wanted.description) > 255:
        raise SmsError(
            worded("A group needs a name of at most 80 characters, and a description of at most 255."),
            code="bad_name",
            hint=worded("Give it a name by which you will find it again."),
        )
    if wanted.entity is not None:
        kept = Group(name=wanted.name, entity=wanted.entity, conditions=[dict(each) for each in wanted.conditions])
        saved(kept, state=state)


def _values(wanted: Wanted) -> dict[str, Any]:
    return {
        "name": wanted.name.strip(),
        "description": wanted.description.strip(),
        "entity": wanted.entity,
        "conditions": [dict(each) for each in wanted.conditions] if wanted.entity is not None else [],
    }


def _flush(session: Session, wanted: Wanted) -> None:
    try:
        session.flush()
    except IntegrityError as error:
        raise SmsError(
            worded("There is a group %(name)r already.", name=wanted.name.strip()),
            code="name_taken",
            hint=worded("Choose another name."),
        ) from error


def _listed(sign: str, refs: Sequence[RecordRef]) -> str:
    told = ", ".join(f"{sign}{each.entity} {each.key}" for each in refs[:_TOLD])
    return f"{told} …" if len(refs) > _TOLD else told


def _what(group: Group) -> str:
    return f"group {group.name}"
