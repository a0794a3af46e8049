"""A provider that cannot be reached for a while: nothing is lost, nothing pays for it, all goes in its turn (X9)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest
import sqlalchemy as sa

from sms_plugin.gateways.contract import About, Verdict, accepted, refused, unknown
from sms_plugin.jobs.flush import Flushed
from sms_plugin.models import Attempt, Provider
from sms_plugin.outbox.claim import claim
from sms_plugin.providers.active import add, find
from sms_plugin.providers.breaker import OPENS_AFTER
from sms_plugin.providers.upkeep import stand_by
from sms_plugin.states import MessageState
from sms_plugin.testing import drain
from sms_plugin.testing.phone_server import PhoneServer
from tests.outbox.steps import LEASE, UNKNOWN, now, provider, send_off, settle_with
from tests.portal import Portal, make_portal

MINUTE = dt.timedelta(minutes=1)
DOWN = refused("no_connection", about=About.PROVIDER, for_good=False)


@contextmanager
def _back(phone: PhoneServer) -> Iterator[PhoneServer]:
    """The provider again, at the address where it was."""
    with PhoneServer(port=phone.port, token=phone.token, receipt_secret=phone.receipt_secret) as back:
        yield back


def _probe_due(portal: Portal) -> None:
    with portal.fresh() as session, session.begin():
        session.execute(sa.update(Provider).where(Provider.open_since.is_not(None)).values(probe_at=now()))


def _queue(portal: Portal, count: int) -> list[UUID]:
    """Due one after the other, the first the longest ago; written the other way round."""
    due = now()
    return list(reversed([portal.queue(due_at=due - number * MINUTE) for number in range(count)]))


def _attempts(portal: Portal) -> int:
    with portal.fresh() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Attempt)) or 0


def _probed(portal: Portal) -> Flushed:
    _probe_due(portal)
    return drain(portal.app)


def test_what_fails_by_an_outage_keeps_its_turn_and_its_attempts(sending: Portal, phone: PhoneServer) -> None:
    messages = _queue(sending, 30)
    due = {each: sending.message(each).due_at for each in messages}
    phone.stop()
    done = drain(sending.app)
    assert done.closed == "outage"
    assert done.closed_until is not None
    assert done.departed < len(messages)  # those that were under way when it opened, and no more
    found = [sending.message(each) for each in messages]
    assert {each.state for each in found} == {MessageState.QUEUED}
    assert {each.attempts for each in found} == {0}
    assert {each.id: each.due_at for each in found} == due


def test_one_message_alone_opens_it(sending: Portal, phone: PhoneServer) -> None:
    message = sending.queue()
    phone.stop()
    assert drain(sending.app).closed == "outage"
    assert len(sending.attempts(message)) == OPENS_AFTER


def test_while_it_is_open_one_message_tries_and_then_waits_longer(sending: Portal, phone: PhoneServer) -> None:
    messages = _queue(sending, 30)
    phone.stop()
    drain(sending.app)
    assert drain(sending.app).departed == 0
    before, first = _attempts(sending), len(sending.attempts(messages[0]))
    assert _probed(sending).closed == "outage"
    assert _attempts(sending) == before + 1
    assert len(sending.attempts(messages[0])) == first + 1  # the one that is due first
    assert drain(sending.app).departed == 0


@pytest.fixture
def in_turn(database_url: str, phone: PhoneServer) -> Iterator[Portal]:
    """A portal of one thread: what arrives first went first."""
    made = make_portal(database_url, SMS_THREADS=1)
    with made.app.app_context():
        made.use(phone)
        yield made
        made.db.session.remove()
        made.db.engine.dispose()


def test_the_first_success_lets_all_go_in_the_order_of_their_turn(in_turn: Portal, phone: PhoneServer) -> None:
    messages = _queue(in_turn, 120)
    phone.stop()
    drain(in_turn.app)
    with _back(phone) as back:
        done = _probed(in_turn)
        assert (done.closed, done.accepted) == ("", 120)
        assert [line["id"] for line in back.ledger()] == [str(each) for each in messages]
    assert (in_turn.provider().open_since, in_turn.provider().failures) == (None, 0)


def test_what_waited_goes_at_the_rate(sending: Portal, phone: PhoneServer) -> None:
    with sending.fresh() as session, session.begin():
        session.execute(sa.update(Provider).values(rate_count=50, rate_seconds=1))
    _queue(sending, 40)
    phone.stop()
    drain(sending.app)
    with _back(phone) as back:
        assert _probed(sending).accepted == 40
        arrivals = sorted(float(line["at"]) for line in back.ledger())
    assert arrivals[-1] - arrivals[1] >= 38 / 51  # the first was the probe


def test_a_process_that_has_the_probe_is_the_only_one(sending: Portal, phone: PhoneServer) -> None:
    _queue(sending, 5)
    phone.stop()
    drain(sending.app)
    _probe_due(sending)
    moment = now() + MINUTE / 60
    got = []
    for _ in range(2):
        with sending.fresh() as session, session.begin():
            got.append(
                claim(
                    session,
                    state=sending.state,
                    provider_id=provider(sending),
                    want=100,
                    now=moment,
                    lease=LEASE,
                    probe=True,
                )
            )
    assert [len(each.messages) for each in got] == [1, 0]
    assert not got[1].dry


@pytest.fixture
def spare() -> Iterator[PhoneServer]:
    """The provider that stands by."""
    with PhoneServer() as server:
        yield server


def _stands_by(portal: Portal, spare: PhoneServer) -> None:
    given = {"base_url": spare.url, "token": spare.token, "receipt_secret": spare.receipt_secret}
    with portal.fresh() as session, session.begin():
        add(session, state=portal.state, name="spare", kind="phone", given=given, who="test", now=now())
        stand_by(session, find(session, "spare"), who="test", now=now())


def test_without_a_standby_that_was_set_only_the_active_one_sends(
    sending: Portal, phone: PhoneServer, spare: PhoneServer
) -> None:
    """P13, X9: off by default."""
    _stands_by(sending, spare)
    with sending.fresh() as session, session.begin():
        session.execute(sa.update(Provider).values(standby=None))
    _queue(sending, 5)
    phone.stop()
    assert drain(sending.app).closed == "outage"
    assert spare.ledger() == []


def test_the_standby_sends_what_the_active_one_surely_did_not_take(
    sending: Portal, phone: PhoneServer, spare: PhoneServer
) -> None:
    _stands_by(sending, spare)
    messages = _queue(sending, 20)
    phone.stop()
    assert drain(sending.app).accepted == 20
    assert sorted(str(line["id"]) for line in spare.ledger()) == sorted(map(str, messages))
    with sending.fresh() as session:
        stands_by = find(session, "spare").id
    assert {sending.message(each).provider_id for each in messages} == {stands_by}


def test_while_the_standby_sends_the_active_one_is_tried_and_takes_over_again(
    sending: Portal, phone: PhoneServer, spare: PhoneServer
) -> None:
    _stands_by(sending, spare)
    _queue(sending, 5)
    phone.stop()
    drain(sending.app)
    assert len(spare.ledger()) == 5
    with _back(phone) as back:
        _queue(sending, 5)
        assert _probed(sending).accepted == 5
        assert len(back.ledger()) + len(spare.ledger()) == 10
        assert len(back.ledger()) >= 1
        sending.queue()
        drain(sending.app)
        assert len(back.ledger()) + len(spare.ledger()) == 11
        assert sending.provider().open_since is None
        before = len(back.ledger())
        sending.queue()
        drain(sending.app)
        assert len(back.ledger()) == before + 1


@pytest.mark.parametrize("fate", [UNKNOWN, unknown("reset"), accepted("P1")])
def test_the_standby_gets_nothing_that_the_active_one_may_have_taken(
    sending: Portal, phone: PhoneServer, spare: PhoneServer, fate: Verdict
) -> None:
    """X2: not even where a person or a policy wants it sent again; the active one gets it, who may know it."""
    _stands_by(sending, spare)
    message = sending.queue()
    settle_with(sending, send_off(sending, message), fate)
    with sending.fresh() as session, session.begin():
        session.execute(sa.text("UPDATE sms_message SET state = 'queued'"))
    sure = sending.queue()
    with sending.fresh() as session, session.begin():
        opened = {"failures": OPENS_AFTER, "open_since": now(), "probe_at": now() + MINUTE}
        session.execute(sa.update(Provider).where(Provider.active == 1).values(**opened))
    assert drain(sending.app).accepted == 1
    assert [line["id"] for line in spare.ledger()] == [str(sure)]
    assert sending.message(message).state == MessageState.QUEUED
    drained = _probed(sending)
    assert drained.accepted == 1
    assert [line["id"] for line in phone.ledger()] == [str(message)]


def test_what_is_refused_for_the_account_keeps_its_turn_too(sending: Portal) -> None:
    """P21."""
    message = sending.queue(due_at=now() - MINUTE)
    due = sending.message(message).due_at
    settle_with(sending, send_off(sending, message), refused("no_credit", about=About.ACCOUNT))
    assert sending.message(message).due_at == due


def test_an_outage_does_not_use_up_attempts(sending: Portal) -> None:
    message = sending.queue()
    for _ in range(sending.state.settings.attempts + 2):
        settle_with(sending, send_off(sending, message), DOWN)
    found = sending.message(message)
    assert (found.state, found.reason, found.attempts) == (MessageState.QUEUED, "no_connection", 0)
