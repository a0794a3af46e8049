"""The sends that are not over and still reach a group (S6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.models import Batch
from sms_plugin.states import BatchState

#: What a batch that may still ask for its groups can be.
_UNDECIDED = (
    BatchState.DRAFT,
    BatchState.BUILDING,
    BatchState.READY,
    BatchState.WAITING,
    BatchState.RUNNING,
    BatchState.PAUSED,
)
#: So many batches are looked through for a group, and so many are named.
_BATCHES, _TOLD = 500, 20


@dataclass(frozen=True, kw_only=True)
class Use:
    """A send that reaches a group."""

    id: UUID
    name: str
    state: str


def where_used(session: Session, group: int) -> list[Use]:
    """The sends that are not over and reach a group. Reads only."""
    rows = session.execute(
        sa.select(Batch.id, Batch.name, Batch.state, Batch.audience)
        .where(Batch.state.in_(_UNDECIDED))
        .order_by(Batch.id.desc())
        .limit(_BATCHES)
    )
    uses = [Use(id=id, name=name, state=state) for id, name, state, audience in rows if _reaches(audience, group)]
    return uses[:_TOLD]


def _reaches(audience: Mapping[str, Any], group: int) -> bool:
    return any(
        each.get("kind") == "group" and str(each.get("group")) == str(group) for each in audience.get("sources", ())
    )
