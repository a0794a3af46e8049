"""``flask sms message …``: what waits for a person, and what a person decides."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import click
import sqlalchemy as sa
from flask.cli import with_appcontext

from sms_plugin.cli.group import as_json, reading, say, state, who, write
from sms_plugin.models import Message
from sms_plugin.outbox.decisions import cancel as cancel_message
from sms_plugin.outbox.decisions import conclude_by_hand, release
from sms_plugin.states import MessageState
from sms_plugin.text.phones import mask


@click.group()
def message() -> None:
    """Single messages: the held ones, the unknown ones, and what to do about them."""


@message.command("list")
@click.option("--state", "wanted", multiple=True, type=click.Choice([each.value for each in MessageState]))
@click.option("--most", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many, the newest first.")
@as_json
@with_appcontext
def list_(wanted: tuple[str, ...], most: int, as_json: bool) -> None:
    """Show messages with their reasons; numbers are masked, texts are left out."""
    query = sa.select(Message).order_by(Message.id.desc()).limit(most)
    if wanted:
        query = query.where(Message.state.in_(wanted))
    with reading() as (session, _now):
        rows: list[dict[str, Any]] = [
            {
                "id": str(each.id),
                "state": each.state,
                "reason": each.reason or None,
                "detail": each.detail or None,
                "trigger": each.trigger,
                "record": f"{each.entity} {each.record}" if each.entity else None,
                "number": mask(each.number) if each.number else None,
                "created_at": each.created_at,
            }
            for each in session.scalars(query)
        ]
    shown = ("id", "state", "trigger", "number", "reason", "detail")
    lines = ["  ".join(str(row[name]) for name in shown if row[name]) for row in rows]
    say(rows, as_json=as_json, lines=lines or ["No such message."])


@message.command("release")
@click.argument("message_id", type=click.UUID)
@with_appcontext
def release_(message_id: UUID) -> None:
    """Let a held message go, worded anew; send an unknown or failed one again, even if it may arrive twice."""
    write(lambda session, now: release(session, message_id, state=state(), who=who(), now=now))
    state().wake.set()
    click.echo("It is queued.")


@message.command()
@click.argument("message_id", type=click.UUID)
@click.argument("fate", type=click.Choice(["sent", "failed"]))
@with_appcontext
def settle(message_id: UUID, fate: str) -> None:
    """Say what became of an unknown message: it was sent, or it failed."""
    write(lambda session, now: conclude_by_hand(session, message_id, sent=fate == "sent", who=who(), now=now))
    click.echo(f"It is {fate}.")


@message.command()
@click.argument("message_id", type=click.UUID)
@with_appcontext
def cancel(message_id: UUID) -> None:
    """Drop a message that has not left."""
    write(lambda session, now: cancel_message(session, message_id, who=who(), now=now))
    click.echo("It is cancelled.")
