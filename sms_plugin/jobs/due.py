"""What recurs: a row per job, taken by version in whichever process gets there first. The row only saves work;
nothing goes wrong where two do the same (design: jobs).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from sms_plugin.batches.following import is_any
from sms_plugin.errors import SmsError
from sms_plugin.gateways.contract import Found
from sms_plugin.gateways.http import Http
from sms_plugin.jobs import balances, batches, figures, inbox, polling, surges
from sms_plugin.models import Job, Provider, Runner, database_now
from sms_plugin.models.busy import is_away, is_busy
from sms_plugin.models.insertion import insert_once
from sms_plugin.outbox.lapses import lapse_attempts, lapse_leases
from sms_plugin.outbox.receipts import rematch
from sms_plugin.outbox.reconcile import Doubt, conclude, doubts, look_up
from sms_plugin.outbox.tallies import fold
from sms_plugin.providers.lines import Line, line_of
from sms_plugin.state import State
from sms_plugin.trails import trail
from sms_plugin.transactions import look, step, within
from sms_plugin.triggers.sweep import sweep

log = logging.getLogger(__name__)

#: A job that shows no sign of life for so long is taken up by another process.
LEASE = timedelta(seconds=60)
#: A run of reconcile ends after so long, in seconds.
RECONCILE_FOR = 20.0
#: A runner not seen for so long is dead, and forgotten.
FORGET = timedelta(days=1)

#: Longer than so many seconds no job rests for what its last run took.
REST = 600.0
#: So many rows of counters are put together in one transaction.
FOLD = 100


class Lost(Exception):
    """Another process took the job up, because this one did not renew it in time."""


class Told(Exception):
    """This process shall end: the job goes on where it stands, in another one or later."""


class Taken:
    """A job that is this process's, while it renews it: its row holds the lease, and where the job stands."""

    def __init__(self, state: State, *, name: str, version: int, cursor: str | None, stop: Event | None) -> None:
        self._state = state
        self._stop = stop
        self.name = name
        self.version = version
        self.cursor = cursor  #: how far it is, where the last run ended early; every renewal writes it, and the end

    def renew(self) -> None:
        """Go on for another lease. Raises ``Told`` where this process shall end, ``Lost`` where another goes on."""
        if self._stop is not None and self._stop.is_set():
            raise Told(self.name)
        within(self._state, self._renewed)

    def _renewed(self, session: Session) -> None:
        renewed = session.execute(
            sa.update(Job)
            .where(Job.name == self.name, Job.version == self.version)
            .values(lease_until=database_now(session) + LEASE, cursor=self.cursor)
            .execution_options(synchronize_session=False)
        )
        if not renewed.rowcount:  # type: ignore[attr-defined]
            raise Lost(self.name)


@dataclass(frozen=True, kw_only=True)
class Work:
    """A job: how often, and what."""

    every: Callable[[State], float]  #: seconds
    run: Callable[[State, Taken], int]  #: the number of things it did
    wanted: Callable[[Session], bool] = lambda session: True  #: whether there is anything to do, where a look can tell
    share: float = 1.0  #: the most of the time that it takes: after a long run it rests longer, within ``REST``

    def rest(self, state: State, took: float) -> timedelta:
        """How long it waits after a run of so many seconds."""
        return timedelta(seconds=max(self.every(state), min(took / self.share, REST) if self.share < 1 else 0.0))


def _sweep(state: State, job: Taken) -> int:
    written = 0

    @contextmanager
    def page() -> Iterator[Session]:
        job.renew()
        with step(state) as session:
            yield session
        if written:
            state.wake.set()

    now = look(state, database_now)
    for swept in sweep(page, state=state, now=now):
        written += swept.messages
    if written:
        state.wake.set()
    return written


def _lapse(state: State, job: Taken) -> int:
    def work(session: Session) -> int:
        now = database_now(session)
        return lapse_leases(session, now=now) + lapse_attempts(session, now=now)

    done = 0
    while number := within(state, work):
        job.renew()
        done += number
    if done:
        state.wake.set()
    return done


def _reconcile(state: State, job: Taken) -> int:
    """Settle doubts for a while: what is left comes with the next run, so that no job waits for a slow provider.

    The cursor is the last doubt that was asked about: a run that fails over one goes on behind it the next time.
    """
    until = time.monotonic() + RECONCILE_FOR
    settled = within(state, lambda session: rematch(session, now=database_now(session)))
    found = _next_doubts(state, after=None if job.cursor is None else UUID(job.cursor))
    while found:
        for doubt in found:
            job.renew()
            job.cursor = str(doubt.message)
            settled += _settle_doubt(state, doubt)
            if time.monotonic() > until:
                return settled
        found = _next_doubts(state, after=found[-1].message)
    job.cursor = None
    return settled


def _next_doubts(state: State, *, after: UUID | None) -> list[Doubt]:
    return look(state, lambda session: doubts(session, now=database_now(session), after=after))


def _settle_doubt(state: State, doubt: Doubt) -> int:
    def asked(session: Session) -> Any:
        provider = session.get(Provider, doubt.provider_id)
        assert provider is not None  # noqa: S101 - attempts keep their provider by a foreign key
        return line_of(provider, state=state, now=database_now(session))

    try:
        line = look(state, asked)
        found = _looked_up(state, doubt, line) if line.capabilities.lookup else ()
    except SmsError as error:
        log.warning("a message of unknown fate cannot be looked up: %s", error.code)
        found = ()
    return int(within(state, lambda session: conclude(session, doubt, found, now=database_now(session))))


def _looked_up(state: State, doubt: Doubt, line: Line) -> Sequence[Found]:
    settings = state.settings
    with Http(settings.connect_timeout, settings.read_timeout, private=line.private) as http:
        return look_up(doubt, line.gateway(line.settings, http))


def _tidy(state: State, job: Taken) -> int:
    within(
        state,
        lambda session: session.execute(sa.delete(Runner).where(Runner.seen_at < database_now(session) - FORGET)),
    )
    folded = 0
    while (rows := within(state, lambda session: fold(session, most=FOLD))) == FOLD:
        job.renew()
        folded += rows
    return folded + rows


JOBS: Mapping[str, Work] = {
    "lapse": Work(every=lambda state: 5.0, run=_lapse),
    "sweep": Work(every=lambda state: state.settings.sweep_every, run=_sweep),
    "reconcile": Work(every=lambda state: 60.0, run=_reconcile),
    "balance": Work(every=lambda state: balances.EVERY, run=balances.ask_balances),
    "receipts": Work(every=lambda state: polling.EVERY, run=polling.poll),
    "inbox": Work(every=lambda state: inbox.EVERY, run=inbox.fetch),
    "tidy": Work(every=lambda state: 60.0, run=_tidy),
    "volumes": Work(every=lambda state: surges.LEARN_EVERY, run=surges.learn_volumes),
    "days": Work(every=lambda state: figures.EVERY, run=figures.count_days, share=figures.SHARE),
    "batches": Work(every=lambda state: batches.EVERY, run=batches.follow, wanted=is_any),
    "surges": Work(every=lambda state: surges.CARRY_OUT_EVERY, run=surges.carry_out_decided),
}


def run_due(state: State, *, stop: Event | None = None) -> dict[str, int]:
    """Do every job whose time has come and that nobody else is doing; what each of them did.

    With ``stop``, a job ends early once that is set.
    """
    waiting = look(state, _waiting)
    done: dict[str, int] = {}
    for name in JOBS:
        if name in waiting and not (stop is not None and stop.is_set()):
            number = run_job(state, name, stop=stop)
            if number is not None:
                done[name] = number
    return done


def run_job(state: State, name: str, *, now: bool = False, stop: Event | None = None) -> int | None:
    """Do one job where it is due, or at once; what it did, or None where it was not its time. Logs its failure."""
    got = within(state, lambda session: _take(session, name, at_once=now))
    if got is None:
        return None
    version, cursor = got
    job = Taken(state, name=name, version=version, cursor=cursor, stop=stop)
    work, began = JOBS[name], time.monotonic()
    try:
        done = work.run(state, job)
    except Lost:
        log.warning("the SMS job %s was taken up by another process", name)
        return None
    except Told:
        _ended(state, job, rest=timedelta())
        return None
    except Exception as failure:  # noqa: BLE001 - it comes again, and its row says that it failed
        if is_busy(failure) or is_away(failure):
            log.warning("the SMS job %s found the database busy or away, and comes again", name)
        else:
            log.error("the SMS job %s failed: %s", name, trail(failure))
        _ended(state, job, rest=work.rest(state, time.monotonic() - began), error=type(failure).__name__)
        return None
    _ended(state, job, rest=work.rest(state, time.monotonic() - began))
    return done


def _ended(state: State, job: Taken, *, rest: timedelta, error: str = "") -> None:
    try:
        within(state, lambda session: _end(session, job, rest=rest, error=error))
    except DBAPIError:
        # its lease says enough: it runs out, and the job is taken up again
        log.warning("the end of the SMS job %s could not be written", job.name)


def _free(now: datetime) -> ColumnElement[bool]:
    return sa.and_(Job.due_at <= now, sa.or_(Job.lease_until.is_(None), Job.lease_until <= now))


def _waiting(session: Session) -> set[str]:
    """The jobs that somebody should take. Reads only, so that a look every second costs SQLite's writers nothing."""
    rows = session.execute(sa.select(Job.name, _free(database_now(session)).label("free"))).all()
    free = {row.name for row in rows if row.free} | (set(JOBS) - {row.name for row in rows})
    return {name for name in free if name not in JOBS or JOBS[name].wanted(session)}


def _take(session: Session, name: str, *, at_once: bool) -> tuple[int, str | None] | None:
    """The version under which the job is ours, and where it stands; None where it is not its time, or where somebody
    else is at its row at this moment: who is stopped there must not stop the others.
    """
    now = database_now(session)
    asked = sa.select(Job.version, Job.cursor).where(Job.name == name)
    if session.execute(asked).one_or_none() is None:
        first = {"name": name, "version": 0, "due_at": now, "error": ""}
        insert_once(session.connection(), Job.__table__, [first], unique="name")  # type: ignore[arg-type]
    row = session.execute(asked.with_for_update(skip_locked=True)).one_or_none()
    if row is None:
        return None
    known, cursor = row
    take = (
        sa.update(Job)
        .where(Job.name == name, Job.version == known)
        .values(version=known + 1, lease_until=now + LEASE, started_at=now)
        .execution_options(synchronize_session=False)
    )
    taken = session.execute(take if at_once else take.where(_free(now)))
    return (known + 1, cursor) if taken.rowcount else None  # type: ignore[attr-defined]


def _end(session: Session, job: Taken, *, rest: timedelta, error: str) -> None:
    now = database_now(session)
    session.execute(
        sa.update(Job)
        .where(Job.name == job.name, Job.version == job.version)
        .values(due_at=now + rest, lease_until=None, ended_at=now, error=error[:200], cursor=job.cursor)
        .execution_options(synchronize_session=False)
    )
