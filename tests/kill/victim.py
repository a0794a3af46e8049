"""A process that makes runners to be killed: ``python -m tests.kill.victim`` forks one for each line of its input.

A line is JSON: ``{"point", "database"}``. The runner is the real one, on the database's own provider. It stops at the
point for ever, after the line ``reached PID`` was written; when it is dead, ``dead PID`` is.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from threading import Event, local
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.gateways.contract import Outgoing, Verdict
from sms_plugin.jobs.runner import ProcessRunner
from sms_plugin.testing.phone_gateway import PhoneGateway
from tests.portal import Portal, make_portal


class Point(StrEnum):
    """Where the process stops."""

    CLAIMED = "claimed"
    BEFORE_CONNECT = "before connect"
    SENT = "after the request was sent"
    BEFORE_SETTLE = "before settle"
    AFTER_SETTLE = "after settle"


THREADS = 4
#: What tells one transaction of the flush from another.
MARKS = {"INSERT INTO sms_lease": Point.CLAIMED, "UPDATE sms_attempt SET verdict": Point.AFTER_SETTLE}


def portal_for(database: Path) -> Portal:
    """The portal of both sides; no request takes longer than two seconds."""
    return make_portal(
        f"sqlite:///{database}",
        tables=False,
        SMS_THREADS=THREADS,
        SMS_CONNECT_TIMEOUT=1,
        SMS_READ_TIMEOUT=2,
        SMS_PUBLIC_URL=None,
    )


def _stop() -> None:
    os.write(sys.stdout.fileno(), f"reached {os.getpid()}\n".encode())
    Event().wait()


def _stop_in_database(portal: Portal, point: Point) -> None:
    """Stop between the statements and commits that the flush makes."""
    marks = local()

    def statement(connection: object, cursor: object, text: str, *rest: object) -> None:
        for mark, after in MARKS.items():
            if text.startswith(mark):
                marks.point = after
                if point is Point.BEFORE_SETTLE and after is Point.AFTER_SETTLE:
                    _stop()

    def committed(session: Session) -> None:
        if getattr(marks, "point", None) is point:
            _stop()
        marks.point = None

    sa.event.listen(portal.db.engine, "before_cursor_execute", statement)
    sa.event.listen(Session, "after_commit", committed)


def _gateway(before: Callable[[], None]) -> type[PhoneGateway]:
    class Stopping(PhoneGateway):
        def send(self, messages: Sequence[Outgoing]) -> Sequence[Verdict]:
            before()
            return super().send(messages)

    return Stopping


def _be_killed(point: Point, database: Path) -> None:
    portal = portal_for(database)
    with portal.app.app_context():
        if point is Point.BEFORE_CONNECT:
            gateways: Any = portal.state.gateways
            gateways["phone"] = _gateway(_stop)
        elif point is not Point.SENT:
            # after the request was sent, it is the phone server that does not answer: the parent reads its ledger
            _stop_in_database(portal, point)
    ProcessRunner(portal.app, portal.state, kind="worker").start()
    Event().wait()


def main() -> None:
    """Fork, wait, tell, until the input ends."""
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            _be_killed(Point(order["point"]), Path(order["database"]))
        sys.stdout.write(f"born {child}\n")
        sys.stdout.flush()
        os.waitpid(child, 0)
        sys.stdout.write(f"dead {child}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
