"""Asking the host once more whether a person still agrees, up to the moment of the claim (promise 8)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.host.bound import BoundEntity
from sms_plugin.host.identity import key_of
from sms_plugin.models.busy import is_busy
from sms_plugin.outbox.truth import among
from sms_plugin.people.consent import CONFIRMATION
from sms_plugin.state import State

log = logging.getLogger(__name__)


def disagreeing(session: Session, rows: Sequence[Any], *, state: State) -> set[UUID]:
    """The messages whose person says no to their purpose by now; a host that cannot say counts as no. Reads only."""
    refused: set[UUID] = set()
    asked = sorted((row for row in rows if _asks(row, state)), key=lambda row: row.person_entity)
    for entity, group in groupby(asked, key=lambda row: row.person_entity):
        members = list(group)
        try:
            with session.begin_nested():
                refused |= _no(session, state.registry.entities[entity], members)
        except Exception as error:
            if is_busy(error):
                raise
            log.error("the consents of %s cannot be asked: %s", entity, type(error).__name__)
            refused |= {row.id for row in members}
    return refused


def _asks(row: Any, state: State) -> bool:
    if row.purpose == CONFIRMATION:
        return False  # it tells of a no, and no host knows of it
    entity = state.registry.entities.get(row.person_entity or "")
    return entity is not None and entity.person is not None and entity.person.consents is not None


def _no(session: Session, entity: BoundEntity, rows: Sequence[Any]) -> set[UUID]:
    assert entity.person is not None  # noqa: S101 - the caller looked
    assert entity.person.consents is not None  # noqa: S101 - the caller looked
    found = session.scalars(
        sa.select(entity.model)
        .where(among(entity.model, sorted({row.person for row in rows})))
        .execution_options(populate_existing=True)
    )
    people = {key_of(record): record for record in found}
    return {
        row.id
        for row in rows
        if row.person in people and entity.person.consents(people[row.person], row.purpose) is False
    }
