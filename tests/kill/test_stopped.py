"""Promise 3: a process that sleeps past its lease, while others take over, sends nothing twice when it wakes."""

from __future__ import annotations

import datetime as dt
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from sms_plugin.jobs.due import run_job
from sms_plugin.models import Attempt, Lease, database_now
from sms_plugin.outbox.decisions import release
from sms_plugin.outbox.tallies import counts_by_state
from sms_plugin.states import MessageState
from sms_plugin.testing import drain
from sms_plugin.testing.phone_network import Mode
from sms_plugin.testing.phone_server import PhoneServer
from sms_plugin.transactions import within
from tests.kill.victim import Point
from tests.kill.victims import Victims
from tests.portal import Portal

pytestmark = pytest.mark.slow

QUEUED = 8
#: Nothing may lean on the period: what happens after the process woke, it does by itself.
PATIENT = {"SMS_FLUSH_EVERY": 3600}
#: Times so short that they can be slept through, in seconds: of a lease, and of an attempt.
SHORT_LEASE = {**PATIENT, "SMS_LEASE": 0.5}
PAST_LEASE = 0.8
SHORT_ATTEMPT = {**SHORT_LEASE, "SMS_CONNECT_TIMEOUT": 0.05, "SMS_READ_TIMEOUT": 1, "MARGIN": 0.4}
PAST_ATTEMPT = 1.8


@pytest.fixture
def sleeping(killed_portal: Portal, phone: PhoneServer) -> Portal:
    """The portal with its provider and eight messages that are due."""
    killed_portal.use(phone)
    for _ in range(QUEUED):
        killed_portal.queue()
    return killed_portal


def _until(what: Callable[[], object]) -> None:
    while not what():
        time.sleep(0.01)


def _write(portal: Portal, statement: Any) -> None:
    within(portal.state, lambda session: session.execute(statement))


def _take_over(portal: Portal) -> None:
    """What another process does: its jobs, then a flush."""
    run_job(portal.state, "lapse", now=True)
    drain(portal.app)


def _count(portal: Portal, state: MessageState) -> int:
    return within(portal.state, counts_by_state)[state.value]


def _sent_by_the_woken(portal: Portal) -> None:
    """The process that woke sends what is new: by then it is done with what it held."""
    later = portal.queue(text="Later")
    _until(lambda: portal.message(later).state == MessageState.SENT)


def _let_go_again(portal: Portal, messages: list[UUID]) -> None:
    """A person takes the risk that they arrive twice."""
    for each in messages:
        within(
            portal.state,
            lambda session, each=each: release(  # type: ignore[misc]
                session, each, state=portal.state, who="Rita", now=database_now(session)
            ),
        )


def _submissions(phone: PhoneServer) -> Counter[str]:
    return Counter(line["id"] for line in phone.ledger())


@pytest.mark.parametrize("by", ["the clock", "the table"])
def test_a_claim_that_was_slept_through_is_sent_by_another_and_not_again(
    by: str, victims: Victims, sleeping: Portal, database_url: str, phone: PhoneServer
) -> None:
    """Past its lease by its own clock too, or believing that the lease still holds."""
    victims.run(Point.CLAIMED, database_url, freeze=True, **(SHORT_LEASE if by == "the clock" else PATIENT))
    victim = victims.frozen()
    if by == "the clock":
        time.sleep(PAST_LEASE)
    else:
        past = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1)
        _write(sleeping, sa.update(Lease).values(until=past))
    _take_over(sleeping)
    assert len(phone.ledger()) == QUEUED
    os.kill(victim, signal.SIGCONT)
    _sent_by_the_woken(sleeping)
    victims.end(victim)
    assert set(_submissions(phone).values()) == {1}
    assert _count(sleeping, MessageState.SENT) == QUEUED + 1
    with sleeping.fresh() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Attempt)) == QUEUED + 1


def test_asleep_inside_its_departure_it_keeps_what_it_took_and_nobody_else_sends_that(
    victims: Victims, sleeping: Portal, database_url: str, phone: PhoneServer
) -> None:
    """The database holds its rows, whatever the lease says. On PostgreSQL others pass them by and go on; with SQLite it
    holds everything, and MariaDB's searches stop at rows that somebody holds: there they wait, and do not fail.
    """
    victims.run(Point.DEPARTING, database_url, freeze=True, **SHORT_LEASE)
    victim = victims.frozen()
    time.sleep(PAST_LEASE)
    passed_by = sleeping.db.engine.dialect.name == "postgresql"
    if not passed_by:
        threading.Timer(0.5, os.kill, (victim, signal.SIGCONT)).start()
    another = sleeping.queue(text="Another")
    _take_over(sleeping)
    if passed_by:
        assert sleeping.message(another).state == MessageState.SENT
        os.kill(victim, signal.SIGCONT)
    _until(lambda: _count(sleeping, MessageState.SENT) == QUEUED + 1)
    victims.end(victim)
    assert _submissions(phone) == Counter(str(message.id) for message in sleeping.messages())


def test_departed_and_asleep_past_its_time_it_does_not_set_out(
    victims: Victims, sleeping: Portal, database_url: str, phone: PhoneServer
) -> None:
    """A person let the messages go again meanwhile, and another process sent them."""
    victims.run(Point.DEPARTED, database_url, freeze=True, **SHORT_ATTEMPT)
    victim = victims.frozen()
    departed = [message.id for message in sleeping.messages() if message.state == MessageState.SENDING]
    assert departed
    time.sleep(PAST_ATTEMPT)
    _take_over(sleeping)
    assert {sleeping.message(each).state for each in departed} == {MessageState.UNKNOWN}
    _let_go_again(sleeping, departed)
    _take_over(sleeping)
    os.kill(victim, signal.SIGCONT)
    _sent_by_the_woken(sleeping)
    victims.end(victim)
    assert set(_submissions(phone).values()) == {1}
    assert _count(sleeping, MessageState.SENT) == QUEUED + 1


def test_a_verdict_that_comes_late_stands_on_its_own_attempt_and_moves_nothing_newer(
    victims: Victims, sleeping: Portal, database_url: str, phone: PhoneServer
) -> None:
    phone.set(mode=Mode.GARBAGE)
    victims.run(Point.ANSWERED, database_url, freeze=True, ANSWERS=QUEUED, **PATIENT)
    victim = victims.frozen()
    phone.set(mode=Mode.ACCEPT)
    departed = [message.id for message in sleeping.messages() if message.state == MessageState.SENDING]
    assert departed
    first = {each: [attempt.id for attempt in sleeping.attempts(each)] for each in departed}
    past = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1)
    _write(sleeping, sa.update(Attempt).where(Attempt.verdict.is_(None)).values(until=past))
    _write(sleeping, sa.update(Lease).values(until=past))
    _take_over(sleeping)
    _let_go_again(sleeping, departed)
    _take_over(sleeping)
    assert {sleeping.message(each).state for each in departed} == {MessageState.SENT}
    os.kill(victim, signal.SIGCONT)
    _sent_by_the_woken(sleeping)
    victims.end(victim)
    for each in departed:
        message, (old, new) = sleeping.message(each), sleeping.attempts(each)
        assert [old.id] == first[each]
        assert (old.verdict, old.reason) == ("unknown", "garbled")
        assert new.verdict == "accepted"
        assert (message.state, message.attempt_id) == (MessageState.SENT, new.id)
