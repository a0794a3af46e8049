"""How well a provider does, from our own attempts and receipts: of its newest messages, at the same cost with millions
behind them (X19).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.gateways.contract import Outcome, ReceiptStatus
from sms_plugin.models import Attempt, Message, Receipt

#: So many attempts at most are looked at, of so many days.
MOST, DAYS = 1000, 30
_MESSAGE: Any = Message.__table__
_ATTEMPT: Any = Attempt.__table__
_AT_ONCE = 500
_ARRIVED = (ReceiptStatus.DELIVERED.value, ReceiptStatus.READ.value)


@dataclass(frozen=True, kw_only=True)
class Scorecard:
    """Counts over the newest attempts; shares are of 1, and None where nothing can be said."""

    attempts: int
    since: datetime | None
    accepted: int = 0
    unknown: int = 0
    delivered: int = 0
    typical: timedelta | None = None  #: from departure to the receipt that says "delivered", the median
    spent: dict[str, Decimal] = field(default_factory=dict)  #: by currency, as far as costs are known

    @property
    def acceptance(self) -> float | None:
        """The share that the provider took."""
        return self.accepted / self.attempts if self.attempts else None

    @property
    def unknown_share(self) -> float | None:
        """The share of which nobody knows whether it was taken."""
        return self.unknown / self.attempts if self.attempts else None

    @property
    def delivery(self) -> float | None:
        """The share of those taken that reached the phone."""
        return self.delivered / self.accepted if self.accepted else None


def scorecard(session: Session, provider_id: int, *, now: datetime) -> Scorecard:
    """What the provider's newest attempts show, tests left out. Reads only."""
    rows = session.execute(
        sa.select(
            _ATTEMPT.c.message_id,
            _ATTEMPT.c.departed_at,
            _ATTEMPT.c.verdict,
            _MESSAGE.c.state,
            _MESSAGE.c.cost,
            _MESSAGE.c.currency,
        )
        .join(_MESSAGE, _MESSAGE.c.id == _ATTEMPT.c.message_id)
        .where(
            _ATTEMPT.c.provider_id == provider_id,
            _ATTEMPT.c.departed_at > now - timedelta(days=DAYS),
            _ATTEMPT.c.verdict.is_not(None),
            _MESSAGE.c.purpose != "test",
        )
        .order_by(_ATTEMPT.c.departed_at.desc())
        .limit(MOST)
    ).all()
    accepted = [row for row in rows if row.verdict == Outcome.ACCEPTED.value]
    spent: dict[str, Decimal] = defaultdict(Decimal)
    for row in {row.message_id: row for row in accepted if row.cost is not None}.values():
        spent[row.currency] += row.cost
    took = _took(session, accepted)
    return Scorecard(
        attempts=len(rows),
        since=rows[-1].departed_at if rows else None,
        accepted=len(accepted),
        unknown=sum(row.verdict == Outcome.UNKNOWN.value for row in rows),
        delivered=sum(row.state == "delivered" for row in accepted),
        typical=timedelta(seconds=median(took)) if took else None,
        spent=dict(spent),
    )


def _took(session: Session, accepted: Sequence[Any]) -> list[float]:
    """The seconds from departure to the first receipt that says that a message arrived."""
    departed: dict[UUID, datetime] = {row.message_id: row.departed_at for row in accepted if row.state == "delivered"}
    ids = sorted(departed)
    found: list[float] = []
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        first = (
            sa.select(Receipt.message_id, sa.func.min(Receipt.received_at).label("at"))
            .where(Receipt.message_id.in_(some), Receipt.status.in_(_ARRIVED))
            .group_by(Receipt.message_id)
        )
        for row in session.execute(first):
            found.append(max((row.at - departed[row.message_id]).total_seconds(), 0.0))
    return found
