"""What is set for a whole process is set where it is ours alone: in the worker, not beside a portal's requests."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Iterator

import pytest

from sms_plugin.jobs import worker
from sms_plugin.jobs.runner import ProcessRunner
from tests.portal import Portal


@pytest.fixture
def usual() -> Iterator[float]:
    """How long a thread keeps the interpreter; that, and what the collector looks at, is put back afterwards."""
    before = sys.getswitchinterval()
    yield before
    sys.setswitchinterval(before)
    gc.unfreeze()


def test_a_workers_threads_take_short_turns(portal: Portal, usual: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """A courier whose answer is there does not wait for a claim to be gone through."""
    told = threading.Event()
    told.set()
    monkeypatch.setattr(worker, "told_to_stop", lambda: told)
    worker.work(portal.app, portal.state)
    assert sys.getswitchinterval() == pytest.approx(worker.TURN)
    assert usual > worker.TURN


@pytest.mark.usefixtures("usual")
def test_a_worker_does_not_stop_for_what_is_loaded(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    """P18: the collector would hold up every request for a tenth of a second."""
    told = threading.Event()
    told.set()
    monkeypatch.setattr(worker, "told_to_stop", lambda: told)
    before = gc.get_freeze_count()
    worker.work(portal.app, portal.state)
    assert gc.get_freeze_count() > before


def test_those_of_a_web_process_are_left_as_they_are(portal: Portal, usual: float) -> None:
    runner = ProcessRunner(portal.app, portal.state, kind="embedded")
    runner.start()
    runner.stop()
    assert sys.getswitchinterval() == usual
