"""A flush's claim on SQLite: it asks whether each message may go without the only write lock there is (design §7)."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from sms_plugin.jobs.claiming import Claiming, Got
from sms_plugin.models import Lease
from sms_plugin.models.clock import CarriedClock
from sms_plugin.outbox.moving import move
from sms_plugin.people.consent import opt_out
from sms_plugin.states import MessageState
from sms_plugin.testing.phone_server import PhoneServer
from sms_plugin.transactions import Hurried, step
from tests.outbox.steps import now
from tests.portal import Portal

pytestmark = pytest.mark.one_database("sqlite", "about its one lock for all who write")

#: What a claim asks once it has its leases, before anything else.
_READ_BACK, _ASKED = "SELECT sms_lease.message_id", "FROM sms_optout"


@pytest.fixture
def sending(portal: Portal, phone: PhoneServer) -> Portal:
    """The portal, with the phone gateway active."""
    portal.use(phone)
    return portal


@pytest.fixture
def claim(sending: Portal) -> Iterator[Callable[[], Got]]:
    """One claim as the flush makes it."""
    hurried = Hurried(sending.state)
    claiming = Claiming(sending.state, CarriedClock(), hurried)
    yield lambda: claiming.claim(lead=dt.timedelta(), want=10)
    hurried.close()


def _at(portal: Portal, words: str, act: Callable[[], None], *, times: int = 1) -> None:
    """Do something just before a statement with these words, the first times that there is one."""
    left = [None] * times

    def before(_connection: object, _cursor: object, text: str, *_rest: object) -> None:
        if words in text and left:
            left.pop()
            act()

    sa.event.listen(portal.db.engine, "before_cursor_execute", before)


def _leases(portal: Portal) -> int:
    with portal.fresh() as session:
        return session.scalars(sa.select(sa.func.count()).select_from(Lease)).one()


def test_the_host_can_write_while_a_claim_asks(sending: Portal, claim: Callable[[], Got]) -> None:
    message = sending.queue()
    file = str(sending.db.engine.url.database)

    def write() -> None:
        with closing(sqlite3.connect(file, timeout=0, isolation_level=None)) as host:
            host.execute("INSERT INTO client (name) VALUES ('Rui')")

    _at(sending, _ASKED, write)
    assert [each.id for each in claim().claim.messages] == [message]
    with sending.fresh() as session:
        assert session.scalar(sa.text("SELECT count(*) FROM client WHERE name = 'Rui'")) == 1


def test_whatever_the_hosts_transactions_begin_with(sending: Portal, claim: Callable[[], Got]) -> None:
    """`flask sms check` names this remedy: each of the host's transactions begins with the lock."""
    engine = sending.db.engine

    @sa.event.listens_for(engine, "connect")
    def by_hand(driver: Any, record: object) -> None:
        driver.isolation_level = None

    @sa.event.listens_for(engine, "begin")
    def immediately(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    engine.dispose()
    test_the_host_can_write_while_a_claim_asks(sending, claim)
    assert _leases(sending) == 1


def test_what_may_not_go_is_moved_all_the_same(sending: Portal, claim: Callable[[], Got]) -> None:
    refused, fine = sending.queue(number="+351910000001"), sending.queue()
    with step(sending.state) as session:
        opt_out(session, "+351910000001", source="test", now=now())
    got = claim()
    assert [each.id for each in got.claim.messages] == [fine]
    assert got.claim.looked_at == 2
    assert (sending.message(refused).state, sending.message(refused).reason) == ("suppressed", "opted_out")
    assert _leases(sending) == 1


@pytest.mark.parametrize("words", [_READ_BACK, _ASKED])
def test_what_a_person_cancels_meanwhile_does_not_go(sending: Portal, claim: Callable[[], Got], words: str) -> None:
    """Before it is read back, it is not claimed at all; later, its lease is gone when it is to depart (test_depart)."""
    message = sending.queue()
    _at(sending, words, lambda: _cancel(sending, message))
    got = claim()
    assert [each.id for each in got.claim.messages] == ([] if words == _READ_BACK else [message])
    assert not got.claim.dry, "there may be more"
    assert sending.message(message).state == MessageState.CANCELLED
    assert _leases(sending) == 0


def _cancel(portal: Portal, message: UUID) -> None:
    with portal.fresh() as session, session.begin():
        move(session, [message], MessageState.CANCELLED, reason="by_hand", now=now())


def test_where_it_cannot_ask_its_leases_end(sending: Portal, claim: Callable[[], Got]) -> None:
    """Otherwise the messages would wait for a minute, though the database is there again."""
    message = sending.queue()

    def away() -> None:
        raise OperationalError("SELECT", {}, Exception("away"), connection_invalidated=True)

    _at(sending, _ASKED, away, times=5)
    with pytest.raises(OperationalError):
        claim()
    assert _leases(sending) == 0
    assert [each.id for each in claim().claim.messages] == [message]


def test_under_a_rate_or_a_budget_all_of_it_is_one_step(sending: Portal, claim: Callable[[], Got]) -> None:
    """There is something to write each time: to begin twice would cost more than it saves."""
    with sending.fresh() as session, session.begin():
        session.execute(sa.text("UPDATE sms_provider SET rate_count = 50, rate_seconds = 1"))
    message = sending.queue()
    begun: list[None] = []
    _at(sending, "BEGIN IMMEDIATE", lambda: begun.append(None), times=9)
    assert [each.id for each in claim().claim.messages] == [message]
    assert len(begun) == 1
