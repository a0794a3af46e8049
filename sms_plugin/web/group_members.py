"""Who is in a group now: a page of its members by name, and how many there are without counting them all (S6)."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

import sqlalchemy as sa
from flask_admin import Admin
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from sms_plugin.batches.groups import Size, fixed, holds, saved, size
from sms_plugin.batches.values import BadCondition
from sms_plugin.errors import SmsError
from sms_plugin.host.bound import BoundEntity
from sms_plugin.host.identity import RecordRef, key_of, key_values
from sms_plugin.host.search import label_of
from sms_plugin.models import Group
from sms_plugin.outbox.truth import among, key_columns
from sms_plugin.state import State
from sms_plugin.trails import trail
from sms_plugin.transactions import lending
from sms_plugin.triggers import sending
from sms_plugin.web.apart import reading
from sms_plugin.web.conditions import problem_words
from sms_plugin.web.host_records import named
from sms_plugin.web.paging import beyond
from sms_plugin.web.shown import shown_number
from sms_plugin.web.sights import is_narrowed, shown_refs
from sms_plugin.web.translation import gettext, in_words, ngettext

log = logging.getLogger(__name__)

#: So many members stand on a page.
SHOWN = 25


@dataclass(frozen=True, kw_only=True)
class Member:
    """One member as the page shows it."""

    ref: str  #: entity and key
    name: str
    kind: str
    number: str = ""
    url: str | None = None
    gone: bool = False  #: the portal has no such record any more


@dataclass(frozen=True, kw_only=True)
class Members:
    """A page of members; ``after`` is where the next one begins, ``problem`` why there is none."""

    those: tuple[Member, ...] = ()
    after: str = ""
    total: str = ""
    problem: str = ""


def members(group: Group, *, after: str, admin: Admin | None, state: State) -> Members:
    """Who is in the group today. Reads only; what a filter of the host's gets wrong is told, not raised."""
    today = today_of(state)
    try:
        with reading(state) as session, lending(session, state):  # the host's filters read, too
            if group.entity is None:
                found = fixed(session, group.id, after=read_ref(after), most=SHOWN + 1)
                those = list(_fixed(session, found[:SHOWN], admin=admin, state=state))
            else:
                entity, _ = saved(group, state=state)
                records = _found(session, group, entity, after=after, today=today, state=state)
                found = [RecordRef(entity=entity.key, key=key_of(each)) for each in records]
                those = [_member(each, entity, admin=admin, state=state) for each in records[:SHOWN]]
            narrowed = group.entity is not None and is_narrowed(entity, admin=admin)
            total = "" if narrowed else size_words(size(session, group, state=state, today=today))
    except SmsError as error:
        return Members(problem=why(error, group, state=state))
    except SQLAlchemyError as error:
        log.error("the group %s cannot be asked: %s", group.id, trail(error))
        return Members(problem=gettext("The database cannot ask for this filter. The reason is in the portal's log."))
    after = write_ref(found[SHOWN - 1]) if len(found) > SHOWN else ""
    return Members(those=_in_sight(those, group, admin=admin, state=state), after=after, total=total)


def _in_sight(those: Sequence[Member], group: Group, *, admin: Admin | None, state: State) -> tuple[Member, ...]:
    """The members without those whom the host's own lists do not show to the viewer; a fixed one stays as somebody."""
    refs = {each.ref: ref for each in those if (ref := read_ref(each.ref)) is not None}
    seen = {write_ref(each) for each in shown_refs(refs.values(), admin=admin, state=state)}

    def told(each: Member) -> Member:
        is_known = each.gone or each.ref in seen
        return each if is_known else Member(ref=each.ref, name=gettext("Not shown to you"), kind=each.kind)

    return tuple(told(each) for each in those if group.entity is None or each.ref in seen)


def why(error: SmsError, group: Group, *, state: State) -> str:
    """What is wrong with a group's saved filter, in the viewer's words."""
    cause = error.__cause__ if isinstance(error.__cause__, BadCondition) else error
    entity = state.registry.entities.get(group.entity or "")
    if isinstance(cause, BadCondition) and entity is not None:
        return problem_words(cause, entity)
    if error.code == "unknown_entity":
        return gettext("The portal does not have “%(entity)s” any more. Delete the group.", entity=group.entity or "")
    return in_words(error)


def size_words(found: Size) -> str:
    """How many there are."""
    if found.more:
        return gettext("more than %(number)s", number=found.number)
    return ngettext("%(num)s member", "%(num)s members", found.number)


def today_of(state: State) -> date:
    """The day that it is in the portal."""
    return datetime.now(state.settings.zone).date()


def read_ref(text: str) -> RecordRef | None:
    """A record's soft name out of a form or an address; None for what is none."""
    entity, apart, key = text.replace("\0", "").partition("|")
    return RecordRef(entity=entity[:120], key=key[:190]) if apart and entity and key else None


def write_ref(ref: RecordRef) -> str:
    """A record's soft name for a form or an address."""
    return f"{ref.entity}|{ref.key}"


def _found(
    session: Session, group: Group, entity: BoundEntity, *, after: str, today: date, state: State
) -> Sequence[object]:
    columns = key_columns(entity.model)
    query = sa.select(entity.model).where(holds(group, state=state, today=today)).order_by(*columns)
    ref = read_ref(after)
    if ref is not None:
        try:
            values = key_values(entity.model, ref.key)
        except (ValueError, LookupError, ArithmeticError):
            values = ()
        if values:
            dialect = state.db.engine.dialect.name
            query = query.where(beyond(columns, values, descending=False, dialect=dialect))
    return session.scalars(query.limit(SHOWN + 1)).unique().all()


def _fixed(session: Session, refs: Sequence[RecordRef], *, admin: Admin | None, state: State) -> Iterator[Member]:
    for key, some in groupby(refs, key=lambda ref: ref.entity):
        entity = state.registry.entities.get(key)
        keys = [each.key for each in some]
        there = {} if entity is None else _by_key(session, entity, keys)
        for each in keys:
            if entity is not None and each in there:
                yield _member(there[each], entity, admin=admin, state=state)
            else:
                ref = RecordRef(entity=key, key=each)
                yield Member(ref=write_ref(ref), name=each, kind=_kind(entity, key), gone=True)


def _by_key(session: Session, entity: BoundEntity, keys: Sequence[str]) -> dict[str, object]:
    sound = []
    for each in keys:
        try:
            key_values(entity.model, each)
        except (ValueError, LookupError, ArithmeticError):
            continue
        sound.append(each)
    if not sound:
        return {}
    records = session.scalars(sa.select(entity.model).where(among(entity.model, sound))).unique()
    return {key_of(each): each for each in records}


def _member(record: object, entity: BoundEntity, *, admin: Admin | None, state: State) -> Member:
    ref = RecordRef(entity=entity.key, key=key_of(record))
    name = label_of(record, entity)
    return Member(
        ref=write_ref(ref),
        name=name,
        kind=_kind(entity, ref.entity),
        number=_number(record, entity, state),
        url=named(ref, admin=admin, state=state, name=name).url,
    )


def _number(record: object, entity: BoundEntity, state: State) -> str:
    try:
        numbers = [each.number for each in sending.numbers(record, entity=entity, state=state) if each.number]
    except Exception:  # noqa: BLE001 - a host's attribute may raise anything; the member is shown without a number
        return ""
    return shown_number(numbers[0]) if numbers else ""


def _kind(entity: BoundEntity | None, key: str) -> str:
    return key if entity is None else entity.model.__name__
