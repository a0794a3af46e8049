"""The steps of a trigger's date hooks: as the hooks declare them, or as the admin sets them (T1, T3, T12, T22)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sms_plugin.errors import SmsError, worded
from sms_plugin.host.bound import BoundHook
from sms_plugin.host.hooking import has_no_time
from sms_plugin.host.stepping import YEARLY, Point, points_of
from sms_plugin.host.when import MOST_TIMES, Dated, Yearly
from sms_plugin.models import TriggerRow

#: A step lies at most so many days from its date.
MOST_DAYS = 3650
#: At most so many days lie between a step and its repetition.
MOST_BETWEEN = 365
_HINT = worded("Give a number from 0, which is off, to %(most)s days.", most=MOST_DAYS)


@dataclass(frozen=True, kw_only=True, eq=False)
class Step:
    """One look of the sweep at the dates of a hook. Steps that come again are as many of these."""

    name: str  #: its offset in words, part of its occurrences' keys
    offset: timedelta  #: added to the date; of ``own`` steps each record says it
    by_day: bool  #: comes at the trigger's hour of the recipient's day, not at the minute
    own: bool = False
    texts: Mapping[str, str] = field(default_factory=dict)  #: by language; they win over the trigger's
    since: datetime | None = None  #: what came due before was nobody's, and is never texted


def steps_of(hook: BoundHook, row: TriggerRow) -> list[Step]:
    """The steps in force of one hook; none for one that looks at no date, or whose steps are off."""
    when = hook.when
    if isinstance(when, Yearly):
        return [Step(name=YEARLY, offset=timedelta(), by_day=True)]
    if not isinstance(when, Dated):
        return []
    if not row.steps:
        return [_step(each, {}) for each in when.points]
    if not hook.leads:
        return []
    entries = [entry for entry in row.steps if entry.get("when") == when.direction]
    found = {each.name: _step(each, entry, when=when) for entry in entries for each in points_of(entry)}
    return list(found.values())


def declared(hooks: Iterable[BoundHook]) -> list[dict[str, Any]]:
    """What the hooks declare, as the list that an admin begins with: each step once, in their order."""
    found: list[dict[str, Any]] = []
    for hook in hooks:
        if isinstance(hook.when, Dated):
            entries = ({**_EMPTY, **entry, "texts": {}} for entry in hook.when.entries)
            found += [entry for entry in entries if entry not in found]
    return found


_EMPTY: Mapping[str, Any] = {"when": "", "days": None, "hours": None, "every": None, "most": None, "since": None}


def check_steps(wanted: Sequence[Mapping[str, Any]], hooks: Iterable[BoundHook]) -> None:
    """Refuse a list of steps that cannot be. Raises ``SmsError`` (bad_step): an amount below 0 or beyond ten years, a
    direction that no hook looks in, one step twice, hours from a date that has none, repetitions without an end.

    The texts of the steps are not looked at.
    """
    dated = [hook.when for hook in hooks if isinstance(hook.when, Dated)]
    seen: set[str] = set()
    for entry in wanted:
        _check_entry(entry, [when for when in dated if when.direction == entry.get("when")])
        for each in points_of(entry):
            if each.name in seen:
                raise _bad(
                    worded("The step %(name)s stands there twice.", name=each.name), worded("Take one of them out.")
                )
            seen.add(each.name)


def since_now(
    wanted: Sequence[Mapping[str, Any]], row: TriggerRow | None, hooks: Sequence[BoundHook], *, now: datetime
) -> list[dict[str, Any]]:
    """The wanted steps, those that were not in force until now beginning now: what lies behind is never texted."""
    known: dict[str, str | None] = {}
    for entry in row.steps if row is not None and row.steps else declared(hooks):
        known |= {each.name: entry.get("since") for each in points_of(entry)}
    written = now.astimezone(UTC).isoformat()

    def since(entry: Mapping[str, Any]) -> str | None:
        names = [each.name for each in points_of(entry)]
        if any(name not in known for name in names):
            return written
        return max((begun for name in names if (begun := known[name]) is not None), default=None)

    return [{**_EMPTY, **entry, "since": since(entry)} for entry in wanted]


def _step(each: Point, entry: Mapping[str, Any], *, when: Dated | None = None) -> Step:
    since = entry.get("since")
    begun = datetime.fromisoformat(since) if since else None
    return Step(
        name=each.name,
        offset=each.offset,
        # whether a record's own lead time, or its date itself, counts days is the hook's to say
        by_day=when.by_day if when is not None and (each.own or not each.offset) else each.by_day,
        own=each.own,
        texts=entry.get("texts") or {},
        since=begun if begun is None or begun.tzinfo is not None else begun.replace(tzinfo=UTC),
    )


def _check_entry(entry: Mapping[str, Any], dated: Sequence[Dated]) -> None:
    if not dated:
        raise _bad(
            worded("Nothing looks at what is %(entry)r a date here.", entry=entry.get("when")),
            worded("Choose one of the directions."),
        )
    if entry["when"] == "on":
        return
    days, hours = entry.get("days"), entry.get("hours")
    if days is not None and hours is not None:
        raise _bad(worded("A step has both days and hours."), worded("Give one of them."))
    if days is None and hours is None and not any(when.lead is not None for when in dated):
        raise _bad(worded("A step says neither days nor hours."), _HINT)
    for amount, most, whole in ((days, MOST_DAYS, True), (hours, MOST_DAYS * 24, False)):
        if amount is not None and not _is_number(amount, least=0, most=most, whole=whole):
            told = (
                worded("A step cannot lie %(amount)s days from its date.", amount=amount)
                if whole
                else worded("A step cannot lie %(amount)s hours from its date.", amount=amount)
            )
            raise _bad(told, _HINT)
    ats: list[Any] = [when.at for when in dated]
    if hours and any(has_no_time(at.type) for at in ats):
        raise _bad(worded("Its date has no time of day, from which hours could be counted."), worded("Give days."))
    _check_repetition(entry, amount=days or hours)


def _check_repetition(entry: Mapping[str, Any], *, amount: float | None) -> None:
    every, most = entry.get("every"), entry.get("most")
    if most and not every:
        raise _bad(
            worded("A step comes several times, but not every so many days."),
            worded("Say after how many days it comes again."),
        )
    if not every:
        return
    if not amount or not _is_number(every, least=1, most=MOST_BETWEEN, whole=True):
        raise _bad(
            worded("A step cannot come again every %(every)s days.", every=every),
            worded("Give 1 to %(most)s days.", most=MOST_BETWEEN),
        )
    if (most or entry["when"] == "after") and not _is_number(most, least=1, most=MOST_TIMES, whole=True):
        raise _bad(
            worded("A step has to say how often it comes at most."),
            worded("Give 1 to %(most)s times in all.", most=MOST_TIMES),
        )
    if len(points_of(entry)) > MOST_TIMES:
        raise _bad(
            worded("A step comes more than %(most)s times.", most=MOST_TIMES),
            worded("Say how often it comes at most."),
        )


def _is_number(value: object, *, least: int, most: int, whole: bool) -> bool:
    kinds = (int,) if whole else (int, float)
    return isinstance(value, kinds) and not isinstance(value, bool) and least <= value <= most


def _bad(message: str, hint: str) -> SmsError:
    return SmsError(message, code="bad_step", hint=hint)
