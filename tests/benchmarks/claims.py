"""What a claim costs with much waiting behind it, and after very many claims (promise 10)."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from sms_plugin.gateways.contract import Outcome, Verdict
from sms_plugin.models import Message, new_id
from sms_plugin.outbox.claim import Claimed, claim
from sms_plugin.outbox.depart import depart
from sms_plugin.outbox.enqueue import BATCH, OWN_ACTION
from sms_plugin.outbox.settle import Finished, settle
from sms_plugin.transactions import rest, within
from tests import databases
from tests.benchmarks.ground import close, portal_on
from tests.portal import Portal

TAKE = 50
_LEASE = dt.timedelta(minutes=10)
_MESSAGE: Any = Message.__table__


@dataclass(frozen=True, kw_only=True)
class Claims:
    """Milliseconds of one claim of ``TAKE`` messages, the median."""

    few: float  #: behind 10,000 that wait
    many: float  #: behind very many
    later: float  #: the same, after so many messages were claimed and sent
    backlog: int
    claimed: int


def measure(url: str, kind: str, folder: Path, *, backlog: int, claimed: int) -> Claims:
    """Claims on two fresh databases of the kind: one with 10,000 messages waiting, one with ``backlog``."""
    few = _costs(url, kind, folder / "few", waiting=10_000, claimed=0)
    many = _costs(url, kind, folder / "many", waiting=backlog, claimed=claimed)
    return Claims(few=few[0], many=many[0], later=many[1], backlog=backlog, claimed=claimed)


def _costs(url: str, kind: str, place: Path, *, waiting: int, claimed: int) -> tuple[float, float]:
    """What a claim costs at first, and after so many were claimed and sent."""
    place.mkdir(parents=True)
    with databases.fresh(kind, place) as database:
        portal = portal_on(database, url=url)
        with portal.app.app_context():
            _fill(portal, waiting)
            at_first = median(_rounds(portal, 40))
            for _ in _rounds(portal, claimed // TAKE):
                pass
            later = median(_rounds(portal, 40)) if claimed else at_first
        close(portal.app, portal.db)
    return at_first, later


def _rounds(portal: Portal, count: int) -> Iterator[float]:
    """So many claims, each sent and settled; the milliseconds that each claim took."""
    for _ in range(count):
        rest(portal.state)  # what is owed for the write before is not the price of this claim
        began = time.perf_counter()
        taken = within(portal.state, lambda session: _claimed(session, portal))
        yield (time.perf_counter() - began) * 1000
        within(portal.state, lambda session, taken=taken: _sent(session, portal, taken))  # type: ignore[misc]


def _claimed(session: Any, portal: Portal) -> Sequence[Claimed]:
    now = dt.datetime.now(dt.UTC)
    return claim(session, state=portal.state, provider_id=1, want=TAKE, now=now, lease=_LEASE).messages


def _sent(session: Any, portal: Portal, taken: Sequence[Claimed]) -> None:
    now = dt.datetime.now(dt.UTC)
    accepted = Verdict(outcome=Outcome.ACCEPTED, reference=None)
    gone = depart(session, taken, provider_id=1, now=now, until=now + _LEASE)
    finished = [Finished(id=each.id, attempt=each.attempt, provider_id=1, verdict=accepted) for each in gone]
    settle(session, finished, settings=portal.state.settings, now=now)


def _fill(portal: Portal, count: int) -> None:
    """So many batch messages that are due, and a tenth as many of higher rank that are not yet."""
    now = dt.datetime.now(dt.UTC)
    past, ahead = now - dt.timedelta(days=1), now + dt.timedelta(days=1)
    with portal.db.engine.begin() as connection:
        for start in range(0, count, 5000):
            rows = [_row(now, past + dt.timedelta(seconds=start + n), BATCH) for n in range(5000)]
            rows += [_row(now, ahead + dt.timedelta(seconds=start + n), OWN_ACTION) for n in range(500)]
            connection.execute(sa.insert(_MESSAGE), rows)
    with portal.db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        analyze = "ANALYZE TABLE sms_message" if connection.dialect.name in {"mysql", "mariadb"} else "ANALYZE"
        connection.exec_driver_sql(analyze).close()


def _row(now: dt.datetime, due: dt.datetime, priority: int) -> dict[str, Any]:
    return {
        "id": new_id(now),
        "direction": "out",
        "state": "queued",
        "reason": "",
        "detail": "",
        "occurrence": uuid4().bytes,
        "step": "",
        "moment": "",
        "purpose": "service",
        "priority": priority,
        "subject": "",
        "operator": "",
        "number": "+351912345678",
        "language": "en",
        "text": "Hello",
        "encoding": "GSM-7",
        "segments": 1,
        "due_at": min(due, now) if priority == BATCH else due,
        "created_at": now,
        "changed_at": now,
        "attempts": 0,
        "lapses": 0,
    }
