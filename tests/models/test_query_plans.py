"""Flat cost (promise 10): the plugin's questions go by an index, whatever the table holds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.gateways.contract import ReceiptStatus, Report
from sms_plugin.jobs import wake
from sms_plugin.models import Attempt, Event, Message, Receipt, TriggerRow, new_id
from sms_plugin.outbox.claim import claim
from sms_plugin.outbox.lapses import lapse_attempts, lapse_leases
from sms_plugin.outbox.receipts import match_waiting, rematch, take
from sms_plugin.outbox.reconcile import doubts
from sms_plugin.outbox.tallies import counts_by_state
from sms_plugin.outbox.timeline import timeline
from sms_plugin.testing import drain
from sms_plugin.testing.phone_server import PhoneServer
from sms_plugin.triggers.runs import runs
from tests.portal import Portal

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
#: Tables that grow with every message.
LARGE = ("sms_message", "sms_attempt", "sms_receipt", "sms_event")


#: Asked of the portal: the tables that the database reads from end to end for some work.
Scans = Callable[[Callable[[Session], object]], list[str]]


@pytest.fixture
def scans(portal: Portal, phone: PhoneServer) -> Scans:
    """The large tables that some work reads from end to end. They hold enough for a planner to prefer an index."""
    portal.use(phone)
    for _ in range(10):
        portal.queue()
    drain(portal.app)
    kind = portal.db.engine.dialect.name
    with portal.db.engine.begin() as connection:
        for table, rows in _past(portal.provider().id).items():
            connection.execute(sa.insert(table), rows)
    with portal.db.engine.begin() as connection:
        connection.exec_driver_sql(f"ANALYZE TABLE {', '.join(LARGE)}" if kind == "mysql" else "ANALYZE")
    asked: list[tuple[str, Any]] = []

    def note(connection: object, cursor: object, statement: str, parameters: Any, context: object, many: bool) -> None:
        if statement.split(maxsplit=1)[0] in {"SELECT", "UPDATE", "DELETE", "INSERT", "WITH"}:
            asked.append((statement, parameters[0] if many else parameters))

    def found(work: Callable[[Session], object]) -> list[str]:
        asked.clear()
        with portal.fresh() as session:
            sa.event.listen(portal.db.engine, "before_cursor_execute", note)
            work(session)
            sa.event.remove(portal.db.engine, "before_cursor_execute", note)
            session.rollback()
        assert asked
        with portal.db.engine.connect() as connection:
            return [scan for statement, parameters in asked for scan in _scans(connection, statement, parameters)]

    return found


def _past(provider: int) -> dict[Any, list[dict[str, Any]]]:
    """Rows of messages that went long ago."""
    rows: dict[Any, list[dict[str, Any]]] = {Message.__table__: [], Attempt.__table__: [], Receipt.__table__: []}
    rows[Event.__table__] = []
    for number in range(2000):
        at = NOW - dt.timedelta(days=30, minutes=number)
        message, attempt = new_id(at), new_id(at)
        rows[Message.__table__].append(
            {
                "id": message,
                "state": "delivered",
                "purpose": "service",
                "priority": number % 3,
                "number": f"+35191234{number:04}",
                "text": "Hello " * 20,
                "attempt_id": attempt,
                "due_at": at,
                "created_at": at,
                "changed_at": at,
            }
        )
        sent = {"provider_id": provider, "reference": f"old-{number}"}
        told = {"message_id": message, **sent}
        rows[Attempt.__table__].append(
            {"id": attempt, "departed_at": at, "until": at, "verdict": "accepted", "settled_at": at, **told}
        )
        digest = number.to_bytes(16, "big")
        rows[Receipt.__table__].append(
            {"id": new_id(at), "status": "delivered", "digest": digest, "received_at": at, **told}
        )
        rows[Event.__table__].append({"id": new_id(at), "message_id": message, "at": at, "state": "sent"})
    return rows


def _scans(connection: sa.Connection, statement: str, parameters: Any) -> list[str]:
    """The large tables that a statement reads from end to end, each with the step of the plan that says so."""
    kind = connection.dialect.name
    if kind == "postgresql":
        # what counts is that an index can serve, however few rows there are
        connection.exec_driver_sql("SET enable_seqscan = off")
    explain = "EXPLAIN QUERY PLAN" if kind == "sqlite" else "EXPLAIN"
    steps = [tuple(row) for row in connection.exec_driver_sql(f"{explain} {statement}", parameters)]
    if kind == "mysql":
        return [str(step) for step in steps if step[1] != "INSERT" and step[2] in LARGE and step[3] == "ALL"]
    word = "SCAN" if kind == "sqlite" else "Seq Scan on"
    told = [str(step[-1]) for step in steps]
    # an index of open rows only holds what still asks for something: reading all of it is cheap
    return [
        step
        for step in told
        if word in step and any(name in step for name in LARGE) and "ix_sms_attempt_open" not in step
    ]


_WORK: dict[str, Callable[[Portal, Session], object]] = {
    "claim": lambda portal, session: claim(
        session, state=portal.state, provider_id=1, want=10, now=NOW, lease=dt.timedelta(minutes=1)
    ),
    "lapse leases": lambda portal, session: lapse_leases(session, now=NOW),
    "lapse attempts": lambda portal, session: lapse_attempts(session, now=NOW),
    "doubts": lambda portal, session: doubts(session, now=NOW),
    "counts": lambda portal, session: counts_by_state(session),
    "receipt": lambda portal, session: take(
        session, [Report(status=ReceiptStatus.SENT, reference="P00000001")], provider_id=1, about=None, now=NOW
    ),
    "receipts that wait": lambda portal, session: match_waiting(session, ["P00000001"], provider_id=1, now=NOW),
    "runs of triggers": lambda portal, session: runs(
        session,
        {"charge_created": TriggerRow(key="charge_created", on=False, texts={})},
        state=portal.state,
        now=NOW,
    ),
    "look": lambda portal, session: [session.execute(query, {"now": NOW}) for query in [*wake._DUE, *wake._NEXT]],
}


@pytest.mark.parametrize("work", list(_WORK))
def test_no_question_reads_a_growing_table_from_end_to_end(work: str, portal: Portal, scans: Scans) -> None:
    assert scans(lambda session: _WORK[work](portal, session)) == []


def test_a_timeline_is_read_by_its_message(portal: Portal, scans: Scans) -> None:
    message = portal.messages()[-1].id
    assert scans(lambda session: timeline(session, message)) == []


def test_receipts_that_came_alone_are_looked_for_among_themselves(scans: Scans) -> None:
    assert [step for step in scans(lambda session: rematch(session, now=NOW)) if "sms_attempt" in step] == []
