"""Tables that hold thousands of messages that have gone, and some of every other kind."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa

from sms_plugin.models import Attempt, Consent, Event, Message, Receipt, new_id
from tests.portal import Portal

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
MANY = 3000


def fill(portal: Portal) -> None:
    """So many messages, each with an attempt, a receipt, an event and what its person said."""
    consents: Any = Consent.__table__
    with portal.db.engine.begin() as connection:
        connection.execute(sa.insert(Message), [row(number) for number in range(MANY)])
        connection.execute(sa.insert(Attempt), [_attempt(number) for number in range(MANY)])
        connection.execute(sa.insert(Receipt), [_receipt(number) for number in range(MANY)])
        connection.execute(sa.insert(Event), [_event(number) for number in range(MANY)])
        connection.execute(sa.insert(consents), [_consent(number) for number in range(MANY)])


def at(number: int) -> dt.datetime:
    """When a message was written: a minute apart, the last one just before now."""
    return NOW - dt.timedelta(minutes=MANY - number)


_IDS = [new_id(at(number)) for number in range(MANY)]


def row(number: int) -> dict[str, Any]:
    """A message: nearly all have gone, some of every other kind."""
    state = {0: "queued", 1: "unknown", 2: "held"}.get(number % 100, "sent")
    return {
        "id": _IDS[number],
        "state": state,
        "purpose": "service",
        "priority": number % 3,
        "number": f"+3519123456{number % 100:02}",
        "text": "Hello " * 20,
        "trigger": f"trigger-{number % 12}",
        "due_at": at(number),
        "created_at": at(number),
        "changed_at": at(number),
        "attempt_id": _IDS[number],
    }


def _attempt(number: int) -> dict[str, Any]:
    departed = at(number)
    return {
        "id": _IDS[number],
        "message_id": _IDS[number],
        "provider_id": 1,
        "departed_at": departed,
        "until": departed + dt.timedelta(minutes=1),
        "verdict": "accepted",
        "reference": f"old {number}",
    }


def _receipt(number: int) -> dict[str, Any]:
    return {
        "id": _IDS[number],
        "provider_id": 1,
        "message_id": _IDS[number],
        "reference": f"old {number}",
        "status": "delivered",
        "digest": number.to_bytes(16, "big"),
        "received_at": at(number),
    }


def _event(number: int) -> dict[str, Any]:
    return {"id": _IDS[number], "message_id": _IDS[number], "at": at(number), "state": "held"}


def _consent(number: int) -> dict[str, Any]:
    return {
        "id": _IDS[number],
        "at": at(number),
        "number": row(number)["number"],
        "person_entity": "clients/Client",
        "person": str(number % 100),
        "purpose": "",
        "does_agree": False,
        "wording": "",
        "who": "",
        "source": "reply",
    }
