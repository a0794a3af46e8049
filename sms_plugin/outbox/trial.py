"""A test message through one provider, active or not: beside the queue, told in the history as what it is (P15).

It is neither paced nor retried, and what it shows about the account stops nothing: that is why it is sent. Between
its two transactions the attempt stands in the database: a process that dies leaves an ``unknown``, as with any other.
"""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError, worded
from sms_plugin.gateways.contract import About, Outcome, Verdict
from sms_plugin.gateways.http import Watch
from sms_plugin.models import Attempt, Message, Provider
from sms_plugin.outbox.charges import charge, charges_of
from sms_plugin.outbox.deliver import Couriers, Parcel
from sms_plugin.outbox.depart import Departed
from sms_plugin.outbox.enqueue import OWN_ACTION, Draft, enqueue
from sms_plugin.outbox.settle import Finished, settle
from sms_plugin.people.consent import EVERY_PURPOSE, opted_out
from sms_plugin.providers.active import record
from sms_plugin.providers.inquiry import patient
from sms_plugin.providers.lines import Line
from sms_plugin.settings import Settings
from sms_plugin.states import MessageState
from sms_plugin.text.phones import parse_phone
from sms_plugin.text.segments import measure

#: The purpose that marks a test message: no person's consent is asked for it, and no budget counts it.
PURPOSE = "test"
_MARGIN = timedelta(seconds=15)


def open_trial(
    session: Session, provider: Provider, *, to: str, text: str, who: str, settings: Settings, now: datetime
) -> Departed:
    """A test message with an open attempt. Commit before it leaves.

    Raises ``SmsError`` for what is no number, for an empty text, and for a number that wants no texts. Flushes.
    """
    if not text.strip():
        raise SmsError(worded("The text is empty."), code="empty_text", hint=worded("Write something to send."))
    number = parse_phone(to, region=settings.region).e164
    if (number, EVERY_PURPOSE) in opted_out(session, [number]):
        raise SmsError(
            worded("This number wants no texts."), code="opted_out", hint=worded("Test with a number of your own.")
        )
    (message,) = enqueue(session, [_draft(number, text, who=who, settings=settings, now=now)], now=now)
    attempt = uuid4()
    until = now + timedelta(seconds=patient(settings).request_timeout) + _MARGIN
    session.add(Attempt(id=attempt, message_id=message, provider_id=provider.id, departed_at=now, until=until))
    record(session, provider, "tried", who=who, now=now)
    session.flush()
    session.execute(
        sa.update(Message)
        .where(Message.id == message)
        .values(attempt_id=attempt, attempts=1, provider_id=provider.id)
        .execution_options(synchronize_session=False)
    )
    return Departed(id=message, attempt=attempt, number=number, text=text)


def _draft(number: str, text: str, *, who: str, settings: Settings, now: datetime) -> Draft:
    size = measure(text)
    return Draft(
        occurrence=None,
        state=MessageState.SENDING,
        purpose=PURPOSE,
        priority=OWN_ACTION,
        operator=who,
        number=number,
        language=settings.language,
        text=text,
        encoding=str(size.encoding),
        segments=size.segments,
        due_at=now,
        expires_at=None,
    )


def carry(
    line: Line, departed: Departed, *, receipt_url: str | None, settings: Settings, watch: Watch | None = None
) -> Finished:
    """What the provider says. Speaks HTTP, bounded in time: no transaction may be open around it. Never raises.

    ``watch`` is told what was said, secrets and all.
    """
    bounds = replace(patient(settings), threads=1)
    couriers = Couriers(bounds, watch=watch)
    now = time.monotonic()
    couriers.put(
        Parcel(
            line=line,
            messages=(departed,),
            receipt_urls=(receipt_url,),
            not_before=now,
            set_out_by=now + bounds.connect_timeout,
        )
    )
    finished = couriers.collect(least=1, wait=bounds.request_timeout + bounds.connect_timeout)
    if finished:
        couriers.dismiss()
        return finished[0]
    late = Verdict(outcome=Outcome.UNKNOWN, reason="timeout")
    return Finished(id=departed.id, attempt=departed.attempt, provider_id=line.provider_id, verdict=late)


def close_trial(session: Session, finished: Finished, *, settings: Settings, now: datetime) -> None:
    """Write the verdict; whatever was refused has failed, and is not tried again. In the caller's transaction."""
    verdict = finished.verdict
    if verdict.outcome is Outcome.REFUSED:
        final = replace(verdict, about=About.MESSAGE, for_good=True)
        settle(session, [replace(finished, verdict=final)], settings=settings, now=now)
        about = None if verdict.about is None else verdict.about.value
        session.execute(
            sa.update(Attempt)
            .where(Attempt.id == finished.attempt)
            .values(about=about)
            .execution_options(synchronize_session=False)
        )
    else:
        settle(session, [finished], settings=settings, now=now)
        charge(session, charges_of([finished]))
