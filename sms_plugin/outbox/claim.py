"""Claiming: a lease on due messages, after asking once more whether each may go (design: the way of a message)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from sms_plugin.models import random_ids
from sms_plugin.outbox.batched import of_running
from sms_plugin.outbox.cap import within_cap
from sms_plugin.outbox.charges import OVER, beyond_budget
from sms_plugin.outbox.consents import disagreeing
from sms_plugin.outbox.leasing import end_leases, held_under, lease_due, lease_unread
from sms_plugin.outbox.lengths import hold_too_long
from sms_plugin.outbox.moving import move
from sms_plugin.outbox.still_true import true_texts
from sms_plugin.outbox.waking import awake
from sms_plugin.people.consent import opted_out, stands_against
from sms_plugin.providers.breaker import take_probe
from sms_plugin.providers.rate import Slots, free, reserve
from sms_plugin.state import State
from sms_plugin.states import MessageState


@dataclass(frozen=True, kw_only=True)
class Claimed:
    """A message that is ours until ``until``, to be sent at ``at`` and not before."""

    id: UUID
    token: UUID
    number: str = field(repr=False)
    text: str = field(repr=False)
    at: datetime
    until: datetime
    attempt: UUID = field(default_factory=uuid4)  #: the one that it departs by, however often the departure is tried


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What one claim got, and when it is worth while to claim again although nothing new was queued."""

    messages: tuple[Claimed, ...] = ()
    apart: timedelta = timedelta()  #: the provider's rate: no two messages may go closer together
    again_at: datetime | None = None
    looked_at: int = 0  #: due messages that it took up, whatever became of them

    @property
    def dry(self) -> bool:
        """Whether nothing was due; never where it did not look because the rate has no slot free."""
        return not self.looked_at and self.again_at is None


@dataclass(frozen=True, kw_only=True)
class Terms:
    """For whom is claimed, and what may be: see ``claim``."""

    provider_id: int
    want: int
    lease: timedelta
    lead: timedelta = timedelta()
    probe: bool = False
    standby: bool = False
    longest: int | None = None
    apart: timedelta | None = None  #: the provider's rate, where it has been read
    budgeted: bool = True  #: whether it may have a budget


@dataclass(frozen=True, kw_only=True)
class Leased:
    """Due messages that are ours until ``until``, none of them asked about yet."""

    terms: Terms
    token: UUID
    until: datetime
    apart: timedelta  #: the provider's rate, as in ``Claim``
    count: int
    rows: Sequence[Any] | None = field(repr=False)  #: None where they are read when they are asked about


def claim(
    session: Session,
    *,
    state: State,
    provider_id: int,
    want: int,
    now: datetime,
    lease: timedelta,
    lead: timedelta = timedelta(),
    probe: bool = False,
    standby: bool = False,
    longest: int | None = None,
) -> Claim:
    """Up to ``want`` due messages that may go, leased, each with its send time: under a rate no sooner than ``lead``
    from now, and no more than it has slots. Writes in the caller's transaction.

    Those that may not go are moved: opted out, no longer true, expired, held for a reason, longer than ``longest``
    characters (P19), over the budget, or put off by quiet hours or the daily cap. In the order of P18. As a ``probe``,
    one message, unless another process has it; for a ``standby``, what no provider can have accepted (X9).
    """
    terms = Terms(
        provider_id=provider_id,
        want=want,
        lease=lease,
        lead=lead,
        probe=probe,
        standby=standby,
        longest=longest,
    )
    got = take_leases(session, terms, now=now)
    return sift(session, got, state=state, now=now) if isinstance(got, Leased) else got


def take_leases(session: Session, terms: Terms, *, now: datetime, read: bool = True) -> Leased | Claim:
    """The first half of ``claim``: the leases alone, or the claim that says why there are none. Without ``read`` the
    messages are left to be read by the other half. Writes in the caller's transaction.
    """
    room = free(session, terms.provider_id, want=1 if terms.probe else terms.want, now=now, apart=terms.apart)
    if not room.count:
        return Claim(apart=room.apart, again_at=room.again_at)
    token, until = uuid4(), now + terms.lease
    lease = lease_due if read else lease_unread
    leased = lease(session, token=token, until=until, want=room.count, now=now, sure=terms.standby)
    rows, count = (None, leased) if isinstance(leased, int) else (leased, len(leased))
    if not count:
        return Claim()
    return Leased(terms=terms, token=token, until=until, apart=room.apart, count=count, rows=rows)


def sift(session: Session, leased: Leased, *, state: State, now: datetime) -> Claim:
    """The other half: those that may go, after asking about each once more. Where all of them may, and no rate, budget
    or probe is to be written down, it only reads. Writes in the caller's transaction.
    """
    token = leased.token
    # whoever decided about a message since has ended its lease
    rows = held_under(session, token) if leased.rows is None else leased.rows
    running = of_running(session, rows, state=state, now=now)
    may_go = awake(session, _without_refused(session, running, state=state, now=now), state=state, now=now)
    texts, later = true_texts(session, may_go, state=state, now=now)
    fits = texts.keys() - hold_too_long(session, texts, most=leased.terms.longest, now=now)
    today = within_cap(session, [row for row in may_go if row.id in fits], state=state, now=now)
    going = _affordable(session, today, leased.terms, state=state, now=now)
    slots = _granted(session, len(going), leased, state=state, now=now)
    end_leases(session, [(each, token) for each in [*(row.id for row in going[len(slots.times) :]), *later]])
    ours = _with_times(going, slots.times, texts, token=token, until=leased.until)
    return Claim(messages=ours, apart=slots.apart, again_at=slots.again_at, looked_at=leased.count)


def _with_times(
    going: Sequence[Any], times: Sequence[datetime], texts: Mapping[UUID, str], *, token: UUID, until: datetime
) -> tuple[Claimed, ...]:
    """The first of them, as many as there are send times."""
    return tuple(
        Claimed(id=row.id, token=token, number=row.number, text=texts[row.id], at=at, until=until, attempt=attempt)
        for row, at, attempt in zip(going, times, random_ids(len(times)), strict=False)
    )


def _granted(session: Session, want: int, leased: Leased, *, state: State, now: datetime) -> Slots:
    """The slots that the rate has; as a probe none, unless this process is the one that tries the provider."""
    terms = leased.terms
    slots = reserve(session, terms.provider_id, want=want, now=now, lead=terms.lead, apart=leased.apart)
    if not terms.probe or not slots.times:
        return slots
    request = timedelta(seconds=state.settings.request_timeout)
    return slots if take_probe(session, terms.provider_id, now=now, request=request) else replace(slots, times=())


def _affordable(session: Session, rows: Sequence[Any], terms: Terms, *, state: State, now: datetime) -> list[Any]:
    """Those that the provider's budget has room for; the others wait for a person (X10)."""
    if not terms.budgeted:
        return list(rows)
    ids = [row.id for row in rows]
    over = beyond_budget(session, ids, provider_id=terms.provider_id, settings=state.settings, now=now)
    move(session, over, MessageState.HELD, reason=OVER, now=now)
    return [row for row in rows if row.id not in over] if over else list(rows)


def _without_refused(session: Session, rows: Sequence[Any], *, state: State, now: datetime) -> list[Any]:
    """Those that neither an opt-out, the host's own consent nor their validity stops; the others are moved."""
    outs = opted_out(session, [row.number for row in rows if row.number])
    verdicts: dict[UUID, tuple[MessageState, str]] = {}
    for row in rows:
        if not row.number or (not row.text and (row.trigger is None or row.entity is None)):
            # let go without what it was held for: a text is made anew from its record, the rest nobody can send
            verdicts[row.id] = (MessageState.HELD, "no_number" if not row.number else "no_text")
        elif stands_against(row.number, row.purpose, outs):
            verdicts[row.id] = (MessageState.SUPPRESSED, "opted_out")
        elif row.expires_at is not None and row.expires_at <= now:
            verdicts[row.id] = (MessageState.EXPIRED, "too_late")
    rest = [row for row in rows if row.id not in verdicts]
    verdicts |= dict.fromkeys(disagreeing(session, rest, state=state), (MessageState.SUPPRESSED, "no_consent"))
    for new, reason in sorted(set(verdicts.values())):
        move(session, [each for each, why in verdicts.items() if why == (new, reason)], new, reason=reason, now=now)
    return [row for row in rows if row.id not in verdicts]


def release(session: Session, claimed: Iterable[Claimed]) -> None:
    """Give back messages that will not be sent now. Writes in the caller's transaction."""
    end_leases(session, [(each.id, each.token) for each in claimed])
