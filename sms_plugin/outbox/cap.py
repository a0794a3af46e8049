"""The most messages that a number gets on one of its days: what is over it comes on the next one (X22).

Asked at the claim, of reminders and batches; what a person did themself and what goes to staff is neither stopped nor
counted. Claims of several processes at the same moment do not see one another: a number may get as many more as they
have in flight together. One process's claims come one after another, and never exceed it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.hours import DEFAULT_HOUR, at_hour, end_of
from sms_plugin.models import Attempt, Lease, Message, first_id
from sms_plugin.models.base import constant
from sms_plugin.models.message import state_of_named
from sms_plugin.outbox.charges import COSTS
from sms_plugin.outbox.enqueue import REMINDER
from sms_plugin.outbox.moving import move, put_off
from sms_plugin.people.recipients import zone_named
from sms_plugin.settings import Settings
from sms_plugin.state import State
from sms_plugin.states import MessageState

#: Why a message waits for the next day, or was dropped.
CAPPED = "capped"
#: Messages that were decided longer ago are not counted: so a number's whole past is never read.
LOOK_BACK = timedelta(days=7)
#: When a day begins for texts where no quiet hours say it: nobody is texted at midnight because a day was full. It is
#: before the next reminders go, and before what was due with the last ones, and is good for a day, expires.
MORNING = DEFAULT_HOUR - 1
_MESSAGE: Any = Message.__table__
_ATTEMPT: Any = Attempt.__table__
_LEASE: Any = Lease.__table__
_STAFF = "staff"


def within_cap(session: Session, rows: Sequence[Any], *, state: State, now: datetime) -> list[Any]:
    """Those of the claimed messages that their number still has room for today; the others wait for its next day, or
    are dropped where they are not valid by then. Writes in the caller's transaction.

    One query for the reminders and batches among them, none where there are none.
    """
    cap = state.settings.daily_cap
    capped = [row for row in rows if row.priority >= REMINDER and row.purpose != _STAFF]
    if not cap or not capped:
        return list(rows)
    by_zone = {row.timezone: LocalDay(row, settings=state.settings, now=now) for row in capped}
    days = {row.id: by_zone[row.timezone] for row in capped}
    since = min(day.begins for day in days.values())
    gone = gone_since(session, {row.number for row in capped}, since=since, but=set(days), now=now)
    over: list[Any] = []
    taken: Counter[str] = Counter()
    for row in capped:  # in the order of P18
        today = sum(1 for at in gone[row.number] if at >= days[row.id].begins)
        if today + taken[row.number] < cap:
            taken[row.number] += 1
        else:
            over.append(row)
    _put_off(session, over, days, now=now)
    put_off = {row.id for row in over}
    return [row for row in rows if row.id not in put_off]


class LocalDay:
    """A recipient's local day at the moment of the claim."""

    def __init__(self, row: Any, *, settings: Settings, now: datetime) -> None:
        zone = zone_named(row.timezone, settings=settings)
        today = now.astimezone(zone).date()
        self.begins = end_of(today - timedelta(days=1), zone)
        self.next = _morning(end_of(today, zone), zone, settings)


def _morning(midnight: datetime, zone: ZoneInfo, settings: Settings) -> datetime:
    """When the next day begins for texts: after the night, where the portal has quiet hours over midnight or then."""
    quiet = settings.quiet_hours
    hour = MORNING
    if quiet is not None and (quiet[0] > quiet[1] or quiet[0] <= hour < quiet[1]):
        hour = quiet[1]
    return at_hour(midnight.astimezone(zone).date(), hour, zone)


#: What left since, and what is claimed: what it says of states and ranks is the same each time, so no parameter.
_GONE = (
    sa.select(_MESSAGE.c.id, _MESSAGE.c.number, _ATTEMPT.c.departed_at, _LEASE.c.token)
    .select_from(
        _MESSAGE.outerjoin(_ATTEMPT, _ATTEMPT.c.id == _MESSAGE.c.attempt_id).outerjoin(
            _LEASE, _LEASE.c.message_id == _MESSAGE.c.id
        )
    )
    .where(
        _MESSAGE.c.number.in_(sa.bindparam("numbers", expanding=True)),
        _MESSAGE.c.id >= sa.bindparam("first"),
        _MESSAGE.c.priority >= sa.literal_column(str(REMINDER)),
        _MESSAGE.c.purpose != constant(_STAFF),
        sa.or_(
            sa.and_(
                state_of_named.in_([constant(each) for each in sorted(COSTS)]),
                _ATTEMPT.c.departed_at >= sa.bindparam("since"),
            ),
            sa.and_(state_of_named == constant(MessageState.QUEUED), _LEASE.c.message_id.is_not(None)),
        ),
    )
)


def gone_since(
    session: Session, numbers: set[str], *, since: datetime, but: set[UUID], now: datetime
) -> dict[str, list[datetime]]:
    """When what counts left to each of the numbers, by the index of numbers; what is claimed leaves now."""
    asked = {"numbers": sorted(numbers), "first": first_id(now - LOOK_BACK), "since": since}
    gone: dict[str, list[datetime]] = defaultdict(list)
    for row in session.connection().execute(_GONE, asked):
        if row.id not in but:
            gone[row.number].append(row.departed_at if row.token is None else now)
    return gone


def _put_off(session: Session, rows: Sequence[Any], days: dict[UUID, LocalDay], *, now: datetime) -> None:
    """Have them wait for the next day; drop those that are worth nothing by then."""
    late = [row.id for row in rows if row.expires_at is not None and row.expires_at <= days[row.id].next]
    move(session, late, MessageState.SUPPRESSED, reason=CAPPED, now=now)
    by_day: dict[datetime, list[UUID]] = defaultdict(list)
    for each in sorted({row.id for row in rows}.difference(late)):
        by_day[days[each].next].append(each)
    put_off(session, by_day, reason=CAPPED, now=now)
