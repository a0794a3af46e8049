"""What of the host's records the viewer could see in the host's own lists, as their views' ``get_query`` narrows them:
nothing else is found or chosen (X12).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_admin import Admin
from flask_admin.contrib.sqla import ModelView
from sqlalchemy.exc import InvalidRequestError, SQLAlchemyError
from sqlalchemy.orm import Query, Session

from sms_plugin.batches.asking import asked_of
from sms_plugin.batches.audience import FILTERS, GROUP, MOST_RECORDS, Source, entity_named, group_of
from sms_plugin.batches.groups import AT_ONCE, fixed
from sms_plugin.errors import SmsError, worded
from sms_plugin.host.bound import BoundEntity
from sms_plugin.host.identity import RecordRef, key_of, key_text
from sms_plugin.models.busy import is_away, is_busy
from sms_plugin.outbox.truth import key_columns
from sms_plugin.state import State
from sms_plugin.trails import trail
from sms_plugin.web.reach import reached

log = logging.getLogger(__name__)

#: What a database takes of values in one question: SQLite's 32,766, less some for the conditions.
_VALUES = 30_000


def shown(found: Sequence[tuple[BoundEntity, str]], *, admin: Admin | None) -> list[tuple[BoundEntity, str]]:
    """Those of the records that a view of the admin would show, where it has one of their kind."""
    kept: set[tuple[str, str]] = set()
    for entity in {entity.key: entity for entity, _ in found}.values():
        keys = [key for each, key in found if each.key == entity.key]
        views = _views_of(entity, admin)
        if not views:
            kept |= {(entity.key, key) for key in keys}
        for view in views:
            if view.is_accessible():
                kept |= {(entity.key, key_of(record)) for record in reached(view, keys)}
    return [(entity, key) for entity, key in found if (entity.key, key) in kept]


def shown_refs(refs: Iterable[RecordRef], *, admin: Admin | None, state: State) -> list[RecordRef]:
    """Those of the records that a view of the admin would show; what is of no declared entity is none."""
    entities = state.registry.entities
    found = [(entities[each.entity], each.key) for each in refs if each.entity in entities]
    return [RecordRef(entity=entity.key, key=key) for entity, key in shown(found, admin=admin)]


def is_narrowed(entity: BoundEntity, *, admin: Admin | None) -> bool:
    """Whether the viewer sees a part of the records only, or none, in the admin's own lists of them."""
    views = _views_of(entity, admin)
    return bool(views) and not any(view.is_accessible() and not _narrows(view) for view in views)


def is_closed(entity: BoundEntity, *, admin: Admin | None) -> bool:
    """Whether the admin has lists of these records, and none of them is for the viewer."""
    views = _views_of(entity, admin)
    return bool(views) and not any(view.is_accessible() for view in views)


def within_sight(sources: Iterable[Source], *, admin: Admin | None, state: State) -> tuple[Source, ...]:
    """The sources, each bound to the records that the viewer could see now, where the host's views show a part only.

    A request narrows a view; the recipients are looked for when there is none. So the keys are kept with the source.
    Reads in the host's own session. Raises ``SmsError``: ``not_shown`` for records of which the viewer sees none,
    ``too_many_shown`` for more than can be kept, and what the conditions say.
    """
    session: Session = state.db.session()
    try:
        return tuple(_within_sight(session, each, admin=admin, state=state) for each in sources)
    except SQLAlchemyError as error:
        if is_busy(error) or is_away(error):
            raise
        session.rollback()
        log.error("the records that the viewer sees cannot be asked for: %s", trail(error))
        raise SmsError(
            worded("The database cannot ask for this filter."),
            code="filter_failed",
            hint=worded("Take it out, or ask whoever runs the portal."),
        ) from error


def _within_sight(session: Session, source: Source, *, admin: Admin | None, state: State) -> Source:
    today = datetime.now(state.settings.zone).date()
    entity, conditions = source.entity, source.conditions
    if source.kind == GROUP:
        group = group_of(session, source)
        if group.entity is None:
            return replace(source, only=_members(session, group.id, admin=admin, state=state))
        entity, conditions = group.entity, tuple(group.conditions)
    elif source.kind != FILTERS:
        return source
    bound = entity_named(entity, state=state)
    if not is_narrowed(bound, admin=admin):
        return replace(source, only={})
    holds = asked_of(bound, conditions, state=state, today=today)
    return replace(source, only={bound.key: tuple(_seen(bound, holds, admin=admin))})


def _members(session: Session, group: int, *, admin: Admin | None, state: State) -> dict[str, tuple[str, ...]]:
    """The fixed members that the viewer sees, of each entity that the admin narrows."""
    seen: dict[str, dict[str, None]] = {}
    place: RecordRef | None = None
    while some := fixed(session, group, after=place, most=AT_ONCE):
        place = some[-1]
        for name in dict.fromkeys(each.entity for each in some):
            entity = state.registry.entities.get(name)
            if entity is None or not is_narrowed(entity, admin=admin):
                continue
            found = shown([(entity, each.key) for each in some if each.entity == name], admin=admin)
            known = seen.setdefault(name, {})
            known.update(dict.fromkeys(key for _, key in found))
            _check_size(len(known), entity)
    return {name: tuple(keys) for name, keys in seen.items()}


def _seen(entity: BoundEntity, holds: sa.ColumnElement[bool], *, admin: Admin | None) -> list[str]:
    """The keys of the records that the conditions hold for and the viewer's lists show."""
    views = [view for view in _views_of(entity, admin) if view.is_accessible()]
    if not views:
        raise SmsError(
            worded("The portal shows you no %(entity)s.", entity=entity.model.__name__),
            code="not_shown",
            hint=worded("Choose in another way, or ask whoever runs the portal."),
        )
    found: dict[str, None] = {}
    columns = key_columns(entity.model)
    for view in views:
        query = view.get_query().filter(holds).enable_eagerloads(False).order_by(None).with_entities(*columns)
        for row in query.limit(_most(entity) + 1):
            found[key_text(tuple(row))] = None
    _check_size(len(found), entity)
    return sorted(found)


def _check_size(size: int, entity: BoundEntity) -> None:
    if size > _most(entity):
        raise SmsError(
            worded(
                "The portal shows you a part of its records only: of these, %(most)s at most can be found at once.",
                most=_most(entity),
            ),
            code="too_many_shown",
            hint=worded("Set one more filter, and make several sends of it."),
        )


def _most(entity: BoundEntity) -> int:
    return min(MOST_RECORDS, _VALUES // len(key_columns(entity.model)))


def _views_of(entity: BoundEntity, admin: Admin | None) -> list[ModelView]:
    views = [] if admin is None else admin._views
    return [view for view in views if isinstance(view, ModelView) and view.model is entity.model]


def _narrows(view: Any) -> bool:
    """Whether the view's own query asks for less than all records: it reads otherwise than one without a condition."""
    if type(view).get_query is ModelView.get_query:
        return False
    query = view.get_query()
    if not isinstance(query, Query):
        return True
    columns = key_columns(view.model)
    try:
        own = query.enable_eagerloads(False).order_by(None).with_entities(*columns)
    except InvalidRequestError:  # cut to so many rows, to which nothing can be added
        return True
    return str(own) != str(query.session.query(view.model).with_entities(*columns))
