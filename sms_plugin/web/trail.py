"""Who changed a piece of configuration, and what, for the page that shows it (X12)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.models import Change

#: So many of the newest changes are shown.
SHOWN = 8


@dataclass(frozen=True, kw_only=True)
class Told:
    """One change; ``fields`` are the names of what got another value, with the old one and the new."""

    at: datetime
    who: str
    action: str
    fields: tuple[tuple[str, Any, Any], ...]


def changes_of(session: Session, what: str) -> list[Told]:
    """The newest changes of one thing. Reads only."""
    rows = session.scalars(sa.select(Change).where(Change.what == what[:120]).order_by(Change.id.desc()).limit(SHOWN))
    return [Told(at=row.at, who=row.who, action=row.action, fields=_fields(row)) for row in rows]


def _fields(row: Change) -> tuple[tuple[str, Any, Any], ...]:
    if row.action != "changed":
        return ()
    return tuple((name, *pair) for name, pair in row.detail.items() if isinstance(pair, list) and len(pair) == 2)
