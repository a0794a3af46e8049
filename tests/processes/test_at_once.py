"""Several processes at once: each message leaves once, each occurrence is one, each job is done once a period (X2)."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest
import sqlalchemy as sa

from sms_plugin.jobs import balances, figures, inbox, polling, surges
from sms_plugin.models import Job, Lease, Message, database_now
from sms_plugin.outbox.tallies import counts_by_state
from sms_plugin.testing.phone_server import PhoneServer
from sms_plugin.transactions import look
from tests.portal import Booking, Portal
from tests.processes.queueing import queue
from tests.processes.running import START_IN_WORKER, Processes, children, runners, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

DUE = 2000
SWEPT = 300
#: What one ``flask sms flush`` or ``flask sms sweep`` does once more, whatever the period says.
BY_HAND = {"sweep": 1, "lapse": 1}


def _book(portal: Portal, count: int) -> None:
    """So many bookings, the reminder of each of which has been due for a minute."""
    now = dt.datetime.now(portal.state.settings.zone)
    starts_at = (now + dt.timedelta(hours=2, minutes=-1)).replace(tzinfo=None)
    portal.switch_on("seat_soon", since=now - dt.timedelta(hours=1))
    for number in range(count):
        portal.session.add(Booking(guest=f"Guest {number}", guest_phone="+351912345678", starts_at=starts_at))
    portal.session.commit()


def _counts(portal: Portal) -> Counter[str]:
    return Counter({state: count for state, count in look(portal.state, counts_by_state).items() if count})


def _jobs(portal: Portal) -> dict[str, tuple[int, float]]:
    """How often each job was taken, and for how many seconds there has been one."""

    def rows(session: sa.orm.Session) -> dict[str, tuple[int, float]]:
        now = database_now(session)
        first = session.scalars(sa.select(sa.func.min(Message.created_at))).one()
        return {
            row.name: (row.version, (now - first).total_seconds())
            for row in session.execute(sa.select(Job.name, Job.version))
        }

    return look(portal.state, rows)


def test_two_thousand_messages_leave_once_each_whoever_runs(
    office: Portal, processes: Processes, phone: PhoneServer
) -> None:
    """Two web workers with the embedded scheduler, a worker, and a flush and a sweep by hand, all at once."""
    _book(office, SWEPT)
    queue(office, DUE - SWEPT)
    config = {"SMS_SWEEP_EVERY": 3600}
    web = processes.gunicorn(**config)
    processes.worker(**config)
    by_hand = [processes.flask("sms", words, config=config) for words in ("flush", "sweep")]
    web.open()
    until(lambda: web.ask() and len(runners(office)) == 3)
    assert [command.left() for command in by_hand] == [0, 0]
    until(lambda: _counts(office)["sent"] == DUE)
    assert _counts(office) == Counter(sent=DUE)
    reminded = look(
        office.state,
        lambda session: session.scalars(sa.select(Message.record).where(Message.trigger == "seat_soon")).all(),
    )
    assert sorted(Counter(reminded).values()) == [1] * SWEPT
    assert Counter(line["id"] for line in phone.ledger()) == Counter(
        str(message) for message in look(office.state, lambda session: session.scalars(sa.select(Message.id)).all())
    )
    asking = {"balance": balances.EVERY, "receipts": polling.EVERY, "inbox": inbox.EVERY}
    counting = {"days": figures.EVERY}
    guarding = {"volumes": surges.LEARN_EVERY, "surges": surges.CARRY_OUT_EVERY}
    periods = {"lapse": 5.0, "sweep": 3600.0, "reconcile": 60.0, "tidy": 60.0, **asking, **counting, **guarding}
    jobs = _jobs(office)
    assert set(jobs) == set(periods)
    for name, (version, seconds) in jobs.items():
        assert 1 <= version <= seconds // periods[name] + 1 + BY_HAND.get(name, 0)


@pytest.mark.parametrize("start", ["at the first request", "in post_worker_init"])
@pytest.mark.parametrize("preload", [False, True], ids=["", "preloaded"])
def test_each_web_worker_has_one_runner_and_their_master_none(
    office: Portal, processes: Processes, phone: PhoneServer, preload: bool, start: str
) -> None:
    queue(office, 200)
    options = ["--preload"] if preload else []
    by_itself = start == "in post_worker_init"
    web = processes.gunicorn(*options, *(["--config", START_IN_WORKER] if by_itself else []))
    if not by_itself:
        web.open()
    until(lambda: (by_itself or web.ask()) and len(runners(office)) == 2)
    assert runners(office) == [("embedded", child) for child in children(web.process.pid)]
    until(lambda: _counts(office)["sent"] == 200)
    assert max(Counter(line["id"] for line in phone.ledger()).values()) == 1
    web.terminate()
    assert web.left() == 0
    assert runners(office) == []


@pytest.mark.parametrize("kind", ["worker", "web server"])
def test_told_to_leave_it_finishes_what_is_in_flight_and_takes_up_no_more(
    office: Portal, processes: Processes, phone: PhoneServer, kind: str
) -> None:
    """SIGTERM, with hundreds still waiting: nothing is unknown, nothing leased, and few go after it."""
    phone.set(latency_ms=200)
    queue(office, 600)
    running = processes.worker() if kind == "worker" else processes.gunicorn()
    if kind != "worker":
        running.open()
    until(lambda: len(phone.ledger()) > 30)
    workers = 1 if kind == "worker" else 2
    running.terminate()
    told = len(phone.ledger())
    assert running.left() == 0
    counts = _counts(office)
    settings = office.state.settings
    assert len(phone.ledger()) - told <= workers * (settings.threads + settings.threads // 2)
    assert counts == Counter(sent=len(phone.ledger()), queued=600 - len(phone.ledger()))
    assert look(office.state, lambda session: session.scalar(sa.select(sa.func.count()).select_from(Lease))) == 0
    assert runners(office) == []
