"""Asking once more, when a recipient's turn has come, whether they are still among the chosen (promise 4)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.batches.asking import asked_of, still
from sms_plugin.batches.audience import FILTERS, GROUP, Audience, group_of
from sms_plugin.batches.places import Place
from sms_plugin.host.bound import BoundEntity
from sms_plugin.models import Batch, BatchRecipient, Message
from sms_plugin.state import State

_MESSAGE: Any = Message.__table__
_RECIPIENT: Any = BatchRecipient.__table__
NO_LONGER_TRUE, RECORD_GONE = "no_longer_true", "record_gone"


@dataclass(frozen=True, kw_only=True, eq=False)
class Truth:
    """What the database says of the recipients of one batch. "Today" is the day on which they were found."""

    session: Session
    batch: Batch
    place: Place
    state: State

    def gone(self, rows: Sequence[Any]) -> dict[int, str]:
        """The recipients to whom nothing is to go any more, each with the reason. Reads only.

        Raises ``SmsError`` for a filter, group or entity that is gone, and what the host's filters make the database
        raise.
        """
        audience = Audience.read(self.batch.audience)
        by_source: dict[tuple[int, str], list[Any]] = defaultdict(list)
        for row in rows:
            if row.entity is not None:
                by_source[row.source, row.entity].append(row)
        gone: dict[int, str] = {}
        for (number, name), some in by_source.items():
            entity = self.state.registry.entities.get(name)
            if entity is None:
                gone |= dict.fromkeys((row.id for row in some), RECORD_GONE)
                continue
            holds, reason = self._asked(audience, number, entity)
            there = still(self.session, entity, holds, {key for row in some for key in _told(row)})
            gone |= {row.id: reason for row in some if not there.issuperset(_told(row))}
        return gone

    def _asked(self, audience: Audience, number: int, entity: BoundEntity) -> tuple[Any | None, str]:
        """What still has to hold for records of a source, and why those are gone for which it does not."""
        source = audience.sources[number]
        conditions = source.conditions if source.kind == FILTERS else None
        if source.kind == GROUP:
            group = group_of(self.session, source)
            conditions = tuple(group.conditions) if group.entity is not None else None
        if conditions is None:
            return None, RECORD_GONE
        return asked_of(entity, conditions, state=self.state, today=self.place.today), NO_LONGER_TRUE


def no_longer_chosen(session: Session, messages: Sequence[Any], *, state: State) -> dict[UUID, str]:
    """Of messages of one send to many, those to whose recipients nothing is to go any more, each with the reason.

    Reads only. Raises as ``Truth.gone`` does.
    """
    whose = (
        sa.select(_MESSAGE.c.id.label("message"), _RECIPIENT)
        .join(_RECIPIENT, _RECIPIENT.c.occurrence == _MESSAGE.c.occurrence)
        .where(_MESSAGE.c.id.in_([each.id for each in messages]))
    )
    rows = session.execute(whose).all()
    if not rows:
        return {}
    batch = session.get_one(Batch, rows[0].batch_id)
    gone = Truth(session=session, batch=batch, place=Place.read(batch.cursor), state=state).gone(rows)
    return {row.message: gone[row.id] for row in rows if row.id in gone}


def _told(row: Any) -> list[str]:
    """The keys of all that a recipient's text tells of."""
    return row.records or [row.record]
