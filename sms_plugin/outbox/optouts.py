"""A no, from the moment on that it is said: what waits for the number is dropped, and one text confirms it (X7)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.host.identity import RecordRef
from sms_plugin.models import Message
from sms_plugin.models.message import state_of_named
from sms_plugin.outbox.enqueue import OWN_ACTION, Draft, enqueue, occurrence
from sms_plugin.outbox.moving import move
from sms_plugin.people.consent import CONFIRMATION, EVERY_PURPOSE, PROVIDER, Word, opt_out
from sms_plugin.people.owners import STRANGER, Owner
from sms_plugin.providers.active import active_id
from sms_plugin.states import MessageState
from sms_plugin.text.segments import measure

#: What a provider's refusal or receipt says of a number that wants no texts.
OPTED_OUT: Final = "opted_out"
#: So many waiting messages of one number are dropped at once; the claim drops the others.
_MOST = 500
_VALIDITY = timedelta(hours=4)

#: By language; the word to come back is one that every language's list knows.
_CONFIRMATIONS: Mapping[str, str] = {
    "en": "You will get no more SMS from us. To get them again, reply START.",
    "pt": "Deixa de receber os nossos SMS. Para voltar a receber, responda START.",
    "es": "No va a recibir más SMS. Para volver a recibirlos, responda START.",
    "uk": "Ви більше не отримуватимете наших SMS. Повернути: START",
    "ru": "Вы больше не будете получать наши SMS. Вернуть: START",
}


def stop(session: Session, number: str, word: Word, *, now: datetime, purpose: str = EVERY_PURPOSE) -> bool:
    """Keep that a number wants no texts, and drop those that wait for it, claimed ones too; whether that is new.

    Writes in the caller's transaction. A text whose request has left cannot be called back.
    """
    if not opt_out(
        session,
        number,
        source=word.source,
        now=now,
        purpose=purpose,
        wording=word.wording,
        who=word.who,
        people=word.people,
    ):
        return False
    waiting = sa.select(Message.id).where(
        Message.number == number, state_of_named == MessageState.QUEUED.value, Message.purpose != CONFIRMATION
    )
    if purpose != EVERY_PURPOSE:
        waiting = waiting.where(Message.purpose == purpose)
    ids = list(session.scalars(waiting.limit(_MOST)))
    only_from = {MessageState.QUEUED}
    move(session, ids, MessageState.SUPPRESSED, reason="opted_out", now=now, who=word.who, only_from=only_from)
    return True


def stop_by_provider(session: Session, messages: Iterable[UUID], *, now: datetime) -> int:
    """Keep as opted out the numbers of these messages, which a provider refuses as such; how many are new.

    Writes in the caller's transaction.
    """
    ids = sorted(set(messages))
    if not ids:
        return 0
    table: Any = Message.__table__
    rows = session.execute(
        sa.select(table.c.number, table.c.person_entity, table.c.person).where(
            table.c.id.in_(ids), table.c.number.is_not(None)
        )
    )
    people: dict[str, list[RecordRef]] = {}
    for number, entity, key in rows:
        people.setdefault(number, []).extend([RecordRef(entity=entity, key=key)] if entity else [])
    return sum(
        stop(session, number, Word(source=PROVIDER, people=refs[:1]), now=now)
        for number, refs in sorted(people.items())
    )


def confirm(
    session: Session, number: str, *, language: str, owner: Owner | None, settings_language: str, now: datetime
) -> Sequence[UUID]:
    """Queue the one text that says that no more will come: at most one for a number and day, none where no provider is
    active. Writes in the caller's transaction.
    """
    if active_id(session) is None:
        return ()
    spoken, text = _confirmation(((owner.language if owner else ""), language, settings_language))
    size = measure(text)
    draft = Draft(
        occurrence=occurrence(CONFIRMATION, number, now.date().isoformat()),
        state=MessageState.QUEUED,
        purpose=CONFIRMATION,
        priority=OWN_ACTION,
        number=number,
        language=spoken,
        text=text,
        encoding=str(size.encoding),
        segments=size.segments,
        due_at=now,
        expires_at=now + _VALIDITY,
        **(owner or STRANGER).columns,
    )
    return enqueue(session, [draft], now=now)


def _confirmation(languages: Sequence[str]) -> tuple[str, str]:
    """The language and text of the first of these languages that has one."""
    for language in languages:
        base = language.partition("-")[0].lower()
        if base in _CONFIRMATIONS:
            return base, _CONFIRMATIONS[base]
    return "en", _CONFIRMATIONS["en"]
