"""A job is done once when it is due, by whoever gets there first."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from sms_plugin.jobs import due
from sms_plugin.jobs.due import JOBS, Lost, Taken, Work, run_due, run_job
from sms_plugin.models import Job, Runner, new_id
from sms_plugin.outbox.tallies import tally, totals
from sms_plugin.state import State
from tests.portal import Portal


@pytest.fixture
def put(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[State, Taken], int]], None]:
    """Put a job of the test's own in place of all others."""

    def put(run: Callable[[State, Taken], int]) -> None:
        monkeypatch.setattr(due, "JOBS", {"own": Work(every=lambda state: 60.0, run=run)})

    return put


def _row(portal: Portal, name: str = "own") -> Job:
    with portal.fresh() as session:
        found = session.get_one(Job, name)
        session.expunge_all()
        return found


def _set(portal: Portal, **values: object) -> None:
    with portal.fresh() as session, session.begin():
        session.execute(sa.update(Job).values(**values))


def _ago(seconds: float) -> dt.datetime:
    return dt.datetime.now(dt.UTC) - dt.timedelta(seconds=seconds)


def test_a_job_that_is_due_is_done_and_then_rests(portal: Portal, put: Callable[..., None]) -> None:
    put(lambda state, job: 3)
    assert run_due(portal.state) == {"own": 3}
    assert run_due(portal.state) == {}
    row = _row(portal)
    assert row.lease_until is None
    assert row.ended_at is not None
    assert row.due_at - row.ended_at == dt.timedelta(seconds=60)


def test_at_once_does_not_wait_for_the_time(portal: Portal, put: Callable[..., None]) -> None:
    put(lambda state, job: 3)
    run_due(portal.state)
    assert run_job(portal.state, "own", now=True) == 3


def test_a_failure_is_logged_and_recorded_and_the_job_comes_again(
    portal: Portal, put: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    def fail(state: State, job: Taken) -> int:
        raise ZeroDivisionError("not today")

    put(fail)
    assert run_due(portal.state) == {}
    assert "the SMS job own failed" in caplog.text
    assert _row(portal).error == "ZeroDivisionError"
    put(lambda state, job: 1)
    _set(portal, due_at=_ago(1))
    assert run_due(portal.state) == {"own": 1}
    assert _row(portal).error == ""


def test_two_threads_do_it_once(portal: Portal, put: Callable[..., None]) -> None:
    """The row's version decides."""
    done: list[int] = []
    together = threading.Barrier(2, timeout=30)

    def work(state: State, job: Taken) -> int:
        done.append(1)
        return 1

    put(work)

    def run() -> None:
        with portal.app.app_context():
            together.wait()
            run_due(portal.state)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [1]


def test_a_job_under_lease_is_left_alone_until_the_lease_runs_out(portal: Portal, put: Callable[..., None]) -> None:
    put(lambda state, job: 1)
    run_due(portal.state)
    _set(portal, due_at=_ago(1), lease_until=_ago(-30))
    assert run_due(portal.state) == {}
    _set(portal, lease_until=_ago(1))
    assert run_due(portal.state) == {"own": 1}


def test_a_renewed_lease_lasts_longer(portal: Portal, put: Callable[..., None]) -> None:
    seen: list[dt.datetime | None] = []

    def work(state: State, job: Taken) -> int:
        _set(portal, lease_until=_ago(0))
        job.renew()
        seen.append(_row(portal).lease_until)
        return 1

    put(work)
    run_due(portal.state)
    assert seen[0] is not None
    assert seen[0] > _ago(-30)


def test_a_job_that_another_process_took_up_is_given_up(
    portal: Portal, put: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    """And its end is not written over the other's lease."""

    def work(state: State, job: Taken) -> int:
        _set(portal, version=99, lease_until=_ago(-30))
        with pytest.raises(Lost):
            job.renew()
        raise Lost("own")

    put(work)
    assert run_due(portal.state) == {}
    assert "taken up by another process" in caplog.text
    assert _row(portal).version == 99
    assert _row(portal).lease_until is not None


def test_told_to_stop_a_job_ends_where_it_stands_and_is_due_at_once(portal: Portal, put: Callable[..., None]) -> None:
    stop = threading.Event()

    def work(state: State, job: Taken) -> int:
        stop.set()
        job.renew()
        raise AssertionError("it went on")

    put(work)
    assert run_due(portal.state, stop=stop) == {}
    assert _row(portal).due_at <= dt.datetime.now(dt.UTC)
    assert _row(portal).lease_until is None


def test_a_job_goes_on_where_it_stood_when_its_process_died(portal: Portal, put: Callable[..., None]) -> None:
    """Design §4: taken up at the cursor after a crash; the next full run begins anew."""
    began_at: list[str | None] = []

    class Killed(BaseException):
        pass

    def work(state: State, job: Taken) -> int:
        began_at.append(job.cursor)
        if job.cursor is None:
            job.cursor = "7"
            job.renew()
            raise Killed
        job.cursor = None
        return 1

    put(work)
    with pytest.raises(Killed):
        run_due(portal.state)
    assert _row(portal).cursor == "7"
    _set(portal, due_at=_ago(1), lease_until=_ago(1))
    assert run_due(portal.state) == {"own": 1}
    assert began_at == [None, "7"]
    assert _row(portal).cursor is None


def test_a_job_that_is_told_to_stop_leaves_its_place(portal: Portal, put: Callable[..., None]) -> None:
    stop = threading.Event()

    def work(state: State, job: Taken) -> int:
        job.cursor = "7"
        stop.set()
        job.renew()
        raise AssertionError("it went on")

    put(work)
    run_due(portal.state, stop=stop)
    assert _row(portal).cursor == "7"


def test_the_plugins_own_jobs_all_run_on_an_empty_portal_but_those_that_a_look_spares(portal: Portal) -> None:
    with portal.fresh() as session:
        expected = {name: 0 for name, work in JOBS.items() if work.wanted(session)}
    assert set(JOBS) - set(expected) == {"batches"}
    assert run_due(portal.state) == expected


def test_tidy_folds_the_counters_without_changing_a_sum(portal: Portal) -> None:
    with portal.fresh() as session, session.begin():
        for number in range(350):
            tally(session, {"state:sent": 1, "forged_receipts": number % 2})
        before = totals(session)
    run_job(portal.state, "tidy", now=True)
    with portal.fresh() as session:
        assert totals(session) == before == {"state:sent": 350, "forged_receipts": 175}
        assert session.execute(sa.text("SELECT count(*) FROM sms_tally")).scalar_one() < 20


def test_tidy_forgets_runners_that_are_long_dead(portal: Portal) -> None:
    now = dt.datetime.now(dt.UTC)
    with portal.fresh() as session, session.begin():
        for days in (0, 2):
            seen = now - dt.timedelta(days=days)
            session.add(Runner(id=new_id(now), kind="worker", host="h", pid=1, started_at=seen, seen_at=seen))
    run_job(portal.state, "tidy", now=True)
    with portal.fresh() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Runner)) == 1
