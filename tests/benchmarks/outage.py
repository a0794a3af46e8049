"""Two workers under one rate behind an outage, with a long queue: how it drains once the provider is back (P18, X9)."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from sms_plugin.models import Message, Provider
from sms_plugin.transactions import within
from tests import databases
from tests.benchmarks.ground import close, control, gateway_at, ledger, portal_on
from tests.benchmarks.rate import most_within
from tests.demo_process import free_port
from tests.portal import Portal
from tests.processes.queueing import queue
from tests.processes.running import Processes, until

COUNT, WORKERS, DOWN = 50, 2, 5


@dataclass(frozen=True, kw_only=True)
class Drained:
    """What arrived after the outage, the message that tried first apart."""

    queued: int
    average: float  #: a second
    most: int  #: in the fullest second, wherever it begins
    furthest: int  #: by how many places a message came before its turn, at most


def measure(kind: str, folder: Path, *, queued: int, seconds: int) -> Drained:
    """The provider is away for some seconds while so many wait, then takes them for so many seconds."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with databases.fresh(kind, folder) as database:
        portal = portal_on(database, url=url, SMS_SCHEDULER="off")
        processes = Processes(database=database, folder=folder)
        with portal.app.app_context():
            limit = sa.update(Provider).values(rate_count=COUNT, rate_seconds=1)
            within(portal.state, lambda session: session.execute(limit))
            _fill(portal, queued)
            for _ in range(WORKERS):
                processes.worker()
            until(lambda: portal.provider().open_since is not None)
            time.sleep(DOWN)
            with gateway_at(port):
                control(url)
                until(lambda: len(ledger(url)) > COUNT * 2)
                time.sleep(seconds)
                lines = ledger(url)[1:]
                processes.close()
            furthest = _furthest(portal, [str(line["id"]) for line in lines])
        close(portal.app, portal.db)
    arrivals = sorted(float(line["at"]) for line in lines)
    return Drained(
        queued=queued,
        average=(len(arrivals) - 1) / (arrivals[-1] - arrivals[0]),
        most=most_within(arrivals),
        furthest=furthest,
    )


def _fill(portal: Portal, queued: int) -> None:
    """Messages due one after the other, the last written the first."""
    queue(portal, queued)
    table: Any = Message.__table__
    now = dt.datetime.now(dt.UTC)
    with portal.db.engine.begin() as connection:
        ids = connection.scalars(sa.select(table.c.id).order_by(table.c.id.desc())).all()
        moved = sa.update(table).where(table.c.id == sa.bindparam("b_id")).values(due_at=sa.bindparam("b_due"))
        rows = [{"b_id": each, "b_due": now - dt.timedelta(seconds=queued - at)} for at, each in enumerate(ids)]
        connection.execute(moved, rows)


def _furthest(portal: Portal, sent: Sequence[str]) -> int:
    with portal.fresh() as session:
        ordered = session.scalars(sa.select(Message.id).order_by(Message.due_at).limit(len(sent) * 2)).all()
    place = {str(each): at for at, each in enumerate(ordered)}
    return max(place.get(each, len(place)) - at for at, each in enumerate(sent))
