"""What makes a trigger fire: the kinds of hooks, as values. They are made by the functions of the same names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final, TypeAlias, TypeGuard

import blinker
from sqlalchemy import ColumnElement, SQLColumnExpression
from sqlalchemy.orm import InstrumentedAttribute

from sms_plugin.errors import ConfigurationError
from sms_plugin.host.stepping import YEARLY, Point, own_point, point, repeated


class HookKind(StrEnum):
    """How a hook is told about what happens."""

    CREATED = "created"
    CHANGED = "changed"
    ADDED = "added"
    SIGNAL = "signal"
    DATE = "date"
    YEARLY = "yearly"


class _Any(StrEnum):
    VALUE = "any"


#: Stands for "whatever the value is".
ANY: Final = _Any.VALUE

Day: TypeAlias = "SQLColumnExpression[date] | SQLColumnExpression[date | None]"
Time: TypeAlias = "SQLColumnExpression[datetime] | SQLColumnExpression[datetime | None]"
Amount: TypeAlias = "float | Sequence[float] | SQLColumnExpression[Any] | None"
#: A step comes so often at most: each time is a look of its own in every sweep.
MOST_TIMES = 50
#: A record's own lead time is at most so long.
MOST_LEAD = timedelta(days=366)


@dataclass(frozen=True, kw_only=True)
class Created:
    """A record was created."""

    kind: HookKind = HookKind.CREATED


@dataclass(frozen=True, kw_only=True)
class Changed:
    """A column, or a relationship to one record, got another value."""

    attribute: InstrumentedAttribute[Any]
    to: object = ANY
    from_: object = ANY
    kind: HookKind = HookKind.CHANGED


@dataclass(frozen=True, kw_only=True)
class Added:
    """A record was added to a collection."""

    attribute: InstrumentedAttribute[Any]
    unless: Callable[[Any, Any], object] | None = None  #: (record, member) → whether this addition tells nobody
    kind: HookKind = HookKind.ADDED


@dataclass(frozen=True, kw_only=True)
class Signalled:
    """The host sent a blinker signal."""

    signal: blinker.Signal
    record: str
    kind: HookKind = HookKind.SIGNAL


@dataclass(frozen=True, kw_only=True)
class Dated:
    """A date of the record is near, here or past, at one or several distances."""

    at: SQLColumnExpression[Any]
    direction: str  #: before, on, after
    points: tuple[Point, ...]  #: its steps, unless the admin sets others
    entries: tuple[Mapping[str, Any], ...]  #: the same as an admin's form holds them
    by_day: bool  #: fires at the trigger's hour of the day, not at the minute
    lead: Any = None  #: SQL: each record's own amount, in place of an offset
    unit: timedelta = timedelta(days=1)  #: what the record's amount counts
    kind: HookKind = HookKind.DATE

    @property
    def offset(self) -> timedelta:
        """What its first step adds to the date."""
        return self.points[0].offset


@dataclass(frozen=True, kw_only=True)
class Yearly:
    """The day and month of a date come round; 29 February on the 28th in other years."""

    at: SQLColumnExpression[Any]
    kind: HookKind = HookKind.YEARLY


When: TypeAlias = Created | Changed | Added | Signalled | Dated | Yearly


def created() -> Created:
    """Fire once for each record that is created."""
    return Created()


def changed(
    attribute: InstrumentedAttribute[Any],
    *,
    to: object | Callable[[Any], bool] = ANY,
    from_: object | Callable[[Any], bool] = ANY,
) -> Changed:
    """Fire when the attribute's value has changed by the end of the transaction, once per local day and value.

    ``to`` and ``from_`` narrow it to a value, or to those that a function accepts.
    """
    return Changed(attribute=attribute, to=to, from_=from_)


def added(attribute: InstrumentedAttribute[Any], *, unless: Callable[[Any, Any], object] | None = None) -> Added:
    """Fire once for each record that is added to a collection, from whichever side.

    ``unless`` is asked with the record and the member: whoever takes a task on need not be told of it (T14).
    """
    return Added(attribute=attribute, unless=unless)


def signal(sent: blinker.Signal, *, record: str) -> Signalled:
    """Fire when the host sends this signal inside its transaction; ``record`` names the argument with the record."""
    return Signalled(signal=sent, record=record)


def before(
    at: Day | Time, *, days: Amount = None, hours: Amount = None, minutes: Amount = None, every: int = 0, most: int = 0
) -> Dated:
    """Fire so long before a date or time. Days count at the trigger's hour of the day, hours and minutes to the minute.

    Several amounts are several steps (``days=(7, 3, 1)``); a column of the record's is its own lead time, 0 or none
    being none (``hours=Meeting.remind_hours``), up to a year. ``every`` so many days again, until the date or at most
    ``most`` times in all.
    """
    return _dated("before", at, _told(days=days, hours=hours, minutes=minutes), every=every, most=most)


def on(at: Day | Time) -> Dated:
    """Fire on the day of a date, at the trigger's hour."""
    itself = point(timedelta(), by_day=True)
    return Dated(at=at, direction="on", points=(itself,), entries=({"when": "on"},), by_day=True)


def at(time: Time) -> Dated:
    """Fire at a time, to the minute: a reminder that somebody set."""
    itself = Point(name="on", by_day=False)
    return Dated(at=time, direction="on", points=(itself,), entries=({"when": "on"},), by_day=False)


def after(
    at: Day | Time, *, days: Amount = None, hours: Amount = None, minutes: Amount = None, every: int = 0, most: int = 0
) -> Dated:
    """Fire so long after a date or time, as ``before`` does.

    ``every`` so many days again for as long as ``only`` holds, at most ``most`` times in all.
    """
    return _dated("after", at, _told(days=days, hours=hours, minutes=minutes), every=every, most=most)


def yearly(at: Day | Time) -> Yearly:
    """Fire each year on the day and month of a date, at the trigger's hour."""
    return Yearly(at=at)


def _told(**amounts: Amount) -> dict[str, Any]:
    """The amounts that were given, by their unit."""
    return {unit: amount for unit, amount in amounts.items() if amount is not None}


def _dated(direction: str, at: Day | Time, told: Mapping[str, Any], *, every: int, most: int) -> Dated:
    if len(told) == 1:
        ((unit, amount),) = told.items()
        if is_sql(amount) and not every and not most:
            return _by_record(direction, at, unit, amount)
        several = tuple(amount) if isinstance(amount, (list, tuple)) else (amount,)
        if _sound(several) and _repeats(direction, every, most):
            return _by_amounts(direction, at, unit, several, every=every or None, most=most or None)
    given = ", ".join(f"{name}={value!r}" for name, value in {**told, "every": every, "most": most}.items() if value)
    raise ConfigurationError(
        f"{direction}({given}) does not say when.",
        code="bad_offset",
        hint="Give days, hours or minutes: a number above 0, several, or a column of numbers; on(…) is the day itself. "
        f"every= counts days; with after(…) say most= too, up to {MOST_TIMES} times.",
    )


def _by_record(direction: str, at: Day | Time, unit: str, amount: SQLColumnExpression[Any]) -> Dated:
    by_day = unit == "days"
    return Dated(
        at=at,
        direction=direction,
        points=(own_point(direction, by_day=by_day),),
        entries=({"when": direction},),
        by_day=by_day,
        lead=amount,
        unit=timedelta(**{unit: 1}),
    )


def _by_amounts(
    direction: str, at: Day | Time, unit: str, several: Sequence[float], *, every: int | None, most: int | None
) -> Dated:
    by_day = unit == "days"
    sign = -1 if direction == "before" else 1
    offsets = [
        offset for amount in several for offset in repeated(sign * timedelta(**{unit: amount}), every=every, most=most)
    ]
    in_hours = [amount / 60 if unit == "minutes" else amount for amount in several]
    return Dated(
        at=at,
        direction=direction,
        points=tuple(point(offset, by_day=by_day) for offset in offsets),
        entries=tuple(
            {"when": direction, "days" if by_day else "hours": amount, "every": every, "most": most}
            for amount in in_hours
        ),
        by_day=by_day,
    )


def _sound(several: Sequence[Any]) -> bool:
    return bool(several) and all(
        isinstance(each, (int, float)) and not isinstance(each, bool) and each > 0 for each in several
    )


def _repeats(direction: str, every: int, most: int) -> bool:
    if not every:
        return not most
    return every > 0 and (0 < most <= MOST_TIMES or (direction == "before" and not most))


def lead_time(when: Dated, amount: Any) -> timedelta | None:
    """The lead time that a record's own amount means; None where it has none, or one of more than a year."""
    found = None if amount is None else float(amount) * when.unit
    return found if found is not None and timedelta() < found <= MOST_LEAD else None


def is_sql(value: object) -> TypeGuard[ColumnElement[Any]]:
    """Whether the database can be asked for it."""
    return isinstance(value, (SQLColumnExpression, ColumnElement)) and hasattr(value, "type")


def step_name(when: When) -> str:
    """The name of a date hook's first step; empty for other hooks."""
    if isinstance(when, Yearly):
        return YEARLY
    return when.points[0].name if isinstance(when, Dated) else ""
