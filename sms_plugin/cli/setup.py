"""Tables and keys."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from sms_plugin import schema
from sms_plugin.cli.group import state
from sms_plugin.secrets import new_key


@click.command()
@click.option("--revision", default="head", show_default=True, help="How far.")
@with_appcontext
def upgrade(revision: str) -> None:
    """Bring the plugin's tables to this version. Safe to run again."""
    engine = state().db.engine
    before = schema.current(engine)
    schema.upgrade(engine, revision)
    after = schema.current(engine)
    click.echo(f"The SMS tables are at {after}." if before != after else f"The SMS tables were at {after} already.")


@click.command()
@click.argument("revision")
@click.confirmation_option(prompt="Messages and settings may be lost. Go on?")
@with_appcontext
def downgrade(revision: str) -> None:
    """Take the plugin's tables back to a REVISION; "base" drops them."""
    schema.downgrade(state().db.engine, revision)
    click.echo(f"The SMS tables are at {schema.current(state().db.engine) or 'base'}.")


@click.command()
def key() -> None:
    """Print a new key for SMS_SECRET_KEYS. Put it first to rotate, and leave the old one behind it."""
    click.echo(new_key())
