"""A flush claims ahead: the couriers do not wait for a claim, and what is urgent does not wait for what is in hand."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import StaticPool

from sms_plugin.jobs.claiming import CLAIM
from sms_plugin.jobs.flush import Flush, Flushed
from sms_plugin.jobs.runner import flush_of
from sms_plugin.models import Lease, Message
from sms_plugin.outbox.enqueue import BATCH
from sms_plugin.providers.active import pause
from sms_plugin.states import MessageState
from sms_plugin.testing.phone_network import Mode
from sms_plugin.testing.phone_server import PhoneServer
from sms_plugin.transactions import step
from tests.outbox.steps import now, provider
from tests.portal import Portal, make_portal

#: In seconds; what comes sooner is not waited for.
_PATIENCE = 20.0


@pytest.fixture
def sending(database_url: str, phone: PhoneServer) -> Iterator[Portal]:
    """The portal with two threads to speak with its provider, the phone gateway."""
    portal = make_portal(database_url, SMS_THREADS=2)
    with portal.app.app_context():
        portal.use(phone)
        yield portal
        portal.db.session.remove()
        portal.db.engine.dispose()


@pytest.fixture
def flush(sending: Portal) -> Iterator[Flush]:
    """A flush of the portal's."""
    made = flush_of(sending.state)
    yield made
    made.close()


@contextmanager
def _running(flush: Flush, portal: Portal, *, stop: threading.Event | None = None) -> Iterator[list[Flushed]]:
    """One run, in a thread of its own: empty until it is done. At the end of the block it is waited for."""
    done: list[Flushed] = []

    def work() -> None:
        with portal.app.app_context():
            done.append(flush.run(stop or threading.Event()))

    thread = threading.Thread(target=work)
    thread.start()
    yield done
    thread.join(_PATIENCE)
    assert not thread.is_alive()


def _wait_until(what: Callable[[], object]) -> None:
    pause = threading.Event()
    for _ in range(int(_PATIENCE / 0.01)):
        if what():
            return
        pause.wait(0.01)
    raise AssertionError("it did not come to that")


@contextmanager
def _held_up(portal: Portal) -> Iterator[threading.Event]:
    """Hold claims beside the flush's thread until the block ends; the event tells that one has come so far."""
    reached, go = threading.Event(), threading.Event()

    def before(_connection: object, _cursor: object, text: str, *_rest: object) -> None:
        if "FROM sms_optout" in text and threading.current_thread().name == "sms-claim":
            reached.set()
            go.wait(_PATIENCE)

    sa.event.listen(portal.db.engine, "before_cursor_execute", before)
    try:
        yield reached
    finally:
        go.set()


def _queue(portal: Portal, count: int, **fields: Any) -> None:
    for _ in range(count):
        portal.queue(**fields)


def _in_hand(flush: Flush) -> int:
    return len(flush._supply.hand.claimed)


def _count(portal: Portal, state: str) -> int:
    with portal.fresh() as session:
        return session.scalars(sa.select(sa.func.count()).where(Message.state == state)).one()


def _leases(portal: Portal) -> int:
    with portal.fresh() as session:
        return session.scalars(sa.select(sa.func.count()).select_from(Lease)).one()


def test_what_is_in_hand_goes_while_the_next_claim_asks(sending: Portal, phone: PhoneServer, flush: Flush) -> None:
    _queue(sending, 50)
    with _running(flush, sending):
        with _held_up(sending) as reached:
            assert reached.wait(_PATIENCE)
            _wait_until(lambda: _count(sending, "sent") and not _count(sending, "sending") and not _in_hand(flush))
        _wait_until(lambda: _count(sending, "sent") == 50)
    assert len(phone.ledger()) == 50
    assert _leases(sending) == 0


def test_a_claim_that_comes_back_after_the_provider_was_stopped_lets_nothing_go(
    sending: Portal, phone: PhoneServer, flush: Flush
) -> None:
    phone.set(latency_ms=50)
    _queue(sending, 50)
    with _running(flush, sending) as done:
        with _held_up(sending) as reached:
            phone.set(mode=Mode.REFUSE)
            assert reached.wait(_PATIENCE)
            _wait_until(lambda: _provider_stopped(sending))
        _wait_until(lambda: done)
    assert done[0].closed == "stopped"
    assert all(line["outcome"] == "refused" for line in phone.ledger())
    assert _count(sending, "queued") == 50
    assert _leases(sending) == 0


def _provider_stopped(portal: Portal) -> bool:
    with portal.fresh() as session:
        return bool(session.scalar(sa.text("SELECT count(*) FROM sms_provider WHERE stopped_at IS NOT NULL")))


def test_what_is_in_hand_is_given_back_when_the_provider_rests(
    sending: Portal, phone: PhoneServer, flush: Flush
) -> None:
    """Not when half of its lease is over: another process may have it as soon as the provider goes on."""
    phone.set(latency_ms=100)
    _queue(sending, 50)
    with _running(flush, sending) as done:
        _wait_until(lambda: len(phone.ledger()) > 5)
        with step(sending.state) as session:
            pause(session, provider(sending), until=now() + dt.timedelta(hours=1))
        _wait_until(lambda: done)
    assert done[0].closed == "paused"
    assert _count(sending, "queued") > 30
    assert _leases(sending) == 0


def test_however_quick_the_provider_was_no_more_than_two_claims_are_in_hand(
    sending: Portal, phone: PhoneServer, flush: Flush
) -> None:
    """A process that is killed keeps what it has in hand from others, and what two of them lost waits for a person."""
    phone.set(latency_ms=400)
    flush._couriers.pace = 1e-5  # as after requests that nothing kept waiting
    _queue(sending, 4 * CLAIM)
    stop, most = threading.Event(), 0
    with _running(flush, sending, stop=stop):
        _wait_until(phone.ledger)
        for _ in range(20):
            most = max(most, _leases(sending))
            stop.wait(0.01)
        stop.set()
    assert CLAIM < most <= 2 * CLAIM


def test_a_claim_that_fails_beside_is_made_again(sending: Portal, phone: PhoneServer, flush: Flush) -> None:
    _queue(sending, 50)
    failed: list[None] = []

    def before(_connection: object, _cursor: object, text: str, *_rest: object) -> None:
        beside = threading.current_thread().name == "sms-claim"
        if "FROM sms_optout" in text and beside and len(failed) < 5:
            failed.append(None)
            raise OperationalError("SELECT", {}, Exception("away"), connection_invalidated=True)

    sa.event.listen(sending.db.engine, "before_cursor_execute", before)
    with _running(flush, sending):
        _wait_until(lambda: _count(sending, "sent") == 50)
    assert len(failed) == 5, "as often as one claim is tried"
    assert len(phone.ledger()) == 50


def test_stopped_while_a_claim_is_under_way_it_gives_its_messages_back(sending: Portal, flush: Flush) -> None:
    _queue(sending, 50)
    stop = threading.Event()
    with _running(flush, sending, stop=stop), _held_up(sending) as reached:
        assert reached.wait(_PATIENCE)
        stop.set()
    assert _count(sending, "queued") > 30
    assert _count(sending, "sending") == _leases(sending) == 0


def test_a_text_of_a_persons_own_action_is_not_behind_all_of_a_send_to_many(
    sending: Portal, phone: PhoneServer, flush: Flush
) -> None:
    """P18: a claim of a hundred would keep it for seconds, where the provider takes forty a second."""
    phone.set(latency_ms=50)
    _queue(sending, 80, priority=BATCH)
    with _running(flush, sending):
        _wait_until(lambda: len(phone.ledger()) >= 30)
        urgent = sending.queue()
        before = len(phone.ledger())
    place = [line["id"] for line in phone.ledger()].index(str(urgent))
    assert place - before <= 25
    assert sending.message(urgent).state == MessageState.SENT


@pytest.mark.one_database("sqlite", "no other kind is in memory")
def test_a_database_on_one_connection_is_not_shared_with_a_claim_beside(phone: PhoneServer) -> None:
    """As hosts' test suites have it: two threads would end each other's transactions."""
    options = {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
    portal = make_portal("sqlite://", SQLALCHEMY_ENGINE_OPTIONS=options, SMS_THREADS=2)
    with portal.app.app_context():
        portal.use(phone)
        _queue(portal, CLAIM + 50)
        names: set[str] = set()
        sa.event.listen(
            portal.db.engine, "before_cursor_execute", lambda *_: names.add(threading.current_thread().name)
        )
        flush = flush_of(portal.state)
        flush.run(threading.Event())
        flush.close()
        assert _count(portal, "sent") == CLAIM + 50
        assert "sms-claim" not in names
        portal.db.session.remove()
