"""P18: N messages in any S seconds, evenly spaced, whoever sends them."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.jobs.runner import flush_of
from sms_plugin.models import Lease, Pace, Provider, database_now
from sms_plugin.outbox.claim import Claim, claim
from sms_plugin.providers.rate import GATHER, HORIZON, Slots, free, reserve, spacing
from sms_plugin.testing.phone_server import PhoneServer
from tests.portal import Portal

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
APART = dt.timedelta(milliseconds=203)  #: ten in two seconds, and what requests are late by


@pytest.fixture
def rated(portal: Portal, phone: PhoneServer) -> Portal:
    """A portal whose provider takes ten messages in two seconds."""
    portal.use(phone)
    _rate(portal, 10, 2)
    return portal


def _rate(portal: Portal, count: int | None, seconds: int | None) -> None:
    with portal.fresh() as session, session.begin():
        session.execute(sa.update(Provider).values(rate_count=count, rate_seconds=seconds))


def _reserve(portal: Portal, want: int, *, at: dt.datetime = NOW) -> Slots:
    with portal.fresh() as session, session.begin():
        return reserve(session, portal.provider().id, want=want, now=at)


def test_without_a_rate_all_may_go_now(rated: Portal) -> None:
    _rate(rated, None, None)
    slots = _reserve(rated, 3)
    assert (slots.times, slots.apart, slots.again_at) == ((NOW,) * 3, dt.timedelta(), None)


def test_slots_are_evenly_spaced(rated: Portal) -> None:
    times = _reserve(rated, 4).times
    assert times == tuple(NOW + number * APART for number in range(4))


def test_no_slot_is_granted_far_ahead(rated: Portal) -> None:
    """A process that dies takes few of them along."""
    slots = _reserve(rated, 100)
    assert max(slots.times) <= NOW + HORIZON
    assert slots.again_at is not None
    assert len(slots.times) == 5


def test_the_next_one_who_asks_gets_the_next_slots(rated: Portal) -> None:
    """X16: one row grants them all."""
    first, second = _reserve(rated, 3).times, _reserve(rated, 3).times
    assert second[0] - first[-1] == APART


def test_slots_that_nobody_wanted_are_not_saved_up(rated: Portal) -> None:
    _reserve(rated, 2)
    later = NOW + dt.timedelta(minutes=1)
    assert _reserve(rated, 2, at=later).times == (later, later + APART)


def test_the_first_slots_leave_time_to_depart(rated: Portal) -> None:
    """Else the first request of a run is late, and crowds those that come after it."""
    lead = dt.timedelta(milliseconds=50)
    with rated.fresh() as session, session.begin():
        first = reserve(session, rated.provider().id, want=2, now=NOW, lead=lead)
        second = reserve(session, rated.provider().id, want=1, now=NOW, lead=lead)
    assert [*first.times, *second.times] == [NOW + lead, NOW + lead + APART, NOW + lead + 2 * APART]


def test_what_is_free_is_told_without_a_lock(rated: Portal) -> None:
    """While another process holds the pace: whoever only looks must not wait for it."""
    provider = rated.provider().id
    _reserve(rated, 3)
    with rated.fresh() as holding, holding.begin():
        if rated.db.engine.dialect.name != "sqlite":  # where a look never waits
            holding.execute(sa.select(Pace).with_for_update())
        with rated.fresh() as session, session.begin():
            some, none = (free(session, provider, want=100, now=at) for at in (NOW, NOW - dt.timedelta(seconds=2)))
    assert (some.count, some.again_at) == (2, None)
    assert (none.count, none.again_at) == (0, NOW - dt.timedelta(seconds=2) + APART + GATHER)


def test_nothing_is_leased_that_has_no_slot(rated: Portal, phone: PhoneServer) -> None:
    """Other processes may have one for it."""
    for _ in range(9):
        rated.queue()
    with rated.fresh() as session, session.begin():
        now = database_now(session)
        got = [_claim(session, rated, now=now) for _ in range(2)]
        leases = session.scalar(sa.select(sa.func.count()).select_from(Lease))
    assert [len(each.messages) for each in got] == [5, 0]
    assert leases == 5
    assert not got[1].dry


def _claim(session: Session, portal: Portal, *, now: dt.datetime) -> Claim:
    lease = dt.timedelta(minutes=1)
    provider = session.scalars(sa.select(Provider.id)).one()
    return claim(session, state=portal.state, provider_id=provider, want=50, now=now, lease=lease)


@pytest.mark.parametrize(("count", "seconds"), [(3, 1), (7, 1), (5, 5), (1, 60), (999, 7)])
def test_no_window_holds_one_too_many(count: int, seconds: int) -> None:
    """Rounding down by a microsecond would let N + 1 into S seconds."""
    assert spacing(count, seconds) * count >= dt.timedelta(seconds=seconds)


def test_two_flushes_share_the_rate_at_the_gateway(rated: Portal, phone: PhoneServer) -> None:
    """Each grant carries its send time; what counts is when requests arrive."""
    for _ in range(16):
        rated.queue()
    flushes = [flush_of(rated.state), flush_of(rated.state)]

    def work(number: int) -> None:
        with rated.app.app_context():
            flushes[number].run(threading.Event())

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for flush in flushes:
        flush.close()
    at = sorted(float(str(line["at"])) for line in phone.ledger())
    assert len({line["id"] for line in phone.ledger()}) == 16
    # the rate itself: sixteen evenly spaced messages take fifteen spaces, less what a busy machine lets the first wait
    assert at[-1] - at[0] >= 15 * 0.2 - 0.5
