"""``flask sms provider …``"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from datetime import datetime

import click
import sqlalchemy as sa
from flask.cli import with_appcontext
from sqlalchemy.orm import Session

from sms_plugin.cli.group import as_json, reading, say, state, who, write
from sms_plugin.errors import SmsError
from sms_plugin.gateways.settings import fields_of
from sms_plugin.models import Provider
from sms_plugin.providers.active import activate as activate_provider
from sms_plugin.providers.active import add as add_provider
from sms_plugin.providers.active import change as change_provider
from sms_plugin.providers.active import deactivate as deactivate_provider
from sms_plugin.providers.active import find
from sms_plugin.providers.active import resume as resume_provider
from sms_plugin.providers.settings import gateway_of
from sms_plugin.providers.upkeep import remove as remove_provider
from sms_plugin.providers.upkeep import set_rate, stand_by, stand_down


@click.group()
def provider() -> None:
    """The accounts that messages go through."""


@provider.command("list")
@as_json
@with_appcontext
def list_(as_json: bool) -> None:
    """Show the providers; credentials are never shown."""
    with reading() as (session, _now):
        rows = [
            {
                "name": each.name,
                "kind": each.kind,
                "active": bool(each.active),
                "stopped": each.stopped_reason or None,
                "paused_until": each.paused_until,
                "standby": bool(each.standby),
                "outage_since": each.open_since,
                "rate": f"{each.rate_count} in {each.rate_seconds} s" if each.rate_count else None,
            }
            for each in session.scalars(sa.select(Provider).order_by(Provider.name))
        ]
    lines = [
        f"{'*' if row['active'] else ' '} {row['name']}  ({row['kind']})"
        + (f"  STOPPED: {row['stopped']}" if row["stopped"] else "")
        + ("  stands by" if row["standby"] else "")
        + (f"  cannot be reached since {row['outage_since']:%Y-%m-%d %H:%M} UTC" if row["outage_since"] else "")
        + (f"  {row['rate']}" if row["rate"] else "")
        for row in rows
    ]
    say(
        rows,
        as_json=as_json,
        lines=lines or ["No provider yet. Add one: flask sms provider add KIND --name NAME"],
    )


@provider.command()
@click.argument("kind")
@with_appcontext
def fields(kind: str) -> None:
    """Show what a gateway of this KIND asks for."""
    gateway = gateway_of(kind, state())
    click.echo(f"{gateway.label}\n{gateway.help}".strip())
    for each in fields_of(gateway.Settings):
        notes = [note for note, holds in (("secret", each.secret), ("required", each.required)) if holds]
        if each.choices:
            notes.append("one of " + ", ".join(each.choices))
        click.echo(f"  {each.name}: {each.label}" + (f" ({', '.join(notes)})" if notes else ""))
        if each.help:
            click.echo(f"      {each.help}")


@provider.command()
@click.argument("kind")
@click.option("--name", help="What to call it; the kind, unless given.")
@click.option("--set", "given", multiple=True, metavar="FIELD=VALUE", help="A setting; see `fields KIND`.")
@click.option(
    "--env",
    "from_env",
    multiple=True,
    metavar="FIELD=VARIABLE",
    help="A setting read from an environment variable.",
)
@click.option("--activate", "at_once", is_flag=True, help="Make it the active one too.")
@with_appcontext
def add(kind: str, name: str | None, given: tuple[str, ...], from_env: tuple[str, ...], at_once: bool) -> None:
    """Save a provider of a gateway KIND. Secrets that are missing are asked for."""
    gateway = gateway_of(kind, state())
    settings = _settings(given, from_env)
    for each in fields_of(gateway.Settings):
        if each.secret and each.required and each.name not in settings and sys.stdin.isatty():
            settings[each.name] = click.prompt(each.label, hide_input=True)

    def work(session: Session, now: datetime) -> str:
        saved = add_provider(session, state=state(), name=name or kind, kind=kind, given=settings, who=who(), now=now)
        if at_once:
            activate_provider(session, saved, who=who(), now=now)
        return saved.name

    saved_as = write(work)
    click.echo(f"{saved_as} is saved" + (" and active." if at_once else ", not active."))


@provider.command("set")
@click.argument("name")
@click.option("--set", "given", multiple=True, metavar="FIELD=VALUE", help="A setting; see `fields KIND`.")
@click.option(
    "--env", "from_env", multiple=True, metavar="FIELD=VARIABLE", help="A setting read from an environment variable."
)
@with_appcontext
def set_(name: str, given: tuple[str, ...], from_env: tuple[str, ...]) -> None:
    """Change settings of the provider NAME; those not given are kept."""
    settings = _settings(given, from_env)
    write(
        lambda session, now: change_provider(
            session, find(session, name), state=state(), given=settings, who=who(), now=now
        )
    )
    click.echo(f"{name} is saved.")


@provider.command()
@click.argument("name")
@with_appcontext
def activate(name: str) -> None:
    """Send through the provider NAME from now on, and through no other."""
    write(lambda session, now: activate_provider(session, find(session, name), who=who(), now=now))
    click.echo(f"{name} is active.")


@provider.command()
@click.argument("name")
@with_appcontext
def deactivate(name: str) -> None:
    """Send through no provider: queued messages wait, new ones are suppressed."""
    write(lambda session, now: deactivate_provider(session, find(session, name), who=who(), now=now))
    click.echo(f"{name} is not active.")


@provider.command()
@click.argument("name")
@with_appcontext
def resume(name: str) -> None:
    """Go on with a provider that was stopped because it refused our account."""
    write(lambda session, now: resume_provider(session, find(session, name), who=who(), now=now))
    click.echo(f"{name} goes on.")


@provider.command()
@click.argument("name")
@click.argument("count", type=click.IntRange(min=0))
@click.argument("seconds", type=click.IntRange(min=1), default=1)
@with_appcontext
def rate(name: str, count: int, seconds: int) -> None:
    """Send COUNT messages in any SECONDS at most; 0 is no limit."""

    def work(session: Session, now: datetime) -> None:
        given = (count, seconds) if count else (None, None)
        set_rate(session, find(session, name), count=given[0], seconds=given[1], who=who(), now=now)

    write(work)
    click.echo(f"{name}: {f'{count} in {seconds} s' if count else 'no limit'}.")


@provider.command()
@click.argument("name")
@click.option("--off", is_flag=True, help="It stands by no longer.")
@with_appcontext
def standby(name: str, off: bool) -> None:
    """Have the provider NAME send while the active one cannot be reached, what that one surely has not taken."""
    change = stand_down if off else stand_by
    write(lambda session, now: change(session, find(session, name), who=who(), now=now))
    click.echo(f"{name} {'stands by no longer' if off else 'stands by'}.")


@provider.command()
@click.argument("name")
@with_appcontext
def remove(name: str) -> None:
    """Take the provider NAME away, where no message ever went through it."""
    write(lambda session, now: remove_provider(session, find(session, name), who=who(), now=now))
    click.echo(f"{name} is gone.")


def _settings(given: Iterable[str], from_env: Iterable[str]) -> dict[str, object]:
    settings: dict[str, object] = dict(_pairs(given))
    for field, variable in _pairs(from_env):
        if variable not in os.environ:
            raise SmsError(f"The environment has no {variable}.", code="no_variable", hint="Set it, or use --set.")
        settings[field] = os.environ[variable]
    return settings


def _pairs(given: Iterable[str]) -> Iterable[tuple[str, str]]:
    for each in given:
        field, equals, value = each.partition("=")
        if not equals:
            raise SmsError(f"{field!r} has no value.", code="bad_option", hint="Write FIELD=VALUE.")
        yield field, value
