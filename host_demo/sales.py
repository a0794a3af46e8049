"""The rules of sales: how what is offered and ordered is numbered, talked over, approved and called off.

Each function works in the session it is given and leaves the commit to its caller.
"""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import func, select

from host_demo.billing import AnySession
from host_demo.clock import now
from host_demo.models import (
    LONGEST_COMMENT,
    Contract,
    ContractComment,
    Item,
    ItemStatus,
    Order,
    OrderStatus,
    Proposal,
    ProposalComment,
    Staff,
)
from host_demo.refusals import Refused

PREFIXES = {"Estimate": "OR", "Proposal": "PR", "Contract": "CT", "Order": "EN"}
#: What may be said from outside about one thing in one day: its link may have got into many hands.
MOST_A_DAY = 20


class SalesRefused(Refused):
    """What the rules of sales do not allow, with the reason in words for whoever asked."""


def next_number(session: AnySession, kind: type[Any], *, year: int) -> str:
    """The next number of a kind of paper in a year. The database refuses the second of two that are drawn at once."""
    prefix = f"{PREFIXES[kind.__name__]}{year}-"
    last = session.scalar(select(func.max(kind.number)).where(kind.number.startswith(prefix)))
    return f"{prefix}{int(last.removeprefix(prefix)) + 1 if last else 1:04d}"


def comment_on(
    session: AnySession, about: Proposal | Contract, *, text: str, by: Staff | None
) -> ProposalComment | ContractComment:
    """A flushed comment; ``by`` is None for the client's or the lead's. Raises SalesRefused."""
    text = " ".join(text.replace("\0", "").split())
    if not text:
        raise SalesRefused("Write something first.", code="empty")
    if len(text) > LONGEST_COMMENT:
        raise SalesRefused(f"A comment has at most {LONGEST_COMMENT} characters.", code="too_long")
    if by is None and _said_from_outside(session, about, on=now().date()) >= MOST_A_DAY:
        raise SalesRefused("That is enough for today: please call us.", code="enough")
    comment: ProposalComment | ContractComment
    if isinstance(about, Proposal):
        comment = ProposalComment(proposal=about, text=text, author=by)
    else:
        comment = ContractComment(contract=about, text=text, author=by)
    session.add(comment)
    session.flush()
    return comment


def _said_from_outside(session: AnySession, about: Proposal | Contract, *, on: date) -> int:
    kind: Any = ProposalComment if isinstance(about, Proposal) else ContractComment
    owner = kind.proposal_id if isinstance(about, Proposal) else kind.contract_id
    since = datetime.combine(on, time())
    said = select(func.count()).where(owner == about.id, ~kind.by_staff, kind.said_at >= since)
    return session.scalar(said) or 0


def approve_order(session: AnySession, *, order: Order) -> None:
    """Let a new order go to the warehouse. Raises SalesRefused."""
    if order.status != OrderStatus.NEW:
        raise SalesRefused(f"Order {order.number} is {order.status}: only a new one can be approved.")
    order.status = OrderStatus.APPROVED
    session.flush()


def cancel_order(session: AnySession, *, order: Order) -> None:
    """Call an order off. Raises SalesRefused."""
    if order.status == OrderStatus.CANCELLED:
        raise SalesRefused(f"Order {order.number} is cancelled already.")
    order.status = OrderStatus.CANCELLED
    session.flush()


def send_item(session: AnySession, *, item: Item) -> None:
    """Hand a packed thing to the carrier. Raises SalesRefused."""
    if item.status != ItemStatus.PACKED:
        raise SalesRefused(f"{item.name} is {item.status} already.")
    item.status = ItemStatus.SENT
    session.flush()
