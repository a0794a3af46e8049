"""What an operator wants to say, what would become of it, and what stands against that among the messages (S9, S5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.models import Message
from sms_plugin.outbox.enqueue import Draft
from sms_plugin.people.consent import opted_out, stands_against

#: Of these states a message counts as sent already, or as on its way.
_WENT = ("queued", "sending", "sent", "delivered", "undelivered", "unknown")
_MESSAGE: Any = Message.__table__


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What an operator wants to say: a trigger's text, or words by language, the language "" being any."""

    once: str  #: the form's token: the same one again sends nothing more
    trigger: str | None = None
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)
    number: str | None = field(default=None, repr=False)  #: one of the person's, in E.164, in place of the usual one
    each: bool = False  #: several records of one recipient are a message each
    operator: str = ""


@dataclass(frozen=True, kw_only=True)
class Planned:
    """What would become of one record for one person: a message, or why there is none."""

    record: str  #: what a person calls the record
    person: str  #: who reads it
    draft: Draft | None
    problem: str = ""  #: a stable code; empty where the message would go
    detail: str = ""
    went_at: datetime | None = None  #: when this was last sent for the record

    @property
    def goes(self) -> bool:
        """Whether it would be sent."""
        return self.draft is not None and not self.problem


def without_opted_out(session: Session, found: Sequence[Planned]) -> list[Planned]:
    outs = opted_out(session, [each.draft.number for each in found if each.draft is not None and each.draft.number])

    def refuses(each: Planned) -> bool:
        draft = each.draft
        return draft is not None and draft.number is not None and stands_against(draft.number, draft.purpose, outs)

    return [replace(each, problem=each.problem or "opted_out") if refuses(each) else each for each in found]


def one_for_each_number(found: Sequence[Planned]) -> list[Planned]:
    """The first message for each number; the others say for which record it is."""
    first: dict[str, str] = {}
    kept: list[Planned] = []
    for each in found:
        number = each.draft.number if each.draft is not None and each.goes else None
        if number is not None and number in first:
            kept.append(replace(each, problem="same_number", detail=first[number]))
            continue
        if number is not None:
            first[number] = each.record
        kept.append(each)
    return kept


def with_the_last(session: Session, found: Sequence[Planned]) -> list[Planned]:
    """When the same was last sent for the record: the same trigger, or words of an operator's own."""
    drafts = [each.draft for each in found if each.draft is not None and each.goes]
    if not drafts:
        return list(found)
    by_trigger = _MESSAGE.c.trigger.is_(None) if drafts[0].trigger is None else _MESSAGE.c.trigger == drafts[0].trigger
    rows = session.execute(
        sa.select(_MESSAGE.c.record, sa.func.max(_MESSAGE.c.created_at).label("at"))
        .where(
            _MESSAGE.c.entity == drafts[0].entity,
            _MESSAGE.c.record.in_(sorted({draft.record for draft in drafts if draft.record is not None})),
            by_trigger,
            _MESSAGE.c.state.in_(_WENT),
        )
        .group_by(_MESSAGE.c.record)
    )
    last = {row.record: row.at for row in rows}
    return [
        replace(each, went_at=last.get(each.draft.record)) if each.draft is not None and each.goes else each
        for each in found
    ]
