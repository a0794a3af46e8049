"""Words that a hand writes, for the people whom a record leads to or for a number alone (S1, S9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError
from sms_plugin.host.bound import BoundEntity
from sms_plugin.host.identity import key_of
from sms_plugin.host.search import label_of
from sms_plugin.outbox.by_hand import VALIDITY
from sms_plugin.outbox.enqueue import OWN_ACTION, Draft, occurrence
from sms_plugin.outbox.truth import BY_HAND
from sms_plugin.people.consent import MARKETING
from sms_plugin.people.owners import STRANGER, Owner
from sms_plugin.people.recipients import Recipient, recipients
from sms_plugin.providers.active import active_id
from sms_plugin.providers.lines import hears
from sms_plugin.state import State
from sms_plugin.states import MessageState
from sms_plugin.triggers.fired import fitting
from sms_plugin.triggers.planned import SERVICE, Planned, Wish
from sms_plugin.triggers.reading import guarded, why
from sms_plugin.wording.rendering import Rendered, pick, render_company, render_for
from sms_plugin.wording.way_out import WayOut, holds_way_out


def by_words(
    session: Session, records: Sequence[object], *, entity: BoundEntity, wish: Wish, state: State, now: datetime
) -> list[Planned]:
    """What would become of each record, in their order. Reads only."""
    provided = active_id(session) is not None
    found: list[Planned] = []
    for record in records:
        try:
            with guarded(session, careful=True):
                people = whom(record, entity=entity, state=state, every=wish.number is not None, purpose=wish.purpose)
        except Exception as error:  # noqa: BLE001 - a host's attribute may raise anything; it leaves out this record only
            found.append(blocked(record, entity, "recipients_failed", detail=why(error, careful=True)))
            continue
        chosen = [each for each in people if wish.number in {None, each.number}]
        if not chosen and wish.free and people:
            chosen = [replace(people[0], number=wish.number, problem="")]
        found += [_worded(session, record, each, entity, wish, state=state, now=now) for each in chosen]
        if not chosen:
            found.append(blocked(record, entity, "no_recipient" if wish.number is None else "not_their_number"))
    return found if provided else [replace(each, problem=each.problem or "no_provider") for each in found]


def _worded(
    session: Session, record: Any, to: Recipient, entity: BoundEntity, wish: Wish, *, state: State, now: datetime
) -> Planned:
    planned = Planned(record=label_of(record, entity), person=name_of(to), draft=None)
    if to.number is None:
        return replace(planned, problem=to.problem)
    if not to.agrees:
        return replace(planned, problem="no_consent")
    chosen = pick(wish.texts, to.language, fallback=state.settings.language)
    if chosen is None:
        return replace(planned, problem="no_text")
    try:
        with guarded(session, careful=True):
            rendered = render_for(
                chosen[1],
                record=record,
                entity=entity,
                people=to.people,
                language=to.language,
                zone=to.zone,
                state=state,
                way_out=WayOut(number=to.number, purpose=wish.purpose),
            )
    except Exception as error:  # noqa: BLE001 - a host's attribute may raise anything; it leaves out this record only
        problem = error.code if isinstance(error, SmsError) else "render_failed"
        return replace(planned, problem=problem, detail=why(error, careful=True))
    if not rendered.text.strip():
        return replace(planned, problem="no_text")
    if wish.purpose == MARKETING and not holds_way_out(chosen[1]) and not hears(session, state=state):
        return replace(planned, problem="no_way_out")
    return replace(planned, draft=_draft(record, to, to.number, entity, wish, rendered, now=now))


def _draft(
    record: Any, to: Recipient, number: str, entity: BoundEntity, wish: Wish, rendered: Rendered, *, now: datetime
) -> Draft:
    own = (entity.key, key_of(record)) if wish.each else ()
    owner = Owner(person=to.ref, client=to.client_ref)
    return _common(wish, number, rendered, language=to.language, now=now).but(
        occurrence=occurrence("send", wish.once, *own, number),
        entity=entity.key,
        record=key_of(record),
        timezone=to.zone.key,
        **owner.columns,
    )


def _common(wish: Wish, number: str, rendered: Rendered, *, language: str, now: datetime) -> Draft:
    return Draft(
        occurrence=None,
        state=MessageState.QUEUED,
        purpose=wish.purpose,
        priority=OWN_ACTION,
        step=BY_HAND,
        moment=fitting(wish.once),
        subject=wish.subject[:120],
        operator=wish.operator,
        number=number,
        language=language,
        text=rendered.text,
        redacted=rendered.redacted,
        wording_id=wish.wording_id,
        encoding=str(rendered.measure.encoding),
        segments=rendered.measure.segments,
        due_at=now,
        expires_at=now + VALIDITY,
    )


def to_a_number(
    session: Session, number: str, *, wish: Wish, state: State, now: datetime, owner: Owner = STRANGER
) -> Planned:
    """What would become of words to a number (E.164): they may hold the company's shortcodes. Reads only."""
    planned = Planned(record=number, person="", draft=None)
    language = owner.language or state.settings.language
    chosen = pick(wish.texts, language, fallback=state.settings.language)
    if chosen is None:
        return replace(planned, problem="no_text")
    try:
        with guarded(session, careful=True):
            rendered = render_company(
                chosen[1],
                language=language,
                zone=state.settings.zone,
                state=state,
                way_out=WayOut(number=number, purpose=wish.purpose),
            )
    except Exception as error:  # noqa: BLE001 - a function of the host's may raise anything
        problem = error.code if isinstance(error, SmsError) else "render_failed"
        return replace(planned, problem=problem, detail=why(error, careful=True))
    draft = _common(wish, number, rendered, language=language, now=now).but(
        occurrence=occurrence("send", wish.once, number), **owner.columns
    )
    return replace(planned, draft=draft, problem="" if active_id(session) is not None else "no_provider")


def whom(record: object, *, entity: BoundEntity, state: State, every: bool, purpose: str = SERVICE) -> list[Recipient]:
    """Whom words go to: the client that the record leads to, else whoever it leads to."""
    audience = "client" if "client" in entity.to else next(iter(entity.to), "client")
    return recipients(
        record,
        entity=entity,
        to=(),
        purpose=purpose,
        audience=audience,
        registry=state.registry,
        settings=state.settings,
        every=every,
    )


def name_of(to: Recipient) -> str:
    """What a person calls whoever it goes to; empty for somebody inside another record."""
    return "" if to.entity is None else label_of(to.record, to.entity)


def blocked(record: object, entity: BoundEntity, problem: str, *, detail: str = "") -> Planned:
    """That a record sends nothing, and why."""
    return Planned(record=label_of(record, entity), person="", draft=None, problem=problem, detail=detail)
