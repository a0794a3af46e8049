"""Reading the record of changes: who changed which piece of configuration, and when (X12)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.models import Change, first_id
from sms_plugin.outbox.walking import Walked, walk


@dataclass(frozen=True, kw_only=True)
class ChangesSought:
    """Which changes are wanted; all of it must hold."""

    who: str = ""  #: stands in the name, in any case
    kind: str = ""  #: what was changed: provider, trigger, template, group, batch …
    name: str = ""  #: stands in the name of it, in any case
    since: datetime | None = None
    before: datetime | None = None


def changes(session: Session, sought: ChangesSought, *, most: int, after: UUID | None = None) -> Walked[Change]:
    """The next changes that are sought, after one or from the newest on. Reads only."""
    query = sa.select(Change)
    if sought.since is not None:
        query = query.where(Change.id >= first_id(sought.since))
    if sought.before is not None:
        query = query.where(Change.id < first_id(sought.before))
    who, name = sought.who.casefold(), sought.name.casefold()

    def fits(row: Change) -> bool:
        kind, _, named = row.what.partition(" ")
        return who in row.who.casefold() and sought.kind in {"", kind} and name in named.casefold()

    return walk(session, query, Change.id, fits=fits, most=most, after=after)
