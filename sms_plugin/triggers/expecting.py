"""What the claim will say of messages to come: opt-outs, cap and budget, reckoned ahead (X4, X10, X22)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from sms_plugin.host.identity import RecordRef
from sms_plugin.outbox.cap import CAPPED, LocalDay, gone_since
from sms_plugin.outbox.charges import OVER
from sms_plugin.outbox.enqueue import REMINDER, Draft
from sms_plugin.people.consent import opted_out, stands_against
from sms_plugin.providers.active import active_id
from sms_plugin.providers.budget import Budget, budget_of, today
from sms_plugin.providers.costs import UNKNOWN, Tariff, tariff
from sms_plugin.state import State
from sms_plugin.states import MessageState

_NOTHING = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class Expected:
    """One message that is expected, or why there will be none. ``place`` tells it from every other."""

    place: str
    trigger: str | None
    step: str = ""
    moment: str = ""
    purpose: str = ""
    priority: int = REMINDER
    entity: str | None = None
    record: str | None = None
    person_entity: str | None = None
    person: str | None = None
    client_entity: str | None = None
    client: str | None = None
    number: str | None = field(default=None, repr=False)
    timezone: str = ""
    text: str = field(default="", repr=False)
    segments: int = 0
    cost: Decimal | None = None
    due_at: datetime
    expires_at: datetime | None = None
    problem: str = ""  #: a reason's code; empty where it goes
    detail: str = ""
    message: UUID | None = None  #: it is written already, and waits
    records: int = 1  #: so many debts it tells of (X21)

    @property
    def goes(self) -> bool:
        """Whether it is sent, as far as is known now."""
        return not self.problem

    @property
    def about(self) -> RecordRef | None:
        """The record that it is about."""
        return None if self.entity is None or self.record is None else RecordRef(entity=self.entity, key=self.record)


class Reckoning:
    """What was let go so far, by number and day and by day of the budget: so much is remembered, and no message.

    Messages are reckoned in the order in which they are given: the claim's own order is that of their rank and time.
    """

    def __init__(self, session: Session, *, state: State, now: datetime) -> None:
        self._state, self._now = state, now
        self._provider = active_id(session)
        self.prices: Tariff = tariff(session) if self._provider is not None else UNKNOWN
        self._taken: dict[date, Counter[str]] = defaultdict(Counter)
        self._spent: dict[date, Decimal] = defaultdict(Decimal)
        self._budgets: dict[date, Budget | None] = {}

    @property
    def provided(self) -> bool:
        """Whether a provider is active."""
        return self._provider is not None

    def reckon(self, session: Session, expected: Sequence[Expected]) -> list[Expected]:
        """Those expected, as the claim will let them go, put them off or stop them. Reads only."""
        priced = [self._priced(each) for each in expected]
        outs = opted_out(session, {each.number for each in priced if each.goes and each.number})
        told = [self._opted_out(each, outs) for each in priced]
        told = self._capped(session, told)
        return [self._affordable(session, each) for each in told]

    def forget(self, before: date) -> None:
        """Let go of what was taken on days that are over, so that the memory is that of a few days."""
        for day in [day for day in self._taken if day < before]:
            del self._taken[day]

    def _priced(self, each: Expected) -> Expected:
        return replace(each, cost=self.prices.cost(each.number, each.segments))

    def _opted_out(self, each: Expected, outs: set[tuple[str, str]]) -> Expected:
        if not each.goes or each.number is None or not stands_against(each.number, each.purpose, outs):
            return each
        return replace(each, problem="opted_out")

    def _capped(self, session: Session, expected: list[Expected]) -> list[Expected]:
        cap = self._state.settings.daily_cap
        if not cap:
            return expected
        gone = self._gone_today(session, [each for each in expected if _counts(each)])
        return [self._put_off(each, gone, cap) if _counts(each) else each for each in expected]

    def _gone_today(self, session: Session, expected: Iterable[Expected]) -> dict[str, list[datetime]]:
        """What left already to those numbers that something is due to today."""
        days = [
            (each.number, LocalDay(each, settings=self._state.settings, now=self._now).begins)
            for each in expected
            if each.number and each.due_at < LocalDay(each, settings=self._state.settings, now=self._now).next
        ]
        if not days:
            return {}
        since = min(begins for _, begins in days)
        return gone_since(session, {number for number, _ in days}, since=since, but=set(), now=self._now)

    def _put_off(self, each: Expected, gone: dict[str, list[datetime]], cap: int) -> Expected:
        assert each.number is not None  # noqa: S101 - what counts has one
        while True:
            local = LocalDay(each, settings=self._state.settings, now=max(each.due_at, self._now))
            day = local.begins.date()
            already = sum(1 for at in gone.get(each.number, ()) if at >= local.begins)
            if already + self._taken[day][each.number] < cap:
                self._taken[day][each.number] += 1
                return each
            if each.expires_at is not None and each.expires_at <= local.next:
                return replace(each, problem=CAPPED)
            each = replace(each, due_at=local.next)

    def _affordable(self, session: Session, each: Expected) -> Expected:
        if not each.goes or self._provider is None:
            return each
        day = today(self._state.settings, max(each.due_at, self._now))
        left = self._left(session, self._provider, day)
        cost = each.cost or _NOTHING
        if left is not None and cost > left:
            return replace(each, problem=OVER)
        self._spent[day] += cost
        return each

    def _left(self, session: Session, provider_id: int, day: date) -> Decimal | None:
        """What a day's budget has left after what was reckoned; None without a limit."""
        if day not in self._budgets:
            self._budgets[day] = budget_of(session, provider_id, day=day)
        budget = self._budgets[day]
        if budget is None:
            return None
        month = sum(
            (cost for on, cost in self._spent.items() if (on.year, on.month) == (day.year, day.month)), _NOTHING
        )
        rooms = []
        if budget.day is not None:
            rooms.append(budget.day - budget.today - self._spent[day])
        if budget.month is not None:
            rooms.append(budget.month - budget.this_month - month)
        return min(rooms, default=None)


def _counts(each: Expected) -> bool:
    """Whether the cap is about it: a person's own action and staff are exempt."""
    return each.goes and each.number is not None and each.priority >= REMINDER and each.purpose != "staff"


def expected_of(draft: Draft, *, place: str) -> Expected:
    """What a draft comes to before the claim. Its fields are those of ``Draft``."""
    return Expected(
        place=place,
        trigger=draft.trigger,
        step=draft.step,
        moment=draft.moment,
        purpose=draft.purpose,
        priority=draft.priority,
        entity=draft.entity,
        record=draft.record,
        person_entity=draft.person_entity,
        person=draft.person,
        client_entity=draft.client_entity,
        client=draft.client,
        number=draft.number,
        timezone=draft.timezone,
        text=draft.shown_text or "",
        segments=draft.segments,
        due_at=draft.due_at,
        expires_at=draft.expires_at,
        problem="" if draft.state is MessageState.QUEUED else draft.reason or draft.state.value,
        detail=draft.detail,
    )
