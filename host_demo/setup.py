"""What a portal needs before its first request: tables, records, and a plugin that is ready to text."""

from __future__ import annotations

from datetime import date

from flask import Flask

from host_demo import clock
from host_demo.billing import mark_overdue
from host_demo.database import db
from host_demo.seed import is_empty, sow


def prepare(app: Flask, *, today: date | None = None) -> None:
    """Make the tables, and the first records where there are none. It may run at every start."""
    today = today or clock.today()
    with app.app_context():
        db.create_all()
        if is_empty(db.session):
            sow(db.session, today=today)
        mark_overdue(db.session, on=today)
        db.session.commit()
