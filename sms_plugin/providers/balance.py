"""What is left on a provider's account, as it last told, and when that is too little (P17)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.gateways.contract import Balance
from sms_plugin.models import Provider

_MOST = Decimal(10**12)


@dataclass(frozen=True, kw_only=True)
class Low:
    """A balance that fell below the level at which the staff wants to know."""

    provider: str
    balance: Balance


def keep(session: Session, provider_id: int, balance: Balance, *, now: datetime) -> Low | None:
    """Write the balance down; what to warn of, where it was not below the level before. In the caller's transaction.

    It is no change of the provider: whoever sends through it need not look at it anew.
    """
    if not balance.amount.is_finite() or balance.amount.copy_abs() > _MOST:
        return None
    asked = sa.select(Provider.name, Provider.balance, Provider.balance_low).where(Provider.id == provider_id)
    before = session.execute(asked.with_for_update(key_share=True)).one_or_none()
    if before is None:
        return None
    session.execute(
        sa.update(Provider)
        .where(Provider.id == provider_id)
        .values(balance=balance.amount, balance_unit=balance.unit[:8], balance_at=now)
        .execution_options(synchronize_session=False)
    )
    if not _below(balance.amount, before.balance_low) or _below(before.balance, before.balance_low):
        return None
    return Low(provider=before.name, balance=balance)


def is_low(provider: Provider) -> bool:
    """Whether the account holds less than the level at which the staff wants to know."""
    return _below(provider.balance, provider.balance_low)


def _below(amount: Decimal | None, level: Decimal | None) -> bool:
    return amount is not None and level is not None and amount < level
