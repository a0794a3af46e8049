"""A process that makes runners to be killed or stopped: ``python -m tests.kill.victim`` forks one a line of its input.

A line is JSON: ``{"point", "database", "freeze", "config"}``. The runner is the real one, on the database's own
provider. It writes ``reached PID`` at the point and stays there: for ever, or with ``freeze`` until ``SIGCONT``, every
thread of it, once. One that freezes does no jobs, so that it sleeps nowhere else. When it is gone, ``dead PID STATUS``
is written.
"""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from enum import StrEnum
from functools import cache
from threading import Event, current_thread, local
from threading import enumerate as enumerate_threads
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.gateways.contract import Outgoing, Verdict
from sms_plugin.jobs import due
from sms_plugin.jobs.worker import work
from sms_plugin.outbox import exchange
from sms_plugin.testing.phone_gateway import PhoneGateway
from tests.portal import Portal, make_portal


class Point(StrEnum):
    """Where the process stops."""

    CLAIMED = "claimed"
    DEPARTING = "inside departure's transaction"
    DEPARTED = "departed"
    BEFORE_CONNECT = "before connect"
    SENT = "after the request was sent"
    ANSWERED = "answered"  #: before the transaction that settles
    BEFORE_SETTLE = "before settle"
    AFTER_SETTLE = "after settle"


THREADS = 4
_CLAIM = re.compile(r"INSERT (IGNORE )?INTO sms_lease")
_DEPARTURE = re.compile(r"INSERT INTO sms_attempt")
_SETTLEMENT = re.compile(r"UPDATE sms_attempt SET verdict")
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
            # the stop is the whole process's: it may reach this thread a moment after the others
            time.sleep(0.2)

    return freeze


def _stop_in_database(portal: Portal, point: Point, stop: Callable[[], None]) -> None:
    """Stop between the statements and commits that the flush makes."""
    mine = local()

    def before(connection: object, cursor: object, text: str, *rest: object) -> None:
        if point is Point.BEFORE_SETTLE and _SETTLEMENT.search(text):
            stop()

    def after(connection: sa.Connection, cursor: object, text: str, *rest: object) -> None:
        if connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT":
            # an exchange that is one statement has committed by itself
            if point is Point.AFTER_SETTLE and _SETTLEMENT.search(text):
                stop()
            return
        mine.made = [*getattr(mine, "made", ()), text]
        if point is Point.DEPARTING and _DEPARTURE.search(text):
            stop()

    def committed(session: Session) -> None:
        made, mine.made = getattr(mine, "made", ()), []
        if point in _COMMITTED and any(map(_COMMITTED[point].search, made)):
            stop()

    sa.event.listen(portal.db.engine, "before_cursor_execute", before)
    sa.event.listen(portal.db.engine, "after_cursor_execute", after)
    sa.event.listen(Session, "after_commit", committed)


def _stop_when_answered(portal: Portal, stop: Callable[[], None]) -> None:
    """Stop where the flush begins a transaction once all were answered, the last of them not written down yet. A claim
    that is made beside it is over by then, or waits for its turn: asleep with locks, it would keep others waiting.
    """
    answers: list[None] = []

    def begun(*_: object) -> None:
        if len(answers) == portal.app.config["ANSWERS"] and current_thread().name == "sms-flush":
            for each in enumerate_threads():
                if each.name == "sms-claim":
                    each.join(1.0)
            stop()

    _put_gateway(portal, after=lambda: answers.append(None))
    sa.event.listen(Session, "after_begin", begun)


def _put_gateway(
    portal: Portal, *, before: Callable[[], None] = lambda: None, after: Callable[[], None] = lambda: None
) -> None:
    class Stopping(PhoneGateway):
        def send(self, messages: Sequence[Outgoing]) -> Sequence[Verdict]:
            before()
            verdicts = super().send(messages)
            after()
            return verdicts

    gateways: Any = portal.state.gateways
    gateways["phone"] = Stopping


def _be_stopped(portal: Portal, point: Point, stop: Callable[[], None]) -> None:
    if "MARGIN" in portal.app.config:
        exchange.SETTLE_MARGIN = timedelta(seconds=portal.app.config["MARGIN"])
    with portal.app.app_context():
        if point is Point.BEFORE_CONNECT:
            _put_gateway(portal, before=stop)
        elif point is Point.ANSWERED:
            _stop_when_answered(portal, stop)
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
            if order["freeze"]:
                due.JOBS = {}
            _be_stopped(portal, Point(order["point"]), _freeze() if order["freeze"] else _stay)
            os._exit(0)
        sys.stdout.write(f"born {child}\n")
        sys.stdout.flush()
        status = os.waitpid(child, 0)[1]
        sys.stdout.write(f"dead {child} {os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
