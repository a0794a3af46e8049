"""Having a portal ask its provider what became of the texts that have left, and for those from phones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from sms_plugin.jobs.due import run_job
from sms_plugin.models import Attempt
from tests.portal import Portal

#: Later than the time at which a message is asked about, and within the first run after it.
_LATER = timedelta(seconds=10)


def ask_for_receipts(portal: Portal, *, minutes: int = 1) -> None:
    """Let a little more than so many minutes pass since all texts left, and run the job that asks.

    A provider that calls receipts back is asked from the tenth minute on.
    """
    with portal.app.app_context():
        with portal.fresh() as session, session.begin():
            session.execute(
                sa.update(Attempt).values(departed_at=datetime.now(UTC) - timedelta(minutes=minutes) - _LATER)
            )
        run_job(portal.state, "receipts", now=True)


def ask_for_texts(portal: Portal) -> None:
    """Run the job that asks for texts from phones."""
    with portal.app.app_context():
        run_job(portal.state, "inbox", now=True)
