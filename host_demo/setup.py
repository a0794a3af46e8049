"""What a portal needs before its first request: tables, records, and a plugin that is ready to text."""

from __future__ import annotations

from datetime import date

from flask import Flask
from sqlalchemy import Engine, inspect

from host_demo import clock
from host_demo.billing import mark_overdue
from host_demo.database import Base, db
from host_demo.seed import is_empty, sow
from host_demo.server import CannotOpen
from host_demo.services import follow_up

#: What the demo texts from the first minute; the others wait for `flask --app host_demo sms trigger on …`.
AT_ONCE = (
    "invoice_payment_recorded",
    "estimate_expiration_reminder",
    "proposal_expiration_reminder",
    "proposal_new_comment_to_customer",
    "proposal_new_comment_to_staff",
    "contract_expiration_reminder",
    "contract_new_comment_to_customer",
    "contract_new_comment_to_staff",
    "item_status_sent",
    "order_created",
    "order_approved",
    "order_cancelled",
    "charge_created",
    "charge_due_soon",
    "charge_due_today",
    "invoice_overdue_notice",
    "birthday_greeting",
    "staff_reminder",
    "meeting_reminder",
    "task_assigned",
    "booking_submitted",
    "booking_confirmed",
    "booking_reminder",
    "service_block_warning",
    "service_speed_reduced",
    "service_blocked",
    "service_cancelled",
    "service_restored",
    "repair_message",
    "repair_completed",
)


class OldDatabase(CannotOpen):
    """The database was made by an earlier demo: its first records lack what this one shows."""

    def __init__(self, missing: list[str], *, url: str) -> None:
        listed = ", ".join(missing[:6]) + (" …" if len(missing) > 6 else "")
        super().__init__(
            f"The database {url} was made by an earlier demo: it lacks {listed}. "
            "The demo's records are made up anew in a new one: delete it, or choose another with --database."
        )


def prepare(app: Flask, *, today: date | None = None, bare: bool = False) -> None:
    """Make the tables, and the first records where there are none. It may run at every start.

    ``bare`` leaves the plugin as it is after install: no provider, every trigger off. Raises OldDatabase.
    """
    today = today or clock.today()
    with app.app_context():
        _check_age()
        db.create_all()
    _sms(app, "upgrade")
    with app.app_context():
        fresh = is_empty(db.session)
        if fresh:
            sow(db.session, today=today)
        mark_overdue(db.session, on=today)
        follow_up(db.session, on=today)
        db.session.commit()
    if fresh and not bare:
        _ready_to_text(app)


def _check_age() -> None:
    """Raise OldDatabase for one that has a portal in it, but not all of this one's tables and columns."""
    there = inspect(db.engine)
    tables = set(there.get_table_names())
    if "staff" not in tables:
        return
    missing = sorted(set(Base.metadata.tables) - tables)
    for table in sorted(set(Base.metadata.tables) & tables):
        known = {column["name"] for column in there.get_columns(table)}
        missing += [
            f"{table}.{column.name}" for column in Base.metadata.tables[table].columns if column.name not in known
        ]
    if missing:
        raise OldDatabase(missing, url=_where(db.engine))


def _where(engine: Engine) -> str:
    """The database by its file, where it is one, else by its address without the password."""
    return engine.url.database or "" if engine.dialect.name == "sqlite" else engine.url.render_as_string()


def _ready_to_text(app: Flask) -> None:
    """Do once what an admin would do: a provider, and the triggers that the demo shows."""
    _sms(app, "provider", "add", "phone", "--activate", "--set", f"base_url={app.config['PHONE_GATEWAY_URL']}")
    for trigger in AT_ONCE:
        _sms(app, "trigger", "on", trigger)


def _sms(app: Flask, *words: str) -> None:
    """Run ``flask sms …``. Raises RuntimeError with what it printed where it fails."""
    result = app.test_cli_runner().invoke(args=["sms", *words])
    if result.exit_code:
        raise RuntimeError(f"flask sms {' '.join(words)}: {result.output}") from result.exception
