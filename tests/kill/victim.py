"""A process that makes runners to be killed or stopped: ``python -m tests.kill.victim`` forks one a line of its input.

A line is JSON: ``{"point", "database", "freeze", "config"}``. The runner is the real one, on the database's own
provider. It writes ``reached PID`` at the point and stays there: for ever, or with ``freeze`` until ``SIGCONT``, every
thread of it, once. When it is gone, ``dead PID STATUS`` is written.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import cache
from threading import Event, local
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.gateways.contract import Outgoing, Verdict
from sms_plugin.jobs.worker import work
from sms_plugin.testing.phone_gateway import PhoneGateway
from tests.portal import Portal, make_portal


class Point(StrEnum):
    """Where the process stops."""

    CLAIMED = "claimed"
    DEPARTING = "inside departure's transaction"
    DEPARTED = "departed"
    BEFORE_CONNECT = "before connect"
    SENT = "after the request was sent"
    BEFORE_SETTLE = "before settle"
    AFTER_SETTLE = "after settle"


THREADS = 4
_CLAIM, _DEPARTURE, _SETTLEMENT = "INSERT INTO sms_lease", "INSERT INTO sms_attempt", "UPDATE sms_attempt SET verdict"
#: Points after the commit of a transaction that made such a statement.
_COMMITTED = {Point.CLAIMED: _CLAIM, Point.DEPARTED: _DEPARTURE, Point.AFTER_SETTLE: _SETTLEMENT}


def portal_for(url: str, **config: Any) -> Portal:
    """The portal of both sides; no request takes longer than two seconds."""
    given = {"SMS_THREADS": THREADS, "SMS_CONNECT_TIMEOUT": 1, "SMS_READ_TIMEOUT": 2, "SMS_PUBLIC_URL": None}
    return make_portal(url, tables=False, **given | config)


def _stay() -> None:
    os.write(sys.stdout.fileno(), f"reached {os.getpid()}\n".encode())
    Event().wait()


def _freeze() -> Callable[[], None]:
    done = Event()

    def freeze() -> None:
        if not done.is_set():
            done.set()
            os.write(sys.stdout.fileno(), f"reached {os.getpid()}\n".encode())
            os.kill(os.getpid(), signal.SIGSTOP)

    return freeze


def _stop_in_database(portal: Portal, point: Point, stop: Callable[[], None]) -> None:
    """Stop between the statements and commits that the flush makes."""
    mine = local()

    def before(connection: object, cursor: object, text: str, *rest: object) -> None:
        if point is Point.BEFORE_SETTLE and text.startswith(_SETTLEMENT):
            stop()

    def after(connection: object, cursor: object, text: str, *rest: object) -> None:
        mine.made = [*getattr(mine, "made", ()), text]
        if point is Point.DEPARTING and text.startswith(_DEPARTURE):
            stop()

    def committed(session: Session) -> None:
        made, mine.made = getattr(mine, "made", ()), []
        if point in _COMMITTED and any(text.startswith(_COMMITTED[point]) for text in made):
            stop()

    sa.event.listen(portal.db.engine, "before_cursor_execute", before)
    sa.event.listen(portal.db.engine, "after_cursor_execute", after)
    sa.event.listen(Session, "after_commit", committed)


def _gateway(before: Callable[[], None]) -> type[PhoneGateway]:
    class Stopping(PhoneGateway):
        def send(self, messages: Sequence[Outgoing]) -> Sequence[Verdict]:
            before()
            return super().send(messages)

    return Stopping


def _be_stopped(portal: Portal, point: Point, stop: Callable[[], None]) -> None:
    with portal.app.app_context():
        if point is Point.BEFORE_CONNECT:
            gateways: Any = portal.state.gateways
            gateways["phone"] = _gateway(stop)
        elif point is not Point.SENT:
            # after the request was sent, it is the phone server that does not answer: the parent reads its ledger
            _stop_in_database(portal, point, stop)
    work(portal.app, portal.state)


@cache
def _made(url: str, config: str) -> Portal:
    """A portal that no victim has to make for itself; nothing is connected yet, so that it can be forked."""
    portal = portal_for(url, **json.loads(config))
    with portal.app.app_context():
        _ = portal.state.registry
    return portal


def main() -> None:
    """Fork, wait, tell, until the input ends."""
    logging.basicConfig(format="%(levelname)s %(name)s %(message)s", level=logging.WARNING)
    for line in sys.stdin:
        order = json.loads(line)
        portal = _made(order["database"], json.dumps(order["config"]))
        child = os.fork()
        if child == 0:
            _be_stopped(portal, Point(order["point"]), _freeze() if order["freeze"] else _stay)
            os._exit(0)
        sys.stdout.write(f"born {child}\n")
        sys.stdout.flush()
        status = os.waitpid(child, 0)[1]
        sys.stdout.write(f"dead {child} {os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
