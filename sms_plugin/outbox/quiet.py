"""Quiet hours of a trigger: which hours of the recipient's day are its own, and when a message then goes (X6)."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Protocol

from sms_plugin.host.bound import Reason
from sms_plugin.hours import EVERY_DAY, Hours
from sms_plugin.settings import Settings

DEFER, FORWARD, IGNORE = "defer", "forward", "ignore"
#: Why a message waits, goes early, or is dropped.
QUIET_HOURS = "quiet_hours"
#: Why one is dropped that was not worth sending any more, whatever the hour.
TOO_LATE = "too_late"
#: What is brought forward is looked for so long before the hours close, at least.
_MARGIN = timedelta(minutes=30)
#: Clocks may be moved meanwhile.
_SHIFT = timedelta(hours=3)
_ZONES = [timezone(timedelta(hours=hours)) for hours in range(-12, 15)]


class Rules(Protocol):
    """What a trigger's row says of its hours."""

    @property
    def quiet(self) -> str | None: ...
    @property
    def opens(self) -> int | None: ...
    @property
    def closes(self) -> int | None: ...
    @property
    def weekdays(self) -> int | None: ...
    @property
    def holidays(self) -> bool | None: ...


@dataclass(frozen=True, kw_only=True)
class Slot:
    """When a message goes, and until when it is worth sending."""

    due_at: datetime
    expires_at: datetime
    reason: str = ""  #: why it is late or over: ``QUIET_HOURS``, ``TOO_LATE``

    @property
    def too_late(self) -> bool:
        """Whether it is over before it may begin."""
        return self.expires_at <= self.due_at


@dataclass(frozen=True, kw_only=True)
class Quiet:
    """What quiet hours do to the messages of one trigger."""

    policy: str  #: defer, forward, ignore
    hours: Hours

    def slot(
        self, own: datetime, zone: tzinfo, *, now: datetime, validity: timedelta, overtaken: datetime | None = None
    ) -> Slot:
        """When a message goes whose own moment is this one.

        Its validity is counted from when the hours first let it go, so that waiting for them does not make it late;
        but what lies ahead and has come by then is over. What is brought forward goes in the last allowed minute before
        its own moment, where that is still to come or has just begun. What no hour lets go is due at its own moment,
        and over.
        """
        usual = max(own, now)
        first = self._moved(own, zone, now)
        if first is None:
            return Slot(due_at=usual, expires_at=own, reason=QUIET_HOURS)
        expires, ends = max(own, first) + validity, own + validity
        if overtaken is not None:
            expires, ends = min(expires, overtaken), min(ends, overtaken)
        late = first if first >= now else self.open_at(now, zone)
        due_at = expires if late is None else late
        over = expires <= due_at
        return Slot(
            due_at=due_at,
            expires_at=expires,
            reason=TOO_LATE if over and ends <= usual else QUIET_HOURS if over or due_at != usual else "",
        )

    def ahead(self, until: datetime, *, portal: tzinfo, everywhere: bool) -> datetime:
        """Up to when own moments have to be looked for at ``until``: where they are brought forward, to the end of the
        quiet hours that are near, anywhere or by the portal's clocks.
        """
        if self.policy != FORWARD:
            return until
        zones = _ZONES if everywhere else [portal]
        soon = until + _MARGIN
        opens = (self.hours.next(soon, zone) for zone in zones)
        return max((each + _SHIFT for each in opens if each is not None and each > soon), default=until)

    def open_at(self, moment: datetime, zone: tzinfo) -> datetime | None:
        """The moment itself where a text may go then, else the first one after; None where there is none."""
        return moment if self.policy == IGNORE else self.hours.next(moment, zone)

    def _moved(self, own: datetime, zone: tzinfo, now: datetime) -> datetime | None:
        if self.policy == FORWARD:
            last = self.hours.last(own, zone)
            if last is not None and last >= now:
                return last
            if last is not None and now < own and self.hours.allows(now, zone):
                return now  # within that minute
        return self.open_at(own, zone)


def quiet_of(rules: Rules | None, reason: Reason, *, settings: Settings) -> Quiet:
    """What quiet hours do to a trigger: as its row says, else as it is declared and the portal has it.

    Raises ``ConfigurationError`` where the portal's holidays cannot be told.
    """
    policy = (rules.quiet if rules is not None else None) or reason.quiet
    return Quiet(policy=policy, hours=hours_of(rules, settings=settings))


def hours_of(rules: Rules | None, *, settings: Settings) -> Hours:
    """The hours in which a trigger's messages may go. Raises ``ConfigurationError`` as ``quiet_of`` does."""
    closes, opens = settings.quiet_hours or (24, 0)
    if rules is None:
        return Hours(opens=opens, closes=closes)
    rests = rules.holidays is False and settings.holidays is not None
    return Hours(
        opens=opens if rules.opens is None else rules.opens,
        closes=closes if rules.closes is None else rules.closes,
        weekdays=EVERY_DAY if rules.weekdays is None else rules.weekdays,
        holidays=holidays_of(settings.holidays) if rests and settings.holidays else (),
    )


@lru_cache(maxsize=8)
def holidays_of(country: str) -> Container[date]:
    """The public holidays of a country, by its ISO 3166 code. ``settings.read`` saw that they can be told."""
    from holidays import country_holidays  # it takes a third of a second, and most portals do without

    found: Container[date] = country_holidays(country)
    return found
