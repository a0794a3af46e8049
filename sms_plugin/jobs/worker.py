"""``flask sms worker``: a process that does nothing but flush and run jobs, and leaves properly when told to."""

from __future__ import annotations

import gc
import signal
import sys
from threading import Event, current_thread, main_thread
from types import FrameType

from flask import Flask

from sms_plugin.jobs.runner import ProcessRunner
from sms_plugin.state import State

#: How long a thread may keep the interpreter from others that want it, in seconds. Python's own five milliseconds are a
#: fifth of what a quick provider takes to answer, and a courier would wait so long while a claim is gone through.
TURN = 0.001


def take_short_turns() -> None:
    """Have the threads of this process take turns at the interpreter more often. For a process that does nothing but
    text: the setting is for all of it, so a web process keeps its own.
    """
    sys.setswitchinterval(TURN)


def set_aside_what_stays() -> None:
    """Have Python's collector leave alone what is loaded by now. To go through all modules of a portal stops every
    thread for a tenth of a second, again and again, and under a rate no request leaves so late.
    """
    gc.collect()
    gc.freeze()


def work(app: Flask, state: State) -> None:
    """Run until SIGTERM or SIGINT. Raises ``ConfigurationError`` before it begins."""
    take_short_turns()
    told = told_to_stop()
    set_aside_what_stays()
    runner = ProcessRunner(app, state, kind="worker")
    runner.start()
    while not told.wait(1.0):
        pass
    runner.stop()


def told_to_stop() -> Event:
    """An event that SIGTERM and SIGINT set from now on, in place of ending the process (asked in the main thread)."""
    told = Event()

    def leave(number: int, frame: FrameType | None) -> None:
        told.set()

    if current_thread() is main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, leave)
    return told
