"""Several debts of one person chosen by hand, told in one message: count, total, oldest (S9, X21)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError
from sms_plugin.host.bound import BoundDebt, BoundEntity
from sms_plugin.host.search import load
from sms_plugin.models import TriggerRow
from sms_plugin.outbox.enqueue import Draft, occurrence
from sms_plugin.outbox.gathering import GATHERED, version_of
from sms_plugin.outbox.truth import ask
from sms_plugin.people.recipients import zone_of
from sms_plugin.state import State
from sms_plugin.text.formats import Money
from sms_plugin.triggers.planned import Planned, Wish
from sms_plugin.triggers.reading import guarded, why
from sms_plugin.wording.rendering import pick, read, render_for
from sms_plugin.wording.stepwise import own_texts
from sms_plugin.wording.texts import texts_of
from sms_plugin.wording.way_out import WayOut


def told_together(
    session: Session, found: Sequence[Planned], *, row: TriggerRow | None, entity: BoundEntity, wish: Wish, state: State
) -> list[Planned]:
    """The plan with one message for all debts of a number and a currency, where the records are debts. ``row`` is the
    trigger's, None for words. Reads only.
    """
    if entity.debt is None:
        return list(found)
    groups: dict[tuple[str, str], list[Planned]] = defaultdict(list)
    debts: dict[str, Any] = {}
    for each in found:
        draft = each.draft
        if draft is None or not each.goes or not draft.number or not draft.record:
            continue
        debts[draft.record] = load(session, entity, draft.record)
        currency = _currency(session, debts[draft.record], entity.debt, state)
        if currency is not None:
            groups[draft.number, currency].append(each)
    gathered: dict[int, Planned | None] = {}
    for some in groups.values():
        if len(some) > 1:
            together = _one(session, _oldest_first(some, debts, entity.debt), debts, row, entity, wish, state=state)
            gathered |= {id(each): None for each in some} | {id(some[0]): together}
    kept = [gathered.get(id(each), each) for each in found]
    return [each for each in kept if each is not None]


def _oldest_first(some: Sequence[Planned], debts: Mapping[str, Any], debt: BoundDebt) -> list[Planned]:
    def age(each: Planned) -> tuple[bool, Any]:
        since = debt.since(debts[_record(each)])
        return (True, date.min) if not isinstance(since, date) else (False, since)

    return sorted(some, key=age)


def _record(each: Planned) -> str:
    return "" if each.draft is None else each.draft.record or ""


def _currency(session: Session, record: object, debt: BoundDebt, state: State) -> str | None:
    """The currency of a debt; None for one that cannot be read, which is told by itself."""
    try:
        with guarded(session, careful=True):
            amount = None if record is None else read(debt.amount, record, state)
    except Exception as error:  # noqa: BLE001 - a host's attribute may raise anything
        why(error, careful=True)
        return None
    return amount.currency if isinstance(amount, Money) else None


def _one(
    session: Session,
    some: Sequence[Planned],
    debts: Mapping[str, Any],
    row: TriggerRow | None,
    entity: BoundEntity,
    wish: Wish,
    *,
    state: State,
) -> Planned:
    """The message of all these debts, which stands for the oldest."""
    first, drafts = some[0], tuple(each.draft for each in some if each.draft is not None)
    keys = [_record(each) for each in some]
    texts = (
        wish.texts if row is None else own_texts(row, drafts[0].step) or texts_of(row, state.registry.reason(row.key))
    )
    try:
        with guarded(session, careful=True):
            own = _rendered(session, drafts[0], [debts[key] for key in keys], texts, entity, state=state)
    except Exception as error:  # noqa: BLE001 - a host's attribute may raise anything; it leaves out these records only
        problem = error.code if isinstance(error, SmsError) else "render_failed"
        return replace(first, draft=None, problem=problem, detail=why(error, careful=True))
    own["occurrence"] = occurrence("send", wish.once, GATHERED, *sorted(keys), drafts[0].number or "")
    if row is not None:
        hooks = state.registry.hooks_of(row.key, entity=entity.key)
        answers = ask(session, entity=entity, hooks=hooks, keys=keys)
        own |= {"step": GATHERED, "version": version_of(keys, answers)}
    also = tuple(each.record for each in some[1:])
    parts = [
        each.but(occurrence=occurrence("send", wish.once, GATHERED, each.record or "", each.number or ""))
        for each in drafts
    ]
    return replace(first, draft=drafts[0].but(**own), gathered=tuple(parts), also=also)


def _rendered(
    session: Session,
    draft: Draft,
    together: Sequence[Any],
    texts: Mapping[str, str],
    entity: BoundEntity,
    *,
    state: State,
) -> dict[str, Any]:
    chosen = pick(texts, draft.language, fallback=state.settings.language)
    refs = dict.fromkeys([(draft.person_entity, draft.person), (draft.client_entity, draft.client)])
    known = [(state.registry.entities.get(name or ""), key) for name, key in refs]
    people = [load(session, bound, key) for bound, key in known if bound is not None and key is not None]
    rendered = render_for(
        "" if chosen is None else chosen[1],
        record=together[0],
        entity=entity,
        people=[each for each in people if each is not None],
        language=draft.language,
        zone=zone_of(people, registry=state.registry, settings=state.settings),
        state=state,
        way_out=WayOut(number=draft.number, purpose=draft.purpose),
        together=together,
    )
    return {
        "text": rendered.text,
        "redacted": rendered.redacted,
        "encoding": rendered.measure.encoding.value,
        "segments": rendered.measure.segments,
    }
