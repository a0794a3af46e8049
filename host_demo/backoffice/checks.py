"""What every form refuses, whoever fills it in."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from host_demo.refusals import Refused

MOST_MONEY = Decimal("9999999.99")


def check_amount(amount: Decimal | None, *, what: str = "The total", least: Decimal = Decimal("0.01")) -> None:
    """Raise Refused for money that cannot be meant."""
    if amount is None or not least <= amount <= MOST_MONEY:
        raise Refused(f"{what} must be from {least:,.2f} to {MOST_MONEY:,.2f}.")


def check_order(first: date | None, last: date | None, *, words: str) -> None:
    """Raise Refused with these words where the last day comes before the first."""
    if first is not None and last is not None and last < first:
        raise Refused(words)


def check_lines(lines: list[tuple[str, int | None, Decimal | None]]) -> None:
    """Raise Refused for no line at all, and for one without a count or a price."""
    if not lines:
        raise Refused("Give at least one line.")
    for name, quantity, price in lines:
        if not quantity or not 1 <= quantity <= 999:
            raise Refused(f"{name}: the quantity must be from 1 to 999.")
        check_amount(price, what=f"{name}: the price", least=Decimal(0))
