"""What figures are read from goes by an index on every database, in a range or up to a bound (promise 10)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from sms_plugin.models import first_id
from sms_plugin.outbox.counting import count_some, to_count
from sms_plugin.outbox.figures import oldest_due, period, reasons_to_wait
from tests import many_days
from tests.plans import look_at, plans
from tests.portal import Portal

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
BY_KEY = {"sqlite_autoindex_sms_message_1", "pk_sms_message", "PRIMARY"}


def _an_hour(session: Session) -> object:
    return count_some(session, since=first_id(NOW - 30 * HOUR), before=first_id(NOW - 29 * HOUR))


_QUESTIONS: dict[str, tuple[Callable[[Session], object], set[str]]] = {
    "counting an hour": (_an_hour, BY_KEY | {"ix_sms_message_state"}),
    "which days to count": (lambda session: to_count(session, zone=many_days.ZONE, now=NOW), BY_KEY),
    "the last days": (lambda session: period(session, last=NOW.date(), days=30), BY_KEY),
    "the oldest that is due": (lambda session: oldest_due(session, now=NOW), {"ix_sms_message_due"}),
    "reasons to wait": (reasons_to_wait, {"ix_sms_message_state"}),
}


@pytest.fixture
def filled(portal: Portal) -> Portal:
    """The portal with enough messages for a planner to prefer an index, looked at by it."""
    many_days.write(portal, [NOW - dt.timedelta(minutes=each) for each in range(4000)])
    look_at(portal, "sms_message", "sms_attempt")
    return portal


@pytest.mark.parametrize("question", list(_QUESTIONS))
def test_figures_go_by_an_index(filled: Portal, question: str) -> None:
    work, indexes = _QUESTIONS[question]
    found = plans(filled, work, about=lambda statement: "sms_message" in statement)
    assert question == "the last days" or found
    for plan in found:
        assert any(name in plan for name in indexes), plan
        assert "Seq Scan on sms_message" not in plan
