"""One text to one number, as somebody wrote it (S1's ground; the facade's ``send``)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError, worded
from sms_plugin.models import Message
from sms_plugin.outbox.enqueue import OWN_ACTION, Draft, enqueue, occurrence
from sms_plugin.people.owners import STRANGER, Owner
from sms_plugin.providers.active import active_id
from sms_plugin.settings import Settings
from sms_plugin.states import MessageState
from sms_plugin.text.phones import parse_phone
from sms_plugin.text.segments import measure

#: For how long a text by hand is worth sending.
VALIDITY = timedelta(hours=24)


def send_text(
    session: Session,
    *,
    to: str,
    text: str,
    once: str | None,
    purpose: str,
    operator: str,
    settings: Settings,
    now: datetime,
    owner: Owner = STRANGER,
) -> UUID:
    """The id of the message that was queued, or of the one that this occasion has already. ``owner`` is in whose
    history it belongs.

    Raises ``SmsError`` for a number that cannot be texted and for an empty text. In the caller's transaction.
    """
    if not text.strip():
        raise SmsError(worded("The text is empty."), code="empty_text", hint=worded("Write something to send."))
    number = parse_phone(str(to or ""), region=settings.region).e164
    draft = Draft(
        occurrence=None if once is None else occurrence("send", once, number),
        state=MessageState.QUEUED,
        purpose=purpose,
        priority=OWN_ACTION,
        operator=operator,
        moment=(once or "")[:64],
        number=number,
        language=settings.language,
        due_at=now,
        expires_at=now + VALIDITY,
        **_worded(text),
        **owner.columns,
    )
    if active_id(session) is None:
        draft = replace(draft, state=MessageState.SUPPRESSED, reason="no_provider")
    written = enqueue(session, [draft], now=now)
    return written[0] if written else _standing(session, draft)


def _worded(text: str) -> dict[str, Any]:
    size = measure(text)
    return {"text": text, "encoding": str(size.encoding), "segments": size.segments}


def _standing(session: Session, draft: Draft) -> UUID:
    """The message that the occasion has already. Raises ``SmsError`` where its transaction has not ended yet."""
    standing = session.scalar(sa.select(Message.id).where(Message.occurrence == draft.occurrence))
    if standing is None:
        raise SmsError(
            worded("The same occasion is being sent by somebody else at this moment."),
            code="busy",
            hint=worded("Try again."),
        )
    return standing
