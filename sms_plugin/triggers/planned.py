"""What an operator wants to say, what would become of it, and what stands against that among the messages (S9, S5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.models import Gathered, Message, TriggerRow
from sms_plugin.models.message import trigger_of_named
from sms_plugin.outbox.enqueue import Draft
from sms_plugin.outbox.lengths import TEXT_TOO_LONG, told_too_long
from sms_plugin.outbox.quiet import DEFER, Quiet, hours_of, quiet_of
from sms_plugin.people.consent import opted_out, stands_against
from sms_plugin.people.recipients import zone_named
from sms_plugin.providers.lines import longest
from sms_plugin.state import State

#: What a person writes by hand is about the service that the client has, unless a trigger says otherwise.
SERVICE = "service"
#: Of these states a message counts as sent already, or as on its way.
_WENT = ("queued", "sending", "sent", "delivered", "undelivered", "unknown")
_MESSAGE: Any = Message.__table__
_GATHERED: Any = Gathered.__table__


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What an operator wants to say: a trigger's text, or words by language, the language "" being any."""

    once: str  #: the form's token: the same one again sends nothing more
    trigger: str | None = None
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)
    wording_id: int | None = None  #: the version of the texts, where they are a template's
    number: str | None = field(default=None, repr=False)  #: one of the person's, in E.164, in place of the usual one
    free: bool = False  #: the number need not be one of theirs
    each: bool = False  #: several records of one recipient are a message each
    operator: str = ""
    subject: str = ""  #: internal: searched, never sent
    purpose: str = SERVICE  #: of words of one's own: it is what consents are asked for, and numbers chosen by
    at: datetime | None = None  #: when it shall go; None: now
    waits: bool = False  #: whether it waits for the recipient's quiet hours to end


@dataclass(frozen=True, kw_only=True)
class Planned:
    """What would become of one record for one person: a message, or why there is none."""

    record: str  #: what a person calls the record
    person: str  #: who reads it
    draft: Draft | None
    problem: str = ""  #: a stable code; empty where the message would go
    detail: str = ""
    went_at: datetime | None = None  #: when this was last sent for the record
    opens_at: datetime | None = None  #: when the recipient's quiet hours end, where it would go in them
    zone: ZoneInfo | None = None  #: the recipient's
    gathered: tuple[Draft, ...] = ()  #: the drafts of all that it tells of, where that are several (X21)
    also: tuple[str, ...] = ()  #: what a person calls the other records that it tells of

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


def within_the_longest(session: Session, found: Sequence[Planned], *, state: State) -> list[Planned]:
    """What is longer than the active provider takes does not go, and says by how much: the text is counted as it would
    be sent, its shortcodes filled in (P19).
    """
    most = longest(session, state=state)

    def checked(each: Planned) -> Planned:
        text = (each.draft.text if each.draft is not None else None) or ""
        told = told_too_long(text, most) if each.goes else ""
        return replace(each, problem=TEXT_TOO_LONG, detail=told) if told else each

    return [checked(each) for each in found]


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
    """When the same was last sent for the record, by itself or with others: the same trigger, or words of one's own."""
    drafts = [each.draft for each in found if each.draft is not None and each.goes and each.draft.record is not None]
    if not drafts:
        return list(found)
    about = (drafts[0].entity, sorted({draft.record for draft in drafts if draft.record is not None}))
    last: dict[str, datetime] = {}
    for table, message in ((_MESSAGE, _MESSAGE), (_GATHERED, _GATHERED.join(_MESSAGE))):
        rows = session.execute(
            sa.select(table.c.record, sa.func.max(_MESSAGE.c.created_at).label("at"))
            .select_from(message)
            .where(
                table.c.entity == about[0],
                table.c.record.in_(about[1]),
                _MESSAGE.c.trigger.is_(None) if drafts[0].trigger is None else trigger_of_named == drafts[0].trigger,
                _MESSAGE.c.state.in_(_WENT),
            )
            .group_by(table.c.record)
        )
        for row in rows:
            last[row.record] = max(row.at, last.get(row.record, row.at))
    return [
        replace(each, went_at=last.get(each.draft.record or "")) if each.draft is not None and each.goes else each
        for each in found
    ]


def at_their_time(
    found: Sequence[Planned], *, wish: Wish, row: TriggerRow | None, state: State, now: datetime
) -> list[Planned]:
    """When each goes: now or at the wished time; where that lies in the recipient's quiet hours, these are told, or
    waited for where that is wished (X6). ``row`` is the trigger's, whose own hours count.
    """
    usual = Quiet(policy=DEFER, hours=hours_of(None, settings=state.settings))
    quiet = usual if row is None else quiet_of(row, state.registry.reason(row.key), settings=state.settings)
    return [_at_their_time(each, wish, quiet, state=state, now=now) for each in found]


def _at_their_time(each: Planned, wish: Wish, quiet: Quiet, *, state: State, now: datetime) -> Planned:
    draft = each.draft
    if draft is None or not each.goes:
        return each
    zone = zone_named(draft.timezone, settings=state.settings)
    due_at = max(wish.at or now, now)
    opens_at = quiet.open_at(due_at, zone)
    if opens_at == due_at:
        opens_at = None
    if wish.waits and opens_at is not None:
        due_at = opens_at
    validity = None if draft.expires_at is None else draft.expires_at - now
    timed = draft.but(due_at=due_at, expires_at=None if validity is None else due_at + validity)
    return replace(each, draft=timed, opens_at=opens_at, zone=zone)
