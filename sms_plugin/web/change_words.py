"""The record of changes in words: what was changed, what was done to it, and from what to what (X12)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sms_plugin.gateways.settings import fields_of
from sms_plugin.hours import EVERY_DAY
from sms_plugin.models import Change
from sms_plugin.state import State
from sms_plugin.web.course_words import purposes, quiet_policies, unknown_policies, weekdays
from sms_plugin.web.shown import trigger_label
from sms_plugin.web.translation import gettext
from sms_plugin.web.translation import lazy_gettext as _
from sms_plugin.web.words import purpose_words

#: What can be changed, in a word.
KINDS: Mapping[str, Any] = {
    "provider": _("Provider"),
    "trigger": _("Trigger"),
    "template": _("Template"),
    "group": _("Group"),
    "batch": _("Send to many"),
    "consent": _("Consent"),
}
#: What was done, by kind where a word means different things.
_DONE: Mapping[str, Any] = {
    "trigger on": _("switched on"),
    "trigger off": _("switched off"),
    "trigger run_approved": _("let a large run go"),
    "trigger run_dropped": _("dropped a large run"),
    "batch added": _("looked for more recipients"),
    "batch left_out": _("took recipients out"),
    "batch created": _("drafted"),
    "batch resumed": _("let go on"),
    "batch to_me": _("sent one text to a telephone, to read it"),
    "consent stopped": _("no more texts to it"),
    "consent started": _("texts to it again"),
    "activated": _("made the active one"),
    "added": _("added"),
    "approved": _("approved"),
    "built": _("recipients looked for"),
    "cancelled": _("cancelled"),
    "changed": _("changed"),
    "confirmed": _("confirmed"),
    "created": _("created"),
    "deactivated": _("no longer the active one"),
    "deleted": _("deleted"),
    "no rate": _("changed"),
    "no standby": _("no longer stands by"),
    "paused": _("paused"),
    "prices and budget": _("changed"),
    "rate": _("changed"),
    "removed": _("removed"),
    "renamed": _("renamed"),
    "reopened": _("taken back"),
    "resumed": _("let go on"),
    "standby": _("stands by for outages"),
    "tried": _("tried with a test message"),
}
_FIELDS: Mapping[str, Any] = {
    "balance_low": _("Warn below a balance of"),
    "budget_day": _("Budget of a day"),
    "budget_month": _("Budget of a month"),
    "ceiling": _("A larger run waits for approval"),
    "closes": _("May go until (hour)"),
    "conditions": _("Conditions"),
    "currency": _("Currency"),
    "day": _("Day"),
    "description": _("Description"),
    "due_at": _("Not before"),
    "enabled": _("In use"),
    "gathers": _("Several in one message"),
    "holidays": _("On holidays"),
    "hour": _("Hour of the day"),
    "members": _("Members"),
    "messages": _("Messages"),
    "name": _("Name"),
    "number": _("Number"),
    "opens": _("May go from (hour)"),
    "prices": _("Prices"),
    "purpose": _("What it is for"),
    "quiet": _("In quiet hours"),
    "rate": _("Messages in seconds"),
    "recipients": _("Recipients"),
    "section": _("Section"),
    "source": _("Source"),
    "steps": _("Steps"),
    "template_id": _("Template"),
    "texts": _("Text"),
    "unknown_policy": _("When nobody knows whether it went"),
    "validity_hours": _("Worth sending for (hours)"),
    "weekdays": _("Days of the week"),
}
_SHORT = 300


@dataclass(frozen=True, kw_only=True)
class Field:
    """One value that changed; ``before`` is empty where nothing was, or where only what it is was kept."""

    name: str
    before: str = ""
    after: str = ""
    secret: bool = False  #: that it changed is all that anybody keeps


@dataclass(frozen=True, kw_only=True)
class Names:
    """What names need that stand for keys in the record: asked once for a page."""

    templates: Mapping[int, str] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)  #: of the gateway, by the provider's name


def kind_word(kind: str) -> str:
    """What kind of thing was changed; one of the portal's own by its name."""
    return str(KINDS.get(kind, kind))


def name_of_changed(change: Change, *, state: State) -> str:
    """What the thing is called that was changed."""
    kind, _separator, name = change.what.partition(" ")
    return trigger_label(name, state=state) if kind == "trigger" else name


def done_words(change: Change) -> str:
    """What was done to it."""
    kind, action = change.what.partition(" ")[0], change.action
    for code in (f"{kind} {action}", action, action.partition(" ")[0]):
        if code in _DONE:
            return str(_DONE[code])
    return action.replace("_", " ")


def fields_changed(change: Change, *, names: Names, state: State) -> list[Field]:
    """From what to what; the secrets by their names alone."""
    kind, _separator, name = change.what.partition(" ")
    labels = _settings(name, names, state) if kind == "provider" else {}
    found: list[Field] = []
    for key, value in change.detail.items():
        label = labels.get(key) or str(_FIELDS.get(key, key.replace("_", " ")))
        if key == "secrets":
            found += [Field(name=labels.get(each, each), secret=True) for each in value]
        elif key == "texts":
            found += _texts(label, value)
        elif _is_pair(value):
            found.append(Field(name=label, before=_told(key, value[0], names), after=_told(key, value[1], names)))
        elif value not in (None, "", [], {}):
            found.append(Field(name=label, after=_told(key, value, names)))
    if not found and kind == "provider" and change.action.startswith("changed "):  # what was kept once: names alone
        found = [Field(name=labels.get(each, each), secret=True) for each in change.action[8:].split(", ") if each]
    return found


def _settings(provider: str, names: Names, state: State) -> dict[str, str]:
    gateway = state.gateways.get(names.kinds.get(provider, ""))
    return {} if gateway is None else {each.name: gettext(each.label) for each in fields_of(gateway.Settings)}


def _texts(label: str, value: Any) -> Iterator[Field]:
    """The texts by language: of two where they changed, of one where they were kept as they were."""
    before, after = value if _is_pair(value) else ({}, value)
    before, after = (each if isinstance(each, Mapping) else {} for each in (before, after))
    for language in sorted({*before, *after}):
        old, new = str(before.get(language, "")), str(after.get(language, ""))
        if old != new:
            yield Field(name=f"{label} ({language})", before=old, after=new)


def _is_pair(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 2


def _told(key: str, value: Any, names: Names) -> str:
    if value is None or value == "" or value in ([], {}):
        return ""
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if key == "template_id":
        return names.templates.get(value, f"{gettext('Template')} {value}")
    if key == "weekdays" and isinstance(value, int):
        return gettext("every day") if value == EVERY_DAY else _days(value)
    if key == "purpose" and not isinstance(value, str):
        return ""
    words = {"purpose": purposes, "quiet": quiet_policies, "unknown_policy": unknown_policies}.get(key)
    if words is not None:
        return dict(words()).get(value, purpose_words(str(value)))
    if key == "steps":
        return "; ".join(_step(each) for each in value if isinstance(each, Mapping))
    if isinstance(value, Mapping):
        told = ", ".join(f"{name or '*'} {each}" for name, each in value.items())
    elif isinstance(value, Sequence) and not isinstance(value, str):
        told = ", ".join(str(each) for each in value)
    else:
        told = str(value)
    return told if len(told) <= _SHORT else told[: _SHORT - 1] + "…"


def _days(mask: int) -> str:
    return " ".join(name for day, name in weekdays(short=True) if mask >> int(day) & 1)


def _step(step: Mapping[str, Any]) -> str:
    """A step of a trigger in a few signs: when, how far from the date, how often."""
    number = step.get("days") if step.get("days") is not None else step.get("hours")
    unit = gettext("days") if step.get("days") is not None else gettext("hours") if step.get("hours") else ""
    when = {"before": gettext("before"), "after": gettext("after"), "on": gettext("on the day")}
    told = [
        str(number) if number else "",
        unit if number else "",
        when.get(str(step.get("when")), str(step.get("when") or "")),
    ]
    if step.get("every"):
        told.append(gettext("then every %(days)s days", days=step["every"]))
    words = ", ".join(f"{language}: {text}" for language, text in (step.get("texts") or {}).items())
    return " ".join(each for each in told if each) + (f" ({words})" if words else "")
