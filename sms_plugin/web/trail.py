"""Who changed a piece of configuration, and what, for the page that shows it (X12)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Session

from sms_plugin.models import Change, Template
from sms_plugin.web.change_words import Names, done_words, fields_changed

#: So many of the newest changes are shown.
SHOWN = 8


@dataclass(frozen=True, kw_only=True)
class Told:
    """One change in words; ``fields`` are the names of what got another value, with the old one and the new."""

    at: datetime
    who: str
    action: str
    fields: tuple[tuple[str, str, str], ...]


def changes_of(session: Session, what: str) -> list[Told]:
    """The newest changes of one thing. Reads only."""
    query = sa.select(Change).where(Change.what == what[:120]).order_by(Change.id.desc()).limit(SHOWN)
    rows = session.scalars(query).all()
    pairs = [pair for row in rows if isinstance(pair := row.detail.get("template_id"), list)]
    chosen = {id for pair in pairs for id in pair if isinstance(id, int)}
    named = session.execute(sa.select(Template.id, Template.name).where(Template.id.in_(chosen))) if chosen else ()
    names = Names(templates={row.id: row.name for row in named})
    return [Told(at=row.at, who=row.who, action=done_words(row), fields=_fields(row, names)) for row in rows]


def _fields(row: Change, names: Names) -> tuple[tuple[str, str, str], ...]:
    if row.action != "changed":
        return ()
    changed = fields_changed(row, names=names, state=current_app.extensions["sms"])
    return tuple((each.name, each.before, each.after) for each in changed)
