"""Rendering a queued message again, because its record changed since it was decided (promise 4)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError
from sms_plugin.host.identity import key_values
from sms_plugin.models import Message, TriggerRow
from sms_plugin.people.recipients import zone_of
from sms_plugin.state import State
from sms_plugin.wording.rendering import pick, render_for
from sms_plugin.wording.texts import WHY_SILENT, silent_because, texts_of

#: Where a session keeps the triggers' rows, so that rewording a hundred messages reads each of them once.
_KEPT = "sms_plugin.reworded_triggers"


def reword(session: Session, row: Any, *, version: bytes, state: State) -> str:
    """The message's text as its trigger words it now, written to the message too, in the caller's transaction.

    Raises ``SmsError`` with the reason for which it must be held.
    """
    words = _words(session, row, state)
    record = _load(session, row.entity, row.record, state)
    people = [_load(session, *ref, state) for ref in _people(row)]
    if record is None or None in people:
        raise SmsError("A record that the text is about is gone.", code="record_gone")
    rendered = render_for(
        words,
        record=record,
        entity=state.registry.entities[row.entity],
        people=people,
        language=row.language,
        zone=zone_of(people, registry=state.registry, settings=state.settings),
        state=state,
    )
    session.execute(
        sa.update(Message)
        .where(Message.id == row.id)
        .values(
            text=rendered.text,
            encoding=rendered.measure.encoding,
            segments=rendered.measure.segments,
            version=version,
        )
        .execution_options(synchronize_session=False)
    )
    return rendered.text


def _words(session: Session, row: Any, state: State) -> str:
    """What the trigger says now, in the message's language, its shortcodes still in it. Raises ``SmsError``."""
    reason = state.registry.reason(row.trigger)
    kept = session.info.setdefault(_KEPT, {})
    kept[row.trigger] = trigger = session.get(TriggerRow, row.trigger)
    chosen = pick(texts_of(trigger, reason), row.language, fallback=state.settings.language)
    silent = silent_because(trigger, reason, registry=state.registry) or ("" if chosen else "no_text")
    if silent or chosen is None:
        raise SmsError(
            f"The trigger has no text any more: {WHY_SILENT[silent]}",
            code=silent,
            hint="Give it one, and release the message.",
        )
    return chosen[1]


def _people(row: Any) -> list[tuple[str, str]]:
    pairs = [(row.person_entity, row.person), (row.client_entity, row.client)]
    return list(dict.fromkeys((entity, key) for entity, key in pairs if entity is not None))


def _load(session: Session, entity: str, key: str, state: State) -> object | None:
    bound = state.registry.entities.get(entity)
    if bound is None:
        return None
    found: object | None = session.get(
        bound.model, key_values(bound.model, key), options=list(bound.eager), populate_existing=True
    )
    return found
