"""``flask sms trigger set`` and ``show``: the same fields as the page of a trigger."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import click
import sqlalchemy as sa
from flask.cli import with_appcontext
from sqlalchemy.orm import Session

from sms_plugin.cli.group import as_json, reading, say, state, who, write
from sms_plugin.host.registry import Registry
from sms_plugin.hours import EVERY_DAY
from sms_plugin.models import TriggerRow
from sms_plugin.triggers.arranging import POLICIES, PURPOSES, QUIET, Arrangement, arrange, arranged
from sms_plugin.triggers.overlaps import overlapping
from sms_plugin.triggers.steps import declared
from sms_plugin.triggers.switching import use_template
from sms_plugin.wording.texts import WHY_SILENT, inactive_because, texts_of
from sms_plugin.wording.versions import source_of, step_label, versions

#: Takes a value away again, so that the usual one counts.
USUAL = "usual"
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_STEP = re.compile(
    r"(?:(?P<on>on)|(?P<when>before|after):(?P<amount>\d{1,6}(?:\.\d{1,3})?)(?P<unit>[dh]))"
    r"(?:,every:(?P<every>\d{1,4}))?(?:,most:(?P<most>\d{1,4}))?"
)


@click.command("set")
@click.argument("key")
@click.option("--hour", type=click.IntRange(0, 23), help="Hour of the recipient's day for steps that count in days.")
@click.option("--validity", type=click.IntRange(1, 24 * 60), help="Hours after which a message is too late.")
@click.option("--unknown", type=click.Choice(POLICIES), help="What to do about an unknown fate.")
@click.option("--template", help="The template that speaks in place of its own texts; empty: none.")
@click.option("--purpose", type=click.Choice([*PURPOSES, USUAL]), help="What it is for: whose consent counts.")
@click.option("--quiet", type=click.Choice([*QUIET, USUAL]), help="What to do with what comes due in quiet hours.")
@click.option("--hours", help='The hours in which it may go, such as "9-21"; "usual": the portal\'s.')
@click.option("--weekdays", help='The days on which it may go, such as "mon-fri" or "mon,wed"; "usual": all.')
@click.option("--holidays/--no-holidays", default=None, help="Whether it may go on public holidays.")
@click.option("--ceiling", type=click.IntRange(0), help="A larger run waits for approval; 0: as is learned.")
@click.option("--gather/--no-gather", default=None, help="Several of one person in one message.")
@click.option("--step", "steps", multiple=True, help='Such as "before:3d", "after:1d,every:7,most:3", "on"; "usual".')
@with_appcontext
def set_(key: str, template: str | None, **given: Any) -> None:
    """Change what the trigger KEY does beside its texts. What is not given stays as it is."""

    def work(session: Session, now: datetime) -> None:
        registry = state().registry
        row = session.get(TriggerRow, key)
        wanted = _wanted(arranged(row), given)
        seen = None if row is None else row.changed_at
        row = arrange(session, key, wanted, seen=seen, registry=registry, who=who(), now=now)
        if template is not None:
            use_template(session, row, template, registry=registry, who=who(), now=now)

    write(work)
    click.echo(f"{key} is changed.")


@click.command("show")
@click.argument("key")
@as_json
@with_appcontext
def show(key: str, as_json: bool) -> None:
    """Show all that is set of the trigger KEY, and the versions of its texts."""
    registry = state().registry
    reason = registry.reason(key)
    with reading() as (session, _now):
        rows = {each.key: each for each in session.scalars(sa.select(TriggerRow))}
        row = rows.get(key)
        told: dict[str, Any] = {
            "key": key,
            "on": bool(row is not None and row.on),
            "on_since": None if row is None else row.on_since,
            "inactive": inactive_because(row, reason, registry=registry) or None,
            "beside": overlapping(key, {each.key for each in rows.values() if each.on}),
            "template": str(row.template) if row is not None and row.template is not None else None,
            "texts": dict(texts_of(row, reason)),
            **course(row, key),
            "step_texts": {_step_told(each): each["texts"] for each in arranged(row).steps if each.get("texts")},
            "versions": [] if row is None else _versions(session, row),
        }
    lines = [f"{name}: {_said(value)}" for name, value in told.items() if value not in (None, [], {}, "")]
    if told["inactive"] in WHY_SILENT:
        lines.append(WHY_SILENT[told["inactive"]])
    say(told, as_json=as_json, lines=lines)


def course(row: TriggerRow | None, key: str) -> dict[str, Any]:
    """The steps, hours and rules of a trigger as they are in force."""
    registry, settings = state().registry, state().settings
    reason, wanted = registry.reason(key), arranged(row)
    steps = wanted.steps or declared(registry.hooks_of(key))
    until, start = settings.quiet_hours or (24, 0)
    own = (wanted.opens, wanted.closes) if wanted.opens is not None and wanted.closes is not None else (start, until)
    return {
        "purpose": wanted.purpose or reason.purpose,
        "quiet": wanted.quiet or reason.quiet,
        "hours": f"{own[0]}-{own[1]}",
        "weekdays": ",".join(_days(EVERY_DAY if wanted.weekdays is None else wanted.weekdays)),
        "holidays": wanted.holidays is not False,
        "steps": [_step_told(each) for each in steps],
        "hour": wanted.hour,
        "validity_hours": wanted.validity_hours,
        "ceiling": wanted.ceiling,
        "gathers": bool(wanted.gathers),
        "unknown_policy": wanted.unknown_policy,
    }


def set_step_text(
    session: Session, key: str, step: str, language: str, text: str, *, registry: Registry, now: datetime
) -> None:
    """Give one step of a trigger a text of its own; an empty one takes it away. Writes in the caller's transaction.

    Raises ``click.BadParameter`` for a step that the trigger does not have, ``SmsError`` for a text that cannot be.
    """
    row = session.get(TriggerRow, key)
    was = arranged(row)
    steps = [dict(each) for each in was.steps or declared(registry.hooks_of(key))]
    found = next((each for each in steps if _step_told(each) == step.replace(" ", "")), None)
    if found is None:
        known = ", ".join(map(_step_told, steps)) or "none: it is not about a date"
        raise click.BadParameter(f"{key} has no step {step!r}. Its steps: {known}.", param_hint="--step")
    found["texts"] = {**(found.get("texts") or {}), language: text}
    seen = None if row is None else row.changed_at
    arrange(session, key, replace(was, steps=steps), seen=seen, registry=registry, who=who(), now=now)


def _wanted(was: Arrangement, given: Mapping[str, Any]) -> Arrangement:
    changes: dict[str, Any] = {}
    for option, name in (("hour", "hour"), ("validity", "validity_hours"), ("unknown", "unknown_policy")):
        changes[name] = given[option]
    changes |= {"holidays": given["holidays"], "gathers": given["gather"], "ceiling": given["ceiling"]}
    wanted = replace(was, **{name: value for name, value in changes.items() if value is not None})
    if given["ceiling"] == 0:
        wanted = replace(wanted, ceiling=None)
    if given["purpose"]:
        wanted = replace(wanted, purpose=None if given["purpose"] == USUAL else given["purpose"])
    if given["quiet"]:
        wanted = replace(wanted, quiet=None if given["quiet"] == USUAL else given["quiet"])
    if given["hours"]:
        opens, closes = _hours(given["hours"])
        wanted = replace(wanted, opens=opens, closes=closes)
    if given["weekdays"]:
        wanted = replace(wanted, weekdays=_weekdays(given["weekdays"]))
    if given["steps"]:
        wanted = replace(wanted, steps=_steps(given["steps"], was))
    return wanted


def _hours(written: str) -> tuple[int | None, int | None]:
    if written == USUAL:
        return None, None
    found = re.fullmatch(r"(\d{1,2})-(\d{1,2})", written.strip())
    if found is None:
        raise click.BadParameter('Give two whole hours such as "9-21".', param_hint="--hours")
    return int(found[1]), int(found[2])


def _weekdays(written: str) -> int | None:
    if written == USUAL:
        return None
    bits = 0
    for part in written.lower().split(","):
        first, _, last = part.strip().partition("-")
        if first not in _DAYS or (last or first) not in _DAYS:
            raise click.BadParameter(f"Give days such as mon-fri: {', '.join(_DAYS)}.", param_hint="--weekdays")
        day = _DAYS.index(first)
        bits |= 1 << day
        while _DAYS[day] != (last or first):
            day = (day + 1) % 7
            bits |= 1 << day
    return None if bits == EVERY_DAY else bits


def _steps(written: Iterable[str], was: Arrangement) -> list[dict[str, Any]]:
    """The steps; one that there was keeps its texts."""
    texts = {step_label(each): each.get("texts") or {} for each in was.steps}
    steps: list[dict[str, Any]] = []
    for each in written:
        if each == USUAL:
            return []
        found = _STEP.fullmatch(each.replace(" ", ""))
        if found is None:
            hint = f'{each!r} is no step: give one such as "before:3d", "before:2h", "on", "after:1d,every:7,most:3".'
            raise click.BadParameter(hint, param_hint="--step")
        amount = None if found["on"] else float(found["amount"])
        amount = int(amount) if amount is not None and amount == int(amount) else amount
        step: dict[str, Any] = {
            "when": found["on"] or found["when"],
            "days": amount if found["unit"] == "d" else None,
            "hours": amount if found["unit"] == "h" else None,
            "every": None if found["every"] is None else int(found["every"]),
            "most": None if found["most"] is None else int(found["most"]),
        }
        steps.append({**step, "texts": texts.get(step_label(step), {})})
    return steps


def _step_told(step: Mapping[str, Any]) -> str:
    if step["when"] == "on":
        return "on"
    hours, days = step.get("hours"), step.get("days")
    amount = "own" if hours is None and days is None else f"{hours:g}h" if hours is not None else f"{days}d"
    again = "".join(f",{name}:{step[name]}" for name in ("every", "most") if step.get(name))
    return f"{step['when']}:{amount}{again}"


def _days(bits: int) -> list[str]:
    return [name for day, name in enumerate(_DAYS) if bits >> day & 1]


def _versions(session: Session, row: TriggerRow) -> list[dict[str, Any]]:
    source, key = source_of(row)
    found = versions(session, source=source, key=key)
    return [{"number": each.number, "at": each.at, "who": each.who, "texts": each.texts} for each in found]


def _said(value: object) -> str:
    if isinstance(value, dict):
        return "".join(f"\n  {name}: {_said(each).replace(chr(10), chr(10) + '  ')}" for name, each in value.items())
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "".join(f"\n  {each['number']}  {each['at']:%Y-%m-%d %H:%M}  {each['who']}" for each in value)
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
