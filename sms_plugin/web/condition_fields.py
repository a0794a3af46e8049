"""The filters of an entity as the fields of a form, with what was typed into them: for ``conditions.html``."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from sms_plugin.batches.conditions import ops_of
from sms_plugin.batches.telling import label_of, outer_value
from sms_plugin.catalog.loader import in_language
from sms_plugin.host.bound import BoundEntity, BoundFilter
from sms_plugin.host.offering import Offers, labels, offers
from sms_plugin.state import State
from sms_plugin.web.apart import along
from sms_plugin.web.condition_words import op_words
from sms_plugin.web.conditions import PREFIX, Reading, Typed
from sms_plugin.web.translation import language

log = logging.getLogger(__name__)

#: So many choices at most are boxes to tick; more are a list.
_BOXES = 8


@dataclass(frozen=True, kw_only=True)
class Field:
    """A filter as the form shows it."""

    name: str
    label: str
    help: str
    kind: str
    ops: tuple[tuple[str, str], ...]
    typed: Typed
    options: tuple[tuple[str, str], ...] = ()
    more: bool = False  #: there are others that only typing finds
    boxes: bool = False  #: several may be ticked
    waits_for: str = ""  #: the label of the filter that has to be chosen first
    is_outer: bool = False  #: others are within it
    unread: bool = False  #: the host's function for its choices failed
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class Fieldset:
    """The filters that speak of the same records."""

    of: str  #: what these are called; empty for the entity itself
    fields: tuple[Field, ...]


@dataclass(frozen=True, kw_only=True)
class Fields:
    """What the macro ``condition_fields`` shows."""

    prefix: str
    leading: tuple[Field, ...]
    lead: str
    sets: tuple[Fieldset, ...]
    gone: tuple[str, ...] = ()


def fields(entity: BoundEntity, found: Reading | None = None, *, state: State, prefix: str = PREFIX) -> Fields:
    """The filters of an entity with what was typed into them, for the macro ``condition_fields``."""
    found = found or Reading()
    filters = {each.name: each for each in entity.filters}
    outer = {each.within for each in entity.filters if each.within}
    with along(state) as session:
        shown = {
            each.name: replace(_field(session, each, found, filters), is_outer=each.name in outer)
            for each in entity.filters
        }
    sets: dict[str, list[BoundFilter]] = {}
    for each in entity.filters:
        if not each.leads:
            sets.setdefault(each.through[0].key if each.through else "", []).append(each)
    return Fields(
        prefix=prefix,
        leading=tuple(shown[each.name] for each in entity.filters if each.leads),
        lead=found.lead,
        sets=tuple(
            Fieldset(of=_of(those), fields=tuple(shown[each.name] for each in those))
            for _, those in sorted(sets.items(), key=lambda each: each[0] != "")
        ),
        gone=found.gone,
    )


def _field(session: Session, wanted: BoundFilter, found: Reading, filters: Mapping[str, BoundFilter]) -> Field:
    given = found.typed.get(wanted.name, Typed())
    outer = outer_value(wanted, found.conditions, filters)
    common: dict[str, Any] = {
        "name": wanted.name,
        "label": label_of(wanted, language()),
        "help": in_language(wanted.help, language()),
        "kind": wanted.kind.value,
        "ops": tuple((op, op_words(op, wanted.kind)) for op in ops_of(wanted)),
        "typed": given,
        "problem": found.problems.get(wanted.name, ""),
    }
    if wanted.within and outer is None:
        return Field(**common, waits_for=label_of(filters[wanted.within], language()))
    try:
        offer = offers(session, wanted, outer=outer)
        unread = False
    except Exception as error:  # noqa: BLE001 - a host's function may raise anything; the other filters still serve
        log.warning("the choices of the filter %r cannot be read: %s", wanted.name, type(error).__name__)
        session.rollback()
        offer, unread = Offers(), True
    options = [(each.value, in_language(each.label, language())) for each in offer.those]
    listed = {value for value, _ in options}
    if offer.more:
        beyond = [each for each in given.values if each not in listed]
        options += labels(session, wanted, beyond, outer=outer, language=language()).items()
    boxes = 1 < len(options) <= _BOXES and not offer.more and wanted.records is None and wanted.function is None
    boxes = boxes or len(given.values) > 1
    return Field(**common, options=tuple(options), more=offer.more, boxes=boxes, unread=unread)


def _of(those: Sequence[BoundFilter]) -> str:
    """What the records behind a relationship are called: the host's word, else the relationship's own name."""
    through = those[0].through
    said = next((each.of for each in those if each.of), {})
    return "" if not through else in_language(said, language()) or through[0].key.replace("_", " ").capitalize()
