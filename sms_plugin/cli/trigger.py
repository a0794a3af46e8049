"""``flask sms trigger …``"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click
import sqlalchemy as sa
from flask.cli import with_appcontext
from sqlalchemy.orm import Session

from sms_plugin.cli.arranging import course, set_, set_step_text, show
from sms_plugin.cli.group import as_json, reading, say, state, who, write
from sms_plugin.models import TriggerRow
from sms_plugin.text.segments import measure
from sms_plugin.triggers.overlaps import overlapping
from sms_plugin.triggers.switching import set_text, switch_off, switch_on
from sms_plugin.wording.texts import WHY_SILENT, inactive_because, texts_of


@click.group()
def trigger() -> None:
    """The reasons to text: all off until somebody switches them on."""


@trigger.command("list")
@as_json
@with_appcontext
def list_(as_json: bool) -> None:
    """Show every trigger, what makes it fire, and whether it would send."""
    registry = state().registry
    with reading() as (session, _now):
        known = {row.key: row for row in session.scalars(sa.select(TriggerRow))}
        rows: list[dict[str, Any]] = [
            {
                "key": key,
                "section": reason.section,
                "audience": reason.audience,
                **course(known.get(key), key),
                "on": bool(key in known and known[key].on),
                "inactive": inactive_because(known.get(key), reason, registry=registry) or None,
                "template": str(template) if (template := known[key].template if key in known else None) else None,
                "hooks": sorted({hook.when.kind.value for hook in registry.hooks_of(key)}),
                "texts": dict(texts_of(known.get(key), reason)),
            }
            for key, reason in sorted(registry.reasons.items())
        ]
    lines = [
        f"{'on ' if not row['inactive'] else 'off'}  {row['key']}  "
        + (", ".join(str(kind) for kind in row["hooks"]) or "by hand")
        + (f"  {' '.join(row['steps'])}" if row["steps"] else "")
        + (f"  ({WHY_SILENT[row['inactive']]})" if row["inactive"] in WHY_SILENT else "")
        for row in rows
    ]
    say(rows, as_json=as_json, lines=lines)


@trigger.command("on")
@click.argument("key")
@with_appcontext
def on_(key: str) -> None:
    """Switch the trigger KEY on, from this moment."""
    registry = state().registry

    def work(session: Session, now: datetime) -> tuple[str, list[str]]:
        row = switch_on(session, key, registry=registry, who=who(), now=now)
        on = session.scalars(sa.select(TriggerRow.key).where(TriggerRow.on)).all()
        return inactive_because(row, registry.reason(key), registry=registry), overlapping(key, on)

    silent, beside = write(work)
    click.echo(f"{key} is on." if not silent else f"{key} is on, but sends nothing. {WHY_SILENT[silent]}")
    if beside:
        click.echo(f"It tells of the same thing as {', '.join(beside)}: people may get a text of each.")


@trigger.command("off")
@click.argument("key")
@with_appcontext
def off_(key: str) -> None:
    """Switch the trigger KEY off; what is queued still goes, but for reminders of dates."""
    write(lambda session, now: switch_off(session, key, registry=state().registry, who=who(), now=now))
    click.echo(f"{key} is off.")


@trigger.command()
@click.argument("key")
@click.argument("text")
@click.option("--language", help="Language of the text; the portal's, unless given.")
@click.option(
    "--step", help='The step that says it in place of what the trigger says: "before:7d", as `show` names it.'
)
@with_appcontext
def text(key: str, text: str, language: str | None, step: str | None) -> None:
    """Give the trigger KEY, or one step of it, its TEXT; an empty one takes it away."""
    wanted = language or state().settings.language

    def work(session: Session, now: datetime) -> None:
        registry = state().registry
        if step is None:
            set_text(session, key, wanted, text, registry=registry, who=who(), now=now)
        else:
            set_step_text(session, key, step, wanted, text, registry=registry, now=now)

    write(work)
    size = measure(text)
    of = f"{key}, {step}" if step else key
    click.echo(f"{of} ({wanted}): {len(text)} characters, {size.encoding}, before its shortcodes are filled in.")
    costly = {each.character for each in size.costly}
    if costly:
        click.echo(f"Dearer because of: {' '.join(sorted(costly))}")


trigger.add_command(set_)
trigger.add_command(show)
