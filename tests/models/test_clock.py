"""The database's clock, which every process shares."""

from __future__ import annotations

import datetime as dt
import time

import pytest
import sqlalchemy as sa

from sms_plugin.models import clock
from sms_plugin.models.clock import CarriedClock, connection_now
from tests.portal import Portal


def test_the_database_says_utc(portal: Portal) -> None:
    with portal.db.engine.connect() as connection:
        said = connection_now(connection)
    assert abs(said - dt.datetime.now(dt.UTC)) < dt.timedelta(seconds=30)
    assert said.utcoffset() == dt.timedelta()


def test_a_connection_in_another_timezone_is_told_the_same_moment(portal: Portal) -> None:
    """X3: a local hour comes twice in autumn."""
    zone = {"postgresql": "SET TIME ZONE 'Asia/Tokyo'", "mysql": "SET time_zone = '+09:00'"}
    with portal.db.engine.connect() as connection:
        before = connection_now(connection)
        statement = zone.get(connection.dialect.name)
        if statement is not None:
            connection.exec_driver_sql(statement)
        assert abs(connection_now(connection) - before) < dt.timedelta(seconds=30)
        connection.invalidate()


def test_a_carried_clock_asks_now_and_then_only(portal: Portal) -> None:
    asked: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        asked.append(statement)

    carried = CarriedClock()
    with portal.fresh() as session:
        first = carried.now(session)
        sa.event.listen(portal.db.engine, "before_cursor_execute", note)
        later = [carried.now(session) for _ in range(3)]
        sa.event.remove(portal.db.engine, "before_cursor_execute", note)
    assert asked == []
    assert later == sorted(later)
    assert later[0] >= first


def test_a_carried_clock_is_set_again_once_it_is_old(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    carried = CarriedClock()
    with portal.fresh() as session:
        first = carried.now(session)
        asleep = time.monotonic() + clock.ASK_EVERY + 1
        monkeypatch.setattr(time, "monotonic", lambda: asleep)
        # the steady clock says that seconds went by; the database knows that they did not
        assert carried.now(session) - first < dt.timedelta(seconds=clock.ASK_EVERY)


def _late(monkeypatch: pytest.MonkeyPatch, *, seconds: float) -> None:
    """From now on the database's answers are so long on their way."""

    def late(connection: sa.Connection) -> dt.datetime:
        said = connection_now(connection)
        time.sleep(seconds)
        return said

    monkeypatch.setattr(clock, "connection_now", late)


def test_an_answer_that_was_long_on_its_way_does_not_put_a_carried_clock_back(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P18: the send times of one process would be late for seconds, and crowd those of the others."""
    monkeypatch.setattr(clock, "ASK_EVERY", -1.0)
    carried = CarriedClock()
    with portal.fresh() as session:
        carried.now(session)
        _late(monkeypatch, seconds=0.2)
        now = carried.now(session)
        assert now > connection_now(session.connection()) - dt.timedelta(seconds=0.1)


def test_a_first_answer_that_was_long_on_its_way_is_asked_for_again(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "ASK_AGAIN", -1.0)
    carried = CarriedClock()
    with portal.fresh() as session, monkeypatch.context() as patched:
        _late(patched, seconds=0.4)
        carried.now(session)
        patched.undo()
        now = carried.now(session)
        assert now > connection_now(session.connection()) - dt.timedelta(seconds=0.1)
