"""Counting without counting: small sums that are added up when somebody asks (promise 10)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.models import Message, Tally
from sms_plugin.models.base import constant
from sms_plugin.models.message import IS_LIVE
from sms_plugin.states import LIVE, MessageState

_TALLY: Any = Tally.__table__
_ADD = sa.insert(_TALLY)


def tally(session: Session, amounts: Mapping[str, int]) -> None:
    """Add to the named counters, in the caller's transaction."""
    rows = [{"name": name, "amount": amount} for name, amount in amounts.items() if amount]
    if rows:
        session.connection().execute(_ADD, rows)


def state_counter(state: str) -> str:
    """The name of the counter of an ended state."""
    return f"state:{state}"


def moved(session: Session, *, old: Mapping[str, int], new: MessageState) -> None:
    """Count that messages left some states for another; live states need no counter."""
    changes: dict[str, int] = {}
    for state, number in old.items():
        if MessageState(state) not in LIVE:
            changes[state_counter(state)] = -number
    if new not in LIVE:
        name = state_counter(new)
        changes[name] = changes.get(name, 0) + sum(old.values())
    tally(session, changes)


def totals(session: Session) -> dict[str, int]:
    """Every counter's sum. Reads as many rows as were written since the last ``fold``."""
    rows = session.execute(sa.select(Tally.name, sa.func.sum(Tally.amount)).group_by(Tally.name))
    return {name: int(amount) for name, amount in rows}


def fold(session: Session, *, most: int = 100) -> int:
    """Put the oldest rows of the counters together, in the caller's transaction; the number of rows that went."""
    oldest = session.scalars(sa.select(Tally.id).order_by(Tally.id).limit(most)).all()
    if len(oldest) < 2:
        return 0
    # what the delete gives back is ours to add up, whoever else is folding
    rows = session.execute(
        sa.delete(Tally)
        .where(Tally.id.in_(oldest))
        .returning(Tally.name, Tally.amount)
        .execution_options(synchronize_session=False)
    ).all()
    sums: dict[str, int] = {}
    for row in rows:
        sums[row.name] = sums.get(row.name, 0) + row.amount
    tally(session, sums)
    return len(rows)


def counts_by_state(session: Session) -> dict[str, int]:
    """How many messages are in each state: live ones from their index, ended ones from the counters."""
    counters = totals(session)
    counts = {state.value: counters.get(state_counter(state), 0) for state in MessageState}
    live = sa.select(Message.state, sa.func.count()).where(sa.text(IS_LIVE)).group_by(Message.state)
    for state, number in session.execute(live):
        counts[state] = number
    return {state.value: counts[state.value] for state in MessageState}


def live_counts(session: Session, *, most: int) -> dict[str, int]:
    """How many messages are in each live state, ``most`` + 1 standing for more: it costs the same with a million."""
    counts: dict[str, int] = {}
    for state in sorted(LIVE):
        some = sa.select(sa.literal(1)).where(Message.state == constant(state.value)).limit(most + 1).subquery()
        counts[state.value] = session.scalar(sa.select(sa.func.count()).select_from(some)) or 0
    return counts
