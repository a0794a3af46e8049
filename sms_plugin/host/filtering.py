"""From the filters that a host wrote to those that can be asked: what each is about, and how it is read from a form."""

from __future__ import annotations

import inspect as signatures
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import sqlalchemy as sa
from sqlalchemy import inspect
from sqlalchemy.orm import Mapper
from sqlalchemy.orm.attributes import QueryableAttribute

from sms_plugin.errors import ConfigurationError, did_you_mean
from sms_plugin.host.bound import BoundFilter, FilterKind, Records
from sms_plugin.host.entity import Entity, Filter
from sms_plugin.host.naming import NAME, by_language
from sms_plugin.host.paths import check_path
from sms_plugin.host.resolution import Resolution
from sms_plugin.host.when import is_sql

_KINDS: Sequence[tuple[type, FilterKind]] = (
    (bool, FilterKind.BOOL),
    (Enum, FilterKind.CHOICE),
    (int, FilterKind.NUMBER),
    (float, FilterKind.NUMBER),
    (Decimal, FilterKind.NUMBER),
    (date, FilterKind.DATE),
    (str, FilterKind.TEXT),
)


def bind_filters(run: Resolution, entity: Entity[Any]) -> tuple[BoundFilter, ...]:
    """The entity's filters in their order. Mistakes are noted in the run, and leave out the filter that has them."""
    bound: dict[str, BoundFilter] = {}
    names = [each.name for each in entity.filters if isinstance(each, Filter)]
    given: Sequence[Any] = entity.filters
    for each in given:
        if not isinstance(each, Filter):
            run.complain(
                f"Entity {entity.name}: {each!r} is no filter.", code="bad_filter", hint='Write Filter("name", …).'
            )
            continue
        where = f"Entity {entity.name}, filter {each.name!r}"
        if each.name in bound:
            run.complain(
                f"{where} is declared twice.", code="declared_twice", hint="Give each filter a name of its own."
            )
            continue
        found = run.attempt(lambda each=each, where=where: _bind(entity, each, where=where))  # type: ignore[misc]
        _check_within(run, entity, each, names, where=where)
        if found is not None:
            bound[found.name] = found
    return tuple(bound.values())


def _bind(entity: Entity[Any], wanted: Filter, *, where: str) -> BoundFilter:
    if not NAME.match(wanted.name):
        raise ConfigurationError(
            f"{where} cannot be called so.",
            code="bad_filter",
            hint="Letters, digits and underscores, not beginning with a digit.",
        )
    through = _through(entity.model, wanted.through, where=where)
    _check_choices(wanted, where=where)
    common: dict[str, Any] = {
        "name": wanted.name,
        "label": by_language(wanted.label) or {"en": wanted.name.replace("_", " ").strip().capitalize()},
        "help": by_language(wanted.help),
        "of": by_language(wanted.of),
        "through": through,
        "leads": wanted.leads,
        "within": wanted.within,
        "choices": wanted.choices,
    }
    if is_sql(wanted.ask):
        _check_owner(entity.model, through, wanted.ask, where=where)
        return _of_column(wanted.ask, common, where=where)
    if callable(wanted.ask) and not isinstance(wanted.ask, QueryableAttribute):
        return _of_function(wanted.ask, common, where=where)
    raise ConfigurationError(
        f"{where} asks {wanted.ask!r}.",
        code="bad_filter",
        hint="Give a column, another SQL expression, or a function of a value that gives one.",
    )


def _of_column(ask: Any, common: Mapping[str, Any], *, where: str) -> BoundFilter:
    records = None if common["choices"] is not None else _records(ask)
    holds = _python_type(ask.type)
    kind = FilterKind.CHOICE if records is not None or common["choices"] is not None else _kind(holds)
    if kind is None:
        raise ConfigurationError(
            f"{where} asks a column of the type {ask.type!r}, which nobody can choose by.",
            code="bad_filter",
            hint="Give its choices=, or a function of a value that gives SQL.",
        )
    return BoundFilter(kind=kind, column=ask, holds=holds, records=records, **common)


def _of_function(ask: Callable[..., Any], common: Mapping[str, Any], *, where: str) -> BoundFilter:
    """A function of one value, whose annotation or default says what it is; one of none answers yes or no."""
    try:
        taken = [
            each
            for each in signatures.signature(ask).parameters.values()
            if each.kind in {each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD}
        ]
        needed = [
            each
            for each in signatures.signature(ask).parameters.values()
            if each.default is each.empty and each.kind not in {each.VAR_POSITIONAL, each.VAR_KEYWORD}
        ]
    except (TypeError, ValueError):
        taken, needed = [], [None] * 2  # type: ignore[list-item]
    if len(needed) > 1 or any(each not in taken[:1] for each in needed):
        raise ConfigurationError(
            f"{where}: its function takes {len(needed)} values.",
            code="bad_filter",
            hint="Give a function of one value, or of none for a filter that is answered with yes or no.",
        )
    if not taken:
        return BoundFilter(kind=FilterKind.BOOL, function=ask, takes_value=False, holds=bool, **common)
    holds = _told_type(ask, taken[0])
    kind = FilterKind.CHOICE if common["choices"] is not None else _kind(holds)
    if kind is None:
        raise ConfigurationError(
            f"{where}: its function takes a {getattr(holds, '__name__', holds)}, which nobody can type.",
            code="bad_filter",
            hint="Let it take a str, int, Decimal, date, bool or an enumeration.",
        )
    return BoundFilter(kind=kind, function=ask, holds=holds, **common)


def _told_type(ask: Callable[..., Any], parameter: signatures.Parameter) -> Any:
    """What a function's value is, by its annotation, else by its default; text where it does not say."""
    try:
        told = get_type_hints(ask).get(parameter.name)
    except Exception:  # noqa: BLE001 - a name in an annotation may not be there at run time
        told = None
    if get_origin(told) in {Union, UnionType}:
        told = next((each for each in get_args(told) if each is not NoneType), None)
    if told is None and parameter.default not in {parameter.empty, None}:
        told = type(parameter.default)
    return told or str


def _through(model: type[Any], wanted: Any, *, where: str) -> tuple[Any, ...]:
    """The relationships of a way from the model to the records that a filter speaks of."""
    if wanted is None:
        return ()
    if isinstance(wanted, str):
        path = check_path(model, wanted, where=f"{where}, through")
        if path.target is not None:
            return path.relationships
    elif _is_relationship(wanted) and issubclass(model, wanted.parent.class_):
        return (wanted,)
    names = sorted(inspect(model).relationships.keys())
    guess = did_you_mean(str(getattr(wanted, "key", wanted)), names)
    raise ConfigurationError(
        f"{where}: through={_shown(wanted)} is no relationship of {model.__name__}.",
        code="bad_filter",
        hint=guess or (f"Its relationships are {', '.join(names)}." if names else f"{model.__name__} has none."),
    )


def _is_relationship(wanted: Any) -> bool:
    return isinstance(wanted, QueryableAttribute) and hasattr(wanted.property, "uselist")


def _shown(wanted: Any) -> str:
    if isinstance(wanted, QueryableAttribute):
        return f"{wanted.parent.class_.__name__}.{wanted.key}"
    return repr(wanted)


def _check_owner(model: type[Any], through: Sequence[Any], ask: Any, *, where: str) -> None:
    """Refuse a column of another model than the one that is asked: it would join every row with every other."""
    owner = getattr(ask, "parent", None)
    if not isinstance(owner, Mapper):
        return
    at = through[-1].property.mapper if through else inspect(model)
    if at.isa(owner) or owner.isa(at):
        return
    ways = [each.key for each in inspect(model).relationships if each.mapper.isa(owner)]
    ways = [each for each in ways if not through or each != through[0].key]
    raise ConfigurationError(
        f"{where} asks {owner.class_.__name__}.{getattr(ask, 'key', '')}, which is no column of {at.class_.__name__}.",
        code="bad_filter",
        hint=f"Did you mean through={model.__name__}.{ways[0]}?"
        if ways
        else "Say through=, the path of relationships that leads to it.",
    )


def _check_choices(wanted: Filter, *, where: str) -> None:
    choices: Any = wanted.choices
    if choices is None:
        return
    if callable(choices):
        taken = signatures.signature(choices).parameters
        if len(taken) <= (1 if wanted.within else 0):
            return
        hint = "Give a function of no argument, or with within= of the other filter's value."
    elif (
        isinstance(choices, (list, tuple))
        and choices
        and all(isinstance(each, tuple) and len(each) == 2 for each in choices)
    ):
        return
    else:
        hint = 'Give pairs of a value and its label: [("open", "Open"), …].'
    raise ConfigurationError(f"{where}: its choices cannot be read.", code="bad_filter", hint=hint)


def _check_within(run: Resolution, entity: Entity[Any], each: Filter, names: Sequence[str], *, where: str) -> None:
    if not each.within:
        return
    others = {other.name: other.within for other in entity.filters if isinstance(other, Filter)}
    if each.within not in names:
        run.complain(
            f"{where} is within {each.within!r}, which is no filter of the entity.",
            code="bad_filter",
            hint=did_you_mean(each.within, names) or "Name another filter of the same entity.",
        )
        return
    seen, at = {each.name}, each.within
    while at:
        if at in seen:
            run.complain(
                f"{where} is within itself.", code="bad_filter", hint="Name a filter that can be chosen before it."
            )
            return
        seen.add(at)
        at = others.get(at, "")


def _records(ask: Any) -> Records | None:
    """The records that a column's foreign key leads to, where one class is mapped to them."""
    column = getattr(ask, "expression", ask)
    keys = list(getattr(column, "foreign_keys", ()))
    owner = getattr(ask, "parent", None)
    if len(keys) != 1 or not isinstance(owner, Mapper):
        return None
    target = keys[0].column
    found = [each for each in owner.registry.mappers if each.local_table is target.table and each.inherits is None]
    if len(found) != 1:
        return None
    return Records(model=found[0].class_, key=getattr(found[0].class_, found[0].get_property_by_column(target).key))


def _kind(holds: Any) -> FilterKind | None:
    """How a value of a Python type is chosen; None where it cannot be."""
    if not isinstance(holds, type):
        return None
    return next((kind for base, kind in _KINDS if issubclass(holds, base)), None)


def _python_type(kind: sa.types.TypeEngine[Any]) -> Any:
    """What a column gives in Python, a time being a ``datetime``; of a decorated type what it decorates."""
    try:
        told = kind.python_type
    except NotImplementedError:
        told = object
    if told is object and isinstance(kind, sa.types.TypeDecorator):
        return _python_type(kind.impl_instance)
    return told if told is not object else None
