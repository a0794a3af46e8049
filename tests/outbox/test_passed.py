"""A claim goes on where the last one ended, and misses nothing for it (promise 10, P18)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from sms_plugin.models import Message, new_id
from sms_plugin.outbox import passed
from sms_plugin.outbox.claim import release
from sms_plugin.outbox.enqueue import BATCH, OWN_ACTION, REMINDER
from sms_plugin.outbox.leasing import lease_due
from tests.outbox.steps import LEASE, claim_some, depart_with, now
from tests.portal import Portal

pytestmark = pytest.mark.one_database("postgresql", "whose indexes keep entries of what has gone")

AGO = dt.timedelta(hours=1)
_MESSAGE: Any = Message.__table__


def _queued(portal: Portal, count: int, *, priority: int = BATCH, since: dt.timedelta = AGO) -> list[UUID]:
    """So many messages, a second apart."""
    first = now() - since
    return [portal.queue(priority=priority, due_at=first + dt.timedelta(seconds=number)) for number in range(count)]


def _many(portal: Portal, count: int) -> None:
    """Very many messages of a send to many, at once."""
    (one,) = _queued(portal, 1)
    with portal.db.engine.begin() as connection:
        row = dict(connection.execute(sa.select(_MESSAGE).where(_MESSAGE.c.id == one)).mappings().one())
        rows = [{**row, "id": new_id(now()), "occurrence": uuid4().bytes} for _ in range(count)]
        connection.execute(sa.insert(_MESSAGE), rows)


def _claimed(portal: Portal, *, want: int = 2) -> list[UUID]:
    return [each.id for each in claim_some(portal, want=want).messages]


@contextmanager
def _open_elsewhere(portal: Portal) -> Iterator[None]:
    """A transaction of the host's that stays open: nothing that it may still see can be forgotten."""
    with portal.db.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        connection.exec_driver_sql("SELECT 1 FROM sms_message LIMIT 1").all()
        yield


def _blocks(portal: Portal) -> int:
    """How many blocks of messages a claim of two reads; it is undone."""
    read = sa.text("SELECT pg_stat_get_xact_blocks_fetched('sms_message'::regclass)")
    with portal.fresh() as session:
        before = session.scalar(read) or 0
        rows = lease_due(session, token=uuid4(), until=now() + LEASE, want=2, now=now())
        after = session.scalar(read) or 0
        assert len(rows) == 2
        session.rollback()
    return after - before


def test_a_claim_costs_the_same_after_very_many(sending: Portal) -> None:
    """Nobody vacuums, and a transaction of the host's is open for long."""
    _many(sending, 1600)
    with _open_elsewhere(sending):
        first = _blocks(sending)
        for _ in range(3):
            assert len(depart_with(sending, claim_some(sending, want=500).messages)) == 500
        assert _blocks(sending) <= 2 * first


def test_of_each_rank(sending: Portal) -> None:
    """A send to many behind reminders that have gone, and more of these."""
    reminders = _queued(sending, 5, priority=REMINDER)
    batch = _queued(sending, 6)
    assert _claimed(sending) == reminders[:2]
    assert _claimed(sending) == reminders[2:4]
    assert _claimed(sending) == [reminders[4], batch[0]]
    later = sending.queue(priority=REMINDER)
    assert _claimed(sending) == [later, batch[1]]
    assert _claimed(sending) == batch[2:4]
    assert _claimed(sending, want=5) == batch[4:]
    assert _claimed(sending) == []


def test_an_own_action_is_found_whenever_it_was_due(sending: Portal) -> None:
    """P18: a person waits for it."""
    batch = _queued(sending, 8)
    own = _queued(sending, 2, priority=OWN_ACTION)
    assert _claimed(sending) == own
    assert _claimed(sending) == batch[:2]
    early = sending.queue(priority=OWN_ACTION, due_at=now() - 2 * AGO)
    assert _claimed(sending) == [early, batch[2]]


@pytest.mark.parametrize("priority", [REMINDER, BATCH])
def test_what_came_back_with_an_earlier_time_fills_a_claim_that_nothing_else_does(
    sending: Portal, priority: int
) -> None:
    batch = _queued(sending, 5)
    assert _claimed(sending) == batch[:2]
    early = sending.queue(priority=priority, due_at=now() - 2 * AGO)
    assert sorted(_claimed(sending, want=9)) == sorted([early, *batch[2:]])


@pytest.mark.parametrize("priority", [REMINDER, BATCH])
def test_it_goes_first_after_a_moment_where_others_fill_the_claim(
    sending: Portal, priority: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = _queued(sending, 9)
    assert _claimed(sending) == batch[:2]
    early = sending.queue(priority=priority, due_at=now() - 2 * AGO)
    assert _claimed(sending) == batch[2:4]
    monkeypatch.setattr(passed, "LOOKED_FOR_AGAIN", 0.0)
    assert _claimed(sending) == [early, batch[4]]


def test_what_was_given_back_is_found_again(sending: Portal) -> None:
    batch = _queued(sending, 4)
    taken = claim_some(sending, want=2).messages
    with sending.fresh() as session, session.begin():
        release(session, taken)
    assert _claimed(sending, want=4) == [batch[0], batch[1], batch[2], batch[3]]


def test_what_a_claim_that_was_undone_took_is_found_again(sending: Portal) -> None:
    batch = _queued(sending, 3)
    with sending.fresh() as session:
        assert len(lease_due(session, token=uuid4(), until=now() + LEASE, want=2, now=now())) == 2
        session.rollback()
    assert _claimed(sending, want=3) == batch


def test_many_that_came_back_are_gone_on_with_too(sending: Portal) -> None:
    """The look from the head that fills a claim is where the next one goes on."""
    batch = _queued(sending, 3)
    assert _claimed(sending) == batch[:2]
    back = _queued(sending, 7, since=2 * AGO)
    assert _claimed(sending, want=3) == [*back[:2], batch[2]]
    looks: list[str] = []
    sa.event.listen(sending.db.engine, "before_cursor_execute", lambda *said: looks.append(said[2]))
    assert _claimed(sending) == back[2:4]
    assert len([said for said in looks if "FOR UPDATE OF sms_message" in said]) == 1
    assert _claimed(sending, want=9) == back[4:]
