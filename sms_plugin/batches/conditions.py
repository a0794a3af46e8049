"""The conditions by which an operator chooses records of an entity: checked, asked of the database, told (S2).

A condition is ``{"filter": name, "op": …, "value": …}``, as it stands in a batch and in a saved group. A value is text;
that of ``in`` and ``between`` is several, that of ``ago`` and ``ahead`` a number of days and the day they count from. A
day is ``2026-11-26`` or ``today``, which is the day on which somebody asks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeAlias

import sqlalchemy as sa

from sms_plugin.batches.telling import describe, label_of
from sms_plugin.batches.values import (
    BY_KIND,
    SEVERAL,
    BadCondition,
    bad,
    chosen_value,
    number,
    period,
    text,
    yes,
)
from sms_plugin.errors import ConfigurationError, SmsError, did_you_mean, worded
from sms_plugin.host.bound import BoundEntity, BoundFilter, FilterKind
from sms_plugin.host.when import is_sql
from sms_plugin.hours import at_hour
from sms_plugin.state import State

Condition: TypeAlias = Mapping[str, Any]

__all__ = ["Condition", "check", "condition", "describe", "offered"]

#: So many conditions are taken at most.
MOST = 60


def offered(entity: BoundEntity) -> Sequence[BoundFilter]:
    """The filters that an operator may choose by, those that lead first."""
    return sorted(entity.filters, key=lambda each: not each.leads)


def ops_of(wanted: BoundFilter) -> tuple[str, ...]:
    """What can be asked of a filter; a function is asked in its own way alone."""
    if wanted.function is not None:
        return ("on",) if wanted.kind is FilterKind.DATE else ("is",)
    return BY_KIND[wanted.kind]


def found(condition: Condition, entity: BoundEntity) -> BoundFilter:
    """The filter of a condition. Raises ``BadCondition`` for one that the portal does not offer (any more)."""
    name = str(condition.get("filter", ""))
    for each in entity.filters:
        if each.name == name:
            return each
    raise BadCondition(
        f"The portal offers no filter {name!r} any more.",
        code="unknown_filter",
        hint=did_you_mean(name, [each.name for each in entity.filters])
        or "Take this condition out, or ask whoever runs the portal.",
        filter=name,
        label=name,
        given=name,
    )


def check(conditions: Sequence[Condition], *, entity: BoundEntity, state: State) -> None:
    """Raise ``BadCondition`` for the first condition that cannot be asked: unknown, with a wrong value, or lacking the
    one that it is within.
    """
    if len(conditions) > MOST:
        raise SmsError(
            worded("These are too many conditions."),
            code="too_many_conditions",
            hint=worded("Give at most %(most)s.", most=MOST),
        )
    chosen = {str(each.get("filter", "")) for each in conditions}
    leading: list[BoundFilter] = []
    for each in conditions:
        wanted = found(each, entity)
        _asked(wanted, each, state=state, today=date(2000, 1, 1))
        if wanted.leads and wanted not in leading:
            leading.append(wanted)
        if wanted.within and wanted.within not in chosen:
            outer = found({"filter": wanted.within}, entity)
            raise bad(wanted, "needs_other", given=label_of(outer, "en"))
    if len(leading) > 1:
        raise bad(leading[1], "second_leading", given=label_of(leading[0], "en"))


def condition(
    conditions: Sequence[Condition], *, entity: BoundEntity, state: State, today: date
) -> sa.ColumnElement[bool]:
    """That a record of the entity fulfils all conditions; those through one relationship by the same record there.

    Raises ``BadCondition`` for one that cannot be asked, the function of a filter that raises included.
    """
    tree = _Branch()
    for each in conditions:
        wanted = found(each, entity)
        tree.put(wanted.through, _asked(wanted, each, state=state, today=today))
    return tree.holds()


@dataclass
class _Branch:
    """What has to hold for one record, and for one record behind each of its relationships."""

    own: list[sa.ColumnElement[bool]] = field(default_factory=list)
    behind: dict[str, tuple[Any, _Branch]] = field(default_factory=dict)

    def put(self, through: Sequence[Any], holds: sa.ColumnElement[bool]) -> None:
        if not through:
            self.own.append(holds)
            return
        first, *rest = through
        _, branch = self.behind.setdefault(first.key, (first, _Branch()))
        branch.put(rest, holds)

    def holds(self) -> sa.ColumnElement[bool]:
        behind = [
            (way.any if way.property.uselist else way.has)(branch.holds()) for way, branch in self.behind.values()
        ]
        return sa.and_(sa.true(), *self.own, *behind)


def _asked(wanted: BoundFilter, condition: Condition, *, state: State, today: date) -> sa.ColumnElement[bool]:
    """One condition as SQL, of the record that the filter speaks of."""
    op, value = str(condition.get("op", "")), condition.get("value")
    if op not in ops_of(wanted):
        raise bad(wanted, "unknown_op", given=op)
    given = [str(each) for each in value] if isinstance(value, (list, tuple)) else [str("" if value is None else value)]
    if not given or SEVERAL.get(op, 1) not in {0, len(given)}:
        raise bad(wanted, "no_value", given=", ".join(given))
    if wanted.function is not None:
        return _by_function(wanted, given[0], today=today)
    asks: Mapping[FilterKind, Callable[[], sa.ColumnElement[bool]]] = {
        FilterKind.BOOL: lambda: _is_so(wanted.column, yes(wanted, given[0])),
        FilterKind.CHOICE: lambda: _is_one_of(wanted, given),
        FilterKind.NUMBER: lambda: _by_number(wanted, op, given),
        FilterKind.DATE: lambda: _by_period(wanted, op, given, state=state, today=today),
        FilterKind.TEXT: lambda: _by_text(wanted, op, given[0]),
    }
    return asks[wanted.kind]()


def _by_function(wanted: BoundFilter, given: str, *, today: date) -> sa.ColumnElement[bool]:
    """What the host's function gives; whatever it raises is told with the filter's name."""
    values: list[Any] = []
    if wanted.takes_value:
        values = [_function_value(wanted, given, today=today)]
    answer = True if wanted.takes_value else yes(wanted, given)
    try:
        asked = wanted.function(*values) if wanted.function is not None else None
    except (SmsError, ConfigurationError):
        raise
    except Exception as error:
        raise bad(wanted, "filter_failed", given=type(error).__name__) from error
    if isinstance(asked, bool):
        asked = sa.true() if asked else sa.false()
    if not is_sql(asked):
        raise bad(wanted, "filter_failed", given=type(asked).__name__)
    return _is_so(asked, answer)


def _function_value(wanted: BoundFilter, given: str, *, today: date) -> Any:
    match wanted.kind:
        case FilterKind.BOOL:
            return yes(wanted, given)
        case FilterKind.CHOICE:
            return chosen_value(wanted, given)
        case FilterKind.NUMBER:
            return number(wanted, given)
        case FilterKind.DATE:
            return period(wanted, "on", [given], today=today)[0]
        case FilterKind.TEXT:
            return text(wanted, given)


def _is_so(asked: Any, answer: bool) -> sa.ColumnElement[bool]:
    so: sa.ColumnElement[bool] = sa.and_(asked) if answer else sa.not_(asked)
    return so


def _is_one_of(wanted: BoundFilter, given: Sequence[str]) -> sa.ColumnElement[bool]:
    values = [chosen_value(wanted, each) for each in given]
    one_of: sa.ColumnElement[bool] = wanted.column == values[0] if len(values) == 1 else wanted.column.in_(values)
    return one_of


def _by_number(wanted: BoundFilter, op: str, given: Sequence[str]) -> sa.ColumnElement[bool]:
    values = [number(wanted, each) for each in given]
    column = wanted.column
    asks: Mapping[str, Callable[[], sa.ColumnElement[bool]]] = {
        "is": lambda: column == values[0],
        "least": lambda: column >= values[0],
        "most": lambda: column <= values[0],
        "between": lambda: sa.and_(column >= min(values), column <= max(values)),
    }
    return asks[op]()


def _by_text(wanted: BoundFilter, op: str, given: str) -> sa.ColumnElement[bool]:
    written = text(wanted, given)
    asked: sa.ColumnElement[bool] = (
        wanted.column == written if op == "is" else wanted.column.istartswith(written, autoescape=True)
    )
    return asked


def _by_period(
    wanted: BoundFilter, op: str, given: Sequence[str], *, state: State, today: date
) -> sa.ColumnElement[bool]:
    """That a date, or a time by the clocks of the portal, lies in a period of whole local days."""
    first, end = period(wanted, op, given, today=today)
    column = wanted.column
    bounds = []
    if first is not None:
        bounds.append(column >= _moment(wanted, first, state))
    if end is not None:
        bounds.append(column < _moment(wanted, end, state))
    return sa.and_(*bounds)


def _moment(wanted: BoundFilter, day: date, state: State) -> Any:
    """The beginning of a local day as the column would hold it: a naive time of the host's is the portal's own."""
    kind = wanted.column.type
    if not any(isinstance(each, sa.DateTime) for each in (kind, getattr(kind, "impl", None))):
        return day
    begins = at_hour(day, 0, state.settings.zone)
    if getattr(kind, "timezone", False):
        return sa.literal(begins, sa.DateTime(timezone=True))
    return sa.literal(begins.astimezone(state.settings.zone).replace(tzinfo=None), sa.DateTime())
