"""What a person decides about a send to many: confirm, approve, pause, resume, cancel, take back, leave somebody out
(S2, S4, S7, X12). Each is fenced by the version that was seen; the right is asked by the door.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.batches.audience import DEFER, Audience, Source
from sms_plugin.batches.fence import ChangedMeanwhile, found, moved, name_of, record
from sms_plugin.batches.places import Place
from sms_plugin.errors import SmsError, worded
from sms_plugin.models import Batch, BatchRecipient, Change, Message
from sms_plugin.outbox.by_hand import send_text
from sms_plugin.people.consent import opted_out, stands_against
from sms_plugin.state import State
from sms_plugin.states import BatchState
from sms_plugin.text.phones import mask, parse_phone

#: Why a recipient is left out whom a person took out.
REMOVED = "removed"
#: So many of a batch's texts may be read on a telephone before it is confirmed.
MOST_TO_ME = 20
#: What tells the person who confirmed from all others, beside the audience.
_CONFIRMER = "confirmer"
_RECIPIENT: Any = BatchRecipient.__table__
_B = BatchState


def confirm(
    session: Session,
    batch_id: UUID,
    *,
    version: int,
    count: int,
    ceiling: int | None,
    who: str,
    now: datetime,
    state: State,
    user: str = "",
    typed: int | None = None,
    due_at: datetime | None = None,
    quiet: str = DEFER,
) -> Batch:
    """Let the batch go from ``due_at`` on, or have it wait for a second person where it is above the ``ceiling``.

    ``count`` is the number of messages that was shown, ``typed`` the one that was typed in, ``user`` what tells the
    person from all others whatever they are called, where the host has that. Writes in the caller's
    transaction. Raises ``SmsError``: ``changed_meanwhile`` where another number would go, ``nobody``, ``not_typed``.
    """
    batch = found(session, batch_id)
    _check_count(count, typed, most_untyped=state.settings.bulk_typed)
    waits = ceiling is not None and count > ceiling
    values = {
        "due_at": due_at,
        "audience": {**batch.audience, "quiet": quiet, _CONFIRMER: user},
        "quiet": quiet,
        "confirmed_at": now,
        "confirmed_by": who[:120],
        "approved_at": None,
        "approved_by": "",
        "reason": "",
        "detail": "",
    }
    new = _B.WAITING if waits else _B.RUNNING
    _decide(session, batch_id, new, {_B.READY}, version, now, values, [Batch.going == count])
    return _told(session, batch_id, "confirmed", who=who, now=now, messages=count, due_at=_iso(due_at))


def approve(session: Session, batch_id: UUID, *, version: int, who: str, now: datetime, user: str = "") -> Batch:
    """Let go what somebody else confirmed: another ``user``; where one of the two has none, another name. Writes in the
    caller's transaction.

    Raises ``SmsError``: ``same_person`` for whoever confirmed it, ``changed_meanwhile``, ``not_now``.
    """
    batch = found(session, batch_id)
    confirmer = str(batch.audience.get(_CONFIRMER, ""))
    if confirmer == user if confirmer and user else batch.confirmed_by == who[:120]:
        raise SmsError(
            worded("Whoever confirmed it cannot approve it, too."),
            code="same_person",
            hint=worded("Ask somebody else to approve it."),
        )
    values = {"approved_at": now, "approved_by": who[:120]}
    _decide(session, batch_id, _B.RUNNING, {_B.WAITING}, version, now, values)
    return _told(session, batch_id, "approved", who=who, now=now, messages=batch.going)


def pause(session: Session, batch_id: UUID, *, version: int, who: str, now: datetime) -> Batch:
    """Stop after those that are on their way already: from now on no claim takes a message of it, and those that are
    queued are held. Writes in the caller's transaction. Raises ``SmsError``.
    """
    values = {"reason": "by_hand", "detail": ""}
    _decide(session, batch_id, _B.PAUSED, {_B.RUNNING}, version, now, values)
    return _told(session, batch_id, "paused", who=who, now=now)


def resume(session: Session, batch_id: UUID, *, version: int, who: str, now: datetime) -> Batch:
    """Go on. What failed before was seen by whoever resumes it, and stops it no more. Writes in the caller's
    transaction. Raises ``SmsError``.
    """
    batch = found(session, batch_id)
    settled, failed = settled_of(batch.progress)
    values = {"reason": "", "detail": "", "passed_settled": settled, "passed_failed": failed}
    _decide(session, batch_id, _B.RUNNING, {_B.PAUSED}, version, now, values)
    return _told(session, batch_id, "resumed", who=who, now=now)


def cancel(session: Session, batch_id: UUID, *, version: int, who: str, now: datetime) -> Batch:
    """Send nothing more of it: what has left cannot be called back, what is queued is cancelled. Writes in the caller's
    transaction. Raises ``SmsError``.
    """
    _decide(session, batch_id, _B.CANCELLED, None, version, now, {"ended_at": now, "reason": "by_hand"})
    return _told(session, batch_id, "cancelled", who=who, now=now)


def reopen(session: Session, batch_id: UUID, *, version: int, who: str, now: datetime) -> Batch:
    """Take a confirmation back that waits for approval; else make the batch a draft again, whose recipients are looked
    for anew. Writes in the caller's transaction. Raises ``SmsError``.
    """
    batch = found(session, batch_id)
    if batch.state == _B.WAITING:
        audience = {name: value for name, value in batch.audience.items() if name != _CONFIRMER}
        values: dict[str, Any] = {"confirmed_at": None, "confirmed_by": "", "audience": audience}
        _decide(session, batch_id, _B.READY, {_B.WAITING}, version, now, values)
    else:
        _decide(session, batch_id, _B.DRAFT, {_B.READY, _B.BUILDING}, version, now, {"reason": "", "detail": ""})
    return _told(session, batch_id, "reopened", who=who, now=now)


def add(session: Session, batch_id: UUID, sources: Sequence[Source], *, version: int, who: str, now: datetime) -> Batch:
    """Look for more people by other sources, too, which ``check_added`` has seen; who is in it already stays, and is
    there once. Writes in the caller's transaction; call ``build_some`` when it has ended. Raises ``SmsError``.
    """
    batch = found(session, batch_id)
    audience = Audience.read(batch.audience)
    values = {
        "audience": {
            **batch.audience,
            "sources": [*batch.audience.get("sources", []), *(each.as_json() for each in sources)],
        },
        "cursor": replace(Place.read(batch.cursor), source=len(audience.sources), after=None).written,
        "expected": None,
    }
    _decide(session, batch_id, _B.BUILDING, {_B.READY}, version, now, values)
    return _told(session, batch_id, "added", who=who, now=now, source=", ".join(each.kind for each in sources))


def remove(
    session: Session, batch_id: UUID, recipients: Sequence[int], *, version: int, who: str, now: datetime
) -> Batch:
    """Leave these recipients out, whatever is added later. Writes in the caller's transaction. Raises ``SmsError``."""
    moved(session, batch_id, version=version, only_from={_B.READY}, now=now)
    wanted = sa.and_(_RECIPIENT.c.batch_id == batch_id, _RECIPIENT.c.id.in_(sorted(recipients)))
    going = wanted & _RECIPIENT.c.is_left_out.is_(False)
    rows = session.execute(sa.select(_RECIPIENT.c.id, _RECIPIENT.c.segments, _RECIPIENT.c.cost).where(going)).all()
    ids = [row.id for row in rows]
    session.execute(
        sa.update(_RECIPIENT).where(_RECIPIENT.c.id.in_(ids)).values(is_left_out=True, reason=REMOVED, detail=who[:255])
    )
    batch = found(session, batch_id)
    spread = Counter({key: int(number) for key, number in batch.spread.items()})
    spread.subtract(str(row.segments) for row in rows)
    batch.spread = {key: number for key, number in spread.items() if number > 0}
    batch.going -= len(rows)
    batch.left_out += len(rows)
    batch.segments -= sum(row.segments for row in rows)
    if batch.cost is not None:
        batch.cost -= sum((row.cost for row in rows if row.cost is not None), Decimal())
    session.flush()
    return _told(session, batch_id, "left_out", who=who, now=now, recipients=len(rows))


def send_to_me(
    session: Session,
    batch_id: UUID,
    *,
    version: int,
    number: str,
    once: str,
    who: str,
    now: datetime,
    state: State,
    recipient: int | None = None,
) -> UUID:
    """The id of the message by which the operator reads on their own phone what a recipient will read: the one that is
    named, else the first. Nothing of the batch changes by it, and it is recorded. Writes in the caller's transaction.

    Raises ``SmsError``: for a number that cannot be texted, ``changed_meanwhile``, ``nobody`` where none was built,
    ``read_enough`` after ``MOST_TO_ME``: what goes to many goes by their confirmation.
    """
    batch = found(session, batch_id)
    if batch.version != version:
        raise ChangedMeanwhile(batch)
    text = _text_of(session, batch_id, recipient)
    own = _readers_number(session, batch, number, state=state)
    _check_readers(session, batch)
    message = send_text(
        session,
        to=own,
        text=text,
        once=f"{once} me",
        purpose="staff",
        operator=who[:120],
        settings=state.settings,
        now=now,
    )
    if session.get_one(Message, message).created_at == now:  # else this very form was sent already
        record(session, batch, "to_me", who=who, now=now, number=mask(own))
    return message


def settled_of(progress: dict[str, int]) -> tuple[int, int]:
    """How many of a batch's messages are known to have gone or failed, and how many of these failed."""
    failed = progress.get("failed", 0) + progress.get("undelivered", 0)
    return progress.get("sent", 0) + progress.get("delivered", 0) + failed, failed


def _check_count(count: int, typed: int | None, *, most_untyped: int) -> None:
    if count < 1:
        raise SmsError(
            worded("Nobody would get it."), code="nobody", hint=worded("Choose others, or mend why they are left out.")
        )
    if count > most_untyped and typed != count:
        raise SmsError(
            worded("The number of messages that was typed in is another one."),
            code="not_typed",
            hint=worded("Type %(count)s, if that many shall go.", count=count),
        )


def _text_of(session: Session, batch_id: UUID, recipient: int | None) -> str:
    """The text of one recipient who is not left out, or of the first."""
    query = sa.select(_RECIPIENT.c.text).where(_RECIPIENT.c.batch_id == batch_id, _RECIPIENT.c.is_left_out.is_(False))
    if recipient is not None:
        query = query.where(_RECIPIENT.c.id == recipient)
    text: str | None = session.scalar(query.order_by(_RECIPIENT.c.id).limit(1))
    if not text:
        raise SmsError(
            worded("Nobody is there whose text could be read."),
            code="nobody",
            hint=worded("Build the recipients first."),
        )
    return text


def _readers_number(session: Session, batch: Batch, number: str, *, state: State) -> str:
    own = parse_phone(number, region=state.settings.region).e164
    if stands_against(own, batch.purpose, opted_out(session, [own])):  # whoever's it is: no stays no (promise 8)
        raise SmsError(
            worded("This number wants no texts."),
            code="opted_out",
            hint=worded("It comes back by a text with the word START."),
        )
    return own


def _check_readers(session: Session, batch: Batch) -> None:
    """Refuse to send one by one what a second person has to approve."""
    gone = sa.select(sa.func.count()).where(
        Change.what == name_of(batch), Change.action == "to_me", Change.at >= batch.created_at
    )
    if (session.scalar(gone) or 0) >= MOST_TO_ME:
        raise SmsError(
            worded("%(count)s texts of this send were read on a telephone already.", count=MOST_TO_ME),
            code="read_enough",
            hint=worded("Read the others on the page, or confirm the send."),
        )


def _decide(
    session: Session,
    batch_id: UUID,
    new: BatchState,
    only_from: set[BatchState] | None,
    version: int,
    now: datetime,
    values: dict[str, Any],
    where: Sequence[sa.ColumnElement[bool]] = (),
) -> None:
    moved(session, batch_id, new=new, only_from=only_from, version=version, now=now, values=values, where=where)


def _told(session: Session, batch_id: UUID, action: str, *, who: str, now: datetime, **detail: Any) -> Batch:
    batch = found(session, batch_id)
    record(session, batch, action, who=who, now=now, **detail)
    return batch


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
