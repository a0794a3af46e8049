"""The runner inside the web process: started by the first served request, or by ``sms.start(app)``."""

from __future__ import annotations

import atexit
import logging
import os
from collections.abc import Callable
from threading import Lock
from weakref import WeakSet

from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.pool import SingletonThreadPool, StaticPool

from sms_plugin.errors import ConfigurationError
from sms_plugin.jobs.runner import ProcessRunner
from sms_plugin.state import State
from sms_plugin.trails import trail

log = logging.getLogger(__name__)


class Embedded:
    """At most one runner for each process of an app. A fork starts without one: threads do not survive it."""

    def __init__(self, app: Flask, state: State) -> None:
        self._app = app
        self._state = state
        self._lock = Lock()
        self._wanted = state.settings.scheduler != "off"  #: or asked for by hand
        self._serves: int | None = None  #: the process whose first request was served
        self._pid: int | None = None  #: the process of the runner
        self._runner: ProcessRunner | None = None
        _of_this_process.add(self)

    def start_with_first_request(self) -> None:
        """Start where requests are really served: never under testing, once per process. A wrong set-up is logged:
        the portal's pages must go on.
        """
        if self._serves == os.getpid() or self._state.testing or not self._wanted:
            return
        self._serves = os.getpid()
        try:
            self._begin()
        except ConfigurationError as error:
            log.error("SMS runner not started: %s", error)  # the sentence says all
        except Exception as error:  # noqa: BLE001 - the portal's pages must go on
            log.error("SMS runner not started: %s", trail(error))

    def start(self) -> None:
        """Start now, unless this process has one; a command, and with it the reloader's parent, leaves it to the first
        request. Raises ``ConfigurationError``.
        """
        self._wanted = True
        if os.environ.get("FLASK_RUN_FROM_CLI") == "true":
            log.info("the SMS runner waits for the first request: this may be a command, or the reloader's parent")
            return
        self._begin()

    def stop(self) -> None:
        """Finish what is in flight, and end."""
        if self._runner is not None and self._pid == os.getpid():
            atexit.unregister(self._runner.stop)
            self._runner.stop()
            self._runner = None

    def before_fork(self) -> None:
        """End in a process that forks before it has served a request, as a server's master does: its children start
        anew, with their first requests, and share no connection with it.
        """
        if self._runner is not None and self._pid == os.getpid() and self._serves != self._pid:
            log.warning("the SMS runner ends in a process that only forks; its children start theirs")
            self.stop()
            with self._app.app_context():
                self._state.db.engine.dispose()

    def after_fork(self) -> None:
        """Forget what the parent's threads held."""
        self._lock = Lock()

    def _begin(self) -> None:
        with self._lock:
            if self._runner is not None and self._pid == os.getpid():
                return
            with self._app.app_context():
                _refuse_in_memory(self._state.db.engine)
            runner = ProcessRunner(self._app, self._state, kind="embedded")
            runner.start()
            self._runner, self._pid = runner, os.getpid()
            atexit.register(runner.stop)


_of_this_process: WeakSet[Embedded] = WeakSet()


def _each(what: Callable[[Embedded], None]) -> None:
    for embedded in list(_of_this_process):
        what(embedded)


os.register_at_fork(
    before=lambda: _each(Embedded.before_fork),
    after_in_child=lambda: _each(Embedded.after_fork),
)


def _refuse_in_memory(engine: Engine) -> None:
    """Raise where all of the portal shares one connection: a runner would commit and undo the portal's transactions."""
    if engine.dialect.name == "sqlite" and isinstance(engine.pool, (StaticPool, SingletonThreadPool)):
        raise ConfigurationError(
            "A database in memory is one connection, which no runner can share with the portal.",
            code="in_memory",
            hint='Use a file, or set SMS_SCHEDULER = "off" and drain by hand.',
        )
