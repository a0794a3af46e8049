"""The runner inside the web process: started by the first served request, or by ``sms.start(app)``."""

from __future__ import annotations

import atexit
import logging
import os
from threading import Lock

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
        self._tried_in: int | None = None  #: the process whose first request was served
        self._pid: int | None = None  #: the process of the runner
        self._runner: ProcessRunner | None = None

    def start_with_first_request(self) -> None:
        """Start where requests are really served: never under testing, once per process. A wrong set-up is logged:
        the portal's pages must go on.
        """
        if self._tried_in == os.getpid() or self._state.testing or self._state.settings.scheduler == "off":
            return
        self._tried_in = os.getpid()
        try:
            self.start()
        except ConfigurationError as error:
            log.error("SMS runner not started: %s", error)  # the sentence says all
        except Exception as error:  # noqa: BLE001 - the portal's pages must go on
            log.error("SMS runner not started: %s", trail(error))

    def start(self) -> None:
        """Start now, unless this process has one. Raises ``ConfigurationError``."""
        with self._lock:
            if self._runner is not None and self._pid == os.getpid():
                return
            with self._app.app_context():
                _refuse_in_memory(self._state.db.engine)
            runner = ProcessRunner(self._app, self._state, kind="embedded")
            runner.start()
            self._runner, self._pid = runner, os.getpid()
            atexit.register(runner.stop)

    def stop(self) -> None:
        """Finish what is in flight, and end."""
        if self._runner is not None and self._pid == os.getpid():
            atexit.unregister(self._runner.stop)
            self._runner.stop()
            self._runner = None


def _refuse_in_memory(engine: Engine) -> None:
    """Raise where all of the portal shares one connection: a runner would commit and undo the portal's transactions."""
    if engine.dialect.name == "sqlite" and isinstance(engine.pool, (StaticPool, SingletonThreadPool)):
        raise ConfigurationError(
            "A database in memory is one connection, which no runner can share with the portal.",
            code="in_memory",
            hint='Use a file, or set SMS_SCHEDULER = "off" and drain by hand.',
        )
