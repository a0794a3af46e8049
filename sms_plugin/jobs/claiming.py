"""What a flush claims, and the provider's line for which it does."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from sms_plugin.models.clock import CarriedClock
from sms_plugin.outbox.claim import Claim, Leased, Terms, sift, take_leases
from sms_plugin.outbox.leasing import end_leases_under
from sms_plugin.providers.lines import Line, line
from sms_plugin.state import State
from sms_plugin.trails import trail
from sms_plugin.transactions import Hurried, MustWrite, look_only, within

log = logging.getLogger(__name__)

#: A claim takes at most so many, or for a gateway that takes many in one request so many, on SQLite fewer.
CLAIM, CLAIM_MANY, CLAIM_MANY_ALONE = 100, 2500, 500
#: Where a claim's transaction keeps others out, it takes the leases alone: SQLite has one lock for all, and MariaDB
#: locks whatever it comes by on its way to what is due, among it what others have claimed and are about to settle.
LOCKS_OUT = frozenset({"sqlite", "mysql", "mariadb"})


@dataclass(frozen=True, kw_only=True)
class Got:
    """What one claim brought, and the line for which it did; without one, why nothing may go now."""

    claim: Claim = field(default_factory=Claim)
    line: Line | None = None
    closed: str = ""  #: "no_provider", "stopped", "paused", "outage"
    closed_until: datetime | None = None
    troubled: bool = False  #: its breaker counts, whichever process brought that about


class Claiming:
    """Claims for the line that speaks now, and keeps that while its provider is unchanged: one claim at a time, in any
    thread; what it brought counts from when it is adopted, by the flush's own.
    """

    def __init__(self, state: State, clock: CarriedClock, hurried: Hurried) -> None:
        self._state = state
        self._clock = clock
        self._hurried = hurried
        self.line: Line | None = None
        self.closed = ""  #: why nothing could be claimed, as far as the last claim told
        self.closed_until: datetime | None = None
        self.troubled = False  #: the provider's breaker counts, as far as the last claim told

    @property
    def batch(self) -> int:
        """The most messages that one request takes."""
        return 1 if self.line is None else self.line.capabilities.batch_size

    def claim(self, *, lead: timedelta, want: int) -> Got:
        """What is due, for the provider that speaks now; ``lead`` is how long before its time a message departs, and
        ``want`` how many, of a gateway that takes one in a request.

        Commits. Raises ``ConfigurationError`` where the provider's credentials cannot be read.
        """

        def work(session: Session) -> tuple[Got, Leased | None]:
            return self._claim(session, lead=lead, want=want)

        got, leased = self._hurried.within(work) if self.batch > CLAIM else within(self._state, work)
        return got if leased is None else replace(got, claim=self._sifted(leased))

    def adopt(self, got: Got) -> None:
        """Go on with this line, or none."""
        self.line, self.closed, self.closed_until = got.line, got.closed, got.closed_until
        self.troubled = got.troubled

    def _claim(self, session: Session, *, lead: timedelta, want: int) -> tuple[Got, Leased | None]:
        """What was claimed; or what was leased, and is to be asked about where it keeps nobody from writing."""
        now = self._clock.now(session)
        found = line(session, state=self._state, now=now)
        if found is None or found.closed:
            closed, until = ("no_provider", None) if found is None else (found.closed, found.closed_until)
            return Got(closed=closed, closed_until=until), None
        kept = self._kept(found)
        terms = Terms(
            provider_id=kept.provider_id,
            want=self._most(kept, want),
            lease=timedelta(seconds=self._state.settings.lease),
            lead=lead,
            probe=kept.probe,
            standby=kept.standby,
            longest=kept.capabilities.longest,
            apart=found.apart,
            budgeted=found.budgeted,
        )
        apart = self._state.db.engine.dialect.name in LOCKS_OUT and not (found.apart or kept.probe or found.budgeted)
        taken = take_leases(session, terms, now=now, read=not apart)
        if isinstance(taken, Claim):
            return Got(claim=taken, line=kept, troubled=found.troubled), None
        if apart:
            return Got(line=kept, troubled=found.troubled), taken
        sifted = sift(session, taken, state=self._state, now=now)
        return Got(claim=sifted, line=kept, troubled=found.troubled), None

    def _sifted(self, leased: Leased) -> Claim:
        """The claim of what was leased before: without a lock, as long as there is nothing to write."""

        def work(session: Session) -> Claim:
            return sift(session, leased, state=self._state, now=self._clock.now(session))

        try:
            try:
                return look_only(self._state, work)
            except MustWrite:
                return within(self._state, work)
        except Exception:
            self._give_back(leased)
            raise

    def _give_back(self, leased: Leased) -> None:
        try:
            within(self._state, lambda session: end_leases_under(session, leased.token))
        except SQLAlchemyError as error:
            log.warning("leases could not be given back (%s); they run out", trail(error))

    @property
    def _is_sqlite(self) -> bool:
        return self._state.db.engine.dialect.name == "sqlite"

    def _most(self, kept: Line, want: int) -> int:
        """The most messages of one claim."""
        batch = kept.capabilities.batch_size
        if batch == 1:
            return min(want, CLAIM)
        return max(min(batch, CLAIM_MANY_ALONE if self._is_sqlite else CLAIM_MANY), CLAIM)

    def _kept(self, found: Line) -> Line:
        """The line to use: the one in hand while its provider is unchanged, so that connections stay open."""
        old = self.line
        return old if old is not None and _like(old) == _like(found) else found


def _like(line: Line) -> tuple[object, ...]:
    """What two lines have in common whose connections can stay open."""
    return line.provider_id, line.changed_at, line.probe, line.standby
