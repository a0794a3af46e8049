"""Conditions in the viewer's words: ways to compare, sentences, and what is wrong with what was typed."""

from __future__ import annotations

from collections.abc import Sequence

from sms_plugin.batches.telling import Told
from sms_plugin.batches.values import TODAY, BadCondition
from sms_plugin.host.bound import FilterKind
from sms_plugin.web.translation import gettext, in_words


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


def wrong_words(error: BadCondition, *, label: str) -> str:
    """What is wrong with a condition, and how it is mended."""
    given = error.given
    match error.code:
        case "no_value":
            return gettext("%(filter)s: nothing is chosen. Choose a value, or leave the filter out.", filter=label)
        case "bad_number" | "bad_whole":
            return gettext("%(filter)s: “%(given)s” is no number that fits. Write digits.", filter=label, given=given)
        case "bad_day":
            return gettext("%(filter)s: “%(given)s” is no day. Write it as 2026-11-26.", filter=label, given=given)
        case "bad_month":
            return gettext("%(filter)s: “%(given)s” is no month. Write it as 2026-11.", filter=label, given=given)
        case "bad_days":
            return gettext("%(filter)s: “%(given)s” is no number of days.", filter=label, given=given)
        case "bad_choice":
            return gettext("%(filter)s: “%(given)s” is not on offer. Choose again.", filter=label, given=given)
        case "several":
            return gettext(
                "%(filter)s: several begin so: %(given)s. Write one of them whole.", filter=label, given=given
            )
        case "bad_text":
            return gettext("%(filter)s: this text cannot be searched for. Write at most 200 characters.", filter=label)
        case "bad_answer":
            return gettext("%(filter)s: choose yes or no.", filter=label)
        case "needs_other":
            return gettext("%(filter)s: choose “%(other)s” first.", filter=label, other=given)
        case "second_leading":
            return gettext(
                "%(filter)s stands beside “%(other)s”: begin with one of the two.", filter=label, other=given
            )
        case "filter_failed":
            return gettext(
                "%(filter)s: the portal cannot ask for it (%(why)s). Leave it out, and tell whoever runs the portal.",
                filter=label,
                why=given,
            )
        case "unknown_filter":
            return gettext(
                "The portal does not offer the filter “%(filter)s” any more. Take it out, or choose again.",
                filter=label,
            )
    return in_words(error)
