"""Many due messages, written as fast as the database takes them."""

from __future__ import annotations

import datetime as dt

from sms_plugin.outbox.enqueue import REMINDER, Draft, enqueue
from sms_plugin.states import MessageState
from sms_plugin.transactions import within
from tests.portal import Portal


def queue(portal: Portal, count: int) -> None:
    """So many messages that are due."""
    now = dt.datetime.now(dt.UTC)
    draft = Draft(
        occurrence=None,
        state=MessageState.QUEUED,
        purpose="service",
        priority=REMINDER,
        number="+351912345678",
        text="Hello",
        due_at=now,
        expires_at=None,
    )
    for start in range(0, count, 100):
        some = [draft] * min(100, count - start)
        within(portal.state, lambda session, some=some: enqueue(session, some, now=now))  # type: ignore[misc]
