"""Doing the work: worker, flush, sweep, and one text by hand."""

from __future__ import annotations

from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext

from sms_plugin.cli.group import as_json, say, state, who, write
from sms_plugin.jobs.due import run_job
from sms_plugin.jobs.runner import check_keys, flush_of
from sms_plugin.jobs.worker import told_to_stop, work
from sms_plugin.outbox.by_hand import send_text


@click.command()
@with_appcontext
def worker() -> None:
    """Flush and run the jobs, until told to stop (SIGTERM, Ctrl-C); what is in flight is finished first."""
    app: Any = current_app
    work(app._get_current_object(), state())


@click.command()
@as_json
@with_appcontext
def flush(as_json: bool) -> None:
    """Send what is due now, and end."""
    check_keys(state())
    run_job(state(), "lapse", now=True)  # what a process left behind that died or was stopped
    stop = told_to_stop()
    run = flush_of(state())
    try:
        done = run.run(stop)
    finally:
        run.close()
    lines = [f"{done.departed} sent off, {done.accepted} accepted."]
    if done.closed:
        lines.append(
            {
                "no_provider": "No provider is active: nothing goes.",
                "stopped": "The provider is stopped: see `flask sms provider list`.",
                "paused": f"The provider asked for patience until {done.closed_until}.",
            }[done.closed]
        )
    say(
        {"departed": done.departed, "accepted": done.accepted, "closed": done.closed or None},
        as_json=as_json,
        lines=lines,
    )


@click.command()
@with_appcontext
def sweep() -> None:
    """Write the messages of all dates that have come due, and end."""
    done = run_job(state(), "sweep", now=True)
    if done is None:
        raise click.ClickException("The sweep failed, or another process took it up; the log says more.")
    click.echo(f"{done} message(s) written.")


@click.command()
@click.argument("to")
@click.argument("text")
@click.option("--once", help="The occasion: the same one again sends nothing.")
@with_appcontext
def send(to: str, text: str, once: str | None) -> None:
    """Queue one TEXT to one number, and print the message's id."""
    message = write(
        lambda session, now: send_text(
            session,
            to=to,
            text=text,
            once=once,
            purpose="service",
            operator=who(),
            settings=state().settings,
            now=now,
        )
    )
    state().wake.set()
    click.echo(str(message))
