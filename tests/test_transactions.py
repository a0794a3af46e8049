"""Transactions of the plugin's own: polite, and patient with a busy database."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm import Session

from sms_plugin.jobs.wake import Watch
from sms_plugin.models.busy import is_busy
from sms_plugin.outbox.tallies import tally, totals
from sms_plugin.transactions import Hurried, look, rest, step, within
from tests.portal import Portal, make_portal

on_sqlite = pytest.mark.one_database("sqlite", "about its one lock for all who write")


@pytest.fixture
def impatient(tmp_path: Path) -> Iterator[Portal]:
    """A portal whose database does not wait for a lock at all."""
    options = {"connect_args": {"timeout": 0}}
    made = make_portal(f"sqlite:///{tmp_path / 'portal.db'}", SQLALCHEMY_ENGINE_OPTIONS=options)
    with made.app.app_context():
        yield made
        made.db.session.remove()
        made.db.engine.dispose()


@pytest.fixture
def locked(impatient: Portal, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Somebody else's transaction, which writes."""
    other = sqlite3.connect(tmp_path / "portal.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    yield other
    other.close()


def _unlock_after(refusals: int, portal: Portal, locked: sqlite3.Connection) -> None:
    """Let the other transaction end once it has refused ours so many times."""
    refused: list[object] = []

    def note(context: object) -> None:
        refused.append(context)
        if len(refused) == refusals:
            locked.execute("ROLLBACK")

    sa.event.listen(portal.db.engine, "handle_error", note)


def test_a_step_commits_at_its_end_and_rolls_back_when_it_raises(portal: Portal) -> None:
    with step(portal.state) as session:
        tally(session, {"kept": 1})
    with pytest.raises(IntegrityError), step(portal.state) as session:
        tally(session, {"lost": 1, None: 1})  # type: ignore[dict-item]
    with portal.fresh() as session:
        assert totals(session) == {"kept": 1}


@on_sqlite
def test_a_lock_that_ends_soon_is_waited_for(impatient: Portal, locked: sqlite3.Connection) -> None:
    """Design §7: locked means later."""
    _unlock_after(2, impatient, locked)
    within(impatient.state, lambda session: tally(session, {"x": 1}))
    with impatient.fresh() as session:
        assert totals(session) == {"x": 1}


@on_sqlite
def test_a_lock_that_stays_is_told_as_busy(impatient: Portal, locked: sqlite3.Connection) -> None:
    with pytest.raises(OperationalError) as told:
        within(impatient.state, lambda session: tally(session, {"x": 1}))
    assert is_busy(told.value)


def test_what_is_wrong_is_not_tried_again(portal: Portal) -> None:
    tries: list[int] = []

    def work(session: Session) -> None:
        tries.append(1)
        session.execute(sa.text("SELECT * FROM no_such_table"))

    with pytest.raises(DBAPIError) as told:
        within(portal.state, work)
    assert not is_busy(told.value)
    assert tries == [1]


def test_only_a_database_can_be_busy() -> None:
    assert not is_busy(ValueError())
    assert not is_busy(IntegrityError("INSERT", {}, Exception(1062, "duplicate")))
    assert is_busy(OperationalError("UPDATE", {}, Exception(1213, "deadlock")))


@on_sqlite
def test_two_threads_of_a_process_write_one_after_the_other(impatient: Portal) -> None:
    """One writer per process: without a turn of their own, half of them would meet the other's lock."""

    def work() -> None:
        with impatient.app.app_context():
            for _ in range(20):
                with step(impatient.state) as session:
                    tally(session, {"x": 1})

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with impatient.fresh() as session:
        assert totals(session) == {"x": 40}


BEGINNINGS = ["", "BEGIN", "BEGIN IMMEDIATE"]


@pytest.fixture(params=BEGINNINGS, ids=["driver's", "deferred", "immediate"])
def host(request: pytest.FixtureRequest, impatient: Portal) -> Portal:
    """A portal whose own transactions begin as its developer chose: with the driver's default, deferred or at once."""
    if request.param:
        impatient.begin_first(request.param)
    return impatient


def _other(portal: Portal) -> sqlite3.Connection:
    """Somebody else at the same file, who does not wait."""
    return sqlite3.connect(portal.db.engine.url.database or "", isolation_level=None, timeout=0)


@on_sqlite
def test_a_step_that_reads_first_is_not_refused_when_it_writes(host: Portal) -> None:
    """X1: its snapshot cannot grow old, since it has the lock from its first moment."""
    other = _other(host)
    with step(host.state) as session:
        assert totals(session) == {}
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("INSERT INTO sms_tally (name, amount) VALUES ('other', 1)")
        tally(session, {"ours": 1})
    with host.fresh() as session:
        assert totals(session) == {"ours": 1}
    other.close()


@on_sqlite
def test_a_savepoint_that_comes_first_does_not_commit_a_step(host: Portal) -> None:
    def work(session: Session) -> None:
        with session.begin_nested():
            tally(session, {"lost": 1})
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        within(host.state, work)
    with host.fresh() as session:
        assert totals(session) == {}


@on_sqlite
def test_after_a_step_nobody_is_locked_out(host: Portal) -> None:
    within(host.state, lambda session: tally(session, {"x": 1}))
    other = _other(host)
    other.execute("INSERT INTO sms_tally (name, amount) VALUES ('x', 1)")
    other.close()


@on_sqlite
def test_what_only_looks_writes_nothing_and_leaves_no_lock(host: Portal) -> None:
    look(host.state, lambda session: tally(session, {"x": 1}))
    other = _other(host)
    assert other.execute("SELECT count(*) FROM sms_tally").fetchone() == (0,)
    other.execute("INSERT INTO sms_tally (name, amount) VALUES ('x', 1)")
    other.close()


@on_sqlite
def test_waiting_for_work_leaves_no_lock(host: Portal) -> None:
    """The watch keeps a connection between its looks, but no transaction, whatever the host's begin with."""
    watch = Watch(host.state)
    watch.woken()
    other = _other(host)
    other.execute("INSERT INTO sms_tally (name, amount) VALUES ('x', 1)")
    other.close()
    host.queue()
    assert watch.wait(threading.Event(), most=30)
    watch.close()


class _Clock:
    """Time that passes when it is told to, and the naps that were taken meanwhile."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.naps: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> _Clock:
    """The clock of everything that is timed in a step."""
    made = _Clock()
    monkeypatch.setattr("sms_plugin.transactions.time", made)
    return made


@on_sqlite
@pytest.mark.parametrize("breaks", [False, True], ids=["commits", "raises"])
def test_a_rest_is_as_long_as_the_lock_was_held(impatient: Portal, clock: _Clock, breaks: bool) -> None:
    """Design §7: the host's writers get as much of SQLite's lock as the plugin, however long that was."""
    with suppress(ZeroDivisionError), step(impatient.state):
        clock.now += 7.0
        if breaks:
            raise ZeroDivisionError
    with step(impatient.state):
        assert clock.naps[-1] == 7.0


@on_sqlite
def test_who_gathers_work_meanwhile_does_not_rest_twice(impatient: Portal, clock: _Clock) -> None:
    with step(impatient.state):
        clock.now += 7.0
    rest(impatient.state)
    with step(impatient.state):
        assert sum(clock.naps) == 7.0


@on_sqlite
def test_no_rest_is_owed_for_waiting_for_others(impatient: Portal, locked: sqlite3.Connection, clock: _Clock) -> None:
    _unlock_after(3, impatient, locked)
    within(impatient.state, lambda session: tally(session, {"x": 1}))
    waited = len(clock.naps)
    with step(impatient.state):
        assert clock.naps[waited:] == []


@on_sqlite
def test_what_only_looks_owes_no_rest(impatient: Portal, clock: _Clock) -> None:
    look(impatient.state, totals)
    rest(impatient.state)
    assert sum(clock.naps) == 0.0


@on_sqlite
def test_who_has_sqlite_alone_rests_less_until_somebody_else_writes(
    impatient: Portal, clock: _Clock, tmp_path: Path
) -> None:
    """A gateway that takes thousands in one request; the host's first write slips into one of the shorter rests."""
    hurried = Hurried(impatient.state)
    rests: list[float] = []

    def work(session: Session) -> None:
        rests.append(sum(clock.naps))
        clock.naps.clear()
        clock.now += 4.0
        tally(session, {"x": 1})

    for _ in range(3):
        hurried.within(work)
    with closing(sqlite3.connect(tmp_path / "portal.db")) as host, host:
        host.execute("INSERT INTO sms_tally (name, amount) VALUES ('host', 1)")
    for _ in range(2):
        hurried.within(work)
    hurried.close()
    assert rests == [0.0, 1.0, 1.0, 1.0, 4.0]
