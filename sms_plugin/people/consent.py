"""Whether a number or a person may be texted for a purpose (promise 8, X7)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.host.identity import RecordRef
from sms_plugin.models import Consent, OptOut, new_id
from sms_plugin.models.insertion import insert_once

_CONSENT: Any = Consent.__table__
_OPT_OUT: Any = OptOut.__table__

EVERY_PURPOSE = ""
#: Who gets offers must be able to say no to them.
MARKETING = "marketing"
#: The purpose of the one text that answers an opt-out, which no opt-out stops.
CONFIRMATION = "confirmation"
#: Where a word came from: a reply, the public page, somebody of the staff, the provider, the host's own code; and a
#: reply that the number is somebody else's.
REPLY, LINK, STAFF, PROVIDER, HOST, NOT_ME = "reply", "link", "staff", "provider", "host", "not_me"


@dataclass(frozen=True, kw_only=True)
class Word:
    """What was said of texts to a number, and where: kept as it was said."""

    source: str
    wording: str = ""
    who: str = ""  #: of the staff
    people: Sequence[RecordRef] = ()  #: who has the number, as far as it is known


def opted_out(session: Session, numbers: Iterable[str]) -> set[tuple[str, str]]:
    """The pairs of number and purpose that were opted out of; the purpose "" stands for all. Reads only."""
    wanted = sorted(set(numbers))
    if not wanted:
        return set()
    rows = session.execute(sa.select(OptOut.number, OptOut.purpose).where(OptOut.number.in_(wanted)))
    return {(row.number, row.purpose) for row in rows}


def stands_against(number: str, purpose: str, outs: set[tuple[str, str]]) -> bool:
    """Whether these opt-outs forbid a text of this purpose to this number."""
    return purpose != CONFIRMATION and ((number, EVERY_PURPOSE) in outs or (number, purpose) in outs)


def standing(session: Session, numbers: Iterable[str]) -> list[Any]:
    """The opt-outs of these numbers as rows, the oldest first. Reads only."""
    wanted = sorted(set(numbers))
    rows = session.execute(sa.select(_OPT_OUT).where(_OPT_OUT.c.number.in_(wanted))) if wanted else ()
    return sorted(rows, key=lambda row: (row.since, row.number))


def said(session: Session, number: str, *, most: int = 50) -> list[Any]:
    """What was said of texts to a number, the newest first, as rows of consents. Reads only."""
    return _latest(session, _CONSENT.c.number == number, most)


def said_of(session: Session, person: RecordRef, *, most: int = 50) -> list[Any]:
    """What was said of texts to somebody, whatever number they had then, the newest first. Reads only."""
    named = sa.and_(_CONSENT.c.person_entity == person.entity, _CONSENT.c.person == person.key)
    return _latest(session, named, most)


def _latest(session: Session, which: sa.ColumnElement[bool], most: int) -> list[Any]:
    return list(session.execute(sa.select(_CONSENT).where(which).order_by(_CONSENT.c.id.desc()).limit(most)))


def opt_out(
    session: Session,
    number: str,
    *,
    source: str,
    now: datetime,
    purpose: str = EVERY_PURPOSE,
    wording: str = "",
    who: str = "",
    people: Sequence[RecordRef] = (),
) -> bool:
    """Keep that a number wants no texts of a purpose, or none at all; whether that is new: saying it again changes
    nothing. Writes in the caller's transaction.
    """
    known = sa.select(_OPT_OUT.c.since).where(_OPT_OUT.c.number == number, _OPT_OUT.c.purpose == purpose)
    connection = session.connection()
    if connection.execute(known).first() is not None:
        return False
    row = {"number": number, "purpose": purpose, "source": source, "wording": wording[:255], "since": now}
    # MariaDB tells one that another transaction has just written, too: it was said twice, then
    insert_once(connection, _OPT_OUT, [row], unique=("number", "purpose"))
    word = Word(source=source, wording=wording, who=who, people=people)
    keep_word(session, number, word, purpose=purpose, agrees=False, now=now)
    return True


def opt_in(
    session: Session,
    number: str,
    *,
    source: str,
    now: datetime,
    purpose: str = EVERY_PURPOSE,
    wording: str = "",
    who: str = "",
    people: Sequence[RecordRef] = (),
) -> bool:
    """Keep that a number may be texted again, for a purpose or for all; whether it was not before. Writes in the
    caller's transaction.

    Whoever answers from the number lifts what was said for it, but not that it is somebody else's: the staff has to
    look at that.
    """
    lifted = sa.delete(_OPT_OUT).where(_OPT_OUT.c.number == number)
    if purpose != EVERY_PURPOSE:
        lifted = lifted.where(_OPT_OUT.c.purpose == purpose)
    if source in {REPLY, LINK}:
        lifted = lifted.where(_OPT_OUT.c.source != NOT_ME)
    was_out = bool(session.connection().execute(lifted).rowcount)
    if was_out:
        word = Word(source=source, wording=wording, who=who, people=people)
        keep_word(session, number, word, purpose=purpose, agrees=True, now=now)
    return was_out


def keep_word(session: Session, number: str, word: Word, *, purpose: str, agrees: bool, now: datetime) -> None:
    """Keep what was said, with its source, moment and wording, for each person who has the number (X7). Append-only;
    writes in the caller's transaction.
    """
    said_of: list[tuple[str | None, str | None]] = [(ref.entity, ref.key) for ref in word.people] or [(None, None)]
    rows = [
        {
            "id": new_id(now),
            "at": now,
            "number": number,
            "person_entity": entity,
            "person": key,
            "purpose": purpose,
            "does_agree": agrees,
            "source": word.source[:40],
            "wording": word.wording[:255],
            "who": word.who[:120],
        }
        for entity, key in said_of
    ]
    session.connection().execute(sa.insert(_CONSENT), rows)
