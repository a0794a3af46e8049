"""What a flush claims, and the provider's line for which it does."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from sms_plugin.models.clock import CarriedClock
from sms_plugin.outbox.claim import Claim, claim
from sms_plugin.providers.lines import Line, line
from sms_plugin.state import State
from sms_plugin.transactions import Hurried, within

#: A claim takes at most so many, or for a gateway that takes many in one request so many, on SQLite fewer.
CLAIM, CLAIM_MANY, CLAIM_MANY_ALONE = 100, 2500, 500


class Claiming:
    """Claims for the line that speaks now, and keeps that while its provider is unchanged. For one thread."""

    def __init__(self, state: State, clock: CarriedClock, hurried: Hurried) -> None:
        self._state = state
        self._clock = clock
        self._hurried = hurried
        self.line: Line | None = None
        self.closed = ""  #: why nothing could be claimed, as far as the last claim told
        self.closed_until: datetime | None = None

    @property
    def batch(self) -> int:
        """The most messages that one request takes."""
        return 1 if self.line is None else self.line.capabilities.batch_size

    def claim(self, *, lead: timedelta) -> Claim:
        """What is due, for the provider that speaks now; ``lead`` is how long before its time a message departs.

        Commits. Raises ``ConfigurationError`` where the provider's credentials cannot be read.
        """

        def work(session: Session) -> Claim:
            return self._claim(session, lead=lead)

        return self._hurried.within(work) if self.batch > CLAIM else within(self._state, work)

    def _claim(self, session: Session, *, lead: timedelta) -> Claim:
        now = self._clock.now(session)
        found = line(session, state=self._state, now=now)
        self.closed = "no_provider" if found is None else found.closed
        self.closed_until = None if found is None else found.closed_until
        self.line = self._kept(found)
        if self.line is None:
            return Claim()
        return claim(
            session,
            state=self._state,
            provider_id=self.line.provider_id,
            want=self._want,
            now=now,
            lease=timedelta(seconds=self._state.settings.lease),
            lead=lead,
            probe=self.line.probe,
            standby=self.line.standby,
            longest=self.line.capabilities.longest,
        )

    @property
    def _want(self) -> int:
        """The most messages of one claim."""
        many = CLAIM_MANY_ALONE if self._state.db.engine.dialect.name == "sqlite" else CLAIM_MANY
        return max(min(self.batch, many), CLAIM)

    def _kept(self, found: Line | None) -> Line | None:
        """The line to use: the one in hand while its provider is unchanged, so that connections stay open."""
        if found is None or found.closed:
            return None
        old = self.line
        return old if old is not None and _like(old) == _like(found) else found


def _like(line: Line) -> tuple[object, ...]:
    """What two lines have in common whose connections can stay open."""
    return line.provider_id, line.changed_at, line.probe, line.standby
