"""Answering in a conversation, and what its numbers said of texts to them (Q5, X7)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError
from sms_plugin.host.identity import RecordRef
from sms_plugin.models import Message, database_now
from sms_plugin.outbox.by_hand import send_text
from sms_plugin.people.consent import opted_out, standing, stands_against
from sms_plugin.people.owners import STRANGER, Owner
from sms_plugin.providers.lines import longest
from sms_plugin.state import State
from sms_plugin.triggers.noticing import notice_written
from sms_plugin.web.apart import look, within
from sms_plugin.web.shown import shown_number
from sms_plugin.web.translation import gettext
from sms_plugin.web.words import purpose_words, source_words
from sms_plugin.wording.texts import LONGEST

#: What is written by hand is about.
_PURPOSE = "service"


@dataclass(frozen=True, kw_only=True)
class Out:
    """That a number wants no texts, as a page tells it."""

    number: str  #: as the viewer may see it
    purpose: str
    about: str
    source: str
    how: str
    wording: str = field(repr=False)
    since: datetime


def outs_of(numbers: Iterable[str], *, state: State) -> list[Out]:
    """What these numbers do not want, the oldest first."""
    wanted = list(numbers)
    return outs_shown(look(state, lambda session: standing(session, wanted)))


def outs_shown(rows: Sequence[Any]) -> list[Out]:
    """Opt-outs as a page tells them."""
    return [
        Out(
            number=shown_number(row.number),
            purpose=row.purpose,
            about=purpose_words(row.purpose),
            source=row.source,
            how=source_words(row.source),
            wording=row.wording if row.source in {"reply", "not_me"} else "",
            since=row.since,
        )
        for row in rows
    ]


def answer(number: str, *, text: str, once: str | None, who: str, state: State) -> None:
    """Queue words to a number, in the history of whoever spoke from it last; the same occasion again sends nothing.

    Raises ``SmsError`` for an empty text, for one that is longer than the provider takes (P19), and for a number that
    cannot be texted or wants no texts.
    """

    def work(session: Session) -> None:
        most = min(LONGEST, longest(session, state=state) or LONGEST)
        if len(text) > most:
            raise SmsError(
                gettext("The text is too long."),
                code="text_too_long",
                hint=gettext("Write at most %(most)s characters.", most=most),
            )
        if stands_against(number, _PURPOSE, opted_out(session, [number])):
            raise SmsError(
                gettext("This number wants no texts."),
                code="opted_out",
                hint=gettext("It comes back by a text with the word START."),
            )
        send_text(
            session,
            to=number,
            text=text,
            once=None if once is None else f"reply {once}",
            purpose=_PURPOSE,
            operator=who,
            settings=state.settings,
            now=database_now(session),
            owner=_last_owner(session, number),
        )
        notice_written(session)

    within(state, work)


def _last_owner(session: Session, number: str) -> Owner:
    """Whoever the latest message of the number belongs to."""
    table: Any = Message.__table__
    columns = [table.c[name] for name in ("person_entity", "person", "client_entity", "client")]
    row = session.execute(
        sa.select(*columns).where(table.c.number == number).order_by(table.c.id.desc()).limit(1)
    ).first()
    if row is None:
        return STRANGER
    return Owner(person=_ref(row.person_entity, row.person), client=_ref(row.client_entity, row.client))


def _ref(entity: str | None, key: str | None) -> RecordRef | None:
    return RecordRef(entity=entity, key=key) if entity and key is not None else None
