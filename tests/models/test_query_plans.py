"""Flat cost (promise 10): the plugin's questions go by an index, whatever the table holds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.gateways.contract import ReceiptStatus, Report
from sms_plugin.jobs import wake
from sms_plugin.models import TriggerRow
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


@pytest.fixture
def plans(portal: Portal, phone: PhoneServer) -> Callable[[Callable[[Session], object]], list[str]]:
    """The steps of the plans of all that some work asks of the database."""
    portal.use(phone)
    for _ in range(30):
        portal.queue()
    drain(portal.app)
    with portal.db.engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")
    asked: list[tuple[str, object]] = []

    def note(connection: object, cursor: object, statement: str, parameters: object, *rest: object) -> None:
        if statement.lstrip()[:6] in {"SELECT", "UPDATE", "DELETE", "INSERT"}:
            asked.append((statement, parameters))

    def planned(work: Callable[[Session], object]) -> list[str]:
        with portal.fresh() as session:
            sa.event.listen(portal.db.engine, "before_cursor_execute", note)
            work(session)
            sa.event.remove(portal.db.engine, "before_cursor_execute", note)
            session.rollback()
        with portal.db.engine.connect() as connection:
            return [
                str(row[3])
                for statement, parameters in asked
                for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)  # type: ignore[arg-type]
            ]

    return planned


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
def test_no_question_reads_a_growing_table_from_end_to_end(
    work: str, portal: Portal, plans: Callable[[Callable[[Session], object]], list[str]]
) -> None:
    steps = plans(lambda session: _WORK[work](portal, session))
    assert steps
    scans = [step for step in steps if step.startswith("SCAN") and any(name in step for name in LARGE)]
    # an index of open rows only holds what still asks for something: reading all of it is cheap
    assert [step for step in scans if "ix_sms_attempt_open" not in step] == []


def test_a_timeline_is_read_by_its_message(
    portal: Portal, plans: Callable[[Callable[[Session], object]], list[str]]
) -> None:
    message = portal.messages()[0].id
    steps = plans(lambda session: timeline(session, message))
    assert [step for step in steps if step.startswith("SCAN") and any(name in step for name in LARGE)] == []


def test_receipts_that_came_alone_are_looked_for_among_themselves(
    plans: Callable[[Callable[[Session], object]], list[str]],
) -> None:
    steps = plans(lambda session: rematch(session, now=NOW))
    assert [step for step in steps if step.startswith("SCAN") and "sms_attempt" in step] == []
