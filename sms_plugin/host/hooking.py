"""From what a host wrote about its hooks to hooks that hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard, get_args

import blinker
import sqlalchemy as sa
from sqlalchemy import inspect
from sqlalchemy.orm import InstrumentedAttribute

from sms_plugin.errors import did_you_mean
from sms_plugin.host.binding import Binding
from sms_plugin.host.bound import BoundEntity, BoundHook, Reason
from sms_plugin.host.entity import Entity, Hook, Trigger
from sms_plugin.host.resolution import Resolution
from sms_plugin.host.when import Added, Changed, Dated, HookKind, Signalled, When, Yearly, step_name


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


def check_steps(run: Resolution, hooks: Iterable[BoundHook]) -> None:
    """Note the date hooks of one trigger and entity that could not be told apart."""
    seen: set[tuple[str, str, str]] = set()
    for hook in hooks:
        if hook.when.kind not in {HookKind.DATE, HookKind.YEARLY}:
            continue
        step = (hook.trigger, hook.entity.key, hook.step)
        if step in seen:
            run.complain(
                f"Entity {hook.entity.key}: {hook.trigger!r} has the step {hook.step!r} twice.",
                code="step_twice",
                hint="Give each hook of one trigger another offset.",
            )
        seen.add(step)


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
    if not _is_sql(only):
        run.complain(
            f"{where}: only={only!r} is not SQL.",
            code="bad_only",
            hint="Give an expression on the model's columns, such as Invoice.status == 'open'.",
        )
    else:
        _check_tables(run, model, only, where=f"{where}, only", code="bad_only")


def _check_date(run: Resolution, model: type[Any], when: Dated | Yearly, *, where: str) -> None:
    at: Any = when.at
    if not _is_sql(at):
        run.complain(
            f"{where}: {at!r} is neither a mapped column nor SQL.",
            code="bad_date",
            hint="The database selects the due rows: give a column or an SQL expression, not a Python property.",
        )
    elif not _is_date(at.type):
        run.complain(f"{where}: its column holds {at.type!r}, no date.", code="bad_date", hint="Give a date or a time.")
    elif isinstance(when, Dated) and not when.by_day and when.offset and _has_no_time(at.type):
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


def _has_no_time(kind: Any) -> bool:
    return any(isinstance(each, sa.Date) for each in (kind, getattr(kind, "impl", None)))


def _is_sql(value: object) -> TypeGuard[sa.ColumnElement[Any]]:
    return isinstance(value, (sa.SQLColumnExpression, sa.ColumnElement)) and hasattr(value, "type")
