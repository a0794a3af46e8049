"""What a trigger waits for, in a person's words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from sms_plugin.host.bound import BoundHook
from sms_plugin.host.when import ANY, Added, Changed, Created, Dated, Signalled, Yearly
from sms_plugin.web.translation import gettext, ngettext

_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def waits_for(hooks: Iterable[BoundHook], steps: Sequence[Mapping[str, Any]] = ()) -> list[str]:
    """A sentence for each hook; one that says that only a hand fires it, where there is none.

    Where the admin set steps, they stand in place of the distances from a date that the hooks declare.
    """
    told: list[str] = []
    for hook in hooks:
        told += _stepped(hook, hook.when, steps) if isinstance(hook.when, Dated) else [_sentence(hook)]
    told = list(dict.fromkeys(told))
    return told or [gettext("Nothing fires it by itself: it is sent by hand only.")]


def counts_days(hooks: Iterable[BoundHook]) -> bool:
    """Whether any of the hooks fires at the trigger's hour of the day."""
    return any(isinstance(hook.when, Yearly) or (isinstance(hook.when, Dated) and hook.when.by_day) for hook in hooks)


def counts_dates(hooks: Iterable[BoundHook]) -> bool:
    """Whether any of the hooks waits for a date, so that it is known beforehand what it will fire for."""
    return any(isinstance(hook.when, Yearly | Dated) for hook in hooks)


def counts_hours(hooks: Iterable[BoundHook]) -> bool:
    """Whether any of the hooks looks at a date that has a time of day, so that hours can be counted from it."""
    return any(isinstance(hook.when, Dated) and _has_time(hook.when.at) for hook in hooks)


def _sentence(hook: BoundHook) -> str:
    return _conditional(hook, _happens(hook))


def _conditional(hook: BoundHook, told: str) -> str:
    if hook.declared.only is not None:
        told += " " + gettext("Only where the portal's own condition holds, asked again just before sending.")
    return told


def _stepped(hook: BoundHook, when: Dated, steps: Sequence[Mapping[str, Any]]) -> list[str]:
    """The sentences of the admin's steps in the hook's direction, else of its own; none of those that are off."""
    if steps and not hook.leads:
        return []
    record, what = _words(hook.entity.model.__name__).capitalize(), _column(when.at)
    if when.direction == "on" and not when.by_day:
        return [_conditional(hook, gettext("%(record)s: at “%(what)s”.", what=what, record=record))]
    entries = [each for each in steps or when.entries if each["when"] == when.direction]
    return [_conditional(hook, told) for each in entries if (told := _step(each, what, record))]


def _step(entry: Mapping[str, Any], what: str, record: str) -> str:
    days, hours, direction = entry.get("days"), entry.get("hours"), entry["when"]
    if direction != "on" and days is None and hours is None:
        if direction == "before":
            return gettext("%(record)s: as long before “%(what)s” as it says itself.", what=what, record=record)
        return gettext("%(record)s: as long after “%(what)s” as it says itself.", what=what, record=record)
    size = timedelta(days=days or 0, hours=hours or 0)
    if not size and direction != "on":
        return ""
    told = _dated(what, record, -size if direction == "before" else size, by_day=not hours)
    every, most = entry.get("every"), entry.get("most")
    if every and most:
        again = ngettext("Every %(num)s day", "Every %(num)s days", every)
        return f"{told} {again}, " + ngettext("%(num)s time at most.", "%(num)s times at most.", most)
    if every:
        return f"{told} " + ngettext("Then every %(num)s day.", "Then every %(num)s days.", every)
    return told


def _happens(hook: BoundHook) -> str:
    record = _words(hook.entity.model.__name__).capitalize()
    match hook.when:
        case Created():
            return gettext("%(record)s: a new one is saved.", record=record)
        case Changed(attribute=attribute, to=to):
            what = _words(attribute.key)
            if to is ANY or callable(to):
                return gettext("%(record)s: “%(what)s” changes.", what=what, record=record)
            value = _value(to)
            return gettext("%(record)s: “%(what)s” becomes %(value)s.", what=what, record=record, value=value)
        case Added(attribute=attribute):
            return gettext(
                "%(record)s: somebody or something is added to “%(what)s”.",
                what=_words(attribute.key),
                record=record,
            )
        case Signalled():
            return gettext("%(record)s: the portal reports it.", record=record)
        case Yearly(at=at):
            return gettext("%(record)s: each year on the day of “%(what)s”.", what=_column(at), record=record)
        case Dated():
            return " ".join(_stepped(hook, hook.when, ()))


def _dated(what: str, record: str, offset: timedelta, *, by_day: bool) -> str:
    if not offset:
        return gettext("%(record)s: on the day of “%(what)s”.", what=what, record=record)
    ahead, size = offset < timedelta(), abs(offset)
    said = {"what": what, "record": record}
    if by_day and ahead:
        return ngettext(
            "%(record)s: %(num)s day before “%(what)s”.",
            "%(record)s: %(num)s days before “%(what)s”.",
            size.days,
            **said,
        )
    if by_day:
        return ngettext(
            "%(record)s: %(num)s day after “%(what)s”.",
            "%(record)s: %(num)s days after “%(what)s”.",
            size.days,
            **said,
        )
    hours = f"{size / timedelta(hours=1):g}"
    if ahead:
        return gettext("%(record)s: %(hours)s hours before “%(what)s”.", hours=hours, **said)
    return gettext("%(record)s: %(hours)s hours after “%(what)s”.", hours=hours, **said)


def _has_time(at: Any) -> bool:
    return any(isinstance(kind, sa.DateTime) for kind in (at.type, getattr(at.type, "impl", None)))


def _column(at: Any) -> str:
    key = getattr(at, "key", None)
    return _words(key) if isinstance(key, str) else gettext("a date")


def _words(name: str) -> str:
    return _CAPITAL.sub(" ", name).replace("_", " ").lower()


def _value(to: object) -> str:
    if isinstance(to, bool):
        return gettext("yes") if to else gettext("no")
    return f"“{getattr(to, 'value', to)}”"
