"""What a flush has claimed and not yet let go: whose turn it is, and how close together they may leave."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sms_plugin.outbox.claim import Claim, Claimed
from sms_plugin.providers.rate import HORIZON

#: Under a rate, a message departs so much before its time, so that the request leaves on the dot.
AHEAD = timedelta(milliseconds=50)
#: A send time further ahead than any that is granted, by this much, comes from a clock that was put back since.
CLOCK_STEP = timedelta(seconds=2)


@dataclass(frozen=True, kw_only=True)
class Ready:
    """A claimed message whose turn has come, and the moment at which its request may leave."""

    claimed: Claimed
    at: datetime


class Hand:
    """Claimed messages in the order of their turn, and the slots that the provider's rate leaves them. Moments are by
    the database's clock.
    """

    def __init__(self) -> None:
        self.claimed: list[Claimed] = []
        self.paced = False  #: whether the provider has a rate
        self._apart = timedelta()
        self._last_slot: datetime | None = None  #: when the last message that was let go may leave
        self._claim_again: datetime | None = None  #: no slot is free before

    def take(self, got: Claim) -> None:
        """Add what a claim brought."""
        self._claim_again, self._apart = got.again_at, got.apart
        self.paced = bool(got.apart)
        self.claimed.extend(got.messages)

    def may_claim(self, now: datetime) -> bool:
        """Whether a slot may be free."""
        return self._claim_again is None or now >= self._claim_again

    def ready(self, now: datetime, *, room: int) -> list[Ready]:
        """Those whose time has come, at most so many, and no closer together than the rate allows."""
        horizon = now + AHEAD if self.paced else now
        ready: list[Ready] = []
        last = self._last_slot
        for each in self.claimed[: max(room, 0)]:
            at = self._slot(each, after=last)
            if at > horizon:
                break
            ready.append(Ready(claimed=each, at=at))
            last = at
        return ready

    def let_go(self, ready: list[Ready]) -> None:
        """Note that these, the first in hand, are under way."""
        self.claimed = self.claimed[len(ready) :]
        self._last_slot = ready[-1].at

    def stale(self, now: datetime, *, lease: timedelta) -> list[Claimed]:
        """Those to give back: a slow provider kept them for half of their lease, or the clock was put back since."""
        oldest = now + lease / 2
        furthest = now + HORIZON + self._apart + CLOCK_STEP
        if self._last_slot is not None and self._last_slot > furthest:
            self._last_slot = None
        return [each for each in self.claimed if each.until < oldest or each.at > furthest]

    def drop(self, some: Iterable[Claimed]) -> None:
        """Forget messages that were given back."""
        gone = set(some)
        self.claimed = [each for each in self.claimed if each not in gone]

    def next_at(self, *, room: bool, claiming: bool) -> datetime | None:
        """When the rate lets the next message go, or be claimed; None where no rate makes anybody wait."""
        times = []
        if self.claimed and room:
            times.append(self._slot(self.claimed[0], after=self._last_slot) - AHEAD)
        if self._claim_again is not None and claiming:
            times.append(self._claim_again)
        return min(times) if times and self.paced else None

    def _slot(self, message: Claimed, *, after: datetime | None) -> datetime:
        return message.at if after is None else max(message.at, after + self._apart)
