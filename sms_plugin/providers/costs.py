"""What a message costs as far as the admin knows: a segment's price by the digits that the number begins with (P17).

A way other than SMS has prices of its own, for the whole message. Where a message may go several ways, it is expected
to go the dearest (P5).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError, worded
from sms_plugin.models import Provider

#: The way that is billed by the segment; every other one by the message.
SMS = "sms"
#: What stands for every number in a line of prices.
ANY = "*"
#: So many prices at most, and no segment is dearer than this.
MOST_PRICES, DEAREST = 300, Decimal(10_000)
_LINE = re.compile(r"(?:(?P<way>[a-z]{2,12})\s+)?(?:\+?(?P<prefix>\d{1,15})|\*)\s+(?P<price>[0-9.,]+)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Tariff:
    """The prices of one provider. Keys are ``prefix`` or ``way:prefix``; an empty prefix is every number."""

    currency: str
    prices: Mapping[str, str]

    def cost(self, number: str | None, segments: int, *, way: str = "") -> Decimal | None:
        """What so many segments to a number in E.164 cost, by one way or by the dearest; None where nobody knows."""
        if not number or not segments or not self._by_way:
            return None
        ways = [way] if way else list(self._by_way)
        found = [self._price(each, number.lstrip("+")) for each in ways]
        counts = [segments if each == SMS else 1 for each in ways]
        costs = [price * count for price, count in zip(found, counts, strict=True) if price is not None]
        return max(costs, default=None)

    @property
    def knows_every_number(self) -> bool:
        """Whether no number is without a price."""
        return "" in self._by_way.get(SMS, {})

    @property
    def range(self) -> tuple[Decimal, Decimal] | None:
        """The cheapest and the dearest segment of an SMS; None without a price."""
        prices = self._by_way.get(SMS, {}).values()
        return (min(prices), max(prices)) if prices else None

    @cached_property
    def _by_way(self) -> dict[str, dict[str, Decimal]]:
        sorted_out: dict[str, dict[str, Decimal]] = {}
        for key, price in self.prices.items():
            way, _, prefix = key.rpartition(":")
            sorted_out.setdefault(way or SMS, {})[prefix] = Decimal(price)
        return sorted_out

    def _price(self, way: str, digits: str) -> Decimal | None:
        prices = self._by_way.get(way, {})
        for length in range(min(len(digits), 15), -1, -1):
            price = prices.get(digits[:length])
            if price is not None:
                return price
        return None


#: For when nobody knows what anything costs.
UNKNOWN = Tariff(currency="", prices={})


def tariff(session: Session) -> Tariff:
    """The prices of the active provider; none where there is no such provider. Reads only, without a flush."""
    found = session.connection().execute(_ACTIVE).one_or_none()
    return UNKNOWN if found is None else Tariff(currency=found.currency, prices=found.prices or {})


def tariff_of(session: Session, provider_id: int) -> Tariff:
    """The prices of any provider. Reads only."""
    found = session.connection().execute(_ONE, {"provider": provider_id}).one_or_none()
    return UNKNOWN if found is None else Tariff(currency=found.currency, prices=found.prices or {})


_PRICES = sa.select(Provider.currency, Provider.prices)
_ACTIVE = _PRICES.where(Provider.active == sa.literal_column("1"))
_ONE = _PRICES.where(Provider.id == sa.bindparam("provider"))


def read_prices(text: str) -> dict[str, str]:
    """Prices as an admin writes them, one a line: ``351 0.035``, ``* 0.05`` for all others, ``viber 380 0.011``.

    Raises ``SmsError`` (code ``bad_price``) that names the line.
    """
    prices: dict[str, str] = {}
    for line in text.splitlines():
        if not line.strip():
            continue
        found = _LINE.fullmatch(line.strip())
        price = None if found is None else _amount(found["price"])
        if found is None or price is None or len(prices) >= MOST_PRICES:
            raise SmsError(
                worded("%(line)r is no price.", line=line.strip()[:40]),
                code="bad_price",
                hint=worded(
                    "Write at most %(most)s lines such as: 351 0.035 – or * 0.05 for every other number.",
                    most=MOST_PRICES,
                ),
            )
        way = (found["way"] or SMS).lower()
        prices[("" if way == SMS else f"{way}:") + (found["prefix"] or "")] = f"{price:f}"
    return prices


def written(prices: Mapping[str, str]) -> str:
    """Prices as an admin writes them, those for every number last."""
    return "\n".join(_written(prices))


def _written(prices: Mapping[str, str]) -> Iterator[str]:
    for key in sorted(prices, key=lambda key: (key.rpartition(":")[0], not key.rpartition(":")[2], key)):
        way, _, prefix = key.rpartition(":")
        yield " ".join(filter(None, [way, prefix or ANY, prices[key]]))


def _amount(text: str) -> Decimal | None:
    try:
        amount = Decimal(text.replace(",", "."))
    except InvalidOperation:
        return None
    return amount if 0 <= amount <= DEAREST else None
