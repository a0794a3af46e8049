"""What is offered, signed, ordered and on its way around the first day."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from host_demo.billing import AnySession
from host_demo.models import (
    Client,
    Contract,
    ContractComment,
    ContractLine,
    Estimate,
    Item,
    Lead,
    Order,
    OrderLine,
    Proposal,
    ProposalComment,
    Staff,
    Supplier,
)
from host_demo.seed.offers import CONTRACTS, ESTIMATES, ITEMS, LEADS, ORDERS, PROPOSALS, SUPPLIERS
from host_demo.seed.papers import file_papers
from host_demo.seed.people import KYIV, LONDON


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What the sales stand on."""

    clients: Mapping[str, Client]
    staff: Mapping[str, Staff]
    today: date
    chance: Random
    leads: dict[str, Lead] = field(default_factory=dict)
    serials: dict[str, int] = field(default_factory=dict)

    def day(self, in_days: int) -> date:
        return self.today + timedelta(days=in_days)

    def moment(self, days_ago: int, hour: int) -> datetime:
        return datetime.combine(self.day(-days_ago), time(hour, 20))

    def public_id(self) -> str:
        return urlsafe_b64encode(self.chance.randbytes(12)).decode()

    def number(self, prefix: str, on: date) -> str:
        series = f"{prefix}{on.year}-"
        self.serials[series] = self.serials.get(series, 0) + 1
        return f"{series}{self.serials[series]:04d}"


def sell(
    session: AnySession, *, clients: Sequence[Client], staff: Sequence[Staff], today: date, chance: Random
) -> None:
    """Add leads and suppliers, and papers of every kind for some of the clients. Does not commit."""
    ground = Ground(
        clients={client.display_name: client for client in clients},
        staff={member.name: member for member in staff},
        today=today,
        chance=chance,
    )
    file_papers(session, clients=ground.clients, staff=ground.staff)
    for row in LEADS:
        lead = _lead(ground, **row)
        ground.leads[lead.name] = lead
        session.add(lead)
    session.add_all(Supplier(**row) for row in SUPPLIERS)
    session.add_all(_estimate(ground, **row) for row in ESTIMATES)
    session.add_all(_proposal(ground, **row) for row in PROPOSALS)
    session.add_all(_contract(ground, **row) for row in CONTRACTS)
    session.add_all(_order(ground, **row) for row in ORDERS)
    session.add_all(Item(**row | {"client": ground.clients[row["client"]]}) for row in ITEMS)
    session.flush()


def _lead(ground: Ground, *, assigned: str | None, asked: int, **row: Any) -> Lead:
    zones = {"UA": KYIV, "GB": LONDON}
    region = row.get("region", "PT")
    zone = {"timezone": zones[region]} if region in zones else {}
    return Lead(
        assigned=None if assigned is None else ground.staff[assigned],
        created_at=ground.moment(asked, 11),
        **zone,
        **row,
    )


def _estimate(ground: Ground, *, client: str, total: str, ends: int, **row: Any) -> Estimate:
    issued = ground.day(ends - 14)
    return Estimate(
        client=ground.clients[client],
        number=ground.number("OR", issued),
        public_id=ground.public_id(),
        issued_on=issued,
        expires_on=ground.day(ends),
        total=Decimal(total),
        **row,
    )


def _proposal(
    ground: Ground,
    *,
    total: str,
    ends: int,
    creator: str,
    assignee: str,
    client: str | None = None,
    lead: str | None = None,
    said: Sequence[tuple[int, str | None, str]] = (),
    **row: Any,
) -> Proposal:
    issued = ground.day(ends - 14)
    return Proposal(
        client=None if client is None else ground.clients[client],
        lead=None if lead is None else ground.leads[lead],
        number=ground.number("PR", issued),
        public_id=ground.public_id(),
        issued_on=issued,
        expires_on=ground.day(ends),
        total=Decimal(total),
        creator=ground.staff[creator],
        assignee=ground.staff[assignee],
        comments=[ProposalComment(**_comment(ground, *one)) for one in said],
        **row,
    )


def _contract(
    ground: Ground,
    *,
    client: str,
    ends: int | None,
    creator: str,
    lines: Sequence[tuple[str, int, str]],
    discount: str = "0",
    said: Sequence[tuple[int, str | None, str]] = (),
    **row: Any,
) -> Contract:
    starts = ground.day((ends or 200) - 365)
    return Contract(
        client=ground.clients[client],
        number=ground.number("CT", starts),
        public_id=ground.public_id(),
        starts_on=starts,
        ends_on=None if ends is None else ground.day(ends),
        creator=ground.staff[creator],
        discount=Decimal(discount),
        lines=[ContractLine(description=what, quantity=count, price=Decimal(price)) for what, count, price in lines],
        comments=[ContractComment(**_comment(ground, *one)) for one in said],
        **row,
    )


def _comment(ground: Ground, days_ago: int, author: str | None, text: str) -> dict[str, Any]:
    said_at = ground.moment(days_ago, 10 if author else 17)
    return {"text": text, "author": None if author is None else ground.staff[author], "said_at": said_at}


def _order(
    ground: Ground,
    *,
    ordered: int,
    lines: Sequence[tuple[str, int, str]],
    client: str | None = None,
    assigned: str | None = None,
    **row: Any,
) -> Order:
    on = ground.day(-ordered)
    return Order(
        client=None if client is None else ground.clients[client],
        number=ground.number("EN", on),
        ordered_on=on,
        assigned=None if assigned is None else ground.staff[assigned],
        lines=[OrderLine(product=what, quantity=count, price=Decimal(price)) for what, count, price in lines],
        **row,
    )
