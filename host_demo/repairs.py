"""The rules of repairs: numbers, and what is written to the client when one is saved.

Each function works in the session it is given and leaves the commit to its caller.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, select

from host_demo.clock import today
from host_demo.database import AnySession
from host_demo.models import Client, Repair, RepairMessage, RepairStatus, Staff
from host_demo.refusals import Refused

#: The longest message that goes to a phone, in characters.
LONGEST_SMS = 160


class RepairRefused(Refused):
    """A repair that cannot be saved like this, with the reason in words for the staff."""


def take_in(
    session: AnySession,
    *,
    client: Client,
    item: str,
    fault: str = "",
    serial: str = "",
    received_on: date | None = None,
) -> Repair:
    """A flushed repair with the year's next number."""
    received_on = received_on or today()
    repair = Repair(
        number=_next_number(session, year=received_on.year),
        client=client,
        item=item,
        fault=fault,
        serial=serial,
        received_on=received_on,
    )
    session.add(repair)
    session.flush()
    return repair


def _next_number(session: AnySession, *, year: int) -> str:
    prefix = f"R{year}-"
    last = session.scalar(select(func.max(Repair.number)).where(Repair.number.startswith(prefix)))
    return f"{prefix}{int(last.removeprefix(prefix)) + 1 if last else 1:04d}"


def save(
    repair: Repair, *, status: RepairStatus, message: str = "", by_sms: bool = False, by: Staff | None = None
) -> RepairMessage | None:
    """Move a repair to a status, with a message for the log or, ``by_sms``, for the client; the message.

    Where both go with one save, the message speaks for it: the client is not told twice that it is finished (T29).
    Raises RepairRefused for a message to a phone that is empty or longer than one SMS may be.
    """
    message = " ".join(message.split())
    if by_sms and not message:
        raise RepairRefused("There is nothing to send: write a message, or take the tick away.")
    if by_sms and len(message) > LONGEST_SMS:
        raise RepairRefused(f"The message has {len(message)} characters; an SMS takes at most {LONGEST_SMS}.")
    if status != repair.status:
        repair.told = by_sms
        repair.status = status
    if not message:
        return None
    written = RepairMessage(text=message, by_sms=by_sms, written_by=by)
    repair.messages.append(written)
    return written
