"""What must not be the end of all texting: a thread that dies, a host that raises, a disk that is full, a clock."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from sms_plugin.gateways.contract import Gateway, Outgoing, Verdict
from sms_plugin.jobs.runner import ProcessRunner, flush_of
from sms_plugin.models import Pace, Provider
from sms_plugin.providers.rate import GATHER, HORIZON, reserve
from sms_plugin.states import MessageState
from sms_plugin.testing import drain
from sms_plugin.testing.phone_server import PhoneServer
from tests.portal import Portal, make_portal


@pytest.fixture
def sending(portal: Portal, phone: PhoneServer) -> Portal:
    portal.use(phone)
    return portal


def _until(what: Callable[[], object]) -> None:
    pause = threading.Event()
    while not what():
        pause.wait(0.01)


class _Deadly(Gateway):
    """Ends the thread that it runs in."""

    kind, label = "deadly", "Deadly"

    def send(self, messages: Sequence[Outgoing]) -> Sequence[Verdict]:
        raise SystemExit


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_courier_that_dies_brings_its_message_home(portal: Portal) -> None:
    """More deaths than there are threads: none is left in flight for ever, and the flush comes to an end."""
    gateways: Any = portal.state.gateways
    gateways[_Deadly.kind] = _Deadly
    portal.use_kind(_Deadly.kind, {}, name="own")
    messages = [portal.queue() for _ in range(portal.state.settings.threads * 2 + 1)]
    drain(portal.app)
    assert {portal.message(each).state for each in messages} == {MessageState.UNKNOWN}


def test_a_teardown_of_the_hosts_that_raises_does_not_end_the_flush(database_url: str, phone: PhoneServer) -> None:
    portal = make_portal(database_url, SMS_FLUSH_EVERY=0.05)
    raised = threading.Event()
    with portal.app.app_context():
        portal.use(phone)

    @portal.app.teardown_appcontext
    def teardown(error: BaseException | None) -> None:
        if threading.current_thread().name == "sms-flush" and not raised.is_set():
            raised.set()
            raise RuntimeError("the host's teardown")

    runner = ProcessRunner(portal.app, portal.state, kind="worker")
    runner.start()
    try:
        _until(raised.is_set)
        with portal.app.app_context():
            message = portal.queue()
            portal.state.wake.set()
            _until(lambda: portal.message(message).state == MessageState.SENT)
    finally:
        runner.stop()
        with portal.app.app_context():
            portal.db.engine.dispose()


def test_verdicts_are_kept_while_they_cannot_be_written(sending: Portal, phone: PhoneServer) -> None:
    """Promise 3: a full disk at settle must not turn what was accepted into what nobody knows."""
    messages = [sending.queue() for _ in range(5)]
    full = threading.Event()

    @event.listens_for(sending.db.engine, "before_cursor_execute")
    def refuse(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if full.is_set() and "UPDATE sms_attempt" in statement:
            raise OperationalError(statement, {}, Exception("database or disk is full"))

    full.set()
    flush = flush_of(sending.state)
    with pytest.raises(OperationalError):
        flush.run(threading.Event())
    full.clear()
    flush.run(threading.Event())
    flush.close()
    assert {sending.message(each).state for each in messages} == {MessageState.SENT}
    assert len(phone.ledger()) == len(messages)


def test_a_failing_database_shows_no_number_and_no_text_in_the_log(
    sending: Portal, caplog: pytest.LogCaptureFixture
) -> None:
    """Promise 9"""
    runner = ProcessRunner(sending.app, sending.state, kind="worker")

    values = {"n": "+351912345678", "t": "private"}

    def fail() -> None:
        with sending.fresh() as session:
            session.execute(sa.text("INSERT INTO nowhere VALUES (:n, :t)"), values)

    with caplog.at_level(logging.DEBUG):
        runner._safely(fail)
    assert "a round failed" in caplog.text
    assert "912345678" not in caplog.text
    assert "private" not in caplog.text


def test_an_address_that_cannot_be_built_stops_messages_before_they_depart(sending: Portal) -> None:
    message = sending.queue()
    flush = flush_of(sending.state)

    def broken(token: str, message: object) -> str:
        raise RuntimeError("no such page")

    flush._receipt_url = broken
    with pytest.raises(RuntimeError):
        flush.run(threading.Event())
    flush.close()
    assert sending.message(message).state == MessageState.QUEUED
    assert sending.attempts(message) == []


def test_a_clock_that_is_put_back_stops_no_slot_for_longer_than_the_horizon(sending: Portal) -> None:
    """P18: the next slot that stands in the database may come from an hour that has not been yet."""
    now = dt.datetime.now(dt.UTC)
    with sending.fresh() as session, session.begin():
        provider = session.scalars(sa.select(Provider)).one()
        provider.rate_count, provider.rate_seconds = 10, 1
        session.add(Pace(provider_id=provider.id, next_slot_at=now + dt.timedelta(hours=1)))
    with sending.fresh() as session, session.begin():
        slots = reserve(session, provider_id=session.scalars(sa.select(Provider.id)).one(), want=1, now=now)
    assert slots.again_at is not None
    assert slots.again_at <= now + HORIZON + GATHER


def test_a_suite_that_says_testing_after_mounting_starts_no_runner(database_url: str) -> None:
    """The usual pattern of a module's app and a fixture's configuration: no real text may leave from there."""
    portal = make_portal(database_url, TESTING=False)
    portal.app.config["TESTING"] = True
    portal.app.test_client().get("/invoice/1")
    assert not [thread for thread in threading.enumerate() if thread.name == "sms-flush"]
    with portal.app.app_context():
        portal.db.engine.dispose()


@pytest.mark.one_database("sqlite", "no other kind is in memory")
def test_a_database_in_memory_gets_no_runner(caplog: pytest.LogCaptureFixture) -> None:
    """One connection for all: a runner beside the portal would commit and undo its transactions."""
    portal = make_portal("sqlite://", TESTING=False)
    with caplog.at_level(logging.ERROR):
        assert portal.app.test_client().get("/invoice/1").status_code == 200
    assert "in memory" in caplog.text
    assert not [thread for thread in threading.enumerate() if thread.name == "sms-flush"]
    with portal.app.app_context():
        portal.db.engine.dispose()
