"""Who looked at histories and full numbers, printed them, or took messages out, and when (X23)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.host.identity import RecordRef
from sms_plugin.models import Access, first_id, new_id
from sms_plugin.outbox.walking import Walked, walk

#: The same person's looks at the same thing within so long are one.
ONCE_IN = timedelta(minutes=10)
_ACCESS: Any = Access.__table__


class Deed(StrEnum):
    """What somebody did."""

    LOOKED = "looked"
    PRINTED = "printed"
    EXPORTED = "exported"


@dataclass(frozen=True, kw_only=True)
class Look:
    """That somebody did it. ``about`` is whose history it was; ``place`` names a list of many people's."""

    who: str
    deed: Deed
    about: RecordRef | None = None
    place: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)  #: filters; a number only masked

    @property
    def entity(self) -> str | None:
        """Of the row."""
        return None if self.about is None else self.about.entity

    @property
    def record(self) -> str | None:
        """Of the row."""
        return (self.place or None) if self.about is None else self.about.key


@dataclass(frozen=True, kw_only=True)
class Sought:
    """Which looks are wanted; all of it must hold."""

    who: str = ""  #: stands in the name, in any case
    deed: Deed | None = None
    about: RecordRef | None = None
    since: datetime | None = None
    before: datetime | None = None


def note_look(session: Session, look: Look, *, now: datetime) -> bool:
    """Keep that somebody did it; False where the same was kept a moment ago. Writes in the caller's transaction.

    Files are kept each, however close together.
    """
    if look.deed is not Deed.EXPORTED and look.record is not None and _is_kept(session, look, now=now):
        return False
    session.add(
        Access(
            id=new_id(now),
            at=now,
            who=look.who[:120],
            action=look.deed.value,
            entity=look.entity,
            record=None if look.record is None else look.record[:190],
            detail=dict(look.detail),
        )
    )
    return True


def looks(session: Session, sought: Sought, *, most: int, after: UUID | None = None) -> Walked[Access]:
    """The next looks that are sought, after one or from the newest on. Reads only."""
    query = sa.select(Access)
    if sought.about is not None:
        query = query.where(Access.entity == sought.about.entity, Access.record == sought.about.key)
    if sought.since is not None:
        query = query.where(Access.id >= first_id(sought.since))
    if sought.before is not None:
        query = query.where(Access.id < first_id(sought.before))
    who = sought.who.casefold()

    def fits(row: Access) -> bool:
        return who in row.who.casefold() and sought.deed in {None, row.action}

    return walk(session, query, Access.id, fits=fits, most=most, after=after)


def _is_kept(session: Session, look: Look, *, now: datetime) -> bool:
    kept = sa.select(_ACCESS.c.id).where(
        _ACCESS.c.entity.is_(None) if look.entity is None else _ACCESS.c.entity == look.entity,
        _ACCESS.c.record == look.record,
        _ACCESS.c.id > first_id(now - ONCE_IN),
        _ACCESS.c.who == look.who[:120],
        _ACCESS.c.action == look.deed.value,
    )
    return session.scalar(kept.limit(1)) is not None
