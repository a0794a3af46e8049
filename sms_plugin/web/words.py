"""What codes mean, in sentences: states, choices, and the lines of a timeline (X11)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sms_plugin.outbox.decisions import Choice
from sms_plugin.outbox.timeline import Moment
from sms_plugin.web.reasons import reason_words
from sms_plugin.web.translation import gettext, retold
from sms_plugin.web.translation import lazy_gettext as _

#: A state in a word, and its kind, which gives it its colour.
_STATES: Mapping[str, tuple[Any, str]] = {
    "held": (_("Held"), "wait"),
    "queued": (_("Queued"), ""),
    "sending": (_("Being sent"), ""),
    "sent": (_("Sent"), "good"),
    "delivered": (_("Delivered"), "good"),
    "undelivered": (_("Undelivered"), "bad"),
    "failed": (_("Failed"), "bad"),
    "unknown": (_("Unknown"), "wait"),
    "suppressed": (_("Not sent"), ""),
    "expired": (_("Too late"), ""),
    "cancelled": (_("Cancelled"), ""),
    "received": (_("Received"), "good"),
}


#: What texts of a purpose are about; of none, all of them.
_PURPOSES: Mapping[str, Any] = {
    "": _("all texts"),
    "billing": _("invoices and payments"),
    "service": _("the service"),
    "marketing": _("offers and greetings"),
    "staff": _("staff"),
}
#: Where the word came from that a number shall not be texted, or shall be again.
_SOURCES: Mapping[str, Any] = {
    "reply": _("by a reply"),
    "link": _("on the page behind a text's link"),
    "staff": _("by the staff"),
    "provider": _("the provider says so"),
    "host": _("by the portal"),
    "not_me": _("a reply says that it is somebody else's number"),
}

_CHOICES: Mapping[Choice, Any] = {
    Choice.SEND_NOW: _("Send now"),
    Choice.RELEASE: _("Release"),
    Choice.RETRY: _("Try again"),
    Choice.RESEND: _("Send once more"),
    Choice.ASSUME_SENT: _("Take as sent"),
    Choice.CANCEL: _("Cancel"),
}
#: What is asked before a choice that cannot be taken back, or may text somebody twice.
_QUESTIONS: Mapping[Choice, Any] = {
    Choice.RESEND: _("Send this once more? If the provider took it the first time, the person gets it twice."),
    Choice.ASSUME_SENT: _("Take this as sent? It will not be tried again."),
    Choice.CANCEL: _("Cancel this? It will not be sent."),
    Choice.RETRY: _("Try this again now?"),
}

_VERDICTS: Mapping[str, Any] = {
    "accepted": _("%(provider)s took it"),
    "refused": _("%(provider)s refused it"),
    "unknown": _("Nobody knows whether %(provider)s took it"),
}
_RECEIPTS: Mapping[str, Any] = {
    "accepted": _("%(provider)s reports: taken"),
    "sent": _("%(provider)s reports: sent on to the network"),
    "delivered": _("%(provider)s reports: delivered to the phone"),
    "read": _("%(provider)s reports: read"),
    "undelivered": _("%(provider)s reports: not delivered"),
    "failed": _("%(provider)s reports: failed"),
}


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of a timeline, in words."""

    at: datetime
    head: str
    why: str = ""
    detail: str = ""
    who: str = ""
    kind: str = ""  #: good, bad, wait: the colour
    until: datetime | None = None
    occurred_at: datetime | None = None


def state_name(state: str) -> str:
    """A state in a word."""
    known = _STATES.get(state)
    return str(known[0]) if known else state


def state_kind(state: str) -> str:
    """What colours a state: good, bad, wait, or nothing."""
    return _STATES[state][1] if state in _STATES else ""


def purpose_words(purpose: str) -> str:
    """What texts of a purpose are about; a purpose of the host's own by its name."""
    return str(_PURPOSES.get(purpose, purpose))


def source_words(source: str) -> str:
    """Where a word about texts to a number came from."""
    return str(_SOURCES.get(source, source.replace("_", " ")))


def way_name(channel: str) -> str:
    """What a way is called; empty where nobody told which it was."""
    return {"sms": "SMS", "viber": "Viber", "rcs": "RCS"}.get(channel, channel)


def choice_name(choice: Choice) -> str:
    """What the button of a choice says."""
    return str(_CHOICES[choice])


def question(choice: Choice) -> str:
    """What is asked before a choice; empty where nothing is."""
    return str(_QUESTIONS.get(choice, ""))


def line(moment: Moment, *, trigger: str) -> Line:
    """One step of a message's life in words. ``trigger`` is the name of what decided it; empty for a hand."""
    kind = "" if moment.what in {"moved", "departed"} else state_kind(moment.state)
    kind = {"accepted": "good", "refused": "bad", "unknown": "wait"}.get(moment.state, kind)
    return Line(
        at=moment.at,
        head=_head(moment, trigger),
        why=reason_words(moment.reason) if moment.reason else "",
        detail="" if moment.what in {"decided", "received"} else retold(moment.detail),
        who=moment.who,
        kind=kind,
        until=moment.until,
        occurred_at=moment.occurred_at,
    )


def _head(moment: Moment, trigger: str) -> str:
    provider = moment.provider
    if moment.what == "decided":
        return gettext("Decided by “%(trigger)s”", trigger=trigger) if trigger else gettext("Written by hand")
    if moment.what == "confirmed":
        return gettext("The send to many was confirmed")
    if moment.what == "approved":
        return gettext("The send to many was approved")
    if moment.what == "received":
        return gettext("Came from the phone")
    if moment.what == "claimed":
        return gettext("Taken up by a process, to be sent")
    if moment.what == "departed":
        return gettext("Handed to %(provider)s", provider=provider)
    if moment.what == "verdict":
        return str(_VERDICTS.get(moment.state, moment.state)) % {"provider": provider}
    if moment.what == "receipt":
        return str(_RECEIPTS.get(moment.state, moment.state)) % {"provider": provider}
    if moment.what == "stands":
        return gettext("Now: %(state)s", state=state_name(moment.state))
    return state_name(moment.state)
