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
from sms_plugin.jobs.claiming import Claiming
from sms_plugin.jobs.exchanging import Exchanging
from sms_plugin.jobs.hand import Hand, Ready
from sms_plugin.models.busy import is_away, is_busy
from sms_plugin.models.clock import CarriedClock
from sms_plugin.outbox.claim import Claimed, release
from sms_plugin.outbox.deliver import Couriers, Parcel, requests_of
from sms_plugin.outbox.depart import Departed
from sms_plugin.outbox.exchange import Order, set_out_within
from sms_plugin.outbox.settle import NOT_SUBMITTED, Finished
from sms_plugin.providers.judgement import Judgement
from sms_plugin.providers.lines import Line
from sms_plugin.providers.rate import reserve
from sms_plugin.state import State
from sms_plugin.transactions import Hurried, rest, within

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
        self._hand = Hand()
        self._finished: list[Finished] = []
        self._dry = False  #: nothing more is due, as far as anybody told
        self._clock = CarriedClock()
        self._hurried = Hurried(state)
        self._claiming = Claiming(state, self._clock, self._hurried)
        self._exchanging = Exchanging(state, self._clock, self._hurried)
        self._departed = self._accepted = 0

    def run(self, stop: Event, *, woken: Callable[[], bool] = lambda: False) -> Flushed:
        """Send what is due, until nothing is or it is told to stop; what departed is always brought home.

        ``woken`` says whether something new may be due. A busy database is waited for. Raises ``ConfigurationError``
        where the provider's credentials cannot be read.
        """
        self._departed = self._accepted = 0
        self._dry = False
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
            self._give_back(self._hand.claimed)
        return Flushed(
            departed=self._departed,
            accepted=self._accepted,
            closed=self._claiming.closed,
            closed_until=self._claiming.closed_until,
        )

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
        self._give_back(self._hand.stale(self._now, lease=timedelta(seconds=self._settings.lease)))
        self._be_on_time()
        self._exchange(self._ready())
        self._dry = self._dry and not woken()
        return self._replenish()

    def _is_done(self, stop: Event) -> bool:
        if self._couriers.in_flight or self._finished:
            return False
        return stop.is_set() or (self._dry and not self._hand.claimed)

    @property
    def _now(self) -> datetime:
        """Now by the database's clock, near enough to wait by."""
        return self._clock.carried

    @property
    def _requests(self) -> int:
        """The most requests that are handed out."""
        return self._settings.threads + self._settings.threads // 2

    @property
    def _window(self) -> int:
        """The most messages with an open attempt: one and a half for each thread, or one batch of the gateway."""
        return max(self._requests, self._claiming.batch)

    def _replenish(self) -> bool:
        """Claim where few are in hand and more may be due; whether that brought any."""
        if self._dry or len(self._hand.claimed) >= self._window or not self._hand.may_claim(self._now):
            return False
        before, held = self._claiming.line, list(self._hand.claimed)
        if held and before is not None and before.probe:
            return False  # one message alone goes first
        got = self._claiming.claim(lead=self._hand.ahead)
        after = self._claiming.line
        if held and before is not None and after is not None and after.provider_id != before.provider_id:
            self._give_back(held)  # their times are of the other one's rate
        self._hand.take(got)
        self._dry = got.dry
        # what a batch waited for is there, or will not come
        return bool(got.messages) or (self._dry and self._claiming.batch > 1 and bool(self._hand.claimed))

    def _ready(self) -> list[Ready]:
        """Claimed messages whose time has come, as many as may be under way."""
        if self._claiming.line is None or self._fills():
            return []
        same_text = self._claiming.batch > 1 and self._claiming.line.capabilities.same_text
        return self._hand.ready(
            self._now,
            room=self._window - self._couriers.in_flight,
            texts=self._requests - self._couriers.requests if same_text else None,
        )

    def _fills(self) -> bool:
        """Whether a request that takes many waits for more that are due already; a probe goes alone."""
        if self._claiming.line is not None and self._claiming.line.probe:
            return False
        return len(self._hand.claimed) < self._claiming.batch and not self._dry and not self._hand.paced

    def _be_on_time(self) -> None:
        """Give those a new time that missed theirs, because this process or the provider was slow (P18)."""
        current = self._claiming.line
        late = self._hand.late(self._now, room=self._window - self._couriers.in_flight)
        if current is None or not late:
            return
        slots = within(
            self._state,
            lambda session: reserve(
                session, current.provider_id, want=len(late), now=self._clock.now(session), lead=self._hand.ahead
            ),
        )
        left = self._hand.renew(late, slots)
        self._dry = self._dry and not left
        self._give_back(left)

    def _exchange(self, ready: list[Ready]) -> None:
        """Settle what came back and let go what is ready, in one transaction."""
        finished, current = self._finished, self._claiming.line
        if not finished and not ready:
            return
        began = time.monotonic()
        set_out_by = began + set_out_within()
        going = [each.claimed for each in ready]
        urls = self._urls(current, going)  # before they depart: an address that cannot be built must stop them here
        order = Order(finished=finished, going=going, provider_id=None if current is None else current.provider_id)
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
        self._hand.note(len(finished), held_up=held_up)
        self._dry = self._dry and not held_up and not judgement.again
        if judgement.stopped:
            self._stopped(judgement)
        if judgement.closed:
            self._claiming.line, self._dry = None, False  # the next claim tells how long it stays closed
            self._give_back(self._hand.claimed)
        elif current is not None and ready:
            self._departed += len(departed)
            self._hand.let_go(ready, took=timedelta(seconds=time.monotonic() - began))
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
        clock = time.monotonic() - self._now.timestamp()
        for some in requests_of(departed, current.capabilities):
            at = slots[some[-1].id].timestamp() + clock
            by = at + self._hand.held_up.total_seconds()
            self._couriers.put(
                Parcel(
                    line=current,
                    messages=some,
                    receipt_urls=tuple(urls[each.id] for each in some),
                    not_before=at if self._hand.paced else 0.0,
                    set_out_by=min(set_out_by, by) if self._hand.paced else set_out_by,
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
        enough = self._requests - threads // 4 if self._couriers.pace < QUICK else threads // 2
        least = min(max(enough, 1), busy)
        self._finished += self._couriers.collect(least=least, wait=min(self._until_next_slot(), GLANCE))

    def _until_next_slot(self) -> float:
        """Seconds until a message may go or be claimed again; at least a glance where none is waiting for that."""
        room = self._couriers.in_flight < self._window
        following = self._hand.next_at(room=room, claiming=not self._dry)
        return GLANCE if following is None else max((following - self._now).total_seconds(), 0.001)

    def _give_back(self, some: list[Claimed]) -> None:
        """End the leases of messages that do not go now; where that fails they stay in hand."""
        if not some:
            return
        try:
            within(self._state, lambda session: release(session, some))
        except DBAPIError as error:
            log.warning("leases could not be given back (%s); they run out", type(error.orig).__name__)
            return
        self._hand.drop(some)
