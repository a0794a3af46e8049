"""A process's runner: one thread that flushes, and APScheduler for the jobs. Embedded in a web process, or a worker."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Event, Lock, Thread
from uuid import UUID

import sqlalchemy as sa
from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask, current_app
from sqlalchemy.orm import Session

from sms_plugin import signals
from sms_plugin.errors import ConfigurationError, SmsError
from sms_plugin.jobs.due import run_due
from sms_plugin.jobs.flush import Flush, Flushed
from sms_plugin.jobs.threads import Threads
from sms_plugin.jobs.wake import Watch
from sms_plugin.models import Runner, database_now, new_id
from sms_plugin.models.busy import is_away, is_busy
from sms_plugin.providers.judgement import Judgement
from sms_plugin.providers.settings import check_credentials
from sms_plugin.state import State
from sms_plugin.trails import trail
from sms_plugin.transactions import look, within

log = logging.getLogger(__name__)

#: Jobs are looked at so often, in seconds.
TICK = 1.0
#: A runner says that it lives so often, in seconds.
HEARTBEAT = 10.0
#: A closed provider is asked for again so often, in seconds, unless it said when it opens.
CLOSED_REST = 1.0


def check_keys(state: State) -> None:
    """Make sure that every provider's credentials can be read. Raises ``ConfigurationError`` naming the provider."""
    look(state, lambda session: check_credentials(session, state=state))


def flush_of(state: State) -> Flush:
    """A flush whose receipts come to this portal and whose alarms reach its signals; needs the app's context to run."""

    def receipt_url(token: str, message: UUID) -> str | None:
        if state.settings.public_url is None:
            return None
        return state.links("sms_webhooks.receipts", {"token": token, "message": message})

    def stopped(judgement: Judgement) -> None:
        log.error("the SMS provider %s refused our account: %s", judgement.provider, judgement.reason)
        signals.provider_stopped.send(
            current_app._get_current_object(),  # type: ignore[attr-defined]
            provider=judgement.provider,
            reason=judgement.reason,
            detail=judgement.detail,
        )

    return Flush(state, receipt_url=receipt_url, stopped=stopped)


class ProcessRunner:
    """What runs in one process. Started once, stopped once; its threads end with the process, a fork has none."""

    def __init__(self, app: Flask, state: State, *, kind: str) -> None:
        self._app = app
        self._state = state
        self._kind = kind
        self._stop = Event()
        self._scheduler = BackgroundScheduler(timezone=UTC, daemon=True, executors={"default": Threads()})
        self._at_work = Lock()  #: held while jobs are done
        self._at_heart = Lock()  #: held while it shows that it lives
        self._thread = Thread(target=self._run, name="sms-flush", daemon=True)
        self._id: UUID | None = None
        self._pid: int | None = None
        self._beat = 0.0

    def start(self) -> None:
        """Check the keys, then begin. Raises ``ConfigurationError``."""
        with self._app.app_context():
            _ = self._state.registry
            check_keys(self._state)
            self._enlist()
        self._scheduler.add_job(
            self._tick,
            "interval",
            seconds=TICK,
            next_run_time=datetime.now(UTC),
            coalesce=True,
            max_instances=2,  # one at work, and one to show that the process lives
            misfire_grace_time=None,
        )
        self._thread.start()
        self._scheduler.start()
        log.info("SMS runner started (%s)", self._kind)

    def stop(self) -> None:
        """Claim no more, finish what is in flight, leave. Nothing in a fork of the process that it runs in."""
        if self._stop.is_set() or self._pid != os.getpid():
            return
        self._stop.set()
        self._state.wake.set()
        self._scheduler.shutdown(wait=False)
        until = time.monotonic() + self._state.settings.request_timeout + 5
        self._thread.join(until - time.monotonic())
        if not self._at_work.acquire(timeout=max(until - time.monotonic(), 0)):
            log.warning("SMS runner: a job did not end in time; another process takes it up")
        if self._at_heart.acquire(timeout=max(until - time.monotonic(), 0)):
            self._at_heart.release()  # whoever comes now sees the stop: who has left does not sign on again
        with self._app.app_context():
            self._leave()
        log.info("SMS runner stopped (%s)", self._kind)

    def _tick(self) -> None:
        with self._at_heart:
            if self._stop.is_set():
                return
            with self._app.app_context():
                self._safely(self._heartbeat)
        if not self._at_work.acquire(blocking=False):
            return
        try:
            with self._app.app_context():
                self._safely(lambda: run_due(self._state, stop=self._stop))
        finally:
            self._at_work.release()

    def _run(self) -> None:
        watch = Watch(self._state)
        flush = flush_of(self._state)
        try:
            while not self._stop.is_set():
                try:
                    with self._app.app_context():
                        self._flush_once(flush, watch)
                except Exception as error:  # noqa: BLE001
                    # the host's own teardown may raise; that must not be the end of all texting
                    log.error("SMS runner: a round ended badly: %s", trail(error))
                    self._stop.wait(CLOSED_REST)
        finally:
            flush.close()
            with self._app.app_context():
                watch.close()

    def _flush_once(self, flush: Flush, watch: Watch) -> None:
        flushed = self._safely(lambda: flush.run(self._stop, woken=watch.woken))
        rest = self._rest(flushed)
        if rest:
            self._stop.wait(rest)
        watch.wait(self._stop, most=self._state.settings.flush_every)

    def _rest(self, flushed: Flushed | None) -> float:
        """Seconds to leave the database alone: after an error, and while the provider is closed."""
        if flushed is None:
            return CLOSED_REST
        if not flushed.closed:
            return 0.0
        if flushed.closed_until is None:
            return CLOSED_REST
        return min(max((flushed.closed_until - datetime.now(UTC)).total_seconds(), 0.01), CLOSED_REST)

    def _safely(self, work: Callable[[], Flushed | dict[str, int] | None]) -> Flushed | None:
        """What the work gives; a failure is logged, and the next round tries again."""
        try:
            done = work()
        except (SmsError, ConfigurationError) as error:
            log.error("SMS runner: %s", error)  # the sentence says all; a traceback would bury it
            return None
        except Exception as error:  # noqa: BLE001 - the next round tries again
            if is_busy(error) or is_away(error):
                log.warning("SMS runner: the database is busy or away; later")
            else:
                log.error("SMS runner: a round failed: %s", trail(error))
            return None
        return done if isinstance(done, Flushed) else None

    def _enlist(self) -> None:
        def work(session: Session) -> UUID:
            now = database_now(session)
            runner = Runner(
                id=new_id(now),
                kind=self._kind,
                host=socket.gethostname()[:120],
                pid=os.getpid(),
                started_at=now,
                seen_at=now,
            )
            session.add(runner)
            return runner.id

        self._id = within(self._state, work)
        self._pid = os.getpid()
        self._beat = time.monotonic()

    def _heartbeat(self) -> None:
        if not self._thread.is_alive() and not self._stop.is_set():
            log.error("SMS runner: the flush's thread died; another one begins")
            self._thread = Thread(target=self._run, name="sms-flush", daemon=True)
            self._thread.start()
        if time.monotonic() - self._beat < HEARTBEAT:
            return
        self._beat = time.monotonic()
        if not within(self._state, self._seen):
            self._enlist()  # somebody took it for dead, or the database was put back

    def _seen(self, session: Session) -> int:
        alive = sa.update(Runner).where(Runner.id == self._id).values(seen_at=database_now(session))
        return int(session.execute(alive).rowcount)  # type: ignore[attr-defined]

    def _leave(self) -> None:
        try:
            within(self._state, lambda session: session.execute(sa.delete(Runner).where(Runner.id == self._id)))
        except Exception as error:  # noqa: BLE001 - it is forgotten by its heartbeat too
            log.error("SMS runner: could not sign off: %s", trail(error))
