"""Messages of many days, written row by row: what figures are counted from, and what they must come to."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from sms_plugin.models import Attempt, Day, Message, Provider, new_id
from sms_plugin.outbox.counting import LIMITS, LONGER, Count, Counts
from sms_plugin.states import MessageState
from tests.portal import Portal

#: The portal's own.
ZONE = ZoneInfo("Europe/Lisbon")
_WENT = {"sent", "delivered", "undelivered"}
_STATES = [each.value for each in MessageState]
_PRICES = (("EUR", Decimal("0.05")), ("UAH", Decimal("1.25")), ("", None))


def write(portal: Portal, moments: Iterable[dt.datetime], *, seed: int = 1) -> list[dict[str, Any]]:
    """A message for each moment, of any state, price and provider; those that left with their attempt. Commits."""
    chance = random.Random(seed)
    made = [_message(at, chance) for at in moments]
    messages: Any = [{key: value for key, value in each.items() if key != "departed_at"} for each in made]
    attempts = [
        {"id": each["attempt_id"], "message_id": each["id"], "provider_id": each["provider_id"]}
        | {"departed_at": each["departed_at"], "until": each["departed_at"], "verdict": "accepted"}
        for each in made
        if each["attempt_id"]
    ]
    with portal.fresh() as session, session.begin():
        for number in (1, 2):
            if session.get(Provider, number) is None:
                session.add(_provider(number))
        session.flush()
        session.execute(sa.insert(Message), messages)
        if attempts:
            session.execute(sa.insert(Attempt), attempts)
    return made


def counted(made: Iterable[dict[str, Any]], zone: ZoneInfo) -> dict[dt.date, Counts]:
    """What the days come to, each message looked at by itself."""
    found: dict[dt.date, Counts] = {}
    for each in made:
        day = each["created_at"].astimezone(zone).date()
        count = found.setdefault(day, {}).setdefault((each["provider_id"] or 0, each["currency"]), Count())
        count.states[each["state"]] += 1
        if each["state"] in _WENT or each["charged"]:
            count.segments += each["segments"]
            count.cost += each["cost"] or 0
        if each["state"] == "delivered":
            took = (each["changed_at"] - each["departed_at"]).total_seconds()
            count.delays[next((limit for limit in LIMITS if took <= limit), LONGER)] += 1
    return found


def kept(portal: Portal) -> dict[dt.date, Counts]:
    """What stands in the table of days, without the rows that only say that a day was counted."""
    found: dict[dt.date, Counts] = {}
    with portal.fresh() as session:
        for row in session.scalars(sa.select(Day)):
            if row.states:
                found.setdefault(row.day, {})[row.provider_id, row.currency] = Count(
                    states=Counter(row.states),
                    segments=row.segments,
                    cost=row.cost,
                    delays=Counter({int(limit): number for limit, number in row.delays.items()}),
                )
    return found


def _message(at: dt.datetime, chance: random.Random) -> dict[str, Any]:
    state = chance.choice(_STATES)
    gone = state in _WENT | {"failed", "unknown"}
    departed_at = at + dt.timedelta(seconds=chance.randrange(3600))
    currency, cost = chance.choice(_PRICES) if gone else ("", None)
    return {
        "id": new_id(at),
        "direction": "in" if state == "received" else "out",
        "state": state,
        "purpose": "service",
        "priority": chance.choice((0, 1, 2)),
        "number": "+351912345678",
        "text": "Hello",
        "segments": chance.choice((1, 1, 2)),
        "cost": cost,
        "currency": currency,
        "charged": True if state == "failed" and cost and chance.random() < 0.5 else None,
        "due_at": at,
        "created_at": at,
        "changed_at": departed_at + dt.timedelta(seconds=chance.choice((1, 5, 6, 70, 4000, 90_000))),
        "provider_id": chance.choice((1, 2)) if gone else None,
        "attempt_id": uuid4() if gone else None,
        "attempts": int(gone),
        "departed_at": departed_at,
    }


def _provider(number: int) -> Provider:
    at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    return Provider(
        id=number,
        name=f"provider {number}",
        kind="console",
        settings={},
        token=f"token-{number}-{UUID(int=number).hex}",
        created_at=at,
        changed_at=at,
    )
