"""What a portal needs before its first request: tables, records, and a plugin that is ready to text."""

from __future__ import annotations

from datetime import date

from flask import Flask

from host_demo import clock
from host_demo.billing import mark_overdue
from host_demo.database import db
from host_demo.seed import is_empty, sow

#: What the demo texts from the first minute; the others wait for `flask --app host_demo sms trigger on …`.
AT_ONCE = (
    "invoice_payment_recorded",
    "charge_created",
    "charge_due_soon",
    "charge_due_today",
    "invoice_overdue_notice",
    "birthday_greeting",
    "service_restored",
)


def prepare(app: Flask, *, today: date | None = None, bare: bool = False) -> None:
    """Make the tables, and the first records where there are none. It may run at every start.

    ``bare`` leaves the plugin as it is after install: no provider, every trigger off.
    """
    today = today or clock.today()
    with app.app_context():
        db.create_all()
    _sms(app, "upgrade")
    with app.app_context():
        fresh = is_empty(db.session)
        if fresh:
            sow(db.session, today=today)
        mark_overdue(db.session, on=today)
        db.session.commit()
    if fresh and not bare:
        _ready_to_text(app)


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
