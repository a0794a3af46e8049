"""Conditions as a person reads them."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from sms_plugin.batches.values import chosen_value
from sms_plugin.catalog.loader import in_language
from sms_plugin.errors import SmsError
from sms_plugin.host.bound import BoundEntity, BoundFilter, FilterKind
from sms_plugin.host.offering import labels

log = logging.getLogger(__name__)

#: How a condition is told in English.
_OPS: Mapping[str, str] = {
    "is": "{0}",
    "least": "at least {0}",
    "most": "at most {0}",
    "on": "on {0}",
    "before": "before {0}",
    "after": "after {0}",
    "month": "in the month {0}",
    "week": "in the week of {0}",
    "between": "from {0} to {1}",
    "ago": "{0} days before {1}",
    "ahead": "{0} days after {1}",
    "begins": "begins with {0}",
}


def describe(
    conditions: Sequence[Mapping[str, Any]], *, entity: BoundEntity, language: str, session: Session | None = None
) -> list[str]:
    """What the conditions ask, one sentence each, for a log or the command line: "Due: before 2026-11-26".

    With a session the records that were chosen are called by their names. A condition that cannot be asked any more is
    told as it stands.
    """
    return [
        f"{each.label}: {_sentence(each)}"
        for each in told(conditions, entity=entity, language=language, session=session)
    ]


def _sentence(line: Told) -> str:
    if line.op == "in" or line.op not in _OPS:
        return " or ".join(line.values)
    return _OPS[line.op].format(*line.values, "", "")


@dataclass(frozen=True, kw_only=True)
class Told:
    """A condition as a person reads it: the filter's name, the way it compares, what was chosen."""

    name: str
    label: str
    kind: FilterKind | None  #: None where the portal does not offer the filter any more
    op: str
    values: tuple[str, ...]


def told(
    conditions: Sequence[Mapping[str, Any]], *, entity: BoundEntity, language: str, session: Session | None = None
) -> list[Told]:
    """The conditions as a person reads them. Reads only."""
    filters = {each.name: each for each in entity.filters}
    lines: list[Told] = []
    for each in conditions:
        name, op, value = str(each.get("filter", "")), str(each.get("op", "")), each.get("value")
        values = tuple(str(one) for one in (value if isinstance(value, (list, tuple)) else [value]))
        wanted = filters.get(name)
        if wanted is None:
            lines.append(Told(name=name, label=name, kind=None, op=op, values=values))
            continue
        if wanted.kind is FilterKind.CHOICE:
            values = _names_of(wanted, values, conditions, filters, language=language, session=session)
        lines.append(Told(name=name, label=label_of(wanted, language), kind=wanted.kind, op=op, values=values))
    return lines


def outer_value(
    wanted: BoundFilter, conditions: Sequence[Mapping[str, Any]], filters: Mapping[str, BoundFilter]
) -> Any:
    """The value of the filter that this one is within; None where nothing, or nothing sound, is chosen there."""
    outer = filters.get(wanted.within)
    for each in conditions:
        value = each.get("value")
        if outer is not None and each.get("filter") == wanted.within and isinstance(value, str):
            try:
                return chosen_value(outer, value) if outer.kind is FilterKind.CHOICE else value
            except SmsError:
                return None
    return None


def _names_of(
    wanted: BoundFilter,
    values: tuple[str, ...],
    conditions: Sequence[Mapping[str, Any]],
    filters: Mapping[str, BoundFilter],
    *,
    language: str,
    session: Session | None,
) -> tuple[str, ...]:
    if session is None and wanted.records is not None:
        return values
    try:
        outer = outer_value(wanted, conditions, filters)
        names = labels(session, wanted, values, outer=outer, language=language)
    except Exception as error:  # noqa: BLE001 - a host's function may raise anything; the value itself still tells
        log.warning("the choices of the filter %r cannot be named: %s", wanted.name, type(error).__name__)
        if session is not None:
            session.rollback()
        names = {}
    return tuple(names.get(each, each) for each in values)


def label_of(wanted: BoundFilter, language: str) -> str:
    """What a filter is called in a language."""
    return in_language(wanted.label, language)
