"""One firing of a trigger for one record, and what all of its messages have in common."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any
from zoneinfo import ZoneInfo

from sms_plugin.host.bound import BoundEntity, BoundHook, Reason, Target
from sms_plugin.models import TriggerRow
from sms_plugin.outbox.enqueue import OWN_ACTION, Draft, occurrence
from sms_plugin.states import MessageState
from sms_plugin.triggers.windows import Timing
from sms_plugin.values import made_often

#: The length of the column that keeps a moment.
MOMENT = 64
#: For how long a message is worth sending, unless its trigger says otherwise.
VALIDITY = timedelta(hours=24)


@made_often(eq=False)
class Firing:
    """One firing of one trigger for one record."""

    reason: Reason
    row: TriggerRow
    entity: BoundEntity
    record: Any
    key: str
    step: str
    moment: str
    hook: BoundHook | None = None  #: None where a hand fires it
    to: tuple[Target, ...] = ()
    timing: Timing | None = None  #: when it is due for whom; None: now
    problem: str = ""  #: what a function of the host's raised that says whether, or as what occurrence, it fires
    priority: int = OWN_ACTION
    operator: str = ""
    expires_at: datetime  #: of a message to nobody, and of what a person fires

    @property
    def purpose(self) -> str:
        """What its messages are for: as the admin says, else as the trigger is declared."""
        return self.row.purpose or self.reason.purpose

    def reaches(self, zone: ZoneInfo) -> bool:
        """Whether it is told to somebody there: nothing is that came due before the trigger was on (X5)."""
        return self.timing is None or self.timing.own(zone) > self.timing.after


def validity(row: TriggerRow) -> timedelta:
    """For how long the trigger's messages are worth sending."""
    return VALIDITY if row.validity_hours is None else timedelta(hours=row.validity_hours)


def fitting(moment: str) -> str:
    """The moment as its column holds it; a longer one ends in a digest, so that it stays apart from its likes."""
    if len(moment) <= MOMENT:
        return moment
    digest = blake2b(moment.encode(), digest_size=16).hexdigest()
    return f"{moment[: MOMENT - len(digest) - 1]} {digest}"


def key_of_firing(firing: Firing, recipient: str) -> bytes:
    """The occurrence of the firing for one recipient (promise 2)."""
    return occurrence(firing.reason.key, firing.step, firing.entity.key, firing.key, firing.moment, recipient)


def blank(firing: Firing, now: datetime) -> Draft:
    """A message to nobody: it answers why nobody got anything."""
    return Draft.of(common_values(firing, now), {"occurrence": key_of_firing(firing, "")})


def common_values(firing: Firing, now: datetime) -> dict[str, Any]:
    """What all messages of a firing have: those of one to nobody, whose key is made when it is one."""
    return {
        "state": MessageState.SUPPRESSED,
        "trigger": firing.reason.key,
        "step": firing.step,
        "moment": firing.moment,
        "purpose": firing.purpose,
        "priority": firing.priority,
        "operator": firing.operator,
        "entity": firing.entity.key,
        "record": firing.key,
        "due_at": now,
        "expires_at": firing.expires_at,
    }
