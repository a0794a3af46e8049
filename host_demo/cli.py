"""``flask --app host_demo demo …``: what makes the demo move."""

from __future__ import annotations

from datetime import datetime
from secrets import randbelow

import click
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import inspect

from host_demo import clock
from host_demo.database import db
from host_demo.day import play
from host_demo.seed import is_empty

demo = AppGroup("demo", help="What makes the demo move.")


@demo.command("day")
@click.option("--seed", type=int, help="A number that gives the same day again; another one each time unless given.")
@click.option("--date", "on", type=click.DateTime(["%Y-%m-%d"]), help="The day that is played; today unless given.")
@with_appcontext
def day(seed: int | None, on: datetime | None) -> None:
    """Live a day of the portal: invoices, payments, comments, bookings, repairs, tasks and more.

    It may run while the portal does, and as often as you like: the portal texts what the day brings.
    """
    if not inspect(db.engine).has_table("staff") or is_empty(db.session):
        raise click.ClickException("There is no portal here yet. Start it once: python -m host_demo")
    db.session.rollback()
    seed = randbelow(1_000_000) if seed is None else seed
    date = clock.today() if on is None else on.date()
    click.echo(f"{date}, seed {seed}")
    for line in play(db.session, on=date, seed=seed):
        click.echo(line)
