"""Which records lead to somebody: the ways from records to people, gone backwards by the database (X20)."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, aliased

from sms_plugin.host.bound import BoundEntity, BoundHook, BoundPerson, Target
from sms_plugin.host.identity import key_of, key_text, key_values
from sms_plugin.host.registry import Registry
from sms_plugin.host.when import Added
from sms_plugin.outbox.truth import among, key_columns

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Leading:
    """Records of one entity that lead to somebody, the newest first."""

    records: tuple[Any, ...]
    cut: bool = False  #: there are more
    blind: bool = False  #: a way is a function of the host's, which the database cannot go backwards


def leading(session: Session, hook: BoundHook, somebody: object, *, registry: Registry, most: int) -> Leading:
    """The newest records of the hook's entity that lead to a person, or to the people of a client. Reads only.

    Asked by the relationships of the declared paths, from the person on; a way that cannot be asked is told, not tried.
    """
    found: dict[Any, None] = {}
    ways = list(_ways(hook, registry))
    for path, person in ways:
        if path is not None:
            found |= dict.fromkeys(_keys(session, hook.entity, path, person, somebody, registry, most=most + 1))
    keys = sorted(found, key=lambda key: key_values(hook.entity.model, key), reverse=True)
    records = _records(session, hook.entity, keys[:most])
    return Leading(records=records, cut=len(keys) > most, blind=any(path is None for path, _ in ways))


_Way = tuple[Sequence[Any] | None, BoundPerson | None]


def _ways(hook: BoundHook, registry: Registry) -> Iterator[_Way]:
    """The relationships to each of the people, and the person where it stands in the record itself."""
    if hook.of_member:
        yield ((hook.when.attribute,) if isinstance(hook.when, Added) else None), None
        return
    targets: Iterable[Target] = hook.to or hook.entity.to.get(registry.reason(hook.trigger).audience, ())
    several = list(targets)
    if not several and hook.entity.person is not None:
        yield (), hook.entity.person
    for target in several:
        if target.person is not None:
            yield (), target.person
        else:
            yield (None if target.path is None else target.path.relationships), None


def _keys(
    session: Session,
    entity: BoundEntity,
    path: Sequence[Any],
    person: BoundPerson | None,
    somebody: object,
    registry: Registry,
    *,
    most: int,
) -> list[str]:
    model = path[-1].property.mapper.class_ if path else entity.model
    if person is None:
        bound = registry.person_of(model)
        person = None if bound is None else bound.person
    found: list[str] = []
    if isinstance(somebody, model):
        found += _asked(session, entity, path, somebody, most=most)
    behind = None if person is None or person.client_path is None else person.client_path
    if behind is not None and behind.target is not None and isinstance(somebody, behind.target):
        found += _asked(session, entity, (*path, *behind.relationships), somebody, most=most)
    return found


def _asked(session: Session, entity: BoundEntity, path: Sequence[Any], somebody: object, *, most: int) -> list[str]:
    """The newest keys of records whose way ends at somebody."""
    own = key_columns(entity.model)
    query = sa.select(*own).select_from(entity.model)
    at: Any = entity.model
    for step in path:
        following = aliased(step.property.mapper.class_)
        query = query.join(getattr(at, step.key).of_type(following))
        at = following
    ends = [getattr(at, column.key) for column in key_columns(type(somebody))]
    values = key_values(type(somebody), key_of(somebody))
    query = query.where(*(end == value for end, value in zip(ends, values, strict=True)))
    try:
        with session.no_autoflush, session.begin_nested():
            rows = session.execute(query.distinct().order_by(*(column.desc() for column in own)).limit(most)).all()
    except SQLAlchemyError as error:
        log.warning("records of %s cannot be looked for: %s", entity.key, type(error).__name__)
        return []
    return [key_text(tuple(row)) for row in rows]


def _records(session: Session, entity: BoundEntity, keys: Sequence[str]) -> tuple[Any, ...]:
    if not keys:
        return ()
    with session.no_autoflush:
        query = sa.select(entity.model).where(among(entity.model, keys)).options(*entity.eager)
        found = {key_of(record): record for record in session.scalars(query).unique()}
    return tuple(found[key] for key in keys if key in found)
