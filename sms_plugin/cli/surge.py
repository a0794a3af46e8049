"""``flask sms surge …``: runs that would have sent unusually many, and what a person decides about them (X5)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import click
from flask.cli import with_appcontext

from sms_plugin.cli.group import as_json, reading, say, state, who, write
from sms_plugin.triggers.groups import COUNTED, Group, carry_out, decide, held_groups


@click.group()
def surge() -> None:
    """Runs that would send far more than is usual: each waits as a whole."""


@surge.command("list")
@as_json
@with_appcontext
def list_(as_json: bool) -> None:
    """Show the runs that wait, with what is usual."""
    with reading() as (session, _now):
        found = held_groups(session)
    rows: list[dict[str, Any]] = [
        {
            "id": str(each.id),
            "trigger": each.trigger,
            "day": each.day,
            "messages": each.messages,
            "usual": each.usual,
            "ceiling": each.ceiling,
            "began_at": each.began_at,
        }
        for each in found
    ]
    say(rows, as_json=as_json, lines=[_line(each) for each in found] or ["No run waits."])


def _line(each: Group) -> str:
    number = f"{COUNTED}+" if each.messages > COUNTED else f"{each.messages}"
    limit = f"the most is {each.ceiling}" if each.usual is None else f"usual is {each.usual}"
    return f"{each.id}  {each.day}  {each.trigger}  {number} messages, {limit}"


@surge.command()
@click.argument("run", type=click.UUID)
@with_appcontext
def approve(run: UUID) -> None:
    """Let the whole RUN go, as far as its messages are still valid."""
    click.echo(f"{_decided(run, approve=True)} messages go, those that are still valid.")


@surge.command()
@click.argument("run", type=click.UUID)
@with_appcontext
def drop(run: UUID) -> None:
    """Drop the whole RUN: none of its messages is sent."""
    click.echo(f"{_decided(run, approve=False)} messages are dropped.")


def _decided(run: UUID, *, approve: bool) -> int:
    by, moved = who(), 0
    write(lambda session, now: decide(session, run, approve=approve, who=by, now=now))
    while some := write(lambda session, now: carry_out(session, run, now=now)):
        moved += some
    state().wake.set()
    return moved
