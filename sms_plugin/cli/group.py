"""The group of commands, and what they share."""

from __future__ import annotations

import getpass
import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from typing import Any, TypeVar

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from sms_plugin.errors import ConfigurationError, SmsError
from sms_plugin.models import database_now
from sms_plugin.state import State
from sms_plugin.trails import lacks_tables
from sms_plugin.transactions import within

T = TypeVar("T")


class SmsGroup(AppGroup):
    """Says in one line what went wrong and how to mend it."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. Exit status 1 for what the caller can mend."""
        try:
            return super().invoke(ctx)
        except (SmsError, ConfigurationError) as error:
            raise click.ClickException(str(error)) from error
        except DBAPIError as error:
            # without its parameters, which hold texts and numbers, and so without the traceback that shows them
            told = f"The database refused: {error.orig}."
            hint = " Run `flask sms upgrade` first." if lacks_tables(error) else ""
            raise click.ClickException(told + hint) from None


sms = SmsGroup("sms", help="Text the portal's clients and staff.")


def state() -> State:
    """The plugin of the current app. Raises ``ConfigurationError`` where none is mounted."""
    found: State | None = current_app.extensions.get("sms")
    if found is None:
        raise ConfigurationError(
            "The SMS plugin is not mounted on this app.",
            code="not_mounted",
            hint="Call sms.init_app(app, db=db).",
        )
    return found


@contextmanager
def reading() -> Iterator[tuple[Session, datetime]]:
    """A session to read with, and its database's now; nothing that is written there stays."""
    with closing(state().session()) as session:
        yield session, database_now(session)


def write(work: Callable[[Session, datetime], T]) -> T:
    """What the work gives, in a transaction that commits and is tried again where the database was busy."""
    return within(state(), lambda session: work(session, database_now(session)))


def who() -> str:
    """Who is at the keyboard, for the record of changes."""
    try:
        return f"{getpass.getuser()} (command line)"
    except (KeyError, OSError):
        return "command line"


def say(data: object, *, as_json: bool, lines: list[str]) -> None:
    """Print for a program or for a person."""
    if as_json:
        click.echo(json.dumps(data, ensure_ascii=False, indent=2, default=str))
    else:
        click.echo("\n".join(lines))


as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
