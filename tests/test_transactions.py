"""Transactions of the plugin's own: polite, and patient with a busy database."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from sms_plugin.models.busy import is_busy
from sms_plugin.outbox.tallies import tally, totals
from sms_plugin.transactions import step, within
from tests.portal import Portal, make_portal


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


def test_a_step_commits_at_its_end_and_rolls_back_when_it_raises(portal: Portal) -> None:
    with step(portal.state) as session:
        tally(session, {"kept": 1})
    with pytest.raises(IntegrityError), step(portal.state) as session:
        tally(session, {"lost": 1, None: 1})  # type: ignore[dict-item]
    with portal.fresh() as session:
        assert totals(session) == {"kept": 1}


def test_a_lock_that_ends_soon_is_waited_for(impatient: Portal, locked: sqlite3.Connection) -> None:
    """Design §7: locked means later."""
    tries: list[int] = []

    def work(session: Session) -> None:
        tries.append(1)
        if len(tries) == 3:
            locked.execute("ROLLBACK")
        tally(session, {"x": 1})

    within(impatient.state, work)
    assert len(tries) == 3
    with impatient.fresh() as session:
        assert totals(session) == {"x": 1}


def test_a_lock_that_stays_is_told_as_busy(impatient: Portal, locked: sqlite3.Connection) -> None:
    with pytest.raises(OperationalError) as told:
        within(impatient.state, lambda session: tally(session, {"x": 1}))
    assert is_busy(told.value)


def test_what_is_wrong_is_not_tried_again(portal: Portal) -> None:
    tries: list[int] = []

    def work(session: Session) -> None:
        tries.append(1)
        session.execute(sa.text("SELECT * FROM no_such_table"))

    with pytest.raises(OperationalError) as told:
        within(portal.state, work)
    assert not is_busy(told.value)
    assert tries == [1]


def test_only_a_database_can_be_busy() -> None:
    assert not is_busy(ValueError())
    assert not is_busy(IntegrityError("INSERT", {}, Exception(1062, "duplicate")))
    assert is_busy(OperationalError("UPDATE", {}, Exception(1213, "deadlock")))


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
