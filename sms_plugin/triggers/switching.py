"""What an admin does to a trigger: on, off, its texts (X5: switching on starts from that moment)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from sms_plugin.host.registry import Registry
from sms_plugin.models import Change, TriggerRow, new_id
from sms_plugin.wording.texts import check_text, texts_of


def row_of(session: Session, trigger: str, *, registry: Registry, now: datetime) -> TriggerRow:
    """The trigger's row, made where there is none. Raises ``SmsError`` for an unknown trigger. Flushes nothing."""
    registry.reason(trigger)
    row = session.get(TriggerRow, trigger)
    if row is None:
        row = TriggerRow(key=trigger, on=False, texts={}, unknown_policy="ask", changed_at=now)
        session.add(row)
    return row


def switch_on(session: Session, trigger: str, *, registry: Registry, who: str, now: datetime) -> TriggerRow:
    """Switch a trigger on from this moment; nothing older is ever texted. Raises ``SmsError`` for a bad text."""
    row = row_of(session, trigger, registry=registry, now=now)
    for text in texts_of(row, registry.reason(trigger)).values():
        if text.strip():
            check_text(text, trigger=trigger, registry=registry)
    if not row.on:
        row.on, row.on_since, row.changed_at = True, now, now
        _record(session, trigger, "on", who=who, now=now)
    return row


def switch_off(session: Session, trigger: str, *, registry: Registry, who: str, now: datetime) -> TriggerRow:
    """Switch a trigger off: what is queued already still goes. Raises ``SmsError`` for an unknown trigger."""
    row = row_of(session, trigger, registry=registry, now=now)
    if row.on:
        row.on, row.on_since, row.changed_at = False, None, now
        _record(session, trigger, "off", who=who, now=now)
    return row


def set_text(
    session: Session, trigger: str, language: str, text: str, *, registry: Registry, who: str, now: datetime
) -> TriggerRow:
    """Give a trigger its text in one language; an empty one takes that language's text away.

    Raises ``SmsError`` naming what in the text cannot be. The other languages keep theirs.
    """
    row = row_of(session, trigger, registry=registry, now=now)
    if text.strip():
        check_text(text, trigger=trigger, registry=registry)
    row.texts = {**texts_of(row, registry.reason(trigger)), language: text}
    row.changed_at = now
    _record(session, trigger, "text", who=who, now=now, language=language)
    return row


def _record(session: Session, trigger: str, action: str, *, who: str, now: datetime, **detail: str) -> None:
    session.add(Change(id=new_id(now), at=now, who=who[:120], what=f"trigger {trigger}", action=action, detail=detail))
