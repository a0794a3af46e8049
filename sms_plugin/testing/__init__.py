"""For the tests of hosts and of gateway authors: one round of the plugin's work, and a gateway real but near."""

from __future__ import annotations

from threading import Event

from flask import Flask

from sms_plugin.jobs.due import run_job
from sms_plugin.jobs.flush import Flushed
from sms_plugin.jobs.runner import flush_of
from sms_plugin.state import State


def drain(app: Flask, *, sweep: bool = False) -> Flushed:
    """One round, here and now: with ``sweep`` the date hooks first, then all that is due goes to the active provider.

    For tests, where no runner is started. Commits in transactions of its own; the host's session is not touched.
    """
    state: State = app.extensions["sms"]
    with app.app_context():
        if sweep:
            run_job(state, "sweep", now=True)
        flush = flush_of(state)
        try:
            return flush.run(Event())
        finally:
            flush.close()
