"""``flask sms batch …``: sends to many, how far they are, and what a person decides about them (S7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any
from uuid import UUID

import click
from flask.cli import with_appcontext

from sms_plugin.batches import deciding
from sms_plugin.batches.fence import found
from sms_plugin.batches.listing import batches
from sms_plugin.batches.progress import lengths, standing
from sms_plugin.cli.group import as_json, reading, say, state, who, write
from sms_plugin.models import Batch
from sms_plugin.states import BatchState


@click.group()
def batch() -> None:
    """Sends to many: each is built, confirmed on its page, and then goes little by little."""


@batch.command("list")
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice([each.value for each in BatchState]),
    help="Only those in this state.",
)
@click.option("--most", type=click.IntRange(1, 1000), default=25, show_default=True)
@as_json
@with_appcontext
def list_(states: tuple[str, ...], most: int, as_json: bool) -> None:
    """Show the sends to many, the newest first."""
    with reading() as (session, _now):
        rows = [_told(each) for each in batches(session, states=[BatchState(each) for each in states], most=most)]
    say(rows, as_json=as_json, lines=[_line(row) for row in rows] or ["There is no send to many."])


@batch.command()
@click.argument("batch_id", type=click.UUID)
@as_json
@with_appcontext
def show(batch_id: UUID, as_json: bool) -> None:
    """Show one send: what was built, what became of it, who decided."""
    with reading() as (session, _now):
        row = _whole(found(session, batch_id))
    say(row, as_json=as_json, lines=[f"{name}: {value}" for name, value in row.items() if value not in (None, "", {})])


def _told(each: Batch) -> dict[str, Any]:
    return {
        "id": str(each.id),
        "name": each.name,
        "state": each.state,
        "reason": each.reason,
        "version": each.version,
        "operator": each.operator,
        **asdict(standing(each)),
    }


def _whole(each: Batch) -> dict[str, Any]:
    long = lengths(each)
    names = ("detail", "purpose", "looked_at", "expected", "segments", "spread", "cost", "currency", "due_at", "quiet")
    moments = ("created_at", "built_at", "confirmed_at", "approved_at", "started_at", "ended_at", "counted_at")
    return {
        **_told(each),
        **{name: getattr(each, name) for name in names},
        "lengths": None if long is None else asdict(long),
        "confirmed_by": each.confirmed_by,
        "approved_by": each.approved_by,
        **{name: getattr(each, name) for name in moments},
    }


def _line(row: dict[str, Any]) -> str:
    why = f" ({row['reason']})" if row["reason"] else ""
    gone = f"{row['sent']} of {row['going']} sent, {row['failed']} failed, {row['left_out']} left out"
    return f"{row['id']}  {row['state']}{why}  {row['name']}  {gone}"


@batch.command()
@click.argument("batch_id", type=click.UUID)
@with_appcontext
def approve(batch_id: UUID) -> None:
    """Let go what somebody else confirmed."""
    _decide(deciding.approve, batch_id)


@batch.command()
@click.argument("batch_id", type=click.UUID)
@with_appcontext
def pause(batch_id: UUID) -> None:
    """Stop a send that runs; those on their way already arrive."""
    _decide(deciding.pause, batch_id)


@batch.command()
@click.argument("batch_id", type=click.UUID)
@with_appcontext
def resume(batch_id: UUID) -> None:
    """Go on with a paused send."""
    _decide(deciding.resume, batch_id)


@batch.command()
@click.argument("batch_id", type=click.UUID)
@with_appcontext
def cancel(batch_id: UUID) -> None:
    """Send nothing more of it."""
    _decide(deciding.cancel, batch_id)


def _decide(decision: Callable[..., Batch], batch_id: UUID) -> None:
    by = who()
    with reading() as (session, _now):
        version = found(session, batch_id).version
    name, now_is = write(lambda session, now: _named(decision(session, batch_id, version=version, who=by, now=now)))
    state().wake.set()
    click.echo(f"{name!r} is {now_is}.")


def _named(each: Batch) -> tuple[str, str]:
    return each.name, each.state
