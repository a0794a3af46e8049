"""The flush: claim, depart, deliver, settle, round and round, each step in a short transaction of its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import TypeAlias
from uuid import UUID

from sqlalchemy.orm import Session

from sms_plugin.gateways.contract import Outcome
from sms_plugin.jobs.steps import within
from sms_plugin.models import database_now
from sms_plugin.outbox.attempts import SETTLE_MARGIN, Departed, Finished, depart, settle
from sms_plugin.outbox.claim import Claim, Claimed, claim, release
from sms_plugin.outbox.deliver import Couriers, Parcel
from sms_plugin.providers.active import Line, line
from sms_plugin.providers.judgement import Judgement, judge
from sms_plugin.state import State

#: A claim takes at most so many; on SQLite it is the most rows that one transaction touches.
CLAIM = 100
#: A verdict waits at most so long for others to be written with, in seconds.
SETTLE_WITHIN = 0.25
#: While requests are under way, the flush looks around so often, in seconds.
GLANCE = 0.075

#: (provider's token, message) → the public address of its receipts, or None without one.
ReceiptUrl: TypeAlias = Callable[[str, UUID], str | None]


@dataclass(frozen=True, kw_only=True)
class Flushed:
    """What one run did."""

    departed: int
    accepted: int
    closed: str = ""  #: why nothing could go: "no_provider", "stopped", "paused"
    closed_until: datetime | None = None


class Flush:
    """One process's flush: it owns its couriers, and one thread runs it."""

    def __init__(self, state: State, *, receipt_url: ReceiptUrl, stopped: Callable[[Judgement], None]) -> None:
        """``stopped`` is told, outside of any transaction, when a provider refused our account for good."""
        self._state = state
        self._settings = state.settings
        self._couriers = Couriers(state.settings)
        self._receipt_url = receipt_url
        self._stopped = stopped
        self._line: Line | None = None
        self._claimed: list[Claimed] = []
        self._ahead = timedelta()  #: how far the database's clock is ahead of ours
        self._claim_again: datetime | None = None  #: no slot is free before
        self._closed = ""
        self._closed_until: datetime | None = None

    def run(self, stop: Event, *, woken: Callable[[], bool] = lambda: False) -> Flushed:
        """Send what is due, until nothing is or it is told to stop; what departed is always brought home.

        ``woken`` says whether something new may be due.
        """
        departed = accepted = 0
        dry = False
        finished: list[Finished] = []
        try:
            while True:
                dry = (dry and not woken()) or stop.is_set()
                if not dry:
                    dry = self._replenish()
                going = [] if stop.is_set() else self._ready()
                if finished or going:
                    departed += self._exchange(finished, going)
                    accepted += sum(each.verdict.outcome is Outcome.ACCEPTED for each in finished)
                if not self._couriers.in_flight and (stop.is_set() or (dry and not self._claimed)):
                    break
                finished = self._wait(stop)
        finally:
            self._give_back()
        return Flushed(
            departed=departed, accepted=accepted, closed=self._closed, closed_until=self._closed_until
        )

    def close(self) -> None:
        """End the couriers; what they carry is finished first."""
        self._couriers.dismiss()

    @property
    def _now(self) -> datetime:
        """Now by the database's clock, near enough to wait by."""
        return datetime.now(UTC) + self._ahead

    @property
    def _window(self) -> int:
        """The most messages with an open attempt: one and a half for each thread, or one batch of the gateway."""
        batch = 1 if self._line is None else self._line.capabilities.batch_size
        return max(self._settings.threads + self._settings.threads // 2, batch)

    def _replenish(self) -> bool:
        """Claim where few are in hand; whether nothing more is due."""
        if len(self._claimed) >= self._window or (self._claim_again is not None and self._now < self._claim_again):
            return False
        got = within(self._state, self._claim)
        self._claim_again = got.again_at
        self._claimed.extend(got.messages)
        return got.looked_at == 0

    def _claim(self, session: Session) -> Claim:
        now = database_now(session)
        self._ahead = now - datetime.now(UTC)
        found = line(session, state=self._state, now=now)
        self._closed = "no_provider" if found is None else found.closed
        self._closed_until = None if found is None else found.closed_until
        self._line = self._kept(found)
        if self._line is None:
            return Claim()
        return claim(
            session,
            state=self._state,
            provider_id=self._line.provider_id,
            want=CLAIM,
            now=now,
            lease=timedelta(seconds=self._settings.lease),
        )

    def _kept(self, found: Line | None) -> Line | None:
        """The line to use: the one in hand while its provider is unchanged, so that connections stay open."""
        if found is None or found.closed:
            return None
        old = self._line
        same = old is not None and (old.provider_id, old.changed_at) == (found.provider_id, found.changed_at)
        return old if same else found

    def _ready(self) -> list[Claimed]:
        """Claimed messages whose time has come, as many as may be under way."""
        room = self._window - self._couriers.in_flight
        if room <= 0 or self._line is None:
            return []
        now = self._now
        return [each for each in self._claimed[:room] if each.at <= now]

    def _exchange(self, finished: list[Finished], going: list[Claimed]) -> int:
        """Settle what came back and let go what is ready, in one transaction; the number that departed."""
        current = self._line
        set_out_by = time.monotonic() + SETTLE_MARGIN.total_seconds() / 2

        def work(session: Session) -> tuple[list[Departed], Judgement]:
            now = database_now(session)
            settle(session, finished, settings=self._settings, now=now)
            judgement = judge(session, [(each.provider_id, each.verdict) for each in finished], now=now)
            if current is None or judgement.closed:
                return [], judgement
            until = now + timedelta(seconds=self._settings.request_timeout) + SETTLE_MARGIN
            return depart(session, going, provider_id=current.provider_id, now=now, until=until), judgement

        departed, judgement = within(self._state, work)
        if judgement.stopped:
            self._stopped(judgement)
        if judgement.closed or current is None:
            self._line = None
            self._give_back()
            return 0
        gone = {each.id for each in going}
        self._claimed = [each for each in self._claimed if each.id not in gone]
        self._hand_out(current, departed, set_out_by)
        return len(departed)

    def _hand_out(self, current: Line, departed: list[Departed], set_out_by: float) -> None:
        size = current.capabilities.batch_size
        for start in range(0, len(departed), size):
            some = tuple(departed[start : start + size])
            urls = tuple(self._receipt_url(current.token, each.id) for each in some)
            self._couriers.put(Parcel(line=current, messages=some, receipt_urls=urls, set_out_by=set_out_by))

    def _wait(self, stop: Event) -> list[Finished]:
        """Wait for the next thing to do; the verdicts that came back meanwhile."""
        busy = self._couriers.in_flight
        if not busy:
            stop.wait(min(self._until_next_slot(), GLANCE))
            return []
        finished = self._couriers.collect(least=1, wait=min(self._until_next_slot(), GLANCE))
        if finished and self._couriers.in_flight:
            # a few more to write with it, so that a commit serves several; the others keep the threads busy meanwhile
            more = min(max(self._settings.threads // 2, 1), busy) - len(finished)
            finished += self._couriers.collect(least=max(more, 0), wait=SETTLE_WITHIN)
        return finished

    def _until_next_slot(self) -> float:
        """Seconds until a message may go or be claimed again; a glance where none is waiting for that."""
        if self._couriers.in_flight >= self._window:
            return GLANCE
        times = [each.at for each in self._claimed[:1]]
        if self._claim_again is not None:
            times.append(self._claim_again)
        if not times:
            return GLANCE
        return max((min(times) - self._now).total_seconds(), 0.001)

    def _give_back(self) -> None:
        if self._claimed:
            left, self._claimed = self._claimed, []
            within(self._state, lambda session: release(session, left))
