"""What a flush has to let go: its hand, kept filled by claims."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from sqlalchemy.exc import DBAPIError

from sms_plugin.jobs.ahead import Ahead
from sms_plugin.jobs.claiming import CLAIM, Claiming, Got
from sms_plugin.jobs.hand import Hand, Ready
from sms_plugin.models.clock import CarriedClock
from sms_plugin.outbox.claim import Claimed, release
from sms_plugin.outbox.deliver import Couriers
from sms_plugin.providers.lines import Line
from sms_plugin.providers.rate import reserve
from sms_plugin.state import State
from sms_plugin.trails import trail
from sms_plugin.transactions import Hurried, within

log = logging.getLogger(__name__)

#: A claim brings what the couriers carry in about so many seconds, so that what is more urgent and comes meanwhile is
#: not behind much; the next one is made when no more is left than they carry while it is, or one claim brings: what a
#: killed process had in hand waits for its leases to run out.
SUPPLY, LEFT = 0.3, 0.09


class Supply:
    """Claims messages for the couriers, gives them back where they cannot go. For the flush's own thread."""

    def __init__(self, state: State, *, couriers: Couriers, clock: CarriedClock, hurried: Hurried) -> None:
        self._state = state
        self._couriers = couriers
        self._clock = clock
        self._claiming = Claiming(state, clock, hurried)
        self._ahead = Ahead(state, self._claiming, told=couriers.nudge)
        self.hand = Hand()
        self._dry = False
        self._expected = False  #: something came due since the claim that is under way began

    @property
    def line(self) -> Line | None:
        """The provider that messages are claimed for; None while nothing may go."""
        return self._claiming.line

    @property
    def troubled(self) -> bool:
        """Whether the provider's breaker counts, as far as the last claim told."""
        return self._claiming.troubled

    @property
    def closed(self) -> tuple[str, datetime | None]:
        """Why nothing could be claimed, as far as the last claim told, and until when."""
        return self._claiming.closed, self._claiming.closed_until

    @property
    def is_dry(self) -> bool:
        """Whether nothing more is due, as far as anybody told, and nothing is in hand."""
        return self._dry and not self.hand.claimed

    @property
    def wants_more(self) -> bool:
        """Whether something is to be claimed, or is about to be."""
        return not self._dry

    @property
    def now(self) -> datetime:
        """Now by the database's clock, near enough to wait by."""
        return self._clock.carried

    @property
    def requests(self) -> int:
        """The most requests that are handed out."""
        return self._state.settings.threads + self._state.settings.threads // 2

    @property
    def window(self) -> int:
        """The most messages with an open attempt: one and a half for each thread, or one batch of the gateway."""
        return max(self.requests, self._claiming.batch)

    @property
    def room(self) -> int:
        """How many more may have one now."""
        return self.window - self._couriers.in_flight

    def expect(self) -> None:
        """Claim again, whatever the last claim told or the one that is under way will tell."""
        self._dry, self._expected = False, True

    def replenish(self) -> bool:
        """Claim where few are in hand and more may be due; whether that brought something to let go."""
        if self._ahead.is_under_way:
            waits = not self._couriers.in_flight and not self.hand.claimed
            return self._adopt(self._ahead.take()) if waits or self._ahead.is_over else False
        line, carried = self.line, self._couriers.per_second
        apart = self._may_claim_apart
        enough = max(self.window, min(int(carried * LEFT), CLAIM)) if apart else self.window
        if self._dry or len(self.hand.claimed) >= enough or not self.hand.may_claim(self.now):
            return False
        if self.hand.claimed and line is not None and line.probe:
            return False  # one message alone goes first
        self._expected = False
        want = CLAIM if self.hand.paced else max(self.window, min(int(carried * SUPPLY), CLAIM))
        if apart and self._ahead.begin(lead=self.hand.ahead, want=want):
            return False
        return self._adopt(self._claiming.claim(lead=self.hand.ahead, want=want))

    def ready(self) -> list[Ready]:
        """Claimed messages whose time has come, as many as may be under way."""
        if self.line is None or self._fills():
            return []
        same_text = self._claiming.batch > 1 and self.line.capabilities.same_text
        texts = self.requests - self._couriers.requests if same_text else None
        return self.hand.ready(self.now, room=self.room, texts=texts)

    def be_on_time(self) -> None:
        """Give those a new time that missed theirs, because this process or the provider was slow (P18)."""
        current = self.line
        late = self.hand.late(self.now, room=self.room)
        if current is None or not late:
            return
        slots = within(
            self._state,
            lambda session: reserve(
                session, current.provider_id, want=len(late), now=self._clock.now(session), lead=self.hand.ahead
            ),
        )
        self._give_back(self.hand.renew(late, slots))

    def give_back_stale(self) -> None:
        """End the leases of those that wait for too long."""
        self._give_back(self.hand.stale(self.now, lease=timedelta(seconds=self._state.settings.lease)))

    def give_all_back(self) -> None:
        """End the leases of all that is in hand, or about to be; the next claim tells what may go."""
        if self._ahead.is_under_way:
            try:
                self.hand.take(self._ahead.take().claim)
            except Exception as error:  # noqa: BLE001 - whoever claims next meets it again
                log.warning("a claim that is not needed any more failed: %s", trail(error))
        self._give_back(self.hand.claimed)

    def close_line(self) -> None:
        """Nothing goes by this provider until a claim tells otherwise, or for how long."""
        self._claiming.line = None
        self.expect()
        self.give_all_back()

    @property
    def _may_claim_apart(self) -> bool:
        """Whether the couriers have something to do meanwhile. Under a rate the times of messages count from their
        claim, those that go many in a request wait for one another, and a probe goes alone.
        """
        if self.line is None or self.line.probe or self._claiming.batch > 1 or self.hand.paced:
            return False
        return bool(self._couriers.in_flight or self.hand.claimed)

    def _adopt(self, got: Got) -> bool:
        before, held = self.line, list(self.hand.claimed)
        self._claiming.adopt(got)
        after = self.line
        if before is not None and (after is None or after.provider_id != before.provider_id):
            self._give_back(held)  # nothing goes now, or their times are of the other one's rate
        self.hand.take(got.claim)
        self._dry = got.claim.dry and not self._expected
        # what a batch waited for is there, or will not come
        return bool(got.claim.messages) or (self._dry and self._claiming.batch > 1 and bool(self.hand.claimed))

    def _fills(self) -> bool:
        """Whether a request that takes many waits for more that are due already; a probe goes alone."""
        if self.line is not None and self.line.probe:
            return False
        return len(self.hand.claimed) < self._claiming.batch and not self._dry and not self.hand.paced

    def _give_back(self, some: list[Claimed]) -> None:
        """End the leases of messages that do not go now, to be claimed again; where that fails they stay in hand."""
        if not some:
            return
        self.expect()
        try:
            within(self._state, lambda session: release(session, some))
        except DBAPIError as error:
            log.warning("leases could not be given back (%s); they run out", type(error.orig).__name__)
            return
        self.hand.drop(some)
