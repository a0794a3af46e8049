"""``flask sms status`` tells what became of today's messages, as it was counted last."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

from sms_plugin.outbox.counting import Count, keep
from tests.cli.test_commands import told
from tests.portal import Portal


def test_the_day_is_told_once_it_was_counted(portal: Portal) -> None:
    assert "Today" not in told(portal, "status")
    now = dt.datetime.now(dt.UTC)
    count = Count(segments=5, cost=Decimal("0.25"))
    count.states.update({"delivered": 4, "failed": 1})
    with portal.fresh() as session, session.begin():
        keep(session, now.astimezone(portal.state.settings.zone).date(), {(1, "EUR"): count}, now=now)
    assert "delivered 4, failed 1, 0.25 EUR" in told(portal, "status")
    found = json.loads(told(portal, "status", "--json"))["today"]
    assert (found["states"], found["cost"], found["segments"]) == ({"delivered": 4, "failed": 1}, {"EUR": "0.25"}, 5)


def test_the_oldest_that_is_due_is_told_and_what_is_planned_is_not(portal: Portal) -> None:
    portal.queue(due_at=dt.datetime.now(dt.UTC) + dt.timedelta(hours=1))
    assert "Oldest due: none" in told(portal, "status")
    due_at = dt.datetime.now(dt.UTC) - dt.timedelta(hours=2)
    portal.queue(due_at=due_at)
    assert f"{due_at:%Y-%m-%d %H:%M}" in told(portal, "status")
