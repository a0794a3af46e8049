"""A send to thousands whose processes are killed while it is built and while it goes: none twice, none missing (S7)."""

from __future__ import annotations

import datetime as dt
import os
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from sms_plugin.batches.audience import Audience, Source
from sms_plugin.batches.building import begin
from sms_plugin.batches.deciding import confirm
from sms_plugin.batches.drafting import Asked, save
from sms_plugin.batches.progress import standing
from sms_plugin.jobs.claiming import CLAIM
from sms_plugin.models import Batch, BatchRecipient, Job, Message
from sms_plugin.states import BatchState, MessageState
from sms_plugin.transactions import look, within
from tests.portal import Client, Portal
from tests.processes.running import Processes, until
from tests.processes.served import made

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

#: So many pages that a kill at a third of them meets a building, and a feeding, that goes on; each is sent by itself.
PEOPLE = 3000
KILLS = 2
#: What a worker of eight threads has under way at most.
UNDER_WAY = 12
#: Leases so short that what a killed process had in hand comes to an end within the test.
QUICK = {"SMS_LEASE": 2, "SMS_CONNECT_TIMEOUT": 0.2, "SMS_READ_TIMEOUT": 0.5, "SMS_FLUSH_EVERY": 0.2}


def _fill(portal: Portal) -> None:
    with portal.db.engine.begin() as connection:
        rows = [{"name": f"Ana {n}", "phone": f"91{n // 10000:03} {n % 10000:04}"} for n in range(PEOPLE)]
        connection.execute(sa.insert(Client), rows)


def _begun(portal: Portal) -> UUID:
    """A batch to everybody whose building has begun."""
    state, now = portal.state, dt.datetime.now(dt.UTC)
    audience = Audience(sources=(Source(kind="filters", entity="clients/Client"),))
    asked = Asked(name="June", texts={"en": "Hi {contact_firstname}"}, audience=audience)
    batch = within(state, lambda s: save(s, asked, once="x", who="Olga", now=now, state=state).id)
    within(state, lambda s: begin(s, batch, version=0, who="Olga", now=now, state=state).id)
    return batch


def _batch(portal: Portal, batch: UUID) -> Batch:
    def found(session: Any) -> Batch:
        row: Batch = session.get_one(Batch, batch)
        session.expunge(row)
        return row

    return look(portal.state, found)


def _killed_at(processes: Processes, portal: Portal, far: Callable[[], int]) -> None:
    """Kill one worker after the other, each when it has come a part further; the last one lives. A minute passes
    meanwhile.
    """
    left = []
    for number in range(1, KILLS + 1):
        worker = processes.worker(**QUICK)
        part = number * PEOPLE // (KILLS + 1)
        until(lambda worker=worker, part=part: far() >= part or worker.process.poll() is not None)  # type: ignore[misc]
        assert worker.process.poll() is None
        os.kill(worker.process.pid, signal.SIGKILL)
        worker.process.wait()
        left.append(PEOPLE - far())
        within(portal.state, lambda session: session.execute(sa.update(Job).values(lease_until=None)))
    assert max(left) > 0, "none was killed in the middle"
    processes.worker(**QUICK)


def test_a_send_to_many_survives_its_processes(database_url: str, tmp_path: Path) -> None:
    portal = made(database_url, SMS_SCHEDULER="off")
    processes = Processes(database=database_url, folder=tmp_path)
    try:
        with portal.app.app_context():
            portal.use_kind("console", {}, name="console")
            _fill(portal)
            batch = _begun(portal)
            _killed_at(processes, portal, lambda: _batch(portal, batch).going)
            until(lambda: _batch(portal, batch).state == BatchState.READY)
            processes.close()
            _check_built(portal, batch)

            seen, now = _batch(portal, batch), dt.datetime.now(dt.UTC)
            given: dict[str, Any] = {"count": PEOPLE, "typed": PEOPLE, "ceiling": None, "who": "Olga", "now": now}
            given |= {"version": seen.version, "state": portal.state}
            within(portal.state, lambda session: confirm(session, batch, **given).id)
            _killed_at(processes, portal, lambda: look(portal.state, _fed))
            until(lambda: _batch(portal, batch).state == BatchState.DONE)
            processes.close()
            _check_sent(portal, batch)
            portal.db.engine.dispose()
    finally:
        processes.close()


def _fed(session: Any) -> int:
    return int(session.scalar(sa.select(sa.func.count()).select_from(Message)))


def _check_built(portal: Portal, batch: UUID) -> None:
    found = _batch(portal, batch)
    assert (found.going, found.left_out, found.looked_at, found.segments) == (PEOPLE, 0, PEOPLE, PEOPLE)
    numbers = look(portal.state, lambda session: session.scalars(sa.select(BatchRecipient.number)).all())
    assert len(numbers) == len(set(numbers)) == PEOPLE


def _check_sent(portal: Portal, batch: UUID) -> None:
    """Nobody has two messages, everybody has one; in doubt is at most what was under way when a process was killed.
    What two of them had in hand, which is two claims at most, waits for a person.
    """
    asked = sa.select(Message.number, Message.state, Message.reason)
    rows = look(portal.state, lambda session: session.execute(asked).all())
    assert len({row.number for row in rows}) == len(rows) == PEOPLE
    states = Counter(row.state for row in rows)
    assert set(states) <= {MessageState.SENT, MessageState.UNKNOWN, MessageState.HELD}
    assert {row.reason for row in rows if row.state == MessageState.HELD} <= {"quarantined"}
    assert states[MessageState.UNKNOWN] <= KILLS * UNDER_WAY
    assert states[MessageState.HELD] <= 2 * CLAIM
    told = standing(_batch(portal, batch))
    assert (told.sent, told.unknown, told.waiting) == (
        states[MessageState.SENT],
        states[MessageState.UNKNOWN],
        states[MessageState.HELD],
    )
