"""Rendering a queued message again, because its record changed since it was decided (promise 4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError, worded
from sms_plugin.host.identity import key_values
from sms_plugin.models import Message, TriggerRow
from sms_plugin.people.recipients import zone_of
from sms_plugin.providers.costs import tariff
from sms_plugin.state import State
from sms_plugin.wording.rendering import Rendered, oldest, pick, render_for
from sms_plugin.wording.stepwise import shared_texts
from sms_plugin.wording.texts import WHY_SILENT, silent_because, texts_of
from sms_plugin.wording.versions import wording_of
from sms_plugin.wording.way_out import WayOut

#: Where a session keeps the triggers' rows, so that rewording a hundred messages reads each of them once.
_KEPT = "sms_plugin.reworded_triggers"


def reword(
    session: Session,
    row: Any,
    *,
    version: bytes,
    state: State,
    records: Sequence[str] = (),
    steps: Sequence[str] = (),
) -> str:
    """The message's text as its trigger words it now, written to the message too, in the caller's transaction.

    ``records`` are the keys of all that it tells of, where that are several (X21), and ``steps`` the steps that they
    are told by: what they say alike is said, else what the trigger says. Raises ``SmsError`` with the reason for which
    it must be held.
    """
    steps = steps or (row.step,)
    words = _words(session, row, steps, state)
    together = [_load(session, row.entity, key, state) for key in records]
    debt = state.registry.entities[row.entity].debt if together else None
    record = oldest(together, debt) if together else _load(session, row.entity, row.record, state)
    people = [_load(session, *ref, state) for ref in _people(row)]
    if record is None or any(each is None for each in (*people, *together)):
        raise SmsError(worded("A record that the text is about is gone."), code="record_gone")
    rendered = render_for(
        words,
        record=record,
        entity=state.registry.entities[row.entity],
        people=people,
        language=row.language,
        zone=zone_of(people, registry=state.registry, settings=state.settings),
        state=state,
        way_out=WayOut(number=row.number, purpose=row.purpose),
        together=together,
    )
    _write(session, row, rendered, version=version, wording_id=_wording(session.get(TriggerRow, row.trigger), steps))
    return rendered.text


def _write(session: Session, row: Any, rendered: Rendered, *, version: bytes, wording_id: int | None) -> None:
    prices = tariff(session)
    session.execute(
        sa.update(Message)
        .where(Message.id == row.id)
        .values(
            text=rendered.text,
            redacted=rendered.redacted,
            wording_id=wording_id,
            encoding=rendered.measure.encoding,
            segments=rendered.measure.segments,
            cost=prices.cost(row.number, rendered.measure.segments),
            currency=prices.currency,
            version=version,
        )
        .execution_options(synchronize_session=False)
    )


def _words(session: Session, row: Any, steps: Sequence[str], state: State) -> str:
    """What the trigger says now, in the message's language, its shortcodes still in it. Raises ``SmsError``."""
    reason = state.registry.reason(row.trigger)
    kept = session.info.setdefault(_KEPT, {})
    kept[row.trigger] = trigger = session.get(TriggerRow, row.trigger)
    own = shared_texts(trigger, steps)
    chosen = pick(own or texts_of(trigger, reason), row.language, fallback=state.settings.language)
    silent = silent_because(trigger, reason, registry=state.registry)
    if own and silent == "no_text":
        silent = ""
    silent = silent or ("" if chosen else "no_text")
    if silent or chosen is None:
        raise SmsError(
            worded("The trigger has no text any more: %(why)s", why=WHY_SILENT[silent]),
            code=silent,
            hint=worded("Give it one, and release the message."),
        )
    return chosen[1]


def _wording(trigger: TriggerRow | None, steps: Sequence[str]) -> int | None:
    """The version of the texts that it is made from now."""
    return wording_of(trigger, of_step=bool(shared_texts(trigger, steps)))


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
