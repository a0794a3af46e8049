"""P13: two admins who choose a provider at once leave exactly one active, on each database."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.models import Change, Provider
from sms_plugin.providers.active import activate, add, deactivate, find
from sms_plugin.transactions import within
from tests.portal import Portal

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
Choice = Callable[..., None]


@pytest.fixture
def three(portal: Portal) -> Portal:
    """A portal with the providers one, two and three, none of them active."""
    with portal.fresh() as session, session.begin():
        for name in ("one", "two", "three"):
            add(session, state=portal.state, name=name, kind="phone", given={}, who="Rita", now=NOW)
    return portal


def _choose(portal: Portal, choice: Choice, name: str) -> None:
    within(portal.state, lambda session: choice(session, find(session, name), who="Rita", now=NOW))


def _active(portal: Portal) -> list[str]:
    with portal.fresh() as session:
        return list(session.scalars(sa.select(Provider.name).where(Provider.active == 1)))


def _in_thread(portal: Portal, pool: ThreadPoolExecutor, work: Callable[[], None]) -> Future[None]:
    def run() -> None:
        with portal.app.app_context():
            work()

    return pool.submit(run)


def _on_its_own(portal: Portal, work: Callable[[Session], None]) -> None:
    """A page's transaction that looks before it writes: a step of the plugin's own has SQLite's lock from its start."""
    with portal.fresh() as session, session.begin():
        work(session)


def _one_inside_the_other(
    portal: Portal, first: tuple[Choice, str], second: tuple[Choice, str], *, looked: bool
) -> None:
    """The first admin's transaction is open, everything written, when the second one acts.

    With ``looked`` the second one had the providers on the screen, and in the session, before the first acted.
    """
    on_screen, written = threading.Event(), threading.Event()

    def late(session: Session) -> None:
        choice, name = second
        provider = find(session, name)
        list(session.scalars(sa.select(Provider)))
        on_screen.set()
        written.wait(30)
        choice(session, provider, who="Second", now=NOW)

    def wait_for_the_screen() -> None:
        written.wait(30)
        _choose(portal, *second)

    with ThreadPoolExecutor(1) as pool:
        if looked:
            other = _in_thread(portal, pool, lambda: _on_its_own(portal, late))
            assert on_screen.wait(30)
        else:
            other = _in_thread(portal, pool, wait_for_the_screen)
        with portal.fresh() as session, session.begin():
            choice, name = first
            choice(session, find(session, name), who="First", now=NOW)
            written.set()
            time.sleep(0.2)  # the second one runs into what is open
        other.result(60)


@pytest.mark.parametrize("looked", [False, True], ids=["", "having looked before"])
@pytest.mark.parametrize("before", ["", "one", "two", "three"])
def test_the_later_of_two_activations_wins(three: Portal, before: str, looked: bool) -> None:
    if before:
        _choose(three, activate, before)
    _one_inside_the_other(three, (activate, "one"), (activate, "two"), looked=looked)
    assert _active(three) == ["two"]


@pytest.mark.parametrize("looked", [False, True], ids=["", "having looked before"])
def test_deactivating_one_leaves_the_other_that_was_activated_meanwhile(three: Portal, looked: bool) -> None:
    _choose(three, activate, "one")
    _one_inside_the_other(three, (activate, "two"), (deactivate, "one"), looked=looked)
    assert _active(three) == ["two"]


@pytest.mark.parametrize("looked", [False, True], ids=["", "having looked before"])
def test_activating_what_is_being_deactivated_leaves_it_active(three: Portal, looked: bool) -> None:
    """The second admin's session still holds it as active: that must not mean that there is nothing to write."""
    _choose(three, activate, "one")
    _one_inside_the_other(three, (deactivate, "one"), (activate, "one"), looked=looked)
    assert _active(three) == ["one"]


def test_an_old_object_deactivates_what_was_activated_since(three: Portal) -> None:
    with three.fresh() as old:
        held = find(old, "one")
        old.commit()
        assert held.active is None
        old.expunge(held)
    _choose(three, activate, "one")
    with three.fresh() as session, session.begin():
        session.add(held)
        deactivate(session, held, who="Rita", now=NOW)
    assert _active(three) == []


def test_an_old_object_activates_what_was_deactivated_since(three: Portal) -> None:
    """Never none: what the session believes is active already is written all the same."""
    _choose(three, activate, "one")
    with three.fresh() as old:
        held = find(old, "one")
        assert held.active == 1
        old.expunge(held)
    _choose(three, activate, "two")
    with three.fresh() as session, session.begin():
        session.add(held)
        activate(session, held, who="Rita", now=NOW)
        assert held.active == 1
    assert _active(three) == ["one"]


def test_two_who_never_tire_leave_exactly_one_and_see_no_error(three: Portal) -> None:
    """Whatever the database does about it (it waits, it is busy, it finds a deadlock) stays behind the retry."""
    together = threading.Barrier(2)

    def press(name: str) -> None:
        for _ in range(15):
            together.wait(30)
            _choose(three, activate, name)
            together.wait(30)
            assert len(_active(three)) == 1

    with ThreadPoolExecutor(2) as pool:
        for pressed in [_in_thread(three, pool, lambda name=name: press(name)) for name in ("one", "two")]:  # type: ignore[misc]
            pressed.result(60)
    with three.fresh() as session:
        done = session.scalars(sa.select(Change.action).where(Change.action == "activated")).all()
    assert len(done) == 30
