"""What a flush has claimed and not yet let go: whose turn it is, and how close together they may leave."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice, takewhile

from sms_plugin.outbox.claim import Claim, Claimed
from sms_plugin.providers.rate import HORIZON, Slots

#: Under a rate, a message departs so much before its time, or more where departures take long, so that the request
#: leaves on the dot.
AHEAD = timedelta(milliseconds=200)
MOST_AHEAD = timedelta(milliseconds=500)
#: A message that leaves later than this after its time would crowd those that come after it: it takes a new time. No
#: more than what the rate keeps in reserve.
LATE = timedelta(milliseconds=8)
#: A request that is held up for longer does not leave, and its message is claimed again: about half of what the rate
#: keeps in reserve, the rest is for its way. On a machine where this stops most, up to the latter, or hardly anything
#: would leave it.
HELD_UP, AT_WORST = timedelta(milliseconds=8), timedelta(milliseconds=100)
#: The share of those that were held up of late, each counting for so much, past which the machine is such a one.
MOST, WEIGHT = 0.5, 0.1
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
        self._takes = timedelta()  #: what a departure takes of late
        self._apart = timedelta()
        self.held_up = HELD_UP  #: how late a request may leave
        self._share = 0.0  #: of those that were held up of late
        self._claim_again: datetime | None = None  #: no slot is free before

    def take(self, got: Claim) -> None:
        """Add what a claim brought. One that brought nothing says nothing of those in hand."""
        if got.messages or not self.claimed:
            self._apart = got.apart
            self.paced = bool(got.apart)
        self._claim_again = got.again_at
        self.claimed.extend(got.messages)

    @property
    def ahead(self) -> timedelta:
        """How long before its time a message departs."""
        return min(max(AHEAD, 2 * self._takes), MOST_AHEAD)

    def may_claim(self, now: datetime) -> bool:
        """Whether a slot may be free."""
        return self._claim_again is None or now >= self._claim_again

    def ready(self, now: datetime, *, room: int, texts: int | None = None) -> list[Ready]:
        """Those whose time has come, at most so many; with ``texts``, of at most so many texts, each a request."""
        horizon = now + self.ahead if self.paced else now
        first = takewhile(lambda each: each.at <= horizon, self.claimed)
        some = first if texts is None else _of_few_texts(first, texts)
        return [Ready(claimed=each, at=each.at) for each in islice(some, max(room, 0))]

    def let_go(self, ready: list[Ready], *, took: timedelta) -> None:
        """Note that these are under way, and what their departure took."""
        self.drop(each.claimed for each in ready)
        self._takes = max(took, (self._takes * 7 + took) / 8)

    def note(self, finished: int, *, held_up: int) -> None:
        """Note how many of those that came back were held up. One hiccup changes nothing, for each that leaves late
        crowds a second; where most are held up it is more patient, and strict again with each that was not.
        """
        for late in [True] * held_up + [False] * (finished - held_up):
            self._share += (late - self._share) * WEIGHT
            if late and self._share > MOST:
                self.held_up = min(self.held_up * 2, AT_WORST)
            elif not late:
                self.held_up = max(self.held_up * 0.9, HELD_UP)

    def late(self, now: datetime, *, room: int) -> list[Claimed]:
        """Those that could go, and will have missed the time that the rate gave them once they have departed."""
        first = self.claimed[: max(room, 0)] if self.paced else []
        there = now + min(self._takes, MOST_AHEAD / 2)
        return [each for each in first if each.at < there - LATE]

    def renew(self, late: list[Claimed], slots: Slots) -> list[Claimed]:
        """Give them new times; those for which there was none, to be given back."""
        renewed = [replace(each, at=at) for each, at in zip(late, slots.times, strict=False)]
        left = late[len(renewed) :]
        if left:
            self._claim_again = slots.again_at
        self.drop(late[: len(renewed)])
        self.claimed = sorted([*self.claimed, *renewed], key=lambda each: each.at)
        return left

    def stale(self, now: datetime, *, lease: timedelta) -> list[Claimed]:
        """Those to give back: a slow provider kept them for half of their lease, or the clock was put back since."""
        oldest = now + lease / 2
        furthest = now + HORIZON + self._apart + CLOCK_STEP
        return [each for each in self.claimed if each.until < oldest or each.at > furthest]

    def drop(self, some: Iterable[Claimed]) -> None:
        """Forget messages that were given back."""
        gone = {each.id for each in some}
        self.claimed = [each for each in self.claimed if each.id not in gone]

    def next_at(self, *, room: bool, claiming: bool) -> datetime | None:
        """When the rate lets the next message go, or be claimed; None where no rate makes anybody wait."""
        times = []
        if self.claimed and room:
            times.append(self.claimed[0].at - self.ahead)
        if self._claim_again is not None and claiming:
            times.append(self._claim_again)
        return min(times) if times and self.paced else None


def _of_few_texts(some: Iterable[Claimed], most: int) -> Iterator[Claimed]:
    """Those that have one of the first so many texts."""
    texts: set[str] = set()
    for each in some:
        if len(texts) < most:
            texts.add(each.text)
        if each.text in texts:
            yield each
