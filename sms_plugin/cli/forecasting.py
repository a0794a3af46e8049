"""``flask sms forecast``: what the next days will bring, and what one record would send."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

import click
from flask.cli import with_appcontext
from sqlalchemy.orm import Session

from sms_plugin.cli.group import as_json, reading, say, state
from sms_plugin.text.phones import mask
from sms_plugin.triggers.expecting import Expected, Reckoning
from sms_plugin.triggers.forecast import Cell, Forecast
from sms_plugin.triggers.forecast import forecast as foresee
from sms_plugin.triggers.lookahead import MOST_DAYS, Look, walk
from sms_plugin.triggers.trying import Tried, try_out


@click.command()
@click.option("--days", type=click.IntRange(1, MOST_DAYS), default=7, show_default=True, help="From today on.")
@click.option("--trigger", metavar="KEY", help="Of this trigger only; one that is off as if it were switched on now.")
@click.option("--record", nargs=2, metavar="ENTITY KEY", help="What this one record would send, by any trigger.")
@click.option("--texts", is_flag=True, help="Every message in place of the totals, as JSON, one a line.")
@as_json
@with_appcontext
def forecast(days: int, trigger: str | None, record: tuple[str, str] | None, texts: bool, as_json: bool) -> None:
    """Show what will be texted by day and trigger: messages, segments, cost, and who gets nothing and why.

    Nothing is written by it. Numbers are masked, sensitive values too.
    """
    with reading() as (session, now):
        if record is not None:
            _of_record(session, record, trigger, now=now, as_json=as_json)
        elif texts:
            _all_texts(session, Look(days=days, trigger=trigger), now=now)
        else:
            found = foresee(session, Look(days=days, trigger=trigger), state=state(), now=now)
            say(_data(found), as_json=as_json, lines=_lines(found))


def _all_texts(session: Session, look: Look, *, now: datetime) -> None:
    reckoning = Reckoning(session, state=state(), now=now)
    for each in walk(session, look, reckoning=reckoning, state=state(), now=now):
        if look.trigger in {None, each.trigger}:
            click.echo(json.dumps(_message(each), ensure_ascii=False, default=str))


def _of_record(session: Session, record: tuple[str, str], trigger: str | None, *, now: datetime, as_json: bool) -> None:
    tried = try_out(session, *record, state=state(), now=now, trigger=trigger)
    data = {
        "record": tried.label,
        "currency": tried.currency or None,
        "triggers": [
            {
                "trigger": each.trigger,
                "off": each.off,
                "dated": each.dated,
                "problem": each.problem or None,
                "messages": [_message(one) for one in each.expected],
            }
            for each in tried.tried
        ],
    }
    lines = [tried.label, *(line for each in tried.tried for line in _tried_lines(each))]
    say(data, as_json=as_json, lines=lines)


def _tried_lines(tried: Tried) -> list[str]:
    head = f"  {tried.trigger}" + ("  (off)" if tried.off else "") + (f"  {tried.problem}" if tried.problem else "")
    return [head, *(f"    {_line(each, dated=tried.dated)}" for each in tried.expected)]


def _line(each: Expected, *, dated: bool) -> str:
    at = f"{each.due_at.astimezone(state().settings.zone):%Y-%m-%d %H:%M}" if dated else ""
    number = mask(each.number) if each.number else ""
    return "  ".join(filter(None, [at, number, each.problem, each.detail, each.text]))


def _message(each: Expected) -> dict[str, Any]:
    return {
        "day": each.due_at.astimezone(state().settings.zone).date(),
        "due_at": each.due_at,
        "trigger": each.trigger,
        "step": each.step or None,
        "record": f"{each.entity} {each.record}" if each.entity else None,
        "person": f"{each.person_entity} {each.person}" if each.person_entity else None,
        "number": mask(each.number) if each.number else None,
        "goes": each.goes,
        "problem": each.problem or None,
        "detail": each.detail or None,
        "text": each.text or None,
        "segments": each.segments,
        "cost": each.cost,
        "queued": str(each.message) if each.message else None,
    }


def _data(found: Forecast) -> dict[str, Any]:
    return {
        "currency": found.currency or None,
        "provider": found.provided,
        "days": [
            {
                "day": day,
                **_cell(found.of_day(day)),
                "triggers": [
                    {
                        "trigger": trigger or None,
                        **_cell(cell),
                        "ceiling": _most(found, on, trigger),
                        "held": found.is_held(on, trigger),
                    }
                    for (on, trigger), cell in found.cells.items()
                    if on == day
                ],
            }
            for day in found.days
        ],
        "total": _cell(found.total),
    }


def _cell(cell: Cell) -> dict[str, Any]:
    told = ("messages", "queued", "segments", "cost", "unpriced")
    return {name: getattr(cell, name) for name in told} | {"left_out": dict(sorted(cell.left_out.items()))}


def _lines(found: Forecast) -> list[str]:
    lines = [] if found.provided else ["No provider is active: nothing goes until one is."]
    for (day, trigger), cell in found.cells.items():
        left_out = ", ".join(f"{reason} {number}" for reason, number in sorted(cell.left_out.items()))
        most = _most(found, day, trigger)
        over = f"above its usual {most}: waits for approval" if found.is_held(day, trigger) else ""
        told = [f"{day}", trigger or "by hand", _counted(cell, found.currency), over, left_out and f"not: {left_out}"]
        lines.append("  ".join(filter(None, told)))
    if not found.cells:
        return [*lines, "Nothing is to be texted, as far as is known now."]
    return [*lines, f"In all  {_counted(found.total, found.currency)}"]


def _most(found: Forecast, day: date, trigger: str) -> int | None:
    limit = found.limits.get((day, trigger))
    return None if limit is None else limit.most


def _counted(cell: Cell, currency: str) -> str:
    unpriced = f" ({cell.unpriced} without a price)" if cell.unpriced else ""
    return f"{cell.messages} messages, {cell.segments} segments, {cell.cost:f} {currency}".strip() + unpriced
