"""Charges by client: at most so many of each, the oldest first, told in one message or in one each (S5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from sms_plugin.batches.asking import behind
from sms_plugin.batches.audience import ALL_DEBTS
from sms_plugin.host.bound import BoundEntity
from sms_plugin.host.identity import key_text
from sms_plugin.host.paths import Path
from sms_plugin.models.busy import is_busy
from sms_plugin.outbox.truth import key_columns
from sms_plugin.state import State
from sms_plugin.text.formats import Money
from sms_plugin.triggers.reading import guarded
from sms_plugin.wording.rendering import read

CLIENT = "client"


@dataclass(frozen=True, kw_only=True, eq=False)
class Way:
    """From charges to the client who owes them, as the database goes it."""

    entity: BoundEntity
    path: Path


@dataclass(frozen=True, kw_only=True)
class Page:
    """The charges of some clients, each client's together, and the client behind whom the next ones stand."""

    charges: tuple[tuple[Any, ...], ...]
    after: str | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Told:
    """What one message tells of."""

    record: Any
    together: tuple[Any, ...] = ()
    currency: str = ""


def way_to_clients(entity: BoundEntity, *, each: bool, most: int | None) -> Way | None:
    """How charges are gathered by client; None where each record is a message of its own, or is no debt.

    A way that only the host's code can go cannot be asked: then the first charge of each client stands for all.
    """
    if entity.debt is None or (each and not most):
        return None
    targets = entity.to.get(CLIENT, ())
    path = targets[0].path if len(targets) == 1 else None
    if path is None or path.target is None or not path.relationships:
        return None
    return Way(entity=entity, path=path)


def by_client(session: Session, way: Way, holds: sa.ColumnElement[bool], *, after: str | None, most: int) -> Page:
    """The charges that the conditions hold for, of the next clients who have any. Reads only."""
    model = way.entity.model
    joined, client = _joined(way)
    assert way.path.target is not None  # noqa: S101 - the way was chosen so
    keys = _keys_at(client, way.path.target)
    query = sa.select(*keys).select_from(model)
    for step in joined:
        query = query.join(step)
    some = query.where(holds, *behind(way.path.target, keys, after)).distinct().order_by(*keys).limit(most)
    owing = [tuple(row) for row in session.execute(some)]
    if not owing:
        return Page(charges=(), after=None)
    among = keys[0].in_([row[0] for row in owing]) if len(keys) == 1 else sa.tuple_(*keys).in_(owing)
    charges = sa.select(model, *keys).select_from(model)
    for step in joined:
        charges = charges.join(step)
    charges = charges.where(holds, among).order_by(*keys, *key_columns(model)).options(*way.entity.eager)
    of: dict[tuple[Any, ...], list[Any]] = {row: [] for row in owing}
    for record, *owner in session.execute(charges).unique():
        of[tuple(owner)].append(record)
    return Page(
        charges=tuple(tuple(found) for found in of.values()),
        after=key_text(owing[-1]) if len(owing) == most else None,
    )


def told(
    session: Session,
    charges: Sequence[tuple[Any, ...]],
    *,
    entity: BoundEntity,
    most: int | None,
    each: bool,
    state: State,
) -> list[Told]:
    """What each client is told of their charges: the oldest ``most``, one by one, or those of one currency together.

    Where the host's own attributes fail at a client's, these are told in the order of their keys, each by itself: its
    message says what is wrong. Reads only, but for the savepoints in which the attributes are read.
    """
    try:
        with guarded(session, careful=True):
            return [told for of in charges for told in _of_one(of, entity, most, each, state)]
    except Exception as error:
        # a host's attribute may raise anything, and costs its own client's gathering only
        if is_busy(error):
            raise
    found: list[Told] = []
    for of in charges:
        try:
            with guarded(session, careful=True):
                found += _of_one(of, entity, most, each, state)
        except Exception as error:
            if is_busy(error):
                raise
            found += [Told(record=charge) for charge in of[: most or None]]
    return found


def _of_one(charges: Sequence[Any], entity: BoundEntity, most: int | None, each: bool, state: State) -> list[Told]:
    assert entity.debt is not None  # noqa: S101 - only debts are gathered
    since = entity.debt.since
    ordered = sorted(charges, key=lambda charge: _since(since(charge)))
    some = ordered if most in {None, ALL_DEBTS} else ordered[:most]
    if each:
        return [Told(record=charge) for charge in some]
    by_currency: dict[str, list[Any]] = {}
    for charge in some:
        by_currency.setdefault(_currency(charge, entity, state), []).append(charge)
    return [
        Told(record=same[0], together=tuple(same), currency="" if number == 0 else currency)
        for number, (currency, same) in enumerate(by_currency.items())
    ]


def _joined(way: Way) -> tuple[list[Any], Any]:
    """The joins along the path, each under a name of its own: the host's conditions may speak of the same tables."""
    at: Any = way.entity.model
    joins: list[Any] = []
    for step in way.path.relationships:
        further = aliased(step.property.mapper.class_)
        joins.append(getattr(at, step.key).of_type(further))
        at = further
    return joins, at


def _keys_at(alias: Any, model: type[Any]) -> list[Any]:
    return [getattr(alias, column.key) for column in key_columns(model)]


def _since(value: object) -> str:
    """Dates and times of both kinds in one order; a charge without a date comes last."""
    return value.isoformat() if isinstance(value, (date, datetime)) else "~"


def _currency(charge: object, entity: BoundEntity, state: State) -> str:
    assert entity.debt is not None  # noqa: S101 - only debts are gathered
    amount = read(entity.debt.amount, charge, state)
    return amount.currency if isinstance(amount, Money) else ""
