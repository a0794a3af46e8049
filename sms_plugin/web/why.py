"""The line of decisions in sentences: what fired, why this number, until when it waited (X20)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from sms_plugin.host.when import HookKind
from sms_plugin.outbox.charges import COSTS
from sms_plugin.outbox.explain import FORMER, HAND, MANY, RECEIVED, UNHOOKED, WORDS, WRITTEN, Explained, Fired
from sms_plugin.triggers import explaining as asked
from sms_plugin.web.reasons import reason_words
from sms_plugin.web.shown import shown_number
from sms_plugin.web.translation import gettext, ngettext
from sms_plugin.web.translation import lazy_gettext as _
from sms_plugin.web.verdicts import cost_in_words
from sms_plugin.web.words import Line, line, way_name

_STEP = re.compile(r"(before|after):(\d+)([dm])\Z")

_FIRED: Mapping[str, Any] = {
    HookKind.CREATED.value: _("Fired: the record was created."),
    HookKind.SIGNAL.value: _("Fired: the portal reported it."),
    HookKind.ADDED.value: _("Fired: somebody or something was added to the record."),
    UNHOOKED: _("Fired by something that the portal does not declare any more."),
    RECEIVED: _("Came from the phone."),
    MANY: _("It is one of a send to many: whoever confirmed it saw the text and the recipients."),
}
_NUMBERS: Mapping[str, Any] = {
    "billing": _("the number for invoices and payments"),
    "mobile": _("the main number"),
    "others": _("one of the other numbers"),
    WRITTEN: _("the number that is written in the record"),
    FORMER: _("by now none of the person’s numbers"),
}
_STANDINGS: Mapping[str, Any] = {
    asked.WOULD_GO: _("It will go, as far as is known now."),
    asked.WRITTEN: _("It was decided."),
    asked.DUE: _("It is due: the next look at dates writes it."),
    asked.BEFORE_ON: _("Its moment was before the trigger was switched on: nothing from before is ever sent."),
    asked.MISSED: _("Its moment was so long ago that it is not worth sending any more."),
    asked.NO_DATE: _("The record has no such date."),
    asked.NOT_FIRED: _(
        "Nothing has fired it for this record: that happened before the trigger was switched on, while triggers were"
        " muted, past the portal’s own code, or not yet."
    ),
    asked.BY_HAND_ONLY: _("Nothing fires it by itself: it is sent by hand only."),
    asked.NO_RECORD: _("No record leads to this person."),
    asked.BLIND: _("Whom its records lead to, only the portal’s own code can say: ask for one record."),
    "not_true": _("The portal’s own condition for it does not hold."),
    "off": _("It is switched off."),
    "no_text": _("Its text is empty."),
}


def fired_words(fired: Fired) -> str:
    """What fired a message."""
    if fired.kind in _FIRED:
        return str(_FIRED[fired.kind])
    if fired.kind == HAND:
        return gettext("Fired by hand, or by the portal’s own code.")
    if fired.kind == WORDS:
        return gettext("Written by hand, or by the portal’s own code.")
    if fired.kind == HookKind.CHANGED:
        value = fired.moment.partition(" ")[2]
        return (
            gettext("Fired: a value became “%(value)s”.", value=value) if value else gettext("Fired: a value changed.")
        )
    if fired.kind == HookKind.YEARLY:
        return gettext("Fired by an anniversary: %(year)s.", year=fired.moment)
    return gettext("Fired by a date: %(step)s %(date)s.", step=step_words(fired.step), date=fired.moment)


def step_words(step: str) -> str:
    """A step in words: how long before or after its date; empty for a step that is none."""
    found = _STEP.match(step)
    if found is None:
        return gettext("on the day") if step == "on" else gettext("each year") if step == "yearly" else ""
    number, ahead = int(found[2]), found[1] == "before"
    if found[3] == "d":
        if ahead:
            return ngettext("%(num)s day before", "%(num)s days before", number)
        return ngettext("%(num)s day after", "%(num)s days after", number)
    hours = f"{number / 60:g}"
    return gettext("%(hours)s hours before", hours=hours) if ahead else gettext("%(hours)s hours after", hours=hours)


def number_words(kind: str) -> str:
    """Why this number; a kind of the host's own by its name."""
    if not kind:
        return ""
    return str(_NUMBERS[kind]) if kind in _NUMBERS else gettext("the number “%(kind)s”", kind=kind)


def standing_words(code: str) -> str:
    """How a trigger stands to a record."""
    return str(_STANDINGS[code]) if code in _STANDINGS else reason_words(code)


def decisions(explained: Explained, *, trigger: str) -> list[Line]:
    """The line of decisions about one message. ``trigger`` is the name of what decided it; empty for a hand."""
    return [*_first(explained, trigger), *_last(explained, trigger)]


def _first(explained: Explained, trigger: str) -> Iterator[Line]:
    message = explained.message
    at = message.created_at
    for each in explained.confirmed:
        yield line(each, trigger=trigger)
    head = gettext("Decided by “%(trigger)s”", trigger=trigger) if trigger else fired_words(explained.fired)
    yield Line(at=at, head=head, why=fired_words(explained.fired) if trigger else "", who=explained.fired.who)
    if message.direction == "in":
        return
    number = shown_number(message.number)
    if number or explained.name:
        whom = " ".join(filter(None, [explained.name, number]))
        yield Line(at=at, head=gettext("To %(whom)s", whom=whom), why=number_words(explained.number_is))
    if explained.gathered:
        several = len(explained.gathered)
        told = ngettext("It tells of %(num)s record.", "It tells of %(num)s records together.", several)
        yield Line(at=at, head=gettext("Gathered"), why=told)
    if explained.put_off_until is not None:
        zone = message.timezone
        why = gettext("Hours of the recipient, in %(zone)s.", zone=zone) if zone else ""
        yield Line(at=at, head=gettext("Put off"), why=why, until=explained.put_off_until)


def _last(explained: Explained, trigger: str) -> Iterator[Line]:
    *between, stands = explained.moments
    for each in between:
        yield line(each, trigger=trigger)
    message, last = explained.message, line(stands, trigger=trigger)
    if message.state not in COSTS or message.cost is None:
        yield last
        return
    cost = cost_in_words(message.cost, message.currency)
    charged = gettext("%(cost)s, as the provider charged it", cost=cost)
    told = charged if message.charged else gettext("%(cost)s, as expected", cost=cost)
    detail = " · ".join(filter(None, [last.detail, way_name(message.channel), told]))
    yield Line(at=last.at, head=last.head, why=last.why, detail=detail, who=last.who, kind=last.kind, until=last.until)
