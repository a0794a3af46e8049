"""A month of the demo's texting, as it looks once it is over: what the overview's charts are drawn from."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.models import Attempt, Message, Provider, new_id
from sms_plugin.outbox.counting import Counts, add, count_some, keep, range_of, to_count
from sms_plugin.outbox.truth import BY_HAND
from sms_plugin.states import MessageState

_S = MessageState
#: What became of a message, and how often of a hundred.
_STATES = ((_S.DELIVERED, 78), (_S.SENT, 6), (_S.UNDELIVERED, 4), (_S.FAILED, 2), (_S.SUPPRESSED, 6), (_S.EXPIRED, 1))
_RECEIVED = (_S.RECEIVED, 3)
_TRIGGERS = ("charge_due_soon", "invoice_overdue_notice", "invoice_payment_recorded")
_LEFT = frozenset({_S.DELIVERED, _S.SENT, _S.UNDELIVERED, _S.FAILED})


def live_through_a_month(database: str, *, days: int = 30) -> int:
    """Write the month before today into a demo's database; how many messages. Weekends are quiet."""
    chance = random.Random(7)
    now = dt.datetime.now(dt.UTC)
    messages: list[dict[str, Any]] = []
    attempts: list[dict[str, Any]] = []
    engine = sa.create_engine(database)
    with Session(engine) as session, session.begin():
        provider = session.scalars(sa.select(Provider.id).order_by(Provider.active.is_(None), Provider.id)).first()
        for age in range(days, 0, -1):
            day = now - dt.timedelta(days=age)
            for _ in range(chance.randrange(1, 5) if day.weekday() > 4 else chance.randrange(14, 40)):
                _write(day + dt.timedelta(seconds=chance.randrange(80_000)), provider, chance, messages, attempts)
        session.execute(sa.insert(Message), messages)
        session.execute(sa.insert(Attempt), attempts)
    engine.dispose()
    return len(messages)


def count_days(database: str, *, zone: str = "Europe/Lisbon") -> None:
    """Count all days at once, as the demo's job does a few at a time."""
    engine = sa.create_engine(database)
    now = dt.datetime.now(dt.UTC)
    with Session(engine) as session, session.begin():
        for day in to_count(session, zone=ZoneInfo(zone), now=now):
            counts: Counts = {}
            since, before = range_of(day, ZoneInfo(zone))
            at: UUID | None = since
            while at is not None:
                some, at = count_some(session, since=at, before=before)
                add(counts, some)
            keep(session, day, counts, now=now)
    engine.dispose()


def _write(
    at: dt.datetime,
    provider: int | None,
    chance: random.Random,
    messages: list[dict[str, Any]],
    attempts: list[dict[str, Any]],
) -> None:
    state = chance.choices([state for state, _ in (*_STATES, _RECEIVED)], [part for _, part in (*_STATES, _RECEIVED)])[
        0
    ]
    left = state in _LEFT and provider is not None
    id, attempt = new_id(at), uuid4() if left else None
    took = dt.timedelta(seconds=chance.choice((2, 3, 4, 4, 6, 9, 9, 20, 50, 200, 1000, 9000)))
    messages.append(
        {
            "id": id,
            "direction": "in" if state is _S.RECEIVED else "out",
            "state": state.value,
            "reason": "no_longer_true" if state is _S.SUPPRESSED else "",
            "trigger": None if state is _S.RECEIVED else chance.choice(_TRIGGERS),
            "step": "" if state is _S.RECEIVED else BY_HAND,
            "purpose": "billing",
            "priority": 1,
            "person_entity": "clients/Client",
            "person": "4",
            "client_entity": "clients/Client",
            "client": "4",
            "number": "+351910000041",
            "text": "Inês, a fatura NF2026-00131 de 69,80 € vence em breve. Norte Fibra",
            "encoding": "GSM-7",
            "segments": 1,
            "cost": Decimal("0.0415") if left and state is not _S.FAILED else None,
            "currency": "EUR" if left and state is not _S.FAILED else "",
            "due_at": at,
            "created_at": at,
            "changed_at": at + took,
            "provider_id": provider if left else None,
            "attempt_id": attempt,
            "attempts": int(left),
        }
    )
    if left:
        attempts.append(
            {"id": attempt, "message_id": id, "provider_id": provider, "departed_at": at, "until": at}
            | {"verdict": "accepted", "settled_at": at}
        )
