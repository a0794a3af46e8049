"""Versions of texts: each change of what a trigger or a template says is kept, with who and when, and every message
names the one that it was made from (M1, X12).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.host.stepping import points_of
from sms_plugin.models import Template, TriggerRow, Wording

TRIGGER: Final = "trigger"
TEMPLATE: Final = "template"
#: So many versions are shown at once.
SHOWN = 10


def wording_of(row: TriggerRow | None, *, of_step: bool = False) -> int | None:
    """The version of the texts that a trigger speaks by: its template's, unless a step's own text is what counts."""
    if row is None:
        return None
    return row.wording_id if row.template is None or of_step else row.template.wording_id


def keep(
    session: Session,
    row: TriggerRow | Template,
    texts: Mapping[str, str],
    *,
    steps: Mapping[str, Mapping[str, str]] | None = None,
    who: str,
    now: datetime,
) -> Wording | None:
    """A new version of what the row says, pinned on it; None where the one that stands says the same.

    The caller holds the row's lock, so that the versions are counted without a gap. Writes and flushes in the caller's
    transaction.
    """
    said = {language: text for language, text in texts.items() if text.strip()}
    own = {name: dict(each) for name, each in (steps or {}).items() if any(text.strip() for text in each.values())}
    standing = session.get(Wording, row.wording_id) if row.wording_id is not None else None
    if standing is not None and (standing.texts, standing.steps) == (said, own):
        return None
    source, key = source_of(row)
    last = session.scalar(sa.select(sa.func.max(Wording.number)).where(Wording.source == source, Wording.key == key))
    kept = Wording(source=source, key=key, number=(last or 0) + 1, texts=said, steps=own, at=now, who=who[:120])
    session.add(kept)
    session.flush()
    row.wording_id = kept.id
    return kept


def set_apart(session: Session, template: Template, *, now: datetime) -> None:
    """Keep the versions of a template that goes, for the messages that name them, from one that gets its number."""
    source, key = source_of(template)
    session.execute(
        sa.update(Wording)
        .where(Wording.source == source, Wording.key == key)
        .values(key=f"{key} until {now.isoformat()}")
        .execution_options(synchronize_session=False)
    )


def source_of(row: TriggerRow | Template) -> tuple[str, str]:
    """Under what the versions of a row are counted."""
    return (TRIGGER, row.key) if isinstance(row, TriggerRow) else (TEMPLATE, str(row.id))


def texts_by_step(steps: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """The steps' own texts, by what tells a step from its likes; steps without any are left out."""
    return {step_label(each): dict(each["texts"]) for each in steps if any((each.get("texts") or {}).values())}


def step_label(step: Mapping[str, Any]) -> str:
    """What tells a step from its likes: "before:3d", "before:120m", "on"; one that is off has no offset."""
    points = points_of(step)
    return points[0].name if points else f"{step['when']}:0"


def versions(
    session: Session, *, source: str, key: str, below: int | None = None, most: int = SHOWN
) -> Sequence[Wording]:
    """The versions of a row, the newest first; those before number ``below``, where it is given. Reads only."""
    query = sa.select(Wording).where(Wording.source == source, Wording.key == key)
    if below is not None:
        query = query.where(Wording.number < below)
    return session.scalars(query.order_by(Wording.number.desc()).limit(most)).all()


def version(session: Session, id: int | None) -> Wording | None:
    """One version; None where there is none. Reads only."""
    return None if id is None else session.get(Wording, id)
