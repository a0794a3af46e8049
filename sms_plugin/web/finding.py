"""What the forms of the queue and of the messages offer to choose from, and whom they name (Q1, Q3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session
from werkzeug.routing import BuildError

from sms_plugin.batches.listing import batches
from sms_plugin.batches.progress import standing
from sms_plugin.models import Batch, Provider
from sms_plugin.state import State
from sms_plugin.states import BatchState
from sms_plugin.web.base import Closed
from sms_plugin.web.permissions import Right
from sms_plugin.web.shown import trigger_label

#: So many of the newest sends to many can be chosen by name, and so many are told of that go on.
_NAMED, _TOLD = 30, 10
_UNDER_WAY = (BatchState.RUNNING, BatchState.PAUSED)


@dataclass(frozen=True, kw_only=True)
class UnderWay:
    """A send to many that is under way, in one line. ``url`` is its page; None where one may not, or there is none."""

    name: str
    paused: bool
    to_come: int
    url: str | None
    queue_url: str


def offered(session: Session, chosen: UUID | None, *, state: State) -> dict[str, list[tuple[str, str]]]:
    """What can be chosen: triggers, providers and the newest sends to many, and the one that is chosen. Reads only."""
    triggers = [(key, trigger_label(key, state=state)) for key in state.registry.reasons]
    providers = session.execute(sa.select(Provider.id, Provider.name).order_by(Provider.name)).all()
    sends = [(str(each.id), each.name) for each in batches(session, most=_NAMED)]
    if chosen is not None and str(chosen) not in dict(sends):
        one = session.get(Batch, chosen)
        sends += [] if one is None else [(str(one.id), one.name)]
    return {
        "triggers": sorted(triggers, key=lambda each: each[1].casefold()),
        "providers": [(str(row.id), row.name) for row in providers],
        "batches": sends,
    }


def under_way(session: Session, *, view: Closed) -> list[UnderWay]:
    """The sends to many that go on now, the newest first. Reads only; nothing is counted."""
    return [
        UnderWay(
            name=each.name,
            paused=each.state == BatchState.PAUSED,
            to_come=standing(each).waiting,
            url=batch_url(each.id, view=view),
            queue_url=view.page_url("queue", batch=each.id),
        )
        for each in batches(session, states=_UNDER_WAY, most=_TOLD)
    ]


def batch_url(batch: UUID, *, view: Any) -> str | None:
    """The page of a send to many, for whoever may see it."""
    if not (view.may(Right.BULK) or view.may(Right.APPROVE)):
        return None
    try:
        url: str = view.page_url("bulk", "look_view", id=batch)
    except BuildError:
        return None
    return url
