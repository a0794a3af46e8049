"""The steps of date hooks: how each is called, and when the repeated ones come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
#: What stands behind the direction in the name of a step whose lead time each record says itself.
OWN = "own"
#: The step of anniversaries.
YEARLY = "yearly"


@dataclass(frozen=True, kw_only=True)
class Point:
    """One step by its name, which is part of its occurrences' keys: its offset, so that a step which is moved away and
    back is the same one and texts nobody twice.
    """

    name: str
    offset: timedelta = timedelta()  #: added to the date
    by_day: bool = True  #: comes at the trigger's hour of the day, not at the minute
    own: bool = False  #: each record says its lead time itself


def point(offset: timedelta, *, by_day: bool) -> Point:
    """The step of an offset: "before:3d", "on", "after:90m"."""
    if not offset:
        return Point(name="on")
    name = f"{'before' if offset < timedelta() else 'after'}:{_amount(offset, by_day=by_day)}"
    return Point(name=name, offset=offset, by_day=by_day)


def own_point(direction: str, *, by_day: bool) -> Point:
    """The step of a hook whose records say their lead times themselves."""
    return Point(name=f"{direction}:{OWN}", by_day=by_day, own=True)


def own_step(direction: str, lead: timedelta, *, by_day: bool) -> str:
    """The step of one record's occurrence, with the lead time that the record says: another one is another step."""
    return f"{direction}:{OWN}:{_amount(lead, by_day=by_day)}"


def direction_of(step: str) -> str:
    """The direction of a step by its name: before, on, after; of others the name itself."""
    return step.partition(":")[0]


def is_own(step: str) -> bool:
    """Whether the step's lead time is said by the record."""
    return step.split(":")[1:2] == [OWN]


def named(step: str) -> str:
    """The name of the step that an occurrence's is one of: without the record's own lead time."""
    return ":".join(step.split(":")[:2])


def is_dated(step: str) -> bool:
    """Whether a message of this step is a date's, which the sweep wrote."""
    return step in {YEARLY, "on"} or ":" in step


def repeated(offset: timedelta, *, every: int | None, most: int | None) -> list[timedelta]:
    """The offset and those of its repetitions, every so many days; before a date they end with it."""
    if not every:
        return [offset]
    times = most if most is not None else -(-abs(offset) // (every * _DAY))
    found = [offset + number * every * _DAY for number in range(max(times, 1))]
    return [each for each in found if each < timedelta()] if offset < timedelta() else found


def points_of(entry: Mapping[str, Any]) -> list[Point]:
    """The steps that one entry of an admin's list stands for, repetitions included; none where its amount is 0.

    The entry is a sound one: see ``check_steps`` of the triggers.
    """
    direction = str(entry.get("when"))
    days, hours = entry.get("days"), entry.get("hours")
    if direction == "on":
        return [point(timedelta(), by_day=True)]
    if days is None and hours is None:
        return [own_point(direction, by_day=False)]
    amount = timedelta(days=days or 0, hours=hours or 0)
    if not amount:
        return []
    offset = -amount if direction == "before" else amount
    offsets = repeated(offset, every=entry.get("every"), most=entry.get("most"))
    return [point(each, by_day=days is not None) for each in offsets]


def _amount(offset: timedelta, *, by_day: bool) -> str:
    return f"{round(abs(offset) / _DAY)}d" if by_day else f"{round(abs(offset) / _MINUTE)}m"
