"""Looks, prints and files in words (X23)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sms_plugin.outbox.accesses import Deed
from sms_plugin.state import State
from sms_plugin.web.shown import trigger_label
from sms_plugin.web.translation import gettext
from sms_plugin.web.translation import lazy_gettext as _
from sms_plugin.web.words import state_name

DEEDS: Mapping[Deed, Any] = {
    Deed.LOOKED: _("looked at it"),
    Deed.PRINTED: _("opened it to print"),
    Deed.EXPORTED: _("took it out as a file"),
}
_PLACES: Mapping[str, Any] = {
    "": _("the conversation with a number"),
    "queue": _("the queue, with whole numbers"),
    "message": _("the list of messages, with whole numbers"),
    "forecast": _("the forecast, with whole numbers"),
    "people": _("people to write to, with whole numbers"),
    "overview": _("the overview, with whole numbers"),
    "batch": _("the recipients of a send to many, with whole numbers"),
    "group": _("the members of a group, with whole numbers"),
    "surge": _("a held run, with whole numbers"),
}


def deed_words(code: str) -> str:
    """What somebody did."""
    return str(DEEDS[Deed(code)]) if code in set(Deed) else code


def place_words(place: str) -> str:
    """Which list it was, where it was nobody's history."""
    return str(_PLACES.get(place.partition(":")[0], place))


def filter_words(detail: Mapping[str, Any], *, state: State) -> str:
    """What the list or the file was narrowed to; a number is masked as it was kept."""
    told = []
    for name, value in detail.items():
        if name == "state":
            told.append(state_name(str(value)))
        elif name == "trigger":
            told.append(trigger_label(str(value), state=state))
        elif name == "since":
            told.append(gettext("from %(day)s", day=value))
        elif name == "until":
            told.append(gettext("until %(day)s", day=value))
        elif name == "words":
            told.append(f"“{value}”")
        elif name == "number":
            told.append(str(value))
        elif name in _NAMED:
            told.append(f"{_NAMED[name]} {value}")
    return ", ".join(told)


_NAMED: Mapping[str, Any] = {
    "provider": _("provider"),
    "batch": _("send to many"),
    "reason": _("reason"),
    "group": _("group"),
}
