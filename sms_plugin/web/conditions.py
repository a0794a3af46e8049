"""The conditions of a form: what was typed into the host's filters, and what is wrong with it (S2).

The fields of a filter are named ``f-NAME``, with ``-op``, ``-2``, ``-days`` and ``-typed`` behind it; ``f-lead`` names
the leading filter that counts. A form with ``refresh`` in it only wants its lists anew: show it again.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from sms_plugin.batches.conditions import check, offered, ops_of
from sms_plugin.batches.telling import label_of, outer_value, told
from sms_plugin.batches.values import TODAY, BadCondition, bad
from sms_plugin.catalog.loader import in_language
from sms_plugin.errors import SmsError
from sms_plugin.host.bound import BoundEntity, BoundFilter, FilterKind
from sms_plugin.host.offering import labels, typed
from sms_plugin.state import State
from sms_plugin.web.apart import along
from sms_plugin.web.condition_words import sentence, wrong_words
from sms_plugin.web.translation import language

log = logging.getLogger(__name__)

#: Asks for the lists of a form anew, and for nothing else.
REFRESH = "refresh"
PREFIX = "f"
_LONGEST = 200


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What stands in the fields of one filter."""

    op: str = ""
    values: tuple[str, ...] = ()
    second: str = ""
    days: str = ""
    words: str = ""  #: typed where the list is too long to choose from

    @property
    def value(self) -> str:
        """The one value."""
        return next((each for each in self.values if each), "")


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a form says: the conditions that hold so far, what is wrong with the others, and all that was typed."""

    conditions: list[dict[str, Any]] = field(default_factory=list)
    problems: Mapping[str, str] = field(default_factory=dict)  #: by filter
    typed: Mapping[str, Typed] = field(default_factory=dict)
    lead: str = ""
    gone: tuple[str, ...] = ()  #: filters that the portal does not offer any more, and that are still asked for


def read(form: MultiDict[str, str], entity: BoundEntity, *, state: State, prefix: str = PREFIX) -> Reading:
    """What the form says of the entity's filters; nothing of it is lost, and what is wrong is told by filter."""
    given = {each.name: _typed(form, f"{prefix}-{each.name}") for each in entity.filters}
    filters = {each.name: each for each in entity.filters}
    lead = form.get(f"{prefix}-lead", "")
    lead = lead if lead in filters and filters[lead].leads else ""
    problems: dict[str, str] = {}
    conditions: list[dict[str, Any]] = []
    with along(state) as session:
        for wanted in offered(entity):
            if wanted.leads and wanted.name != lead:
                continue
            try:
                found = _condition(session, wanted, given[wanted.name], conditions, filters)
                if found is None and wanted.name == lead:
                    raise bad(wanted, "no_value")
                if found is not None:
                    _check_one(found, wanted, conditions, entity=entity, state=state)
                    conditions.append(found)
            except BadCondition as error:
                problems[wanted.name] = wrong_words(error, label=label_of(filters[error.filter], language()))
    gone = tuple(each[:120] for each in form.getlist(f"{prefix}-gone"))
    kept = tuple(each for each in gone if f"{prefix}-drop" not in form)
    for name in kept:
        problems[name] = gone_words(name)
    return Reading(conditions=conditions, problems=problems, typed=given, lead=lead, gone=gone)


def read_conditions(
    form: MultiDict[str, str], entity: BoundEntity, *, state: State, prefix: str = PREFIX
) -> list[dict[str, Any]]:
    """The conditions that a form says. Raises ``SmsError`` with everything that is wrong with them."""
    found = read(form, entity, state=state, prefix=prefix)
    if found.problems:
        raise SmsError(" ".join(found.problems.values()), code="bad_conditions")
    return found.conditions


def reading_of(conditions: Sequence[Mapping[str, Any]], entity: BoundEntity) -> Reading:
    """Conditions that were kept, as a form would say them."""
    filters = {each.name: each for each in entity.filters}
    given: dict[str, Typed] = {}
    gone: list[str] = []
    lead = ""
    for each in conditions:
        wanted = filters.get(str(each.get("filter", "")))
        if wanted is None:
            gone.append(str(each.get("filter", "")))
            continue
        given[wanted.name] = _kept(wanted, each)
        lead = wanted.name if wanted.leads else lead
    return Reading(
        conditions=[dict(each) for each in conditions],
        typed=given,
        lead=lead,
        gone=tuple(gone),
        problems={name: gone_words(name) for name in gone},
    )


def in_words(conditions: Sequence[Mapping[str, Any]], entity: BoundEntity, *, state: State) -> list[str]:
    """The conditions as the viewer reads them, one sentence each; records are called by their names."""
    with along(state) as session:
        return [sentence(each) for each in told(conditions, entity=entity, language=language(), session=session)]


def gone_words(name: str) -> str:
    """That a filter is not there any more, and what to do."""
    error = BadCondition("", code="unknown_filter", hint="", filter=name, label=name, given=name)
    return wrong_words(error, label=name)


def problem_words(error: BadCondition, entity: BoundEntity) -> str:
    """What is wrong with a kept condition, under the filter's name in the viewer's language."""
    wanted = next((each for each in entity.filters if each.name == error.filter), None)
    return wrong_words(error, label=error.label if wanted is None else label_of(wanted, language()))


def _typed(form: MultiDict[str, str], name: str) -> Typed:
    def said(suffix: str) -> str:
        return form.get(f"{name}{suffix}", "").replace("\0", "").strip()[:_LONGEST]

    values = (each.replace("\0", "").strip()[:_LONGEST] for each in form.getlist(name)[:_LONGEST])
    return Typed(
        op=said("-op")[:12],
        values=tuple(dict.fromkeys(each for each in values if each)),
        second=said("-2"),
        days=said("-days"),
        words=said("-typed"),
    )


def _kept(wanted: BoundFilter, condition: Mapping[str, Any]) -> Typed:
    op, value = str(condition.get("op", "")), condition.get("value")
    values = [str(each) for each in (value if isinstance(value, (list, tuple)) else [value]) if each is not None]
    if wanted.kind is FilterKind.DATE:
        values = ["" if each == TODAY else each for each in values]
    if op in {"ago", "ahead"} and len(values) > 1:
        return Typed(op=op, days=values[0], values=(values[1],))
    if op == "between" and len(values) > 1:
        return Typed(op=op, values=(values[0],), second=values[1])
    return Typed(op=op, values=tuple(values))


def _condition(
    session: Session,
    wanted: BoundFilter,
    given: Typed,
    before: Sequence[Mapping[str, Any]],
    filters: Mapping[str, BoundFilter],
) -> dict[str, Any] | None:
    """What was typed into one filter, as a condition; None where it was left alone."""
    ops = ops_of(wanted)
    op = given.op if given.op in ops else ops[0]
    if wanted.kind is FilterKind.CHOICE:
        values = _chosen(session, wanted, given, outer=outer_value(wanted, before, filters))
        return (
            _as(wanted, "is" if len(values) == 1 else "in", values[0] if len(values) == 1 else values)
            if values
            else None
        )
    if wanted.kind is FilterKind.DATE:
        return _dated(wanted, given) if given.op or given.values or given.second or given.days else None
    if op == "between":
        return _as(wanted, op, [given.value, given.second]) if given.value or given.second else None
    return _as(wanted, op, given.value) if given.value else None


def _dated(wanted: BoundFilter, given: Typed) -> dict[str, Any]:
    """A day that was left empty is today, which is another one tomorrow; a period has both of its days."""
    op = given.op if given.op in ops_of(wanted) else "on"
    day = given.value or TODAY
    if op in {"ago", "ahead"}:
        return _as(wanted, op, [given.days, day])
    return _as(wanted, op, [given.value, given.second] if op == "between" else day)


def _as(wanted: BoundFilter, op: str, value: object) -> dict[str, Any]:
    return {"filter": wanted.name, "op": op, "value": value}


def _chosen(session: Session, wanted: BoundFilter, given: Typed, *, outer: Any) -> list[str]:
    """The values that were chosen, or the one that was typed by its name."""
    if wanted.within and outer is None:
        return list(given.values)  # that the other one is missing is told when the condition is checked
    try:
        if given.words:
            fitting = typed(session, wanted, given.words, outer=outer)
            if len(fitting) > 1:
                raise bad(wanted, "several", given=", ".join(in_language(each.label, language()) for each in fitting))
            if not fitting:
                raise bad(wanted, "bad_choice", given=given.words)
            return [fitting[0].value]
        known = labels(session, wanted, given.values, outer=outer)
    except SmsError:
        raise
    except Exception as error:  # a host's function may raise anything
        log.warning("the choices of the filter %r cannot be read: %s", wanted.name, type(error).__name__)
        session.rollback()
        raise bad(wanted, "filter_failed", given=type(error).__name__) from error
    missing = next((each for each in given.values if each not in known), None)
    if missing is not None:
        raise bad(wanted, "bad_choice", given=missing)
    return list(given.values)


def _check_one(
    found: Mapping[str, Any],
    wanted: BoundFilter,
    before: Sequence[Mapping[str, Any]],
    *,
    entity: BoundEntity,
    state: State,
) -> None:
    others = [each for each in before if each["filter"] == wanted.within] if wanted.within else []
    check([*others, found], entity=entity, state=state)
