"""A process's runner: started once, woken by commits, and gone without a trace."""

from __future__ import annotations

import atexit
import datetime as dt
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from sms_plugin.errors import ConfigurationError
from sms_plugin.jobs.due import Taken, Work
from sms_plugin.jobs.embedded import Embedded
from sms_plugin.jobs.runner import ProcessRunner
from sms_plugin.jobs.wake import Watch
from sms_plugin.models import Job, Message, Runner
from sms_plugin.secrets import new_key
from sms_plugin.state import State
from sms_plugin.states import MessageState
from sms_plugin.testing.phone_server import PhoneServer
from tests.portal import Portal, make_portal

#: Nothing in these tests may lean on the safety net behind the wake.
PATIENT: dict[str, Any] = {"SMS_FLUSH_EVERY": 3600, "SMS_SWEEP_EVERY": 3600}


def _until(what: Callable[[], object]) -> None:
    pause = threading.Event()
    while not what():
        pause.wait(0.01)


def _runners(portal: Portal) -> list[str]:
    with portal.fresh() as session:
        return list(session.scalars(sa.select(Runner.kind)))


@pytest.fixture
def patient(database_url: str, phone: PhoneServer) -> Iterator[Portal]:
    made = make_portal(database_url, **PATIENT)
    with made.app.app_context():
        made.use(phone)
        yield made
        made.db.session.remove()
        made.db.engine.dispose()


@pytest.fixture
def running(patient: Portal) -> Iterator[Portal]:
    """A portal with a runner that is done with its first round."""
    runner = ProcessRunner(patient.app, patient.state, kind="worker")
    runner.start()
    first = patient.queue()
    patient.state.wake.set()
    _until(lambda: patient.message(first).state == MessageState.SENT)
    yield patient
    runner.stop()


def test_a_runner_signs_on_and_off(patient: Portal) -> None:
    runner = ProcessRunner(patient.app, patient.state, kind="worker")
    runner.start()
    assert _runners(patient) == ["worker"]
    runner.stop()
    assert _runners(patient) == []
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("sms-")]


def test_stopping_twice_is_stopping(patient: Portal) -> None:
    runner = ProcessRunner(patient.app, patient.state, kind="worker")
    runner.start()
    runner.stop()
    runner.stop()


def test_a_runner_shows_that_it_lives(patient: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sms_plugin.jobs.runner.HEARTBEAT", 0.0)
    runner = ProcessRunner(patient.app, patient.state, kind="worker")
    runner.start()

    def seen() -> dt.datetime:
        with patient.fresh() as session:
            return session.scalars(sa.select(Runner.seen_at)).one()

    first = seen()
    _until(lambda: seen() > first)
    runner.stop()


def test_a_commit_in_this_process_wakes_it(running: Portal) -> None:
    """Q2: through the host's own session, by the commit alone."""
    message = running.sms.send(to="+351912345678", text="Hello")
    running.db.session.commit()
    _until(lambda: running.message(message).state == MessageState.SENT)


def test_a_commit_of_another_process_is_seen(running: Portal) -> None:
    """Q2: another connection's commit, of which this process hears nothing."""
    message = running.queue()
    assert not running.state.wake.is_set()
    _until(lambda: running.message(message).state == MessageState.SENT)


def test_what_comes_due_later_is_not_forgotten(running: Portal) -> None:
    message = running.queue(due_at=dt.datetime.now(dt.UTC) + dt.timedelta(seconds=0.5))
    _until(lambda: running.message(message).state == MessageState.SENT)


def test_a_look_sees_what_a_real_other_process_wrote(patient: Portal, database_url: str) -> None:
    patient.queue(due_at=dt.datetime.now(dt.UTC) + dt.timedelta(days=1))
    watch = Watch(patient.state)
    never = threading.Event()
    while watch.wait(never, most=0.2):
        pass
    subprocess.run([sys.executable, "-c", _MAKE_DUE, database_url], check=True, timeout=60)
    assert watch.wait(never, most=30)
    watch.close()


_MAKE_DUE = """
import sys
import sqlalchemy as sa
engine = sa.create_engine(sys.argv[1])
with engine.begin() as connection:
    assert connection.execute(sa.text("UPDATE sms_message SET due_at = 1")).rowcount == 1
engine.dispose()
"""


def test_a_wake_that_came_before_the_wait_is_remembered(patient: Portal) -> None:
    watch = Watch(patient.state)
    patient.state.wake.set()
    assert watch.wait(threading.Event(), most=30)
    assert not patient.state.wake.is_set()
    watch.close()


@pytest.mark.one_database("sqlite", "locks the file")
def test_a_locked_database_makes_no_error_of_a_look(patient: Portal, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "portal.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with patient.db.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 10")
    watch = Watch(patient.state)
    assert not watch.woken()
    other.execute("ROLLBACK")
    other.close()
    watch.close()


def test_a_wrong_key_keeps_a_runner_from_starting(patient: Portal, database_url: str) -> None:
    """Issue: a missing or wrong key is a clear error at start."""
    wrong = make_portal(database_url, tables=False, SMS_SECRET_KEYS=new_key())
    with wrong.app.app_context():
        with pytest.raises(ConfigurationError, match="provider 'phone' cannot be read with SMS_SECRET_KEYS"):
            ProcessRunner(wrong.app, wrong.state, kind="worker").start()
        assert _runners(wrong) == []
        wrong.db.engine.dispose()


def _served(database_url: str, **config: Any) -> Iterator[Portal]:
    made = make_portal(database_url, TESTING=False, **PATIENT, **config)
    with made.app.app_context():
        yield made
        made.sms.stop(made.app)
        made.db.session.remove()
        made.db.engine.dispose()


@pytest.fixture
def served(database_url: str) -> Iterator[Portal]:
    yield from _served(database_url)


@pytest.fixture
def served_without(database_url: str) -> Iterator[Portal]:
    yield from _served(database_url, SMS_SCHEDULER="off")


def test_the_first_request_starts_one_runner_and_the_second_none(served: Portal) -> None:
    assert _runners(served) == []
    for _ in range(2):
        assert served.app.test_client().get("/invoice/F1").status_code == 200
    assert _runners(served) == ["embedded"]


def test_with_the_scheduler_off_no_request_starts_one(served_without: Portal) -> None:
    served_without.app.test_client().get("/invoice/F1")
    assert _runners(served_without) == []


def test_a_command_starts_none(served: Portal) -> None:
    served.app.test_cli_runner().invoke(args=["sms", "status", "--json"])
    assert _runners(served) == []


def test_under_testing_no_request_starts_one(portal: Portal) -> None:
    portal.app.test_client().get("/invoice/F1")
    assert _runners(portal) == []


def test_a_runner_can_be_started_by_hand_once(served: Portal) -> None:
    served.sms.start(served.app)
    served.sms.start(served.app)
    served.app.test_client().get("/invoice/F1")
    assert _runners(served) == ["embedded"]


def test_a_portal_that_cannot_text_still_serves(
    database_url: str, phone: PhoneServer, caplog: pytest.LogCaptureFixture
) -> None:
    """The host's pages are worth more than our runner; by hand, the mistake is told."""
    made = make_portal(database_url)
    with made.app.app_context():
        made.use(phone)
        made.db.engine.dispose()
    wrong = make_portal(made.app.config["SQLALCHEMY_DATABASE_URI"], TESTING=False, SMS_SECRET_KEYS=new_key())
    assert wrong.app.test_client().get("/invoice/F1").status_code == 200
    assert "SMS runner not started" in caplog.text
    with pytest.raises(ConfigurationError):
        wrong.sms.start(wrong.app)
    with wrong.app.app_context():
        wrong.db.engine.dispose()


def test_a_fork_has_no_runner_of_its_parents(served: Portal) -> None:
    """Threads do not survive a fork: the child starts its own."""
    embedded: Embedded = served.app.extensions["sms_embedded"]
    embedded.start()
    embedded._pid = os.getpid() + 1  # as it looks from a child
    embedded.stop()
    assert _runners(served) == ["embedded"]
    embedded._pid = os.getpid()


def _forked(work: Callable[[], None]) -> None:
    """Do it in a child that is forked here and ends as any process does, its exit functions included."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            atexit._run_exitfuncs()
            status = 0
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_child_that_ends_takes_no_runner_of_its_parents_along(served: Portal) -> None:
    served.app.test_client().get("/invoice/F1")
    _forked(lambda: None)
    assert _runners(served) == ["embedded"]


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_master_that_only_forks_has_no_runner_and_its_child_starts_anew(served: Portal) -> None:
    """Issue: gunicorn --preload with ``sms.start(app)`` in the module that it imports."""
    served.sms.start(served.app)
    assert _runners(served) == ["embedded"]

    def child() -> None:
        assert _runners(served) == []
        served.app.test_client().get("/invoice/F1")
        with served.fresh() as session:
            assert session.scalars(sa.select(Runner.pid)).all() == [os.getpid()]

    _forked(child)
    assert _runners(served) == []


def test_a_process_that_serves_keeps_its_runner_when_it_forks(served: Portal) -> None:
    served.app.test_client().get("/invoice/F1")
    embedded: Embedded = served.app.extensions["sms_embedded"]
    embedded.before_fork()
    assert _runners(served) == ["embedded"]


def test_started_by_hand_in_a_command_it_waits_for_a_request(served: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    """``sms.start(app)`` in a module is no reason to run in every command and in the reloader's parent."""
    monkeypatch.setenv("FLASK_RUN_FROM_CLI", "true")
    served.sms.start(served.app)
    assert _runners(served) == []
    served.app.test_client().get("/invoice/F1")
    assert _runners(served) == ["embedded"]


def test_a_job_that_goes_on_is_told_to_stop_and_left_where_it_stands(
    patient: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Issue: the stop is not kept waiting by a long job; its row says how far it came."""
    at_work = threading.Event()

    def endless(state: State, job: Taken) -> int:
        job.cursor = "7"
        while True:
            at_work.set()
            job.renew()

    monkeypatch.setattr("sms_plugin.jobs.due.JOBS", {"own": Work(every=lambda state: 60.0, run=endless)})
    runner = ProcessRunner(patient.app, patient.state, kind="worker")
    runner.start()
    assert at_work.wait(30)
    runner.stop()
    with patient.fresh() as session:
        row = session.get_one(Job, "own")
        assert (row.lease_until, row.cursor) == (None, "7")
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("sms-")]


def test_a_long_job_does_not_make_its_process_look_dead(patient: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sms_plugin.jobs.runner.HEARTBEAT", 0.0)
    monkeypatch.setattr("sms_plugin.jobs.runner.TICK", 0.05)
    at_work, go_on = threading.Event(), threading.Event()

    def long(state: State, job: Taken) -> int:
        at_work.set()
        go_on.wait(60)
        return 1

    monkeypatch.setattr("sms_plugin.jobs.due.JOBS", {"own": Work(every=lambda state: 60.0, run=long)})
    runner = ProcessRunner(patient.app, patient.state, kind="worker")
    runner.start()
    assert at_work.wait(30)

    def seen() -> dt.datetime:
        with patient.fresh() as session:
            return session.scalars(sa.select(Runner.seen_at)).one()

    first = seen()
    _until(lambda: seen() > first)
    go_on.set()
    runner.stop()


def test_a_runner_that_was_taken_for_dead_signs_on_again(patient: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sms_plugin.jobs.runner.HEARTBEAT", 0.0)
    runner = ProcessRunner(patient.app, patient.state, kind="worker")
    runner.start()
    with patient.fresh() as session, session.begin():
        session.execute(sa.delete(Runner))
    _until(lambda: _runners(patient) == ["worker"])
    runner.stop()
    assert _runners(patient) == []


def test_a_runner_that_leaves_while_it_shows_that_it_lives_does_not_sign_on_again(
    patient: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sms_plugin.jobs.runner.HEARTBEAT", 0.0)
    begun, go_on, over = (threading.Event() for _ in range(3))
    beat = ProcessRunner._heartbeat

    def slow(self: ProcessRunner) -> None:
        begun.set()
        go_on.wait(30)
        beat(self)
        over.set()

    monkeypatch.setattr(ProcessRunner, "_heartbeat", slow)
    runner = ProcessRunner(patient.app, patient.state, kind="worker")
    runner.start()
    assert begun.wait(30)
    threading.Timer(0.5, go_on.set).start()
    runner.stop()
    assert over.wait(30)
    assert _runners(patient) == []


def test_messages_are_not_touched_by_a_runner_without_a_provider(database_url: str) -> None:
    made = make_portal(database_url, **PATIENT)
    with made.app.app_context():
        made.queue()
        runner = ProcessRunner(made.app, made.state, kind="worker")
        runner.start()
        runner.stop()
        with made.fresh() as session:
            assert session.scalars(sa.select(Message.state)).all() == ["queued"]
        made.db.engine.dispose()
