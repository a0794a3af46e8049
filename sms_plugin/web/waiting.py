"""What a trigger waits for, in a person's words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sms_plugin.host.bound import BoundHook
from sms_plugin.host.when import ANY, Added, Changed, Created, Dated, Signalled, Yearly
from sms_plugin.web.translation import gettext, ngettext

_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def waits_for(hooks: Iterable[BoundHook]) -> list[str]:
    """A sentence for each hook; one that says that only a hand fires it, where there is none."""
    told = [_sentence(hook) for hook in hooks]
    return told or [gettext("Nothing fires it by itself: it is sent by hand only.")]


def counts_days(hooks: Iterable[BoundHook]) -> bool:
    """Whether any of the hooks fires at the trigger's hour of the day."""
    return any(isinstance(hook.when, Yearly) or (isinstance(hook.when, Dated) and hook.when.by_day) for hook in hooks)


def _sentence(hook: BoundHook) -> str:
    told = _happens(hook)
    if hook.declared.only is not None:
        told += " " + gettext("Only where the portal's own condition holds, asked again just before sending.")
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
        case Dated(at=at, offset=offset, by_day=by_day):
            return _dated(_column(at), record, offset, by_day=by_day)


def _dated(what: str, record: str, offset: timedelta, *, by_day: bool) -> str:
    if not offset:
        return gettext("%(record)s: on the day of “%(what)s”.", what=what, record=record)
    ahead = offset < timedelta()
    size = abs(offset)
    if by_day:
        one, many = (
            ("%(record)s: %(num)s day before “%(what)s”.", "%(record)s: %(num)s days before “%(what)s”.")
            if ahead
            else ("%(record)s: %(num)s day after “%(what)s”.", "%(record)s: %(num)s days after “%(what)s”.")
        )
        return ngettext(one, many, size.days, what=what, record=record)
    hours = f"{size / timedelta(hours=1):g}"
    words = (
        "%(record)s: %(hours)s hours before “%(what)s”." if ahead else "%(record)s: %(hours)s hours after “%(what)s”."
    )
    return gettext(words, hours=hours, what=what, record=record)


def _column(at: Any) -> str:
    key = getattr(at, "key", None)
    return _words(key) if isinstance(key, str) else gettext("a date")


def _words(name: str) -> str:
    return _CAPITAL.sub(" ", name).replace("_", " ").lower()


def _value(to: object) -> str:
    if isinstance(to, bool):
        return gettext("yes") if to else gettext("no")
    return f"“{getattr(to, 'value', to)}”"
