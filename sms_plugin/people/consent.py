"""Whether a number or a person may be texted for a purpose (promise 8, X7)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.models import OptOut

EVERY_PURPOSE = ""


def opted_out(session: Session, numbers: Iterable[str]) -> set[tuple[str, str]]:
    """The pairs of number and purpose that were opted out of; the purpose "" stands for all. Reads only."""
    wanted = sorted(set(numbers))
    if not wanted:
        return set()
    rows = session.execute(sa.select(OptOut.number, OptOut.purpose).where(OptOut.number.in_(wanted)))
    return {(row.number, row.purpose) for row in rows}


def stands_against(number: str, purpose: str, outs: set[tuple[str, str]]) -> bool:
    """Whether these opt-outs forbid a text of this purpose to this number."""
    return (number, EVERY_PURPOSE) in outs or (number, purpose) in outs


def opt_out(
    session: Session, number: str, *, source: str, now: datetime, purpose: str = EVERY_PURPOSE, wording: str = ""
) -> None:
    """Keep that a number wants no texts; saying it again changes nothing. Writes in the caller's transaction."""
    if session.get(OptOut, (number, purpose)) is None:
        session.add(OptOut(number=number, purpose=purpose, source=source, wording=wording[:255], since=now))
        session.flush()
