"""What is offered, talked over, ordered and sent on a day."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from host_demo.day.deeds import Day
from host_demo.formats import money
from host_demo.models import (
    Contract,
    ContractStatus,
    Estimate,
    Item,
    ItemStatus,
    OfferStatus,
    Order,
    OrderLine,
    OrderStatus,
    Proposal,
)
from host_demo.sales import approve_order, cancel_order, comment_on, next_number, send_item
from host_demo.seed.invoices import CURRENCY

WISHES = ("A second line", "Wi-Fi in the garden", "Telephone with the fibre", "A faster plan")
GOODS = (("Router AX3", "79.90"), ("Mesh point", "49.00"), ("Cable, 20 m", "12.50"))
QUESTIONS = ("Pode ser mais cedo?", "E quanto custa a instalação?", "Concordo, obrigado.")
ANSWERS = ("Podemos ir já na quinta.", "A instalação está incluída.", "Fica combinado, obrigado!")


def estimate(day: Day) -> str:
    client = day.client()
    made = Estimate(
        client=client,
        number=next_number(day.session, Estimate, year=day.on.year),
        subject=day.chance.choice(WISHES),
        issued_on=day.on,
        expires_on=day.on + timedelta(days=day.chance.randrange(2, 20)),
        currency=CURRENCY[client.region],
        total=Decimal(day.chance.randrange(40, 400)),
    )
    day.session.add(made)
    return f"Estimate {made} of {money(made.total, made.currency)} for {client}"


def propose(day: Day) -> str:
    client, member = day.client(), day.somebody()
    made = Proposal(
        client=client,
        number=next_number(day.session, Proposal, year=day.on.year),
        subject=day.chance.choice(WISHES),
        issued_on=day.on,
        expires_on=day.on + timedelta(days=day.chance.randrange(2, 20)),
        currency=CURRENCY[client.region],
        total=Decimal(day.chance.randrange(40, 400)),
        creator=member,
        assignee=day.somebody(),
    )
    day.session.add(made)
    return f"{member} wrote proposal {made} for {client}"


def ask_about_a_proposal(day: Day) -> str:
    """Whoever it is for, by the link."""
    found = day.one(Proposal, Proposal.status == OfferStatus.SENT)
    if found is None:
        return ""
    comment = comment_on(day.session, found, text=day.chance.choice(QUESTIONS), by=None)
    return f"{found.addressed_to} on proposal {found}: {comment}"


def answer_a_proposal(day: Day) -> str:
    found = day.one(Proposal, Proposal.status == OfferStatus.SENT)
    if found is None:
        return ""
    member = day.somebody()
    comment = comment_on(day.session, found, text=day.chance.choice(ANSWERS), by=member)
    return f"{member} on proposal {found}: {comment}"


def talk_about_a_contract(day: Day) -> str:
    """One side or the other."""
    found = day.one(Contract, Contract.status == ContractStatus.SIGNED)
    if found is None:
        return ""
    member = day.somebody() if day.chance.random() < 0.5 else None
    comment = comment_on(day.session, found, text=day.chance.choice(ANSWERS if member else QUESTIONS), by=member)
    return f"{member or found.client} on contract {found}: {comment}"


def order(day: Day) -> str:
    client = day.client()
    product, price = day.chance.choice(GOODS)
    made = Order(
        client=client,
        number=next_number(day.session, Order, year=day.on.year),
        ordered_on=day.on,
        currency="EUR",
        lines=[OrderLine(product=product, quantity=day.chance.randrange(1, 4), price=Decimal(price))],
    )
    day.session.add(made)
    return f"{client} ordered {made.products}: {made}"


def decide_an_order(day: Day) -> str:
    found = day.one(Order, Order.status == OrderStatus.NEW)
    if found is None:
        return ""
    if day.chance.random() < 0.8:
        approve_order(day.session, order=found)
        day.session.add(Item(name=found.products[:120], client=found.client or day.client()))
    else:
        cancel_order(day.session, order=found)
    return f"Order {found} {found.status.value}"


def send_off(day: Day) -> str:
    item = day.one(Item, Item.status == ItemStatus.PACKED)
    if item is None:
        return ""
    send_item(day.session, item=item)
    return f"{item} sent to {item.client}"
