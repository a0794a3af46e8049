"""Reading only: status, measuring, one message's life."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

import click
import sqlalchemy as sa
from flask.cli import with_appcontext
from sqlalchemy.orm import Session

from sms_plugin.cli.group import as_json, reading, say
from sms_plugin.cli.group import state as plugin
from sms_plugin.errors import SmsError
from sms_plugin.models import Job, Message, Provider, Runner
from sms_plugin.outbox.figures import oldest_due, period
from sms_plugin.outbox.obstacles import ALIVE, obstacles
from sms_plugin.outbox.receipts import FORGED, UNMATCHED
from sms_plugin.outbox.tallies import counts_by_state, totals
from sms_plugin.outbox.timeline import timeline
from sms_plugin.providers.budget import today
from sms_plugin.states import MessageState
from sms_plugin.text.segments import measure
from sms_plugin.triggers.noticing import FAILED, LOST, MUTED


@click.command()
@click.option("--exit-code", is_flag=True, help="Exit status 1 where nothing goes until somebody acts; for monitors.")
@as_json
@with_appcontext
def status(exit_code: bool, as_json: bool) -> None:
    """Show the queue, the provider, the jobs and who runs them."""
    with reading() as (session, now):
        counters = totals(session)
        data: dict[str, Any] = {
            "states": counts_by_state(session),
            "waiting_for_a_person": _waiting(session),
            "oldest_due": oldest_due(session, now=now),
            "today": _today(session, now),
            "provider": _provider(session),
            "jobs": _jobs(session),
            "runners": _runners(session, now),
            "obstacles": [each.code for each in obstacles(session, now=now)],
            "counters": {name: counters.get(name, 0) for name in (FORGED, UNMATCHED, LOST, FAILED, MUTED)},
        }
    say(data, as_json=as_json, lines=_told(data))
    if exit_code and set(data["obstacles"]) - {"provider_paused"}:  # that one ends by itself
        raise click.exceptions.Exit(1)


def _told(data: dict[str, Any]) -> list[str]:
    waiting = [f"{name} {number}" for name, number in data["states"].items() if number]
    provider = data["provider"]
    lines = [
        "Messages: " + (", ".join(waiting) or "none yet"),
        *(
            f"  {each['messages']} {each['state']}: {each['reason']}  (flask sms message list --state {each['state']})"
            for each in data["waiting_for_a_person"]
        ),
        f"Oldest due: {data['oldest_due'] or 'none'}",
        *_told_of_today(data["today"]),
        "Provider: "
        + ("none active" if provider is None else provider["name"])
        + (f", STOPPED: {provider['stopped']}" if provider and provider["stopped"] else ""),
    ]
    lines += [
        f"Job {job['name']}: due {job['due_at']}" + (f", failed: {job['error']}" if job["error"] else "")
        for job in data["jobs"]
    ]
    alive = [runner for runner in data["runners"] if runner["alive"]]
    lines += [f"Runner: {runner['kind']} {runner['pid']} on {runner['host']}" for runner in alive]
    if not alive:
        lines.append("No runner: nothing is sent until a web process has served a request, or `flask sms worker` runs.")
    lines += [f"{name.replace('_', ' ')}: {number}" for name, number in data["counters"].items() if number]
    return lines


def _told_of_today(found: dict[str, Any]) -> list[str]:
    if found["counted_at"] is None:
        return []
    counts = ", ".join(f"{state} {number}" for state, number in sorted(found["states"].items())) or "nothing"
    costs = "".join(f", {amount:f} {currency}".rstrip() for currency, amount in sorted(found["cost"].items()))
    return [f"Today, as counted at {found['counted_at']}: {counts}{costs}"]


def _waiting(session: Session) -> list[dict[str, Any]]:
    """Why messages wait for a person, and how many for each reason."""
    rows = session.execute(
        sa.select(Message.state, Message.reason, sa.func.count())
        .where(Message.state.in_([MessageState.HELD.value, MessageState.UNKNOWN.value]))
        .group_by(Message.state, Message.reason)
        .order_by(Message.state, Message.reason)
    )
    return [{"state": state, "reason": reason, "messages": number} for state, reason, number in rows]


def _today(session: Session, now: datetime) -> dict[str, Any]:
    """What became of today's messages, as it was counted last."""
    day = today(plugin().settings, now)
    found = period(session, last=day, days=1)
    return {
        "day": day,
        "counted_at": found.counted_at,
        "states": dict(found.total.states),
        "segments": found.total.segments,
        "cost": found.total.cost,
    }


def _provider(session: Session) -> dict[str, Any] | None:
    found = session.scalar(sa.select(Provider).where(Provider.active == 1))
    if found is None:
        return None
    return {
        "name": found.name,
        "kind": found.kind,
        "stopped": found.stopped_reason or None,
        "paused_until": found.paused_until,
        "outage_since": found.open_since,
    }


def _jobs(session: Session) -> list[dict[str, Any]]:
    return [
        {
            "name": job.name,
            "due_at": job.due_at,
            "started_at": job.started_at,
            "ended_at": job.ended_at,
            "error": job.error or None,
        }
        for job in session.scalars(sa.select(Job).order_by(Job.name))
    ]


def _runners(session: Session, now: datetime) -> list[dict[str, Any]]:
    return [
        {
            "kind": runner.kind,
            "host": runner.host,
            "pid": runner.pid,
            "seen_at": runner.seen_at,
            "alive": runner.seen_at > now - ALIVE,
        }
        for runner in session.scalars(sa.select(Runner).order_by(Runner.started_at))
    ]


@click.command("measure")
@click.argument("lines", type=click.File("r", encoding="utf-8"), default="-")
def measure_lines(lines: Any) -> None:
    """Read texts as JSON strings, one a line, and print encoding and segments of each as JSON."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            text = json.loads(line)
        except ValueError:
            text = None
        if not isinstance(text, str):
            raise SmsError(f"Line {number} is no JSON string.", code="bad_line", hint='Write "…", one a line.')
        size = measure(text)
        click.echo(json.dumps({"encoding": str(size.encoding), "segments": size.segments}))


@click.command("timeline")
@click.argument("message", type=click.UUID)
@as_json
@with_appcontext
def timeline_of(message: UUID, as_json: bool) -> None:
    """Show all that happened to one MESSAGE."""
    with reading() as (session, _now):
        moments = timeline(session, message)
    data = [
        {
            "at": each.at,
            "what": each.what,
            "state": each.state,
            "reason": each.reason,
            "about": each.about,
            "detail": each.detail,
            "who": each.who,
            "provider": each.provider,
            "until": each.until,
            "occurred_at": each.occurred_at,
        }
        for each in moments
    ]
    lines = [
        "  ".join(
            str(part)
            for part in (
                each.at.isoformat(timespec="milliseconds"),
                each.what,
                each.state,
                each.reason,
                each.detail,
                each.provider,
                each.who,
            )
            if part
        )
        for each in moments
    ]
    say(data, as_json=as_json, lines=lines)
