"""The form of a trigger: what stands in it as it was typed, and what of that the trigger can be (T, X6, X12)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite, nan
from typing import Any

from werkzeug.datastructures import MultiDict

from sms_plugin.errors import SmsError
from sms_plugin.host.bound import BoundHook, Reason
from sms_plugin.hours import EVERY_DAY
from sms_plugin.models import TriggerRow
from sms_plugin.triggers.arranging import Arrangement, RefusedStep
from sms_plugin.triggers.steps import declared
from sms_plugin.web.editing import given as given_texts
from sms_plugin.web.editing import plain
from sms_plugin.web.translation import gettext

#: So many steps are read from a form.
_STEPS = 30
_LANGUAGES = 50
#: The field that an error is about, by its code.
_FIELD_OF = {
    "bad_hour": "hour",
    "bad_validity": "validity",
    "bad_policy": "unknown_policy",
    "bad_purpose": "purpose",
    "bad_quiet": "quiet",
    "bad_hours": "opens",
    "bad_weekdays": "weekdays",
    "bad_ceiling": "ceiling",
    "bad_step": "steps",
    "unknown_template": "template",
    "template_section": "template",
    "trigger_left": "template",
}
DAYS, HOURS = "days", "hours"


@dataclass(frozen=True, kw_only=True)
class StepField:
    """One step, as it was typed."""

    when: str = ""
    amount: str = ""
    unit: str = DAYS
    every: str = ""
    most: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Fields:
    """All that the form holds, as it was typed; a number that was left empty is the usual one."""

    texts: Mapping[str, str]
    template: str = ""
    hour: str = ""
    validity: str = ""
    unknown_policy: str = "ask"
    purpose: str = ""
    quiet: str = ""
    opens: str = ""
    closes: str = ""
    weekdays: frozenset[str] = frozenset("0123456")
    holidays: str = ""
    ceiling: str = ""
    gathers: bool = False
    steps: tuple[StepField, ...] = ()


def stored(row: TriggerRow | None, reason: Reason, hooks: Sequence[BoundHook]) -> Fields:
    """The trigger as it stands; without texts or steps of its own, the suggested and the declared ones."""
    usual = tuple(_step_field(each) for each in declared(hooks))
    if row is None:
        return Fields(texts=dict(reason.text), steps=usual)
    days = EVERY_DAY if row.weekdays is None else row.weekdays
    return Fields(
        texts=row.texts or dict(reason.text),
        template=_typed(row.template_id),
        hour=_typed(row.hour),
        validity=_typed(row.validity_hours),
        unknown_policy=row.unknown_policy,
        purpose=row.purpose or "",
        quiet=row.quiet or "",
        opens=_typed(row.opens),
        closes=_typed(row.closes),
        weekdays=frozenset(str(day) for day in range(7) if days >> day & 1),
        holidays="no" if row.holidays is False else "",
        ceiling=_typed(row.ceiling),
        gathers=bool(row.gathers),
        steps=tuple(_step_field(each) for each in row.steps) if row.steps else usual,
    )


def submitted(form: MultiDict[str, str]) -> Fields:
    """The form as it was sent."""

    def typed(name: str) -> str:
        return plain(form.get(name, ""))[:40]

    return Fields(
        texts=given_texts(form),
        template=typed("template"),
        hour=typed("hour"),
        validity=typed("validity"),
        unknown_policy=typed("unknown_policy") or "ask",
        purpose=typed("purpose"),
        quiet=typed("quiet"),
        opens=typed("opens"),
        closes=typed("closes"),
        # a form without the days is an older page's, or no page's: it says nothing of them
        weekdays=frozenset(form.getlist("weekday")) if "weekdays" in form else frozenset("0123456"),
        holidays=typed("holidays"),
        ceiling=typed("ceiling"),
        gathers=form.get("gathers") == "1",
        steps=tuple(_step(form, place) for place in _places(form)),
    )


def with_step(fields: Fields, hooks: Sequence[BoundHook]) -> Fields:
    """The form with one more step, in the direction of the last one."""
    ways = [each["when"] for each in declared(hooks)]
    last = fields.steps[-1].when if fields.steps else ""
    when = last if last in {"before", "after"} else next((way for way in ways if way != "on"), "after")
    return replace(fields, steps=(*fields.steps, StepField(when=when)))


def without_step(fields: Fields, place: str) -> Fields:
    """The form without the step at this place."""
    return replace(fields, steps=tuple(each for at, each in enumerate(fields.steps) if str(at) != place))


def read(fields: Fields, *, language: str, was: TriggerRow | None) -> tuple[Arrangement, dict[str, str]]:
    """What the form asks for, and a sentence for each field that holds no number where one belongs."""
    wrong: dict[str, str] = {}

    def number(name: str, typed: str) -> int | None:
        try:
            return int(typed[:9]) if typed else None
        except ValueError:
            wrong[name] = gettext("“%(written)s” is no whole number.", written=typed)
            return None

    filled = {code: text for code, text in fields.texts.items() if text}
    days = sum(1 << int(day) for day in fields.weekdays if day in set("0123456"))
    gathers = fields.gathers if fields.gathers or (was is not None and was.gathers is not None) else None
    wanted = Arrangement(
        # a trigger whose texts were all taken away says nothing; without any it would say the suggested ones
        texts=filled or {language: ""},
        template_id=number("template", fields.template),
        hour=number("hour", fields.hour),
        validity_hours=number("validity", fields.validity),
        unknown_policy=fields.unknown_policy,
        steps=[_wanted(step, place, number, wrong) for place, step in enumerate(fields.steps)],
        purpose=fields.purpose or None,
        quiet=fields.quiet or None,
        opens=number("opens", fields.opens),
        closes=number("closes", fields.closes),
        weekdays=None if days == EVERY_DAY else days,
        holidays=False if fields.holidays == "no" else None,
        ceiling=number("ceiling", fields.ceiling),
        gathers=gathers,
    )
    return wanted, wrong


def field_of(error: SmsError) -> str:
    """The name of the field that an error is about; empty where it is about none, or about a text."""
    if isinstance(error, RefusedStep):
        return f"step-{error.place}-text-{error.language}" if error.language else f"step-{error.place}-amount"
    return _FIELD_OF.get(error.code, "")


def _wanted(
    step: StepField, place: int, number: Callable[[str, str], int | None], wrong: dict[str, str]
) -> dict[str, Any]:
    on, amount = step.when == "on", f"step-{place}-amount"
    return {
        "when": step.when,
        "days": number(amount, step.amount) if step.unit == DAYS and not on else None,
        "hours": _hours(amount, step.amount, wrong) if step.unit == HOURS and not on else None,
        "every": number(f"step-{place}-every", step.every),
        "most": number(f"step-{place}-most", step.most),
        "texts": {code: text for code, text in step.texts.items() if text},
    }


def _hours(name: str, typed: str, wrong: dict[str, str]) -> float | None:
    """Hours may be halves."""
    try:
        hours = float(typed.replace(",", ".")[:9]) if typed else None
    except ValueError:
        hours = nan
    if hours is not None and not isfinite(hours):
        wrong[name] = gettext("“%(written)s” is no number.", written=typed)
        return None
    return int(hours) if hours is not None and hours == int(hours) else hours


def _places(form: MultiDict[str, str]) -> list[int]:
    found = {int(match[1]) for name in form if (match := re.fullmatch(r"step-([0-9]{1,3})-when", name))}
    return sorted(found)[:_STEPS]


def _step(form: MultiDict[str, str], place: int) -> StepField:
    prefix = f"step-{place}-"

    def typed(name: str) -> str:
        return plain(form.get(prefix + name, ""))[:40]

    own = prefix + "text-"
    texts = [(name[len(own) :], plain(text)) for name, text in form.items() if name.startswith(own)]
    return StepField(
        when=typed("when"),
        amount=typed("amount"),
        unit=HOURS if typed("unit") == HOURS else DAYS,
        every=typed("every"),
        most=typed("most"),
        texts=dict(texts[:_LANGUAGES]),
    )


def _step_field(step: Mapping[str, Any]) -> StepField:
    hours = step.get("hours")
    return StepField(
        when=str(step["when"]),
        amount="" if step["when"] == "on" else _typed(step.get("days") if hours is None else hours),
        unit=DAYS if hours is None else HOURS,
        every=_typed(step.get("every")),
        most=_typed(step.get("most")),
        texts=step.get("texts") or {},
    )


def _typed(value: float | None) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
