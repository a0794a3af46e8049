"""What the seeded clients' lines run over, and the lines themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from host_demo.database import AnySession
from host_demo.models import (
    AccessPoint,
    Branch,
    City,
    Client,
    ClientStatus,
    Panel,
    PaymentProfile,
    Plan,
    Server,
    Service,
)
from host_demo.seed.invoices import CURRENCY
from host_demo.services import follow_up

#: By country: city → (server, its access points).
NETWORK: Mapping[str, Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "PT": {
        "Braga": ("brg-1", ("Braga, Sé", "Braga, Gualtar")),
        "Guimarães": ("gmr-1", ("Guimarães, Toural",)),
        "Porto": ("prt-1", ("Porto, Cedofeita", "Porto, Foz")),
        "Viana do Castelo": ("vct-1", ("Viana, Praça da Erva",)),
        "Barcelos": ("bcl-1", ("Barcelos, Campo da Feira",)),
        "Esposende": ("esp-1", ("Esposende, Marginal",)),
        "Ponta Delgada": ("pdl-1", ("Ponta Delgada, Matriz",)),
    },
    "UA": {"Львів": ("lwo-1", ("Львів, Сихів", "Львів, Центр"))},
    "GB": {"Leeds": ("lds-1", ("Leeds, Headingley",))},
    "BR": {
        "Campinas": ("cpq-1", ("Campinas, Cambuí",)),
        "Manaus": ("mao-1", ("Manaus, Adrianópolis",)),
    },
}
#: Name, speed, price, currency, whether it is still sold.
PLANS = (
    ("Fibra 200", 200, "24.90", "EUR", True),
    ("Fibra 500", 500, "34.90", "EUR", True),
    ("Fibra 1000", 1000, "49.90", "EUR", True),
    ("Fibra 100", 100, "19.90", "EUR", False),
    ("Fibre 300", 300, "22.00", "GBP", True),
    ("Волокно 300", 300, "390.00", "UAH", True),
    ("Fibra 300 BR", 300, "99.90", "BRL", True),
)
#: An office of the company in each country, but two at home: the north, and the coast with the islands.
BRANCHES: Mapping[str, tuple[str, ...]] = {
    "PT": ("Braga office", "Coast office"),
    "UA": ("Lviv office",),
    "GB": ("Leeds office",),
    "BR": ("Campinas office",),
}
COAST = ("Viana do Castelo", "Esposende", "Ponta Delgada")
PANELS = ("Homes", "Companies")
#: Name, and the day of the month until which it is paid.
PROFILES = (("Direct debit, day 5", 5), ("Transfer, day 15", 15), ("At the counter, day 20", 20))
STREETS = {
    "PT": ("Rua do Souto", "Avenida Central", "Rua Nova", "Largo do Paço"),
    "UA": ("вул. Городоцька", "просп. Свободи"),
    "GB": ("Otley Road", "Cardigan Lane"),
    "BR": ("Rua Coronel Quirino", "Avenida Norte-Sul"),
}


def lay_lines(session: AnySession, *, clients: Sequence[Client], today: date) -> None:
    """Add the network, the plans and a line for every client but the last; who is late is treated so."""
    chance = Random(21)  # noqa: S311 -- the same draw every time is the point
    points = _network(session)
    plans = [
        Plan(name=name, speed=speed, price=Decimal(price), currency=currency, on_sale=on_sale)
        for name, speed, price, currency, on_sale in PLANS
    ]
    profiles = [PaymentProfile(name=name, due_day=day) for name, day in PROFILES]
    session.add_all([*plans, *profiles])
    for place, client in enumerate(clients[:-1]):
        near = points.get(client.city or "") or points["Braga"]
        sold = [plan for plan in plans if plan.currency == CURRENCY[client.region] and plan.on_sale]
        point = chance.choice(near)
        service = Service(
            client=client,
            plan=chance.choice(sold),
            access_point=point,
            payment_profile=profiles[place % len(profiles)],
            street=f"{chance.choice(STREETS[client.region])}, {chance.randint(1, 180)}",
            district=point.name.partition(", ")[2],
            installed_on=client.created_at.date() + timedelta(days=9),
        )
        session.add(service)
        client.street, client.district = service.street, service.district
    _sort(session, clients)
    session.flush()
    follow_up(session, on=today)


def _sort(session: AnySession, clients: Sequence[Client]) -> None:
    """Give every client an office and a panel; a few are no clients any more, or not yet."""
    branches = {region: [Branch(name=name) for name in names] for region, names in BRANCHES.items()}
    homes, companies = (Panel(name=name) for name in PANELS)
    session.add_all([homes, companies, *(branch for some in branches.values() for branch in some)])
    for client in clients:
        client.branch = branches[client.region][-1 if client.city in COAST else 0]
        client.panel = companies if client.company else homes
    by_name = {client.last_name: client for client in clients}
    by_name["Fonseca"].status = ClientStatus.REMOVED
    by_name["Moreira"].status = ClientStatus.DISABLED
    clients[-1].status = ClientStatus.INTERESTED


def _network(session: AnySession) -> dict[str, list[AccessPoint]]:
    points: dict[str, list[AccessPoint]] = {}
    for region, cities in NETWORK.items():
        for name, (server_name, names) in cities.items():
            server = Server(name=server_name, city=City(name=name, region=region))
            points[name] = [AccessPoint(name=each, server=server) for each in names]
            session.add(server)
    session.flush()
    return points
