"""The circuit breaker's state, moment by moment, and who stands by (X9)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from sms_plugin.errors import SmsError
from sms_plugin.gateways.contract import About, Verdict, accepted, refused, unknown
from sms_plugin.models import Provider
from sms_plugin.providers.active import activate, add, change, find, resume, stop
from sms_plugin.providers.breaker import (
    FIRST_WAIT,
    LONGEST_WAIT,
    OPENS_AFTER,
    PROBE_MARGIN,
    Circuit,
    Noted,
    circuit_of,
    note,
    take_probe,
)
from sms_plugin.providers.judgement import judge
from sms_plugin.providers.lines import Line, line
from sms_plugin.providers.upkeep import is_used, remove, stand_by, stand_down
from tests.portal import Portal

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)
DOWN = refused("no_connection", about=About.PROVIDER, for_good=False)
BAD_NUMBER = refused("bad_number", about=About.RECIPIENT)
UNKNOWN = unknown("timeout")


def _add(portal: Portal, name: str, *, active: bool = False) -> None:
    with portal.fresh() as session, session.begin():
        saved = add(session, state=portal.state, name=name, kind="phone", given={}, who="Rita", now=NOW)
        if active:
            activate(session, saved, who="Rita", now=NOW)


@pytest.fixture
def one(portal: Portal) -> Portal:
    _add(portal, "one", active=True)
    return portal


@pytest.fixture
def two(one: Portal) -> Portal:
    """The second one stands by."""
    _add(one, "two")
    _do(one, "two", stand_by)
    return one


def _do(portal: Portal, name: str, what: Callable[..., object]) -> None:
    with portal.fresh() as session, session.begin():
        what(session, find(session, name), who="Rita", now=NOW)


def _note(portal: Portal, *verdicts: Verdict, at: dt.datetime = NOW, name: str = "one") -> Noted:
    with portal.fresh() as session, session.begin():
        return note(session, find(session, name).id, verdicts, now=at)


def _line(portal: Portal, *, at: dt.datetime = NOW) -> Line:
    with portal.fresh() as session:
        found = line(session, state=portal.state, now=at)
    assert found is not None
    return found


def _circuit(portal: Portal, *, at: dt.datetime = NOW, name: str = "one") -> Circuit:
    return circuit_of(portal.provider(name), now=at)


def _probe_in(portal: Portal) -> dt.timedelta:
    at = portal.provider("one").probe_at
    assert at is not None
    return at - NOW


def test_it_opens_after_a_few_failures_in_a_row(one: Portal) -> None:
    for _ in range(OPENS_AFTER - 1):
        assert not _note(one, DOWN).is_open
        assert _circuit(one) is Circuit.CLOSED
    assert _note(one, DOWN).is_open
    assert (_circuit(one), _probe_in(one)) == (Circuit.OPEN, FIRST_WAIT)
    assert (_line(one).closed, _line(one).closed_until) == ("outage", NOW + FIRST_WAIT)


def test_an_acceptance_in_between_begins_anew(one: Portal) -> None:
    _note(one, DOWN, DOWN)
    assert _note(one, accepted("P1"), DOWN, DOWN) == Noted(troubled=True, again=True)
    assert one.provider("one").failures == 2
    assert _note(one, accepted("P2")) == Noted()
    assert one.provider("one").failures == 0


@pytest.mark.parametrize("other", [BAD_NUMBER, UNKNOWN, refused("no_credit", about=About.ACCOUNT)])
def test_what_reached_the_provider_never_opens_it(one: Portal, other: Verdict) -> None:
    assert not _note(one, *[other] * 20).is_open
    assert one.provider("one").failures == 0


def test_after_the_wait_it_is_half_open_for_one(one: Portal) -> None:
    _note(one, *[DOWN] * OPENS_AFTER)
    then = NOW + FIRST_WAIT
    assert (_circuit(one, at=then), _line(one, at=then).probe, _line(one, at=then).closed) == ("half_open", True, "")
    with one.fresh() as session, session.begin():
        taken = [take_probe(session, _line(one).provider_id, now=then, request=40 * SECOND) for _ in range(2)]
    assert taken == [True, False]
    assert _circuit(one, at=then + SECOND) is Circuit.OPEN
    assert _circuit(one, at=then + 40 * SECOND + PROBE_MARGIN) is Circuit.HALF_OPEN  # nothing was heard of it


def test_no_probe_is_taken_of_a_closed_breaker(one: Portal) -> None:
    with one.fresh() as session, session.begin():
        assert not take_probe(session, _line(one).provider_id, now=NOW, request=SECOND)


@pytest.mark.parametrize("fate", [DOWN, UNKNOWN])
def test_the_wait_grows_with_the_outage_up_to_a_bound(one: Portal, fate: Verdict) -> None:
    _note(one, *[DOWN] * OPENS_AFTER)
    at, waits = NOW, []
    for _ in range(8):
        at = NOW + _probe_in(one)
        assert _note(one, fate, at=at).is_open
        waits.append((NOW + _probe_in(one) - at).total_seconds())
    assert waits == [2, 4, 8, 16, 32, 60, 60, 60]
    assert waits[-1] == LONGEST_WAIT.total_seconds()
    assert one.provider("one").open_since == NOW


def test_the_first_acceptance_closes_it(one: Portal) -> None:
    _note(one, *[DOWN] * OPENS_AFTER)
    assert _note(one, accepted("P1"), at=NOW + FIRST_WAIT) == Noted(again=True)
    found = one.provider("one")
    assert (found.failures, found.open_since, found.probe_at) == (0, None, None)


def test_a_probe_that_is_refused_for_its_number_tells_nothing_and_another_follows_at_once(one: Portal) -> None:
    _note(one, *[DOWN] * OPENS_AFTER)
    assert _note(one, BAD_NUMBER, at=NOW + SECOND) == Noted(troubled=True, again=True)
    assert _circuit(one, at=NOW + SECOND) is Circuit.HALF_OPEN


def test_somebody_who_mends_it_closes_it(one: Portal) -> None:
    for mended in (
        resume,
        activate,
        lambda session, provider, **by: change(session, provider, state=one.state, given={"token": "new"}, **by),
    ):
        _note(one, *[DOWN] * OPENS_AFTER)
        assert _circuit(one) is Circuit.OPEN
        _do(one, "one", mended)
        assert _circuit(one) is Circuit.CLOSED


def test_none_stands_by_of_itself(one: Portal) -> None:
    """X9: off by default; P13 holds otherwise."""
    _add(one, "two")
    _note(one, *[DOWN] * OPENS_AFTER)
    assert (_line(one).name, _line(one).closed) == ("one", "outage")


def test_the_standby_is_used_while_the_active_one_cannot_be_reached(two: Portal) -> None:
    assert (_line(two).name, _line(two).standby) == ("one", False)
    _note(two, *[DOWN] * OPENS_AFTER)
    assert (_line(two).name, _line(two).standby, _line(two).closed) == ("two", True, "")
    probing = _line(two, at=NOW + FIRST_WAIT)
    assert (probing.name, probing.probe) == ("one", True)
    _note(two, accepted("P1"))
    assert (_line(two).name, _line(two).standby) == ("one", False)


def test_a_stopped_provider_is_nobodys_to_replace(two: Portal) -> None:
    """P21: what the account is refused for, a person mends."""
    with two.fresh() as session, session.begin():
        stop(session, find(session, "one").id, reason="no_credit", detail="", now=NOW)
    assert (_line(two).name, _line(two).closed) == ("one", "stopped")


def test_a_standby_that_is_out_itself_is_left_alone(two: Portal) -> None:
    _note(two, *[DOWN] * OPENS_AFTER)
    _note(two, *[DOWN] * OPENS_AFTER, name="two")
    assert (_line(two).name, _line(two).closed, _line(two).standby) == ("one", "outage", False)


def test_one_provider_stands_by(two: Portal) -> None:
    _add(two, "three")
    _do(two, "three", stand_by)
    assert (two.provider("two").standby, two.provider("three").standby) == (None, 1)
    _do(two, "three", stand_down)
    assert two.provider("three").standby is None


def test_the_active_one_cannot_stand_by_and_the_standby_that_is_activated_no_longer_does(two: Portal) -> None:
    with pytest.raises(SmsError, match="is active"):
        _do(two, "one", stand_by)
    _do(two, "two", activate)
    assert (two.provider("two").active, two.provider("two").standby) == (1, None)


def test_a_standby_may_have_sent_and_is_kept(two: Portal) -> None:
    _do(two, "two", stand_down)
    with two.fresh() as session:
        assert is_used(session, find(session, "two"))
    with pytest.raises(SmsError, match="has been used"):
        _do(two, "two", remove)


def test_an_outage_closes_for_the_provider_in_use_alone(two: Portal) -> None:
    """A probe of the active one that fails does not hold up the standby."""
    with two.fresh() as session, session.begin():
        first, second = find(session, "one").id, find(session, "two").id
        told = [(first, DOWN)] * OPENS_AFTER
        assert not judge(session, told, now=NOW, current=second).closed
        assert judge(session, told, now=NOW, current=first).closed
        assert session.get_one(Provider, first).open_since == NOW


def test_what_the_other_one_did_not_take_is_claimed_again(two: Portal) -> None:
    """X9: it may come back when the standby has found nothing more to send, and is due at once."""
    with two.fresh() as session, session.begin():
        first, second = find(session, "one").id, find(session, "two").id
        assert judge(session, [(first, DOWN)] * OPENS_AFTER, now=NOW, current=second).again
        assert judge(session, [(first, DOWN)], now=NOW, current=second).again
