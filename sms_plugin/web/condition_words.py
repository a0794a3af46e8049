"""Conditions in the viewer's words: ways to compare, sentences, and what is wrong with what was typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sms_plugin.batches.telling import Told
from sms_plugin.batches.values import TODAY, BadCondition
from sms_plugin.host.bound import FilterKind
from sms_plugin.web.translation import gettext, in_words
from sms_plugin.web.translation import lazy_gettext as _


def op_words(op: str, kind: FilterKind) -> str:
    """A way to compare, as a list of ways names it."""
    match op:
        case "is":
            return gettext("exactly") if kind in {FilterKind.NUMBER, FilterKind.TEXT} else gettext("is")
        case "least":
            return gettext("at least")
        case "most":
            return gettext("at most")
        case "begins":
            return gettext("begins with")
        case "on":
            return gettext("on the day")
        case "before":
            return gettext("before the day")
        case "after":
            return gettext("after the day")
        case "month":
            return gettext("in the month of the day")
        case "week":
            return gettext("in the week of the day (Monday to Sunday)")
        case "between":
            return gettext("from … to …")
        case "ago":
            return gettext("so many days before the day")
        case "ahead":
            return gettext("so many days after the day")
    return op


def sentence(line: Told) -> str:
    """A condition as the viewer reads it."""
    if line.kind is None:
        return gettext("%(name)s: the portal does not offer this filter any more", name=line.label)
    return gettext("%(name)s: %(what)s", name=line.label, what=_what(line.op, [_value(each) for each in line.values]))


def _what(op: str, values: Sequence[str]) -> str:
    one, two = [*values, "", ""][:2]
    match op:
        case "least":
            return gettext("at least %(value)s", value=one)
        case "most":
            return gettext("at most %(value)s", value=one)
        case "begins":
            return gettext("begins with “%(value)s”", value=one)
        case "before":
            return gettext("before %(day)s", day=one)
        case "after":
            return gettext("after %(day)s", day=one)
        case "month":
            return gettext("in the month %(day)s", day=one)
        case "week":
            return gettext("in the week of %(day)s", day=one)
        case "between":
            return gettext("from %(first)s to %(last)s", first=one, last=two)
        case "ago":
            return gettext("%(days)s days before %(day)s", days=one, day=two)
        case "ahead":
            return gettext("%(days)s days after %(day)s", days=one, day=two)
    return gettext(" or ").join(values) if len(values) > 1 else one


def _value(told: str) -> str:
    return {TODAY: gettext("today"), "yes": gettext("yes"), "no": gettext("no")}.get(told, told)


_WRONG: Mapping[str, Any] = {
    "no_value": _("%(filter)s: nothing is chosen. Choose a value, or leave the filter out."),
    "bad_number": _("%(filter)s: “%(given)s” is no number that fits. Write digits."),
    "bad_whole": _("%(filter)s: “%(given)s” is no number that fits. Write digits."),
    "bad_day": _("%(filter)s: “%(given)s” is no day. Write it as 2026-11-26."),
    "bad_month": _("%(filter)s: “%(given)s” is no month. Write it as 2026-11."),
    "bad_days": _("%(filter)s: “%(given)s” is no number of days."),
    "bad_choice": _("%(filter)s: “%(given)s” is not on offer. Choose again."),
    "several": _("%(filter)s: several begin so: %(given)s. Write one of them whole."),
    "bad_text": _("%(filter)s: this text cannot be searched for. Write at most 200 characters."),
    "bad_answer": _("%(filter)s: choose yes or no."),
    "needs_other": _("%(filter)s: choose “%(other)s” first."),
    "second_leading": _("%(filter)s stands beside “%(other)s”: begin with one of the two."),
    "filter_failed": _(
        "%(filter)s: the portal cannot ask for it (%(why)s). Leave it out, and tell whoever runs the portal."
    ),
    "unknown_filter": _("The portal does not offer the filter “%(filter)s” any more. Take it out, or choose again."),
}


def wrong_words(error: BadCondition, *, label: str) -> str:
    """What is wrong with a condition, and how it is mended."""
    known = _WRONG.get(error.code)
    told = {"filter": label, **dict.fromkeys(("given", "other", "why"), error.given)}
    return in_words(error) if known is None else str(known) % told
