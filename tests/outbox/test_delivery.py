"""The whole way over real HTTP, one mishap at a time."""

from __future__ import annotations

import datetime as dt
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from sms_plugin import signals
from sms_plugin.gateways.contract import Gateway, Outgoing, Verdict, accepted
from sms_plugin.jobs.flush import Flush
from sms_plugin.jobs.runner import flush_of
from sms_plugin.models import Attempt, Lease, Message, Provider
from sms_plugin.outbox.tallies import counts_by_state
from sms_plugin.providers.active import find, resume
from sms_plugin.states import MessageState
from sms_plugin.testing import drain
from sms_plugin.testing.phone_network import REFUSED, SLOW, Mode
from sms_plugin.testing.phone_server import PhoneServer
from tests.outbox.steps import now
from tests.portal import Portal, make_portal


def _states(portal: Portal) -> list[str]:
    return [message.state for message in portal.messages()]


def _due_now(portal: Portal) -> None:
    with portal.fresh() as session, session.begin():
        session.execute(sa.update(Message).values(due_at=now()))
        session.execute(sa.update(Provider).values(paused_until=None))


def _resume(portal: Portal) -> None:
    with portal.fresh() as session, session.begin():
        resume(session, find(session, "phone"), who="test", now=now())


def _in_thread(flush: Flush, portal: Portal, stop: threading.Event, **options: Any) -> threading.Thread:
    def work() -> None:
        with portal.app.app_context():
            flush.run(stop, **options)

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def _wait_until(what: Any) -> None:
    pause = threading.Event()
    while not what():
        pause.wait(0.005)


@pytest.fixture
def listened() -> Iterator[list[dict[str, object]]]:
    heard: list[dict[str, object]] = []

    def hear(sender: object, **arguments: object) -> None:
        heard.append(arguments)

    with signals.provider_stopped.connected_to(hear):
        yield heard


def test_every_message_arrives_once(sending: Portal, phone: PhoneServer) -> None:
    messages = [sending.queue(text=f"Number {number}") for number in range(30)]
    done = drain(sending.app)
    assert (done.departed, done.accepted, done.closed) == (30, 30, "")
    assert sorted(str(line["id"]) for line in phone.ledger()) == sorted(map(str, messages))
    assert set(_states(sending)) == {MessageState.SENT}


@pytest.mark.parametrize(
    ("mode", "state", "reason"),
    [
        (Mode.RESET_BEFORE, MessageState.UNKNOWN, "reset"),
        (Mode.RESET_AFTER, MessageState.UNKNOWN, "reset"),
        (Mode.GARBAGE, MessageState.UNKNOWN, "garbled"),
        (Mode.SERVER_ERROR, MessageState.UNKNOWN, "server_error"),
    ],
)
def test_what_may_have_arrived_is_unknown(
    sending: Portal, phone: PhoneServer, mode: Mode, state: MessageState, reason: str
) -> None:
    """Promise 3: and nothing goes a second time by itself."""
    message = sending.queue()
    phone.set(mode=mode)
    drain(sending.app)
    found = sending.message(message)
    assert (found.state, found.reason) == (state, reason)
    phone.set(mode=Mode.ACCEPT)
    assert drain(sending.app).departed == 0


def test_a_provider_that_cannot_be_reached_is_tried_again(sending: Portal, phone: PhoneServer) -> None:
    message = sending.queue()
    phone.stop()
    drain(sending.app)
    found = sending.message(message)
    assert (found.state, found.reason, found.attempts) == (MessageState.QUEUED, "no_connection", 0)


def test_a_number_that_does_not_exist_fails_and_the_others_go(sending: Portal) -> None:
    bad, good = sending.queue(number=f"+35191234{REFUSED}"), sending.queue()
    drain(sending.app)
    assert (sending.message(bad).state, sending.message(bad).reason) == ("failed", "bad_number")
    assert sending.message(good).state == MessageState.SENT


def test_a_throttled_provider_pauses_and_loses_nothing(sending: Portal, phone: PhoneServer) -> None:
    """P21: for now. Retry-After is honoured, and no message pays for it with an attempt."""
    for _ in range(20):
        sending.queue()
    phone.set(mode=Mode.THROTTLE, retry_after=300)
    before = now()
    done = drain(sending.app)
    assert done.closed == "paused"
    assert done.closed_until is not None
    assert done.closed_until >= before + dt.timedelta(seconds=300)
    assert set(_states(sending)) == {MessageState.QUEUED}
    assert {message.attempts for message in sending.messages()} == {0}
    phone.set(mode=Mode.ACCEPT)
    assert drain(sending.app).departed == 0
    _due_now(sending)
    assert drain(sending.app).accepted == 20


def test_a_refused_account_stops_the_provider_and_tells_the_host(
    sending: Portal, phone: PhoneServer, listened: list[dict[str, object]]
) -> None:
    """P21: messages stay queued, one signal, at most what was under way was tried; after resume nothing goes twice."""
    for _ in range(30):
        sending.queue()
    phone.set(mode=Mode.REFUSE)
    done = drain(sending.app)
    assert done.closed == "stopped"
    assert listened == [{"provider": "phone", "reason": "no_credit", "detail": ""}]
    assert set(_states(sending)) == {MessageState.QUEUED}
    assert len(phone.ledger()) <= 12
    stopped = sending.provider()
    assert (stopped.stopped_reason, stopped.stopped_at is not None) == ("no_credit", True)
    phone.set(mode=Mode.ACCEPT)
    assert drain(sending.app).departed == 0
    _resume(sending)
    assert drain(sending.app).accepted == 30
    taken = [line["id"] for line in phone.ledger() if line["outcome"] == "accepted"]
    assert len(taken) == len(set(taken)) == 30


def test_what_became_too_late_while_the_provider_was_stopped_expires(sending: Portal, phone: PhoneServer) -> None:
    message = sending.queue(expires_at=now() + dt.timedelta(hours=1))
    phone.set(mode=Mode.REFUSE)
    drain(sending.app)
    with sending.fresh() as session, session.begin():
        session.execute(sa.update(Message).values(expires_at=now()))
    phone.set(mode=Mode.ACCEPT)
    _resume(sending)
    drain(sending.app)
    assert sending.message(message).state == MessageState.EXPIRED


def test_without_a_provider_the_queue_waits(portal: Portal) -> None:
    """P13."""
    portal.queue()
    assert drain(portal.app).closed == "no_provider"
    assert _states(portal) == [MessageState.QUEUED]


def test_a_gateway_of_many_gets_many(portal: Portal, phone: PhoneServer) -> None:
    """A gateway that takes ten in one request is given ten, and each has its own verdict."""
    portal.use(phone, batch_size=10)
    good = [portal.queue() for _ in range(24)]
    bad = portal.queue(number=f"+35191234{REFUSED}")
    drain(portal.app)
    assert {portal.message(message).state for message in good} == {MessageState.SENT}
    assert portal.message(bad).state == MessageState.FAILED
    assert sorted(str(line["id"]) for line in phone.ledger()) == sorted(map(str, [*good, bad]))


class _Raising(Gateway):
    kind, label = "raising", "Raising"

    def send(self, messages: Sequence[Outgoing]) -> Sequence[Verdict]:
        raise RuntimeError("a gateway promised not to")


class _TooFew(Gateway):
    kind, label = "too_few", "Too few"

    def send(self, messages: Sequence[Outgoing]) -> Sequence[Verdict]:
        return [accepted()] * (len(messages) - 1)


class _Unbuildable(_TooFew):
    kind, label = "unbuildable", "Unbuildable"

    def __post_init__(self) -> None:
        raise ValueError("no such address")


def _use_own(portal: Portal, gateway: type[Gateway]) -> None:
    gateways: Any = portal.state.gateways
    gateways[gateway.kind] = gateway
    portal.use_kind(gateway.kind, {}, name="own")


@pytest.mark.parametrize("gateway", [_Raising, _TooFew])
def test_a_gateway_that_breaks_its_promise_leaves_its_message_unknown(portal: Portal, gateway: type[Gateway]) -> None:
    """Nobody knows how far the request came."""
    _use_own(portal, gateway)
    message = portal.queue()
    drain(portal.app)
    found = portal.message(message)
    assert (found.state, found.reason) == (MessageState.UNKNOWN, "gateway_error")


def test_a_gateway_that_cannot_be_built_stops_its_provider(portal: Portal) -> None:
    """Nothing was sent, and the flush comes to an end."""
    _use_own(portal, _Unbuildable)
    message = portal.queue()
    assert drain(portal.app).closed == "stopped"
    assert portal.message(message).state == MessageState.QUEUED


def test_a_slow_provider_does_not_keep_new_messages_from_going(sending: Portal, phone: PhoneServer) -> None:
    """While one request hangs, the other threads take what is queued meanwhile."""
    slow = sending.queue(number=f"+35191234{SLOW}")
    woken = threading.Event()
    stop = threading.Event()
    flush = flush_of(sending.state)

    def was_woken() -> bool:
        told = woken.is_set()
        woken.clear()
        return told

    thread = _in_thread(flush, sending, stop, woken=was_woken)
    _wait_until(lambda: phone.ledger())
    quick = sending.queue()
    woken.set()
    _wait_until(lambda: sending.message(quick).state == MessageState.SENT)
    assert sending.message(slow).state == MessageState.SENDING
    thread.join()
    flush.close()
    assert sending.message(slow).state == MessageState.SENT


def test_told_to_stop_it_finishes_what_is_in_flight_and_gives_the_rest_back(
    sending: Portal, phone: PhoneServer
) -> None:
    for _ in range(40):
        sending.queue()
    phone.set(latency_ms=100)
    stop = threading.Event()
    flush = flush_of(sending.state)
    thread = _in_thread(flush, sending, stop)
    _wait_until(lambda: phone.ledger())
    stop.set()
    thread.join()
    flush.close()
    states = _states(sending)
    assert set(states) == {MessageState.SENT, MessageState.QUEUED}
    assert states.count("sent") == len(phone.ledger()) <= 24
    with sending.fresh() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Lease)) == 0
        assert session.scalar(sa.select(sa.func.count()).where(Attempt.verdict.is_(None))) == 0


def test_a_flush_that_is_stopped_before_it_begins_claims_nothing(sending: Portal) -> None:
    sending.queue()
    stop = threading.Event()
    stop.set()
    flush = flush_of(sending.state)
    assert flush.run(stop).departed == 0
    flush.close()


@pytest.mark.one_database("sqlite", "locks the file")
def test_a_locked_database_is_waited_for_and_no_verdict_is_lost(tmp_path: Path, phone: PhoneServer) -> None:
    """Design §7: locked means later, never an error. The lock outlasts every single try."""
    file = tmp_path / "locked.db"
    options = {"connect_args": {"timeout": 0.05}}
    portal = make_portal(f"sqlite:///{file}", SQLALCHEMY_ENGINE_OPTIONS=options)
    with portal.app.app_context():
        portal.use(phone)
        messages = [portal.queue() for _ in range(20)]
        phone.set(latency_ms=100)
        stop = threading.Event()
        flush = flush_of(portal.state)
        other = sqlite3.connect(file, timeout=10, isolation_level=None)
        thread = _in_thread(flush, portal, stop)
        _wait_until(lambda: phone.ledger())
        other.execute("BEGIN IMMEDIATE")
        threading.Event().wait(1.5)
        other.execute("COMMIT")
        other.close()
        thread.join()
        flush.close()
        assert {portal.message(message).state for message in messages} == {MessageState.SENT}
        assert len(phone.ledger()) == 20
        with portal.fresh() as session:
            assert counts_by_state(session)["sent"] == 20
        portal.db.session.remove()
        portal.db.engine.dispose()


def test_waiting_behind_a_slow_provider_is_not_held_against_a_message(phone: PhoneServer, database_url: str) -> None:
    """What was claimed and could not depart in time is given back, not lapsed: it is not quarantined."""
    portal = make_portal(database_url, SMS_THREADS=1, SMS_LEASE=0.5)
    with portal.app.app_context():
        portal.use(phone)
        for _ in range(8):
            portal.queue()
        phone.set(latency_ms=200)
        assert drain(portal.app).accepted == 8
        assert {message.lapses for message in portal.messages()} == {0}
        assert len(phone.ledger()) == 8
        portal.db.session.remove()
        portal.db.engine.dispose()


def test_a_message_carries_the_address_of_its_own_receipts(sending: Portal, phone: PhoneServer) -> None:
    """Design: a receipt alone proves acceptance, and none can come too early."""
    sent: list[str | None] = []

    class Noting(_TooFew):
        kind, label = "noting", "Noting"

        def send(self, messages: Sequence[Outgoing]) -> Sequence[Verdict]:
            sent.extend(message.receipt_url for message in messages)
            return [accepted()] * len(messages)

    _use_own(sending, Noting)
    message = sending.queue()
    drain(sending.app)
    token = sending.provider("own").token
    assert sent == [f"https://portal.example.com/sms/receipts/{token}/{message}"]
