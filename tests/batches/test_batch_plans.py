"""What sends to many ask of the database, by an index each (promise 10)."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from sms_plugin.batches import feeding, following, keeping
from sms_plugin.batches.listing import recipients
from sms_plugin.host.identity import RecordRef
from sms_plugin.models import Batch, new_id
from sms_plugin.outbox import unfed
from sms_plugin.outbox.enqueue import BATCH
from tests.batches.desk import Desk, clients, now
from tests.plans import look_at, plans, scans

OURS = ("sms_batch", "sms_batch_recipient", "sms_message")


def _filled(desk: Desk) -> Batch:
    """Two batches of some hundreds, with messages of theirs and of others."""
    desk.clients(300)
    first, _ = desk.built(clients()), desk.built(clients())
    rows = desk.portal.db.engine
    with rows.begin() as connection:
        state: Any = Batch.__table__
        done = {"state": "done", "ended_at": now() - dt.timedelta(days=99)}
        some = connection.execute(sa.select(state).where(state.c.id == first)).mappings().one()
        old = [{**some, **done, "id": new_id(now() - dt.timedelta(days=99)), "once": uuid4().hex} for _ in range(300)]
        connection.execute(sa.insert(state), old)
    for number in range(40):
        desk.portal.queue(batch_id=first if number % 2 else None, priority=BATCH)
    look_at(desk.portal, *OURS)
    return desk.batch(first)


def test_nothing_goes_through_a_whole_table(desk: Desk) -> None:
    batch = _filled(desk)
    asked: list[Any] = [
        lambda s: following.to_follow(s),
        lambda s: following._counts(s, batch.id),
        lambda s: following._is_over(s, batch),
        lambda s: feeding._queued(s, batch.id, most=5, now=now()),
        lambda s: feeding._next(s, batch, most=5),
        lambda s: keeping._standing(s, [bytes(16), bytes(range(16))]),
        lambda s: recipients(s, batch.id, most=5),
        lambda s: recipients(s, batch.id, left_out=True, after=7, most=5),
        lambda s: unfed.of_number(s, "+351912000001"),
        lambda s: unfed.of_client(s, RecordRef(entity="clients/Client", key="1")),
    ]
    for work in asked:
        for plan in plans(desk.portal, work):
            assert scans(plan, *OURS) == [], plan
