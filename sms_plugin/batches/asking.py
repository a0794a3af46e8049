"""Asking the host's database for the records that an operator's conditions name, in pages by key (S2)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.batches import conditions as filtering
from sms_plugin.host.bound import BoundEntity
from sms_plugin.host.identity import key_text, key_values
from sms_plugin.outbox.truth import among, key_columns
from sms_plugin.state import State


def asked_of(
    entity: BoundEntity, conditions: Sequence[Mapping[str, Any]], *, state: State, today: date
) -> sa.ColumnElement[bool]:
    """All conditions as one. Raises ``SmsError`` for a filter that the host removed."""
    given = list(conditions)
    filtering.check(given, entity=entity, state=state)
    return filtering.condition(given, entity=entity, state=state, today=today)


def page_of(
    session: Session, entity: BoundEntity, holds: sa.ColumnElement[bool], *, after: str | None, most: int
) -> list[Any]:
    """The next records that these conditions hold for, in the order of their keys, with what their paths reach."""
    keys = key_columns(entity.model)
    query = sa.select(entity.model).where(holds, *behind(entity.model, keys, after))
    return list(session.scalars(query.order_by(*keys).limit(most).options(*entity.eager)).unique())


def behind(model: type[Any], keys: Sequence[Any], after: str | None) -> list[sa.ColumnElement[bool]]:
    """What selects the keys of a model behind this one."""
    if after is None:
        return []
    values = key_values(model, after)
    if len(keys) == 1:
        return [keys[0] > values[0]]
    # written out: MariaDB finds no index for a comparison of rows
    either = [
        sa.and_(*(key == value for key, value in zip(keys[:at], values[:at], strict=True)), keys[at] > values[at])
        for at in range(len(keys))
    ]
    return [sa.or_(*either)]


def still(
    session: Session, entity: BoundEntity, holds: sa.ColumnElement[bool] | None, keys: Collection[str]
) -> set[str]:
    """Those of the records that are still there, and that the conditions still hold for: one query for 500 of them."""
    wanted, columns, found = sorted(keys), key_columns(entity.model), set[str]()
    for start in range(0, len(wanted), 500):
        query = sa.select(*columns).where(among(entity.model, wanted[start : start + 500]))
        for row in session.execute(query if holds is None else query.where(holds)):
            found.add(key_text(tuple(row)))
    return found
