"""Why nothing goes, told before anybody looks for it in the single messages (P13, P21)."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

from sms_plugin.gateways.contract import About, refused
from sms_plugin.models import Runner
from sms_plugin.outbox.obstacles import ALIVE, Obstacle, obstacles, worries
from sms_plugin.providers.active import add, pause, stop
from sms_plugin.providers.breaker import FIRST_WAIT, OPENS_AFTER, note
from sms_plugin.providers.upkeep import stand_by
from tests.outbox.steps import now, provider
from tests.portal import Portal


def _obstacles(portal: Portal) -> dict[str, Obstacle]:
    with portal.fresh() as session:
        return {obstacle.code: obstacle for obstacle in obstacles(session, now=now())}


def _seen(portal: Portal, *, ago: dt.timedelta) -> None:
    with portal.fresh() as session, session.begin():
        session.add(Runner(id=uuid4(), kind="worker", host="here", pid=1, started_at=now() - ago, seen_at=now() - ago))


def test_without_a_provider_and_a_runner_both_are_told(portal: Portal) -> None:
    assert list(_obstacles(portal)) == ["no_provider", "no_runner"]


def test_where_all_is_well_nothing_is_told(sending: Portal) -> None:
    _seen(sending, ago=dt.timedelta())
    assert _obstacles(sending) == {}


def test_a_runner_that_was_not_seen_lately_is_none(sending: Portal) -> None:
    _seen(sending, ago=2 * ALIVE)
    found = _obstacles(sending)["no_runner"]
    assert found.since is not None


def test_a_stopped_provider_is_told_with_its_reason(sending: Portal) -> None:
    with sending.fresh() as session, session.begin():
        stop(session, provider(sending), reason="bad_credentials", detail="who?", now=now())
    found = _obstacles(sending)["provider_stopped"]
    assert (found.provider, found.reason, found.detail) == ("phone", "bad_credentials", "who?")


def test_an_outage_is_told_with_the_next_try(sending: Portal) -> None:
    """X9."""
    since = _out(sending)
    found = _obstacles(sending)["provider_outage"]
    assert (found.provider, found.since, found.until) == ("phone", since, since + FIRST_WAIT)


def test_a_standby_that_sends_is_no_obstacle_and_is_told(sending: Portal) -> None:
    """X9."""
    with sending.fresh() as session, session.begin():
        spare = add(session, state=sending.state, name="spare", kind="phone", given={}, who="test", now=now())
        stand_by(session, spare, who="test", now=now())
    with sending.fresh() as session:
        assert worries(session, settings=sending.state.settings, now=now()) == ()
    since = _out(sending)
    assert "provider_outage" not in _obstacles(sending)
    with sending.fresh() as session:
        (found,) = worries(session, settings=sending.state.settings, now=now())
    assert found == Obstacle(code="standby_sends", provider="phone", detail="spare", since=since)


def _out(portal: Portal) -> dt.datetime:
    """The active provider cannot be reached from now on."""
    since = now().replace(microsecond=0)
    down = refused("no_connection", about=About.PROVIDER, for_good=False)
    with portal.fresh() as session, session.begin():
        note(session, provider(portal), [down] * OPENS_AFTER, now=since)
    return since


def test_a_pause_is_told_until_it_is_over(sending: Portal) -> None:
    until = (now() + dt.timedelta(minutes=5)).replace(microsecond=0)
    with sending.fresh() as session, session.begin():
        pause(session, provider(sending), until=until)
    assert _obstacles(sending)["provider_paused"].until == until
    with sending.fresh() as session:
        assert "provider_paused" not in {each.code for each in obstacles(session, now=until)}
