"""Settling what is unknown: by look-up at the provider, by the trigger's policy, else by a person (promise 3)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError
from sms_plugin.gateways.contract import Found, Gateway, Outcome, Outgoing, Report
from sms_plugin.models import Attempt, Message, TriggerRow
from sms_plugin.models.message import attempts_provider_of_named
from sms_plugin.outbox.matching import kept_reference
from sms_plugin.outbox.moving import move
from sms_plugin.outbox.receipts import take
from sms_plugin.states import MessageState

log = logging.getLogger(__name__)

#: A provider may show a message only after a while, and receipts need their time: the policy waits for both.
PATIENCE = timedelta(minutes=10)
#: A provider is asked about a message for so long; after that a person has to say.
LOOK_FOR = timedelta(days=1)
#: The clocks of provider and portal may differ by so much.
CLOCK_MARGIN = timedelta(minutes=2)


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """A message that nobody can speak for, with its current attempt."""

    message: UUID
    attempt: UUID
    provider_id: int
    number: str = field(repr=False)
    text: str = field(repr=False)
    reference: str | None
    departed_at: datetime
    policy: str


def doubts(session: Session, *, now: datetime, after: UUID | None = None, most: int = 50) -> list[Doubt]:
    """The next unknown messages that something can still be done about, in key order. Reads only."""
    in_time = sa.or_(Attempt.departed_at > now - LOOK_FOR, TriggerRow.unknown_policy == "assume")
    query = (
        sa.select(
            Message.id,
            Message.attempt_id,
            Message.number,
            Message.text,
            Attempt.provider_id,
            Attempt.reference,
            Attempt.departed_at,
            TriggerRow.unknown_policy,
        )
        .join(Attempt, Attempt.id == Message.attempt_id)
        .outerjoin(TriggerRow, TriggerRow.key == Message.trigger)
        .where(Message.state == MessageState.UNKNOWN.value)
        .where(in_time)
        .order_by(Message.id)
        .limit(most)
    )
    if after is not None:
        query = query.where(Message.id > after)
    return [
        Doubt(
            message=row.id,
            attempt=row.attempt_id,
            provider_id=row.provider_id,
            number=row.number or "",
            text=row.text or "",
            reference=row.reference,
            departed_at=row.departed_at,
            policy=row.unknown_policy or "ask",
        )
        for row in session.execute(query)
    ]


def look_up(doubt: Doubt, gateway: Gateway) -> Sequence[Found]:
    """What the provider holds that may be this message; nothing where it cannot be asked. Speaks HTTP: no session."""
    message = Outgoing(id=doubt.message, to=doubt.number, text=doubt.text)
    try:
        return gateway.look_up(message, reference=doubt.reference, since=doubt.departed_at - CLOCK_MARGIN)
    except SmsError as error:
        log.info("the fate of message %s cannot be asked: %s", doubt.message, error.code)
    except Exception as error:  # noqa: BLE001
        # a gateway of somebody else's; the other doubts are still to be asked about
        log.error("the gateway %s raised %s", gateway.kind, type(error).__name__)
    return ()


def conclude(session: Session, doubt: Doubt, found: Sequence[Found], *, now: datetime) -> bool:
    """Settle a doubt by what was found, else by its policy once its time has come; whether it is settled.

    Only one candidate that belongs to no other attempt is taken as proof. Writes in the caller's transaction.
    """
    free = [each for each in found if not _of_another(session, each.reference, doubt)]
    if len(free) == 1:
        report = Report(status=free[0].status, reference=free[0].reference, provider_code=free[0].provider_code)
        take(session, [report], provider_id=doubt.provider_id, about=doubt.message, now=now)
        return True
    if now < doubt.departed_at + PATIENCE:
        return False
    # by now a receipt or a person may have settled it: only what is still in doubt follows the policy
    doubtful = {MessageState.UNKNOWN}
    if doubt.policy == "assume":
        went = move(session, [doubt.message], MessageState.SENT, reason="assumed", now=now, only_from=doubtful)
    elif doubt.policy == "resend" and _first_attempt(session, doubt.message):
        due = {"due_at": now}
        went = move(
            session, [doubt.message], MessageState.QUEUED, reason="resent", now=now, only_from=doubtful, values=due
        )
    else:
        return False
    return bool(went)


def _of_another(session: Session, reference: str, doubt: Doubt) -> bool:
    other = sa.select(Attempt.id).where(
        attempts_provider_of_named == doubt.provider_id,
        Attempt.reference == kept_reference(reference),
        Attempt.id != doubt.attempt,
    )
    return session.scalar(other.limit(1)) is not None


def _first_attempt(session: Session, message: UUID) -> bool:
    """Whether the message was never resent in doubt: "resend once" is once."""
    doubtful = (Outcome.UNKNOWN.value, Outcome.ACCEPTED.value)
    tried = sa.select(sa.func.count()).where(Attempt.message_id == message, Attempt.verdict.in_(doubtful))
    return (session.scalar(tried) or 0) <= 1
