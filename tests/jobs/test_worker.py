"""What is set for a whole process is set where it is ours alone: in the worker, not beside a portal's requests."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import pytest

from sms_plugin.jobs import worker
from sms_plugin.jobs.runner import ProcessRunner
from tests.portal import Portal


@pytest.fixture
def usual() -> Iterator[float]:
    """How long a thread keeps the interpreter, put back afterwards."""
    before = sys.getswitchinterval()
    yield before
    sys.setswitchinterval(before)


def test_a_workers_threads_take_short_turns(portal: Portal, usual: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """A courier whose answer is there does not wait for a claim to be gone through."""
    told = threading.Event()
    told.set()
    monkeypatch.setattr(worker, "told_to_stop", lambda: told)
    worker.work(portal.app, portal.state)
    assert sys.getswitchinterval() == pytest.approx(worker.TURN)
    assert usual > worker.TURN


def test_those_of_a_web_process_are_left_as_they_are(portal: Portal, usual: float) -> None:
    runner = ProcessRunner(portal.app, portal.state, kind="embedded")
    runner.start()
    runner.stop()
    assert sys.getswitchinterval() == usual
