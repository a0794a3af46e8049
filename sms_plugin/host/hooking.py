"""From what a host wrote about its hooks to hooks that hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, get_args

import blinker
import sqlalchemy as sa
from sqlalchemy import inspect
from sqlalchemy.orm import InstrumentedAttribute

from sms_plugin.errors import did_you_mean
from sms_plugin.host.binding import Binding
from sms_plugin.host.bound import BoundEntity, BoundHook, Reason
from sms_plugin.host.entity import Entity, Hook, Trigger
from sms_plugin.host.resolution import Resolution
from sms_plugin.host.stepping import YEARLY, direction_of
from sms_plugin.host.when import Added, Changed, Dated, Signalled, When, Yearly, is_sql, step_name


def bind_hook(
    run: Resolution,
    hook: Hook[Any],
    *,
    declared: Entity[Any],
    entity: BoundEntity,
    reasons: Mapping[str, Reason],
) -> BoundHook | None:
    """The hook with its trigger found, or None after noting its mistakes."""
    key = hook.trigger.key if isinstance(hook.trigger, Trigger) else hook.trigger
    where = f"Entity {entity.key}, hook {key!r}"
    before = len(run.problems)
    if key not in reasons:
        hint = did_you_mean(str(key), reasons) or "Declare it: Hook(Trigger(key=…, …), …)."
        run.complain(f"{where}: there is no such trigger.", code="unknown_trigger", hint=hint)
    _check_when(run, entity.model, hook.when, where=where)
    if hook.only is not None:
        _check_only(run, entity.model, hook.only, where=where)
    binding = Binding(run=run, model=entity.model)
    to = () if hook.to is None else binding.targets(hook.to, where=f"{where}, to")
    member = _member(run, hook.when)
    if member is not None and hook.to is None:
        binding.reaches.add(member.name)
    if key in reasons and hook.to is None and member is None:
        _check_audience(run, declared, reasons[key].audience, where=where)
    if len(run.problems) > before:
        return None
    return BoundHook(
        trigger=key,
        entity=entity,
        when=hook.when,
        step=step_name(hook.when),
        declared=hook,
        to=to,
        of_member=member is not None and hook.to is None,
        reaches=frozenset(binding.reaches),
    )


def in_line(run: Resolution, hooks: Iterable[BoundHook]) -> tuple[BoundHook, ...]:
    """The hooks, each knowing whether it is the first of its trigger, entity and direction: an admin's steps are its.

    Notes those that could not be told apart, and those that look at different things: which of them would a step mean?
    """
    first: dict[tuple[str, str, str], BoundHook] = {}
    seen: set[tuple[str, str, str]] = set()
    lined: list[BoundHook] = []
    for hook in hooks:
        names = _names(hook.when)
        where = f"Entity {hook.entity.key}: {hook.trigger!r}"
        for name in names:
            if (hook.trigger, hook.entity.key, name) in seen:
                run.complain(
                    f"{where} has the step {name!r} twice.",
                    code="step_twice",
                    hint="Give each hook of one trigger another offset.",
                )
            seen.add((hook.trigger, hook.entity.key, name))
        if not names:
            lined.append(hook)
            continue
        leader = first.setdefault((hook.trigger, hook.entity.key, direction_of(names[0])), hook)
        if leader is not hook and not _look_alike(leader, hook):
            run.complain(
                f"{where}: {leader.step!r} and {hook.step!r} ask for different dates, records or people.",
                code="steps_apart",
                hint="Steps of one direction share their date, only=, to= and once=; take a trigger of its own else.",
            )
        lined.append(replace(hook, leads=leader is hook))
    return tuple(lined)


def _names(when: When) -> list[str]:
    if isinstance(when, Yearly):
        return [YEARLY]
    return [each.name for each in when.points] if isinstance(when, Dated) else []


def _look_alike(one: BoundHook, other: BoundHook) -> bool:
    assert isinstance(one.when, (Dated, Yearly))  # noqa: S101 - the caller looked
    assert isinstance(other.when, (Dated, Yearly))  # noqa: S101
    asked = [(one.when.at, other.when.at), (one.declared.only, other.declared.only)]
    return (
        one.declared.to == other.declared.to
        and one.declared.once == other.declared.once
        and all(
            mine is theirs or (mine is not None and theirs is not None and _clause(mine).compare(_clause(theirs)))
            for mine, theirs in asked
        )
    )


def _clause(asked: Any) -> sa.ColumnElement[Any]:
    return sa.type_coerce(asked, asked.type)


def _member(run: Resolution, when: When) -> Entity[Any] | None:
    """The declared person that is added by a hook on a collection of people."""
    if not isinstance(when, Added) or not isinstance(when.attribute, InstrumentedAttribute):
        return None
    mapper = getattr(when.attribute.property, "mapper", None)
    return None if mapper is None else run.person(mapper.class_)


def _check_audience(run: Resolution, declared: Entity[Any], audience: str, *, where: str) -> None:
    if declared.person is None and audience not in declared.to:
        run.complain(
            f"{where}: nothing says who {audience!r} is for {declared.model.__name__}.",
            code="no_audience",
            hint=f"Give the entity to={{{audience!r}: …}} with the path to a person, or the hook to=….",
        )


def _check_when(run: Resolution, model: type[Any], when: Any, *, where: str) -> None:
    if isinstance(when, (Changed, Added)):
        _check_attribute(run, model, when, where=where)
    elif isinstance(when, (Dated, Yearly)):
        _check_date(run, model, when, where=where)
    elif isinstance(when, Signalled):
        if not isinstance(when.signal, blinker.Signal) or not when.record:
            run.complain(
                f"{where}: signal({when.signal!r}, record={when.record!r}) cannot be heard.",
                code="bad_signal",
                hint='Give a blinker signal, and the name of the argument that holds the record: record="…".',
            )
    elif not isinstance(when, get_args(When)):
        run.complain(
            f"{where}: {when!r} does not say when.",
            code="bad_when",
            hint="Give created(), changed(…), added(…), signal(…), before(…), on(…), after(…) or yearly(…).",
        )


def _check_attribute(run: Resolution, model: type[Any], when: Changed | Added, *, where: str) -> None:
    attribute = when.attribute
    if not isinstance(attribute, InstrumentedAttribute) or not issubclass(model, attribute.parent.class_):
        run.complain(
            f"{where}: {attribute!s} is no mapped attribute of {model.__name__}.",
            code="bad_attribute",
            hint=f"Give a column or relationship such as {model.__name__}.status.",
        )
        return
    collection = bool(getattr(attribute.property, "uselist", False))
    if isinstance(when, Added) and not collection:
        run.complain(
            f"{where}: {attribute.key!r} is no collection.",
            code="bad_attribute",
            hint="added(…) watches collections; for a single value use changed(…).",
        )
    elif isinstance(when, Changed) and collection:
        run.complain(
            f"{where}: {attribute.key!r} is a collection.",
            code="bad_attribute",
            hint="changed(…) watches single values; for a collection use added(…).",
        )


def _check_only(run: Resolution, model: type[Any], only: Any, *, where: str) -> None:
    if not is_sql(only):
        run.complain(
            f"{where}: only={only!r} is not SQL.",
            code="bad_only",
            hint="Give an expression on the model's columns, such as Invoice.status == 'open'.",
        )
    else:
        _check_tables(run, model, only, where=f"{where}, only", code="bad_only")


def _check_date(run: Resolution, model: type[Any], when: Dated | Yearly, *, where: str) -> None:
    at: Any = when.at
    if not is_sql(at):
        run.complain(
            f"{where}: {at!r} is neither a mapped column nor SQL.",
            code="bad_date",
            hint="The database selects the due rows: give a column or an SQL expression, not a Python property.",
        )
    elif not _is_date(at.type):
        run.complain(f"{where}: its column holds {at.type!r}, no date.", code="bad_date", hint="Give a date or a time.")
    elif isinstance(when, Dated) and not when.by_day and has_no_time(at.type):
        run.complain(
            f"{where}: hours from a date without a time of day.",
            code="bad_date",
            hint="Count in days, or give a column with a time.",
        )
    elif isinstance(when, Yearly) and getattr(at.type, "timezone", False):
        run.complain(
            f"{where}: the day of a time with a timezone depends on who asks.",
            code="bad_date",
            hint="yearly(…) needs a column that holds a date.",
        )
    else:
        _check_tables(run, model, at, where=where, code="bad_date")
        if isinstance(when, Dated) and when.lead is not None:
            _check_lead(run, model, when.lead, where=f"{where}, lead time")


def _check_lead(run: Resolution, model: type[Any], lead: Any, *, where: str) -> None:
    kinds = (lead.type, getattr(lead.type, "impl", None))
    if not any(isinstance(each, sa.Numeric | sa.Integer) for each in kinds):
        run.complain(
            f"{where}: its column holds {lead.type!r}, no number.",
            code="bad_offset",
            hint="Give a column that holds a number of days, hours or minutes.",
        )
    else:
        _check_tables(run, model, lead, where=where, code="bad_offset")


def _check_tables(run: Resolution, model: type[Any], asked: Any, *, where: str, code: str) -> None:
    """Note an expression on another model's table: asked beside this one, it would join every row with every row."""
    own = {table.fullname for table in inspect(model).tables if isinstance(table, sa.Table)}
    asked_of = (each for each in sa.select(asked).get_final_froms() if isinstance(each, sa.Table))
    foreign = sorted({table.fullname for table in asked_of} - own)
    if foreign:
        run.complain(
            f"{where}: it asks the table {', '.join(map(repr, foreign))}, which is not {model.__name__}'s.",
            code=code,
            hint=f"Give an expression on {model.__name__}, or ask its relationship: {model.__name__}.….has(…).",
        )


def _is_date(kind: Any) -> bool:
    return any(isinstance(each, (sa.Date, sa.DateTime)) for each in (kind, getattr(kind, "impl", None)))


def has_no_time(kind: Any) -> bool:
    """Whether a column of this type holds days, not times."""
    return any(isinstance(each, sa.Date) for each in (kind, getattr(kind, "impl", None)))
