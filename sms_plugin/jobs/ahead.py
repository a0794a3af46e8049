"""The next claim, made in a thread of its own while the couriers carry what is in hand."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from datetime import timedelta
from threading import Thread

from flask import current_app
from sqlalchemy.pool import NullPool, QueuePool

from sms_plugin.jobs.claiming import Claiming, Got
from sms_plugin.state import State
from sms_plugin.trails import trail

log = logging.getLogger(__name__)


class Ahead:
    """At most one claim that is under way. For one thread, which begins it and takes what it brought."""

    def __init__(self, state: State, claiming: Claiming, *, told: Callable[[], None]) -> None:
        """``told`` is called, in the claim's own thread, when it is over."""
        self._state = state
        self._claiming = claiming
        self._told = told
        self._future: Future[Got] | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether a claim was begun and what it brought was not taken yet."""
        return self._future is not None

    @property
    def is_over(self) -> bool:
        """Whether there is something to take, without waiting for it."""
        return self._future is not None and self._future.done()

    def begin(self, *, lead: timedelta, want: int) -> bool:
        """Begin a claim, in the app's context; False where there can be none beside what this thread does: its
        connections are not to be shared, or no thread can be started.
        """
        # two threads on the one connection of a database in memory would end each other's transactions
        if not isinstance(self._state.db.engine.pool, (QueuePool, NullPool)):
            return False
        app = current_app._get_current_object()  # type: ignore[attr-defined]
        future: Future[Got] = Future()

        def work() -> None:
            try:
                with app.app_context():
                    future.set_result(self._claiming.claim(lead=lead, want=want))
            except BaseException as error:  # noqa: BLE001 - told where it is taken
                if future.done():  # the host's own teardown may raise; what was claimed is there
                    log.error("the end of a claim went badly: %s", trail(error))
                else:
                    future.set_exception(error)
            finally:
                self._told()

        try:
            Thread(target=work, name="sms-claim", daemon=True).start()
        except RuntimeError:
            return False
        self._future = future
        return True

    def take(self) -> Got:
        """What the claim brought; waits for it. Raises what it raised, as ``Claiming.claim``."""
        assert self._future is not None  # noqa: S101 - the caller looked
        future, self._future = self._future, None
        return future.result()
