"""Moments and ids read the same on every database, and sort as they should."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import StatementError

from sms_plugin.models import Runner, database_now, first_id, new_id
from tests.portal import Portal

NOW = dt.datetime(2026, 11, 21, 12, 0, 0, 123457, tzinfo=dt.UTC)


def _kept(portal: Portal, moment: dt.datetime) -> dt.datetime:
    with portal.fresh() as session, session.begin():
        session.add(Runner(id=new_id(NOW), kind="worker", host="h", pid=1, started_at=moment, seen_at=moment))
    with portal.fresh() as session:
        return session.scalars(sa.select(Runner.seen_at)).one()


def test_a_moment_keeps_its_microseconds_and_comes_back_in_utc(portal: Portal) -> None:
    kyiv = NOW.astimezone(dt.timezone(dt.timedelta(hours=2)))
    found = _kept(portal, kyiv)
    assert found == NOW
    assert found.tzinfo is dt.UTC


def test_a_naive_moment_is_refused(portal: Portal) -> None:
    with pytest.raises(StatementError, match="needs a timezone"):
        _kept(portal, NOW.replace(tzinfo=None))


def test_the_databases_clock_is_aware_and_runs(portal: Portal) -> None:
    with portal.fresh() as session:
        first, second = database_now(session), database_now(session)
    assert first.tzinfo is dt.UTC
    assert first <= second


def test_ids_sort_by_their_moment_and_never_collide() -> None:
    """RFC 9562, version 7."""
    ids = [new_id(NOW + dt.timedelta(microseconds=number)) for number in range(3000)]
    assert ids == sorted(ids)
    assert {(id.version, id.variant) for id in ids} == {(7, "specified in RFC 4122")}
    assert len({new_id(NOW) for _ in range(1000)}) == 1000


def test_ids_of_one_moment_sort_by_when_they_were_made() -> None:
    """What a run finds first goes first, as a forecast says it (X4)."""
    ids = [new_id(NOW) for _ in range(1000)]
    assert sum(one > other for one, other in pairwise(ids)) <= 1, "but where the count begins anew"


def test_no_id_of_a_moment_or_later_is_smaller_than_its_first() -> None:
    first = first_id(NOW)
    assert first <= min(new_id(NOW) for _ in range(100))
    assert new_id(NOW - dt.timedelta(microseconds=1)) < first
