"""Why a trigger did not text somebody, as it stands now: asked again of the records that lead there, nothing written.

What was decided is a message, and tells by itself. This tells of what was never decided, or is still to come (X20).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.host.bound import BoundEntity, BoundHook
from sms_plugin.host.identity import RecordRef, key_of
from sms_plugin.host.search import label_of, load
from sms_plugin.host.when import Dated, Yearly
from sms_plugin.models import Change, Message, TriggerRow
from sms_plugin.models.message import trigger_of_named
from sms_plugin.outbox.enqueue import Draft
from sms_plugin.outbox.truth import Answer, ask
from sms_plugin.people.consent import opted_out, stands_against
from sms_plugin.state import State
from sms_plugin.states import MessageState
from sms_plugin.triggers.drafting import Drafting
from sms_plugin.triggers.foresight import Coming, comings, drafts_of
from sms_plugin.triggers.reaching import leading
from sms_plugin.triggers.reading import guarded
from sms_plugin.wording.texts import inactive_because

#: So many records are looked at for one trigger that is asked for, and of each trigger where none is.
OF_ONE, OF_EACH = 20, 3
#: So many of the newest messages that a record caused by one trigger are named.
_WRITTEN = 3
_MESSAGE: Any = Message.__table__
#: What is told that is no reason of a message: it would go; it is written and tells by itself; the next look at dates
#: writes it; its moment was before the trigger was switched on, or longer ago than it is worth sending; the record has
#: no such date; nothing has fired it; only a hand fires it; no record leads there; a way cannot be gone backwards.
WOULD_GO, WRITTEN, DUE, BEFORE_ON, MISSED, NO_DATE = "would_go", "written", "due", "before_on", "missed", "no_date"
NOT_FIRED, BY_HAND_ONLY, NO_RECORD, BLIND, FAILED = "not_fired", "by_hand_only", "no_record", "blind", "asking_failed"


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a trigger stands to one record, or why no record was looked at. ``code`` is a reason, or one of the above."""

    trigger: str
    code: str
    at: datetime | None = None  #: since when, or when it will go
    record: RecordRef | None = None
    label: str = ""
    step: str = ""
    number: str | None = field(default=None, repr=False)
    detail: str = ""
    message: UUID | None = None
    state: str = ""  #: of the message


@dataclass(frozen=True, kw_only=True)
class Subject:
    """Whom or what it is asked for: a person or client, and one record in place of all that lead there."""

    somebody: RecordRef | None = None
    record: RecordRef | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class _Asking:
    session: Session
    state: State
    now: datetime
    most: int


def standings(
    session: Session, subject: Subject, *, trigger: str | None, state: State, now: datetime
) -> tuple[list[Standing], bool]:
    """How a trigger, or each of them, stands to the records that lead to somebody; whether there are more records.

    Records are the newest first, so many at most. Give a session of which nothing else hangs: the host's attributes
    are read; it is rolled back. Raises ``SmsError`` for an unknown trigger.
    """
    reasons = [state.registry.reason(trigger)] if trigger else list(state.registry.reasons.values())
    rows = {row.key: row for row in session.scalars(sa.select(TriggerRow))}
    asking = _Asking(session=session, state=state, now=now, most=OF_ONE if trigger else OF_EACH)
    silent = {
        each.key: why
        for each in reasons
        if (why := inactive_because(rows.get(each.key), each, registry=state.registry))
    }
    since = _since(session, [key for key, why in silent.items() if why == "off"])
    found: list[Standing] = []
    cut = False
    try:
        for reason in reasons:
            if reason.key in silent:
                found.append(Standing(trigger=reason.key, code=silent[reason.key], at=since.get(reason.key)))
                continue
            some, more = _of_trigger(asking, rows[reason.key], subject)
            found, cut = [*found, *some], cut or more
    finally:
        session.rollback()
    return found, cut


def _since(session: Session, off: Sequence[str]) -> dict[str, datetime]:
    """When each of these was switched off; without those that never were on."""
    whats = {f"trigger {key}"[:120]: key for key in off}
    if not whats:
        return {}
    query = (
        sa.select(Change.what, sa.func.max(Change.at))
        .where(Change.what.in_(sorted(whats)), Change.action == "off")
        .group_by(Change.what)
    )
    return {whats[what]: at for what, at in session.execute(query)}


def _of_trigger(asking: _Asking, row: TriggerRow, subject: Subject) -> tuple[list[Standing], bool]:
    hooks = asking.state.registry.hooks_of(row.key)
    if not hooks:
        return [Standing(trigger=row.key, code=BY_HAND_ONLY)], False
    found: list[Standing] = []
    cut = blind = False
    by_entity: dict[str, list[BoundHook]] = {}
    for hook in hooks:
        by_entity.setdefault(hook.entity.key, []).append(hook)
    for some in by_entity.values():
        records, more, unseen = _records(asking, some, subject)
        cut, blind = cut or more, blind or unseen
        found += _of_records(asking, row, some, records)
    if not found:
        found.append(Standing(trigger=row.key, code=BLIND if blind else NO_RECORD))
    return found, cut


def _records(asking: _Asking, hooks: Sequence[BoundHook], subject: Subject) -> tuple[list[Any], bool, bool]:
    """The records of the hooks' one entity: the one that is asked for, else those that lead to somebody."""
    session, registry = asking.session, asking.state.registry
    entity = hooks[0].entity
    if subject.record is not None:
        if subject.record.entity != entity.key:
            return [], False, False
        one = load(session, entity, subject.record.key)
        return ([] if one is None else [one]), False, False
    somebody = None if subject.somebody is None else _load(asking, subject.somebody)
    if somebody is None:
        return [], False, False
    found: dict[str, Any] = {}
    cut = blind = False
    for hook in hooks:
        led = leading(session, hook, somebody, registry=registry, most=asking.most)
        found |= {key_of(record): record for record in led.records}
        cut, blind = cut or led.cut, blind or led.blind
    return list(found.values())[: asking.most], cut, blind


def _load(asking: _Asking, ref: RecordRef) -> Any | None:
    entity = asking.state.registry.entities.get(ref.entity)
    return None if entity is None else load(asking.session, entity, ref.key)


def _of_records(
    asking: _Asking, row: TriggerRow, hooks: Sequence[BoundHook], records: Sequence[Any]
) -> Iterator[Standing]:
    if not records:
        return
    session, entity = asking.session, hooks[0].entity
    keys = [key_of(record) for record in records]
    try:
        with guarded(session, careful=True):
            answers = ask(session, entity=entity, hooks=hooks, keys=keys)
    except Exception as error:  # noqa: BLE001 - the host's expressions may fail in any way; that is what is told
        yield Standing(trigger=row.key, code="truth_failed", detail=type(error).__name__)
        return
    written = _written(session, entity, row.key, keys)
    for key, record in zip(keys, records, strict=True):
        told = [*_of_record(asking, row, hooks, record, answers.get(key), written.get(key, ()))]
        yield from told


def _written(session: Session, entity: BoundEntity, trigger: str, keys: Sequence[str]) -> dict[str, list[Any]]:
    """The newest messages that the trigger decided for each record."""
    columns = [
        _MESSAGE.c[name] for name in ("id", "record", "step", "moment", "state", "reason", "created_at", "number")
    ]
    found: dict[str, list[Any]] = {}
    for key in keys:
        about = (_MESSAGE.c.entity == entity.key, _MESSAGE.c.record == key, trigger_of_named == trigger)
        rows = session.execute(sa.select(*columns).where(*about).order_by(_MESSAGE.c.id.desc()).limit(_WRITTEN)).all()
        found[key] = list(rows)
    return found


def _of_record(
    asking: _Asking,
    row: TriggerRow,
    hooks: Sequence[BoundHook],
    record: Any,
    answer: Answer | None,
    written: Sequence[Any],
) -> Iterator[Standing]:
    entity = hooks[0].entity
    common: dict[str, Any] = {
        "trigger": row.key,
        "record": RecordRef(entity=entity.key, key=key_of(record)),
        "label": label_of(record, entity),
    }
    for each in written:
        yield Standing(
            code=each.reason or WRITTEN,
            at=each.created_at,
            step=each.step,
            number=each.number,
            message=each.id,
            state=each.state,
            **common,
        )
    if answer is None:
        return
    done = {(each.step, each.moment) for each in written}
    told: dict[tuple[str, str], None] = {}
    for hook, holds, value, lead in zip(hooks, answer.holds, answer.dates, answer.leads, strict=True):
        for standing in _of_hook(asking, row, hook, record, holds, (value, lead), done=done, common=common):
            if standing.message is None and (standing.code, standing.step) in told:
                continue
            told[standing.code, standing.step] = None
            if standing.code != NOT_FIRED or not written:
                yield standing


def _of_hook(
    asking: _Asking,
    row: TriggerRow,
    hook: BoundHook,
    record: Any,
    holds: bool,
    asked: tuple[object, object],
    *,
    done: set[tuple[str, str]],
    common: dict[str, Any],
) -> Iterator[Standing]:
    value, lead = asked
    dated = isinstance(hook.when, (Dated, Yearly))
    if not dated:
        yield Standing(code=NOT_FIRED if holds else "not_true", at=row.on_since, **common)
    elif not isinstance(value, date):
        yield Standing(code=NO_DATE, step=hook.step, **common)
    elif not holds:
        yield Standing(code="not_true", step=hook.step, **common)
    else:
        coming_up = comings(asking.session, hook, row, record, value, lead=lead, state=asking.state, now=asking.now)
        for coming in coming_up:
            if (coming.firing.step, coming.firing.moment) not in done:
                yield from _coming(asking, coming, common)


def _coming(asking: _Asking, coming: Coming, common: dict[str, Any]) -> Iterator[Standing]:
    step, on_since = coming.firing.step, coming.firing.row.on_since
    if on_since is not None and coming.at <= on_since:
        yield Standing(code=BEFORE_ON, at=coming.at, step=step, **common)
    elif coming.firing.expires_at <= asking.now:
        yield Standing(code=MISSED, at=coming.at, step=step, **common)
    elif coming.at <= asking.now:
        yield Standing(code=DUE, at=coming.at, step=step, **common)
    else:
        for draft in _drafts(asking, coming):
            code = draft.reason or WOULD_GO
            yield Standing(code=code, at=draft.due_at, step=step, number=draft.number, detail=draft.detail, **common)


def _drafts(asking: _Asking, coming: Coming) -> Iterable[Draft]:
    """What would be written, with the opt-outs that the claim will ask for."""
    work = Drafting(session=asking.session, state=asking.state, now=asking.now, provided=True, careful=True)
    drafts = [draft for _, draft in drafts_of(work, [coming])]
    outs = opted_out(asking.session, [draft.number for draft in drafts if draft.number])
    for draft in drafts:
        if draft.state is MessageState.QUEUED and draft.number and stands_against(draft.number, draft.purpose, outs):
            yield replace(draft, state=MessageState.SUPPRESSED, reason="opted_out")
        else:
            yield draft
