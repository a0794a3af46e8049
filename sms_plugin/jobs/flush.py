"""The flush: claim, depart, deliver, settle, round and round, each step in a short transaction of its own."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event
from typing import TypeAlias
from uuid import UUID

from sqlalchemy.exc import DBAPIError

from sms_plugin.gateways.contract import Outcome
from sms_plugin.jobs.exchanging import Exchanging
from sms_plugin.jobs.hand import Ready
from sms_plugin.jobs.supply import Supply
from sms_plugin.models.busy import is_away, is_busy
from sms_plugin.models.clock import CarriedClock
from sms_plugin.outbox.claim import Claimed
from sms_plugin.outbox.deliver import Couriers, Parcel, requests_of
from sms_plugin.outbox.depart import Departed
from sms_plugin.outbox.exchange import Order, set_out_within
from sms_plugin.outbox.settle import NOT_SUBMITTED, Finished
from sms_plugin.providers.judgement import Judgement
from sms_plugin.providers.lines import Line
from sms_plugin.state import State
from sms_plugin.transactions import Hurried, rest

log = logging.getLogger(__name__)

#: A verdict waits at most so long for others to be written with, and the flush looks around so often, in seconds.
GLANCE = 0.075
#: Where requests take less than this, in seconds, it is this process that is busy, and not the threads that wait: then
#: one commit serves nearly all that may be open.
QUICK = 0.016
#: A busy database is left alone for so long, in seconds.
BUSY_REST = 0.2
#: After being told to stop, so many busy answers are taken before what is left is left to its lease.
LAST_TRIES = 5

#: (provider's token, message) → the public address of its receipts, or None without one.
ReceiptUrl: TypeAlias = Callable[[str, UUID], str | None]


_NOBODY = UUID(int=0)


@dataclass(frozen=True, kw_only=True)
class Flushed:
    """What one run did."""

    departed: int
    accepted: int
    closed: str = ""  #: why nothing could go: "no_provider", "stopped", "paused", "outage"
    closed_until: datetime | None = None


class Flush:
    """One process's flush: it owns its couriers, and one thread runs it.

    What it holds in memory is held by the database too: claimed messages by a lease, departed ones by an attempt.
    Verdicts are kept until they are written, over errors and over runs.
    """

    def __init__(self, state: State, *, receipt_url: ReceiptUrl, stopped: Callable[[Judgement], None]) -> None:
        """``stopped`` is told, outside of any transaction, when a provider refused our account for good."""
        self._state = state
        self._settings = state.settings
        self._couriers = Couriers(state.settings)
        self._receipt_url = receipt_url
        self._stopped = stopped
        self._finished: list[Finished] = []
        clock, self._hurried = CarriedClock(), Hurried(state)
        self._supply = Supply(state, couriers=self._couriers, clock=clock, hurried=self._hurried)
        self._exchanging = Exchanging(state, clock, self._hurried)
        self._departed = self._accepted = 0

    def run(self, stop: Event, *, woken: Callable[[], bool] = lambda: False) -> Flushed:
        """Send what is due, until nothing is or it is told to stop; what departed is always brought home.

        ``woken`` says whether something new may be due. A busy database is waited for. Raises ``ConfigurationError``
        where the provider's credentials cannot be read.
        """
        self._departed = self._accepted = 0
        self._supply.expect()
        busy = 0
        try:
            while True:
                claimed = False
                try:
                    claimed = self._round(stop, woken)
                    busy = 0
                except DBAPIError as error:
                    busy += 1
                    if not is_busy(error) or (stop.is_set() and busy > LAST_TRIES):
                        raise
                    log.warning("the database is busy; the SMS flush waits for it")
                    time.sleep(BUSY_REST)
                if self._is_done(stop):
                    break
                if not claimed:
                    self._wait(stop)
        finally:
            self._supply.give_all_back()
        closed, until = self._supply.closed
        return Flushed(departed=self._departed, accepted=self._accepted, closed=closed, closed_until=until)

    def close(self) -> None:
        """End the couriers; what they carry is finished first."""
        self._couriers.dismiss()
        self._exchanging.close()
        self._hurried.close()

    def _round(self, stop: Event, woken: Callable[[], bool]) -> bool:
        """Exchange, so that the couriers are busy meanwhile, then claim; whether that brought something to let go."""
        if stop.is_set():
            self._exchange([])
            return False
        self._supply.give_back_stale()
        self._supply.be_on_time()
        self._exchange(self._supply.ready())
        if not self._supply.wants_more and woken():
            self._supply.expect()
        return self._supply.replenish()

    def _is_done(self, stop: Event) -> bool:
        if self._couriers.in_flight or self._finished:
            return False
        return stop.is_set() or self._supply.is_dry

    def _exchange(self, ready: list[Ready]) -> None:
        """Settle what came back and let go what is ready, in one transaction."""
        finished, current = self._finished, self._supply.line
        if not finished and not ready:
            return
        began = time.monotonic()
        set_out_by = began + set_out_within()
        going = [each.claimed for each in ready]
        urls = self._urls(current, going)  # before they depart: an address that cannot be built must stop them here
        order = Order(
            finished=finished,
            going=going,
            provider_id=None if current is None else current.provider_id,
            troubled=self._supply.troubled,
        )
        try:
            exchanged = self._exchanging.exchange(order)
        except Exception as error:
            if finished and not (is_busy(error) or is_away(error)):
                self._finished = self._exchanging.settle_apart(finished)
            raise
        departed, judgement = exchanged.departed, exchanged.judgement
        self._finished = []
        self._accepted += sum(each.verdict.outcome is Outcome.ACCEPTED for each in finished)
        held_up = sum(each.verdict is NOT_SUBMITTED for each in finished)
        self._supply.hand.note(len(finished), held_up=held_up)
        if held_up or judgement.again:
            self._supply.expect()
        if judgement.stopped:
            self._stopped(judgement)
        if judgement.closed:
            self._supply.close_line()
        elif current is not None and ready:
            self._departed += len(departed)
            self._supply.hand.let_go(ready, took=timedelta(seconds=time.monotonic() - began))
            self._hand_out(current, departed, {each.claimed.id: each.at for each in ready}, urls, set_out_by)

    def _urls(self, current: Line | None, going: list[Claimed]) -> dict[UUID, str | None]:
        """The receipts' address of each message. Raises ``SmsError`` where none can be built."""
        if current is None or not going:
            return {}
        pattern = self._receipt_url(current.token, _NOBODY)
        return {each.id: None if pattern is None else pattern.replace(str(_NOBODY), str(each.id)) for each in going}

    def _hand_out(
        self,
        current: Line,
        departed: list[Departed],
        slots: dict[UUID, datetime],
        urls: dict[UUID, str | None],
        set_out_by: float,
    ) -> None:
        hand, clock = self._supply.hand, time.monotonic() - self._supply.now.timestamp()
        for some in requests_of(departed, current.capabilities):
            at = slots[some[-1].id].timestamp() + clock
            by = at + hand.held_up.total_seconds()
            self._couriers.put(
                Parcel(
                    line=current,
                    messages=some,
                    receipt_urls=tuple(urls[each.id] for each in some),
                    not_before=at if hand.paced else 0.0,
                    set_out_by=min(set_out_by, by) if hand.paced else set_out_by,
                )
            )

    def _wait(self, stop: Event) -> None:
        """Wait for the next thing to do, and take in the verdicts that come back meanwhile."""
        busy = self._couriers.requests
        if not busy:
            stop.wait(min(self._until_next_slot(), GLANCE))
            return
        rest(self._state)
        # several verdicts share a commit, while the messages beyond the number of threads keep these busy
        threads = self._settings.threads
        enough = self._supply.requests - threads // 4 if self._couriers.pace < QUICK else threads // 2
        least = min(max(enough, 1), busy)
        self._finished += self._couriers.collect(least=least, wait=min(self._until_next_slot(), GLANCE))

    def _until_next_slot(self) -> float:
        """Seconds until a message may go or be claimed again; at least a glance where none is waiting for that."""
        supply = self._supply
        following = supply.hand.next_at(room=supply.room > 0, claiming=supply.wants_more)
        return GLANCE if following is None else max((following - supply.now).total_seconds(), 0.001)
