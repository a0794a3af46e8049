"""The job of sends to many: builds those that are being built, feeds those that run, carries out what was decided, and
counts how far they are (S2, S7).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from uuid import UUID

from sms_plugin.batches.building import build_some
from sms_plugin.batches.feeding import feed_some
from sms_plugin.batches.following import carry_out, count, to_follow
from sms_plugin.models import database_now
from sms_plugin.state import State
from sms_plugin.states import BatchState
from sms_plugin.transactions import look, within

if TYPE_CHECKING:
    from sms_plugin.jobs.due import Taken

#: Seconds. It comes again as soon as other jobs had their turn.
EVERY = 0.0
#: A run ends after so long, in seconds, whatever is left; a batch gives way to the next one after its share.
RUN_FOR, SHARE = 2.0, 0.5


def follow(state: State, job: Taken) -> int:
    """Do for a while what is to be done for sends to many; the number of pages and messages.

    With nothing to do it is one look. Batches share the time, so that a small one does not wait for a large one.
    """
    until = time.monotonic() + RUN_FOR
    done = 0
    while batches := look(state, to_follow):
        some = 0
        for batch_id, standing in batches:
            job.renew()
            some += _followed(state, batch_id, standing, seconds=max(SHARE if len(batches) > 1 else RUN_FOR / 2, 0.1))
        done += some
        if not some or time.monotonic() > until:
            break
    return done


def _followed(state: State, batch_id: UUID, standing: BatchState, *, seconds: float) -> int:
    if standing is BatchState.BUILDING:
        build_some(state, batch_id, seconds=seconds)
        return 1
    done = 0
    until = time.monotonic() + seconds
    while time.monotonic() < until and (
        moved := within(state, lambda session: carry_out(session, batch_id, now=database_now(session)))
    ):
        done += moved
    if standing is BatchState.RUNNING:
        done += feed_some(state, batch_id, seconds=seconds)
    if done:
        state.wake.set()
    count(state, batch_id)
    return done
