"""Two jobs of the surge guard: learning what is usual, and doing what was decided about held runs (X5)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy.orm import Session

from sms_plugin.models import database_now
from sms_plugin.state import State
from sms_plugin.transactions import look, within
from sms_plugin.triggers.groups import carry_out, to_carry_out
from sms_plugin.triggers.volumes import counted, keys, learn

if TYPE_CHECKING:
    from sms_plugin.jobs.due import Taken

#: Seconds. A day is learned once it is over: hours later is soon enough.
LEARN_EVERY = 3600.0
#: Seconds. The page that decides moves the first messages itself.
CARRY_OUT_EVERY = 5.0


def learn_volumes(state: State, job: Taken) -> int:
    """Learn the days that are over, a trigger at a time; how many days of triggers were learned.

    What is counted is read without a lock, and written in a step of its own; a run that breaks off begins anew where
    nothing is known yet.
    """
    learned = 0
    for trigger in look(state, keys):
        job.renew()
        learned += _learned(state, trigger)
    return learned


def _learned(state: State, trigger: str) -> int:
    def over(session: Session) -> dict[date, int]:
        return counted(session, trigger, settings=state.settings, now=database_now(session))

    amounts = look(state, over)
    return within(state, lambda session: learn(session, trigger, amounts)) if amounts else 0


def carry_out_decided(state: State, job: Taken) -> int:
    """Move what is left of the groups that somebody decided about, page by page; the number of messages."""
    moved = 0
    for group in look(state, lambda session: to_carry_out(session, now=database_now(session))):
        moved += _carried_out(state, job, group)
    if moved:
        state.wake.set()
    return moved


def _carried_out(state: State, job: Taken, group: UUID) -> int:
    moved = 0
    while some := within(state, lambda session: carry_out(session, group, now=database_now(session))):
        moved += some
        job.renew()
    return moved
