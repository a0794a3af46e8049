"""What an admin does to a trigger: on, off, its texts (X5: switching on starts from that moment)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError
from sms_plugin.host.registry import Registry
from sms_plugin.models import Change, TriggerRow, new_id
from sms_plugin.wording.texts import check_text


def row_of(session: Session, trigger: str, *, registry: Registry, now: datetime) -> TriggerRow:
    """The trigger's row, made where there is none. Raises ``SmsError`` for an unknown trigger. Flushes nothing."""
    registry.reason(trigger)
    row = session.get(TriggerRow, trigger)
    if row is None:
        row = TriggerRow(key=trigger, on=False, texts={}, unknown_policy="ask", changed_at=now)
        session.add(row)
    return row


def switch_on(session: Session, trigger: str, *, registry: Registry, who: str, now: datetime) -> TriggerRow:
    """Switch a trigger on from this moment; nothing older is ever texted.

    Raises ``SmsError`` for a text that cannot be, or where no suggested text suits and there is none of its own.
    """
    row = row_of(session, trigger, registry=registry, now=now)
    row.texts = row.texts or _own_texts(trigger, registry)
    for language, text in row.texts.items():
        _check(text, language, trigger, registry)
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
    _check(text, language, trigger, registry)
    row.texts = {**(row.texts or _suitable(trigger, registry)), language: text}
    row.changed_at = now
    _record(session, trigger, "text", who=who, now=now, language=language)
    return row


def _own_texts(trigger: str, registry: Registry) -> dict[str, str]:
    """The texts to begin with: none where the suggested ones do, those that suit the portal where some do not.

    Raises ``SmsError`` where none does: it tells of the first, and what to do.
    """
    suggested = registry.reason(trigger).text
    suitable = _suitable(trigger, registry)
    if len(suitable) == len(suggested):
        return {}
    if suitable:
        return suitable
    language, text = next(iter(suggested.items()))
    _check(text, language, trigger, registry, hint=f'Write your own: flask sms trigger text {trigger} "…"')
    return {}


def _suitable(trigger: str, registry: Registry) -> dict[str, str]:
    """The suggested texts whose shortcodes the portal maps."""
    suitable: dict[str, str] = {}
    for language, text in registry.reason(trigger).text.items():
        try:
            _check(text, language, trigger, registry)
        except SmsError:
            continue
        suitable[language] = text
    return suitable


def _check(text: str, language: str, trigger: str, registry: Registry, *, hint: str = "") -> None:
    """Raise ``SmsError`` naming the language, for a text that could not be rendered; an empty one is none."""
    if not text.strip():
        return
    try:
        check_text(text, trigger=trigger, registry=registry)
    except SmsError as error:
        raise SmsError(
            f"The text of {trigger} ({language}): {error.message}", code=error.code, hint=hint or error.hint
        ) from None


def _record(session: Session, trigger: str, action: str, *, who: str, now: datetime, **detail: str) -> None:
    session.add(Change(id=new_id(now), at=now, who=who[:120], what=f"trigger {trigger}", action=action, detail=detail))
