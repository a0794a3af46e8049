"""What makes a trigger fire: the kinds of hooks, as values. They are made by the functions of the same names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final, TypeAlias

import blinker
from sqlalchemy import SQLColumnExpression
from sqlalchemy.orm import InstrumentedAttribute

from sms_plugin.errors import ConfigurationError


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
    kind: HookKind = HookKind.ADDED


@dataclass(frozen=True, kw_only=True)
class Signalled:
    """The host sent a blinker signal."""

    signal: blinker.Signal
    record: str
    kind: HookKind = HookKind.SIGNAL


@dataclass(frozen=True, kw_only=True)
class Dated:
    """A date of the record is near, here or past. ``offset`` is added to the date."""

    at: SQLColumnExpression[Any]
    offset: timedelta
    by_day: bool  #: fires at the trigger's hour of the day, not at the minute
    kind: HookKind = HookKind.DATE


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


def added(attribute: InstrumentedAttribute[Any]) -> Added:
    """Fire once for each record that is added to a collection, from whichever side."""
    return Added(attribute=attribute)


def signal(sent: blinker.Signal, *, record: str) -> Signalled:
    """Fire when the host sends this signal inside its transaction; ``record`` names the argument with the record."""
    return Signalled(signal=sent, record=record)


def before(at: Day | Time, *, days: int = 0, hours: float = 0) -> Dated:
    """Fire so long before a date or time. Days count at the trigger's hour of the day, hours to the minute."""
    return _dated("before", at, days=days, hours=hours, sign=-1)


def on(at: Day | Time) -> Dated:
    """Fire on the day of a date, at the trigger's hour."""
    return Dated(at=at, offset=timedelta(), by_day=True)


def after(at: Day | Time, *, days: int = 0, hours: float = 0) -> Dated:
    """Fire so long after a date or time. Days count at the trigger's hour of the day, hours to the minute."""
    return _dated("after", at, days=days, hours=hours, sign=1)


def yearly(at: Day | Time) -> Yearly:
    """Fire each year on the day and month of a date, at the trigger's hour."""
    return Yearly(at=at)


def _dated(word: str, at: Day | Time, *, days: int, hours: float, sign: int) -> Dated:
    if (days > 0) == (hours > 0) or days < 0 or hours < 0:
        raise ConfigurationError(
            f"{word}(days={days}, hours={hours}) does not say when.",
            code="bad_offset",
            hint="Give either days or hours, as a number above 0; on(…) is the day itself.",
        )
    return Dated(at=at, offset=sign * timedelta(days=days, hours=hours), by_day=days > 0)


def step_name(when: When) -> str:
    """The name of a date hook's step, which is part of its occurrences' keys; empty for other hooks."""
    if isinstance(when, Yearly):
        return "yearly"
    if not isinstance(when, Dated):
        return ""
    if not when.offset:
        return "on"
    minutes = round(abs(when.offset) / timedelta(minutes=1))
    amount = f"{minutes // 1440}d" if when.by_day else f"{minutes}m"
    return ("before:" if when.offset < timedelta() else "after:") + amount
