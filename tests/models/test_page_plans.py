"""The lists of the queue and the messages go by an index on every database, and none is sorted (promise 10)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.models import Message, new_id
from sms_plugin.outbox.queue import Part, Place, waiting
from sms_plugin.outbox.search import Wanted, search
from sms_plugin.outbox.tallies import live_counts
from sms_plugin.states import MessageState
from tests.plans import look_at, plans
from tests.portal import Portal

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
MIDDLE = Place(as_of=NOW, part=Part.DUE, priority=1, due_at=NOW - dt.timedelta(hours=3), id=UUID(int=7), passed=0)
LATER = Place(as_of=NOW, part=Part.LATER, priority=1, due_at=NOW + dt.timedelta(hours=3), id=UUID(int=7), passed=0)
AFTER = new_id(NOW)
BATCH = UUID(int=77)


def _search(**wanted: Any) -> Callable[[Session], object]:
    return lambda session: search(session, Wanted(**wanted), most=5, after=AFTER)


def _queue(**asked: Any) -> Callable[[Session], object]:
    return lambda session: waiting(session, now=NOW, most=5, **asked)


#: What is asked, and the indexes that answer it; "" is the primary key.
_QUESTIONS: dict[str, tuple[Callable[[Session], object], set[str]]] = {
    "the queue": (_queue(), {"state", "due"}),
    "the queue, a deep page": (_queue(after=MIDDLE), {"due", "state"}),
    "the queue, later": (_queue(after=LATER), {"due", "state"}),
    "the queue, held": (_queue(states=[MessageState.HELD]), {"state"}),
    "the queue, a reason": (_queue(reason="throttled"), {"state", "due"}),
    "the queue, a batch": (_queue(wanted=Wanted(batch_id=BATCH)), {"batch"}),
    "the queue, a client": (_queue(wanted=Wanted(client=("clients/Client", "7"))), {"client"}),
    "the queue, a number": (_queue(wanted=Wanted(number="+351912345607")), {"number"}),
    "the queue, a trigger": (_queue(wanted=Wanted(trigger="trigger-3")), {"state", "due"}),
    "the counters": (lambda session: live_counts(session, most=100), {"state", "due"}),
    "all messages": (_search(), {""}),
    "messages of a state": (_search(state=MessageState.FAILED), {"state"}),
    "messages of a trigger": (_search(trigger="trigger-3"), {"trigger"}),
    "messages of a trigger that went": (_search(trigger="trigger-3", state=MessageState.SENT), {"trigger"}),
    "messages of a client": (_search(client=("clients/Client", "7")), {"client"}),
    "messages to a number": (_search(number="+351912345607"), {"number"}),
    "messages of a batch": (_search(batch_id=BATCH), {"batch"}),
    "messages of a batch that failed": (_search(batch_id=BATCH, state=MessageState.FAILED), {"batch"}),
    "words in a number": (_search(number="+351912345607", words="x"), {"number"}),
    "messages of some days": (_search(since=NOW - dt.timedelta(days=3), before=NOW), {""}),
}


@pytest.fixture
def filled(portal: Portal) -> Portal:
    """The portal with enough messages for a planner to prefer an index, looked at by it."""
    states = ["held", "unknown", "sending", *["queued"] * 4, *["failed"] * 2, *["sent"] * 31]
    rows = [_filler(number, states[number % len(states)]) for number in range(3000)]
    with portal.db.engine.begin() as connection:
        connection.execute(sa.insert(Message.__table__), rows)  # type: ignore[arg-type]
    look_at(portal, "sms_message")
    return portal


def _filler(number: int, state: str) -> dict[str, object]:
    at = NOW - dt.timedelta(minutes=3000 - number)
    return {
        "id": new_id(at),
        "state": state,
        "purpose": "service",
        "priority": number % 3,
        "trigger": f"trigger-{number % 60}",
        "batch_id": BATCH if number % 10 == 0 else None,
        "client_entity": "clients/Client",
        "client": str(number % 200),
        "number": f"+3519123456{number % 100:02}",
        "text": "Hello " * 20,
        "due_at": at + dt.timedelta(days=number % 3),
        "created_at": at,
        "changed_at": at,
    }


@pytest.mark.parametrize("question", list(_QUESTIONS))
def test_a_list_goes_by_an_index_and_is_not_sorted(filled: Portal, question: str) -> None:
    work, indexes = _QUESTIONS[question]
    found = plans(filled, work, about=_about_messages)
    assert found
    for plan in found:
        assert "TEMP B-TREE" not in plan
        assert "Sort" not in plan
        assert "filesort" not in plan
        known = {"": ("sqlite_autoindex_sms_message_1", "pk_sms_message", "PRIMARY")}
        assert any(name in plan for each in indexes for name in known.get(each, (f"ix_sms_message_{each}",))), plan


@pytest.mark.one_database("postgresql", "another one needs no figures to go by an index in its order")
@pytest.mark.parametrize("asked", [_search(batch_id=BATCH), _queue(wanted=Wanted(batch_id=BATCH))])
def test_the_messages_of_a_send_to_many_are_not_sorted_before_the_table_is_analysed(
    portal: Portal, asked: Callable[[Session], object]
) -> None:
    """Of a million that were never analysed each page of a send sorted all that went, in 400 ms: that takes more rows
    than a test makes, so what is looked at is that sorting is the last choice, in this transaction alone.
    """
    with portal.fresh() as session:
        asked(session)
        assert session.scalar(sa.text("SHOW enable_sort")) == "off"
        session.rollback()
        assert session.scalar(sa.text("SHOW enable_sort")) == "on"


def _about_messages(statement: str) -> bool:
    """Rows that a page shows go by key."""
    return "sms_message" in statement and " IN (" not in statement
