"""Whose the numbers are that were typed in or stand in a file: what the host's people said holds for them, too
(promise 8), and the messages stand in their histories.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.host.bound import BoundEntity, Target
from sms_plugin.host.paths import Path, column_at
from sms_plugin.models.busy import is_busy
from sms_plugin.people.recipients import Recipient, recipients
from sms_plugin.state import State
from sms_plugin.text.phones import spellings
from sms_plugin.triggers.reading import guarded

#: So many numbers are looked for at once: each is written in dozens of ways.
AT_ONCE = 40
_MOST = 400


def known(
    session: Session,
    numbers: Collection[str],
    *,
    purpose: str,
    state: State,
    careful: bool,
) -> dict[str, Recipient]:
    """The host's person behind each of the numbers (E.164) that one has; of several the one who says no. Reads only.

    A person whose own attributes fail has no number, where each reading is guarded (``careful``); else what they raise
    goes through.
    """
    wanted = sorted(set(numbers))
    found: dict[str, Recipient] = {}
    for entity in state.registry.entities.values():
        for path in () if entity.person is None else entity.person.found_by:
            for start in range(0, len(wanted), AT_ONCE):
                some = wanted[start : start + AT_ONCE]
                for record in _having(session, entity, path, some):
                    for each in _read(session, record, entity, purpose, state, careful):
                        if each.number in some and (each.number not in found or not each.agrees):
                            found[each.number] = each
    return found


def _having(session: Session, entity: BoundEntity, path: Path, numbers: Collection[str]) -> Iterator[Any]:
    query = sa.select(entity.model)
    for step in path.relationships:
        query = query.join(step)
    column: Any = column_at(entity.model, path)
    written = sorted({each for number in numbers for each in spellings(number)})
    yield from session.scalars(query.where(column.in_(written)).limit(_MOST).options(*entity.eager)).unique().all()


def _read(
    session: Session,
    record: Any,
    entity: BoundEntity,
    purpose: str,
    state: State,
    careful: bool,
) -> list[Recipient]:
    try:
        with guarded(session, careful=careful):
            return recipients(
                record,
                entity=entity,
                to=(Target(read=lambda itself: itself, person=entity.person),),
                purpose=purpose,
                audience="",
                registry=state.registry,
                settings=state.settings,
                every=True,
            )
    except Exception as error:
        if is_busy(error) or not careful:
            raise
        return []
