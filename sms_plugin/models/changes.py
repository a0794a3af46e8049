"""The record of changes: who changed which piece of configuration, from what to what (X12)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from sms_plugin.models.base import new_id
from sms_plugin.models.configuration import Change


def note_change(
    session: Session, what: str, action: str, *, who: str, now: datetime, detail: Mapping[str, Any] | None = None
) -> None:
    """Keep that somebody did something to a piece of configuration. Writes in the caller's transaction.

    ``what`` is its kind and its name: "trigger charge_created". ``detail`` has of each field that changed a list of
    two, what it was and what it is; never a secret, not even the old one.
    """
    change = Change(
        id=new_id(now), at=now, who=who[:120], what=what[:120], action=action[:40], detail=dict(detail or {})
    )
    session.add(change)
