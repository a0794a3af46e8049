"""Who gets a text, at which number, in whose name ("who" of the triggers; S3, M5)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from sms_plugin import Entity, Person, SmsError
from sms_plugin.catalog.loader import load
from sms_plugin.host.bound import Target
from sms_plugin.host.registry import Registry
from sms_plugin.host.resolve import resolve
from sms_plugin.people.choice import kind_of
from sms_plugin.people.numbers import numbers_of
from sms_plugin.people.recipients import Recipient, recipients, zone_of
from sms_plugin.settings import Settings
from tests.portal import Booking, Client, Contact, Invoice, Portal, Staff, Task


class Base(DeclarativeBase):
    pass


class Guest(Base):
    __tablename__ = "guest"
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "guest"}  # noqa: RUF012 - the mapper reads it once

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(10))
    name: Mapped[str] = mapped_column(sa.String(20))
    phone: Mapped[str] = mapped_column(sa.String(20))


class Patron(Guest):
    __mapper_args__ = {"polymorphic_identity": "patron"}  # noqa: RUF012 - the mapper reads it once


SETTINGS = Settings(secret_keys=("x",), region="PT", timezone="Europe/Lisbon", language="en")


def _client(**given: Any) -> Entity[Client]:
    phones = {"mobile": "phone", "billing": "billing_phone"}
    return Entity(Client, "clients", person=Person(name="name", **{"phones": phones, **given}))


CONTACT = Entity(Contact, "clients", person=Person(name="name", phones="phone", client="client"))
STAFF = Entity(Staff, "staff", person=Person(name="name", phones="phone"))
TASK = Entity(Task, "task", to={"staff": "followers"})


def _registry(*declared: Any) -> Registry:
    registry = resolve(declared, catalogue=load(), same_bind=lambda model: True)
    assert registry.problems == ()
    return registry


def _found(
    record: object, registry: Registry, *, purpose: str = "service", audience: str = "client", to: Any = ()
) -> list[Recipient]:
    entity = registry.entity_of(type(record))
    assert entity is not None
    return recipients(
        record,
        entity=entity,
        to=to,
        purpose=purpose,
        audience=audience,
        registry=registry,
        settings=SETTINGS,
    )


@pytest.fixture
def keep(portal: Portal) -> Iterator[Any]:
    """Stores records: a person is named by its key."""

    def store(*records: Any) -> Any:
        portal.session.add_all(records)
        portal.session.flush()
        return records[0]

    yield store
    portal.session.rollback()


def test_a_person_texts_itself_at_its_main_mobile(keep: Any) -> None:
    ana = keep(Client(name="Ana", phone="912 345 678", billing_phone="913 000 001"))
    (found,) = _found(ana, _registry(_client()))
    assert (found.number, found.problem, found.record) == ("+351912345678", "", ana)


def test_what_is_about_money_goes_to_the_number_flagged_for_it(keep: Any) -> None:
    ana = keep(Client(name="Ana", phone="912 345 678", billing_phone="913 000 001"))
    (found,) = _found(ana, _registry(_client()), purpose="billing")
    assert found.number == "+351913000001"


@pytest.mark.parametrize("flagged", [None, "", "nobody", "+351 21 000 0000"])
def test_without_a_good_number_for_it_the_main_mobile_stands_in(keep: Any, flagged: str | None) -> None:
    ana = keep(Client(name="Ana", phone="912 345 678", billing_phone=flagged))
    (found,) = _found(ana, _registry(_client()), purpose="billing")
    assert found.number == "+351912345678"


def test_every_number_flagged_for_it_is_texted(keep: Any) -> None:
    phones = {"mobile": "phone", "billing": lambda client: ["913000001", None, "913 000 002", "bad"]}
    ana = keep(Client(name="Ana", phone="912345678"))
    found = _found(ana, _registry(_client(phones=phones)), purpose="billing")
    assert [each.number for each in found] == ["+351913000001", "+351913000002"]


@pytest.mark.parametrize(
    "several",
    [
        lambda numbers: dict.fromkeys(numbers).keys(),
        lambda numbers: (each for each in numbers),
        lambda numbers: dict(enumerate(numbers)),
        deque,
    ],
    ids=["a view", "a generator", "numbers by name", "a deque"],
)
def test_numbers_may_stand_in_whatever_a_host_keeps_them_in(keep: Any, several: Callable[[list[str]], object]) -> None:
    """An association proxy, a query, what a property makes: never one number that is none."""
    phones = {"mobile": lambda client: several(["913000001", "913000002"])}
    ana, client = keep(Client(name="Ana")), _client(phones=phones)
    found = _found(ana, _registry(client))
    assert [each.number for each in found] == ["+351913000001", "+351913000002"]
    bound = _registry(client).person_of(Client)
    assert bound is not None
    assert bound.person is not None
    listed = numbers_of(ana, person=bound.person, settings=SETTINGS)
    assert [each.number for each in listed] == ["+351913000001", "+351913000002"]
    assert kind_of(ana, bound.person, "+351913000002", settings=SETTINGS) == "mobile"


@pytest.mark.parametrize(
    ("written", "problem"),
    [(None, "no_number"), ("  ", "no_number"), ("nobody", "not_a_number"), ("+351 21 000 0000", "landline")],
)
def test_a_person_without_a_good_number_has_the_reason(keep: Any, written: str | None, problem: str) -> None:
    (found,) = _found(keep(Client(name="Ana", phone=written)), _registry(_client()))
    assert (found.number, found.problem) == (None, problem)


def test_a_number_is_read_in_the_persons_region(keep: Any) -> None:
    client = _client(phones="phone", region=lambda client: "BR")
    (found,) = _found(keep(Client(name="Ana", phone="11 96123-4567")), _registry(client))
    assert found.number == "+5511961234567"


@pytest.mark.parametrize(("says", "agrees"), [(True, True), (None, True), (False, False)])
def test_only_a_no_is_a_no(keep: Any, says: bool | None, agrees: bool) -> None:
    """Not asked is not refused; consent by purpose is the host's own (X7)."""
    asked: list[str] = []

    def consents(client: Client, purpose: str) -> bool | None:
        asked.append(purpose)
        return says

    client = _client(consents=consents)
    (found,) = _found(keep(Client(name="Ana", phone="912345678")), _registry(client), purpose="marketing")
    assert found.agrees is agrees
    assert asked == ["marketing"]


def test_a_contact_belongs_to_its_client(keep: Any) -> None:
    ana = Client(name="Ana", phone="912345678")
    contact = keep(Contact(name="Rui", phone="913000001", client=ana))
    (found,) = _found(contact, _registry(_client(), CONTACT))
    assert (found.record, found.client) == (contact, ana)
    assert found.client_ref is not None
    assert (found.client_ref.entity, found.client_ref.key) == ("clients/Client", str(ana.id))


def test_a_client_is_its_own(keep: Any) -> None:
    (found,) = _found(keep(Client(name="Ana", phone="912345678")), _registry(_client()))
    assert found.client is found.record
    assert found.ref == found.client_ref


def test_a_person_inside_another_record_has_no_entity(keep: Any) -> None:
    booking = Entity(Booking, "booking", to={"client": Person(name="guest", phones="guest_phone")})
    (found,) = _found(keep(Booking(guest="Eva", guest_phone="912345678")), _registry(booking))
    assert (found.number, found.entity, found.ref, found.client_ref) == ("+351912345678", None, None, None)


def test_several_paths_are_taken_in_their_order_and_empty_ones_lead_to_nobody(keep: Any) -> None:
    ana = Client(name="Ana", phone="912345678", contacts=[Contact(name="Rui", phone="913000001")])
    invoice = Entity(Invoice, "invoice", to={"client": ["client.contacts", "client", lambda invoice: None]})
    registry = _registry(_client(), CONTACT, invoice)
    found = _found(keep(Invoice(client=ana)), registry)
    assert [each.number for each in found] == ["+351913000001", "+351912345678"]
    assert _found(keep(Invoice()), registry) == []


def test_staff_of_a_many_to_many_are_texted_each(keep: Any) -> None:
    zoe, max_ = Staff(name="Zoe", phone="913000001"), Staff(name="Max", phone="913000002")
    found = _found(keep(Task(name="x", followers=[zoe, max_])), _registry(STAFF, TASK), audience="staff")
    assert sorted(each.number or "" for each in found) == ["+351913000001", "+351913000002"]


def test_one_number_is_texted_once_however_many_share_it(keep: Any) -> None:
    zoe, max_ = Staff(name="Zoe", phone="913000001"), Staff(name="Max", phone="+351913000001")
    found = _found(keep(Task(name="x", followers=[zoe, max_])), _registry(STAFF, TASK), audience="staff")
    assert [each.number for each in found] == ["+351913000001"]


def test_everybody_without_a_number_is_told_of(keep: Any) -> None:
    task = keep(Task(name="x", followers=[Staff(name="Zoe"), Staff(name="Max", phone="bad")]))
    found = _found(task, _registry(STAFF, TASK), audience="staff")
    assert sorted(each.problem for each in found) == ["no_number", "not_a_number"]


@pytest.mark.one_database("sqlite", "reads records, asks no table")
def test_a_subclass_of_a_person_is_a_person() -> None:
    """A record's nearest entity may be another one than the one that says how it is a person."""
    registry = _registry(Entity(Guest, "guests", person=Person(name="name", phones="phone")), Entity(Patron, "patrons"))
    engine = sa.create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        patron = Patron(name="Ana", phone="912345678")
        session.add(patron)
        session.flush()
        (found,) = _found(patron, registry, to=(Target(read=lambda record: record),))
        assert (found.number, found.entity) == ("+351912345678", registry.entities["guests/Guest"])
    engine.dispose()


def test_what_a_function_gives_must_be_a_person(keep: Any) -> None:
    invoice = Entity(Invoice, "invoice", to={"client": lambda invoice: "nobody"})
    with pytest.raises(SmsError, match="str is no declared person") as raised:
        _found(keep(Invoice()), _registry(_client(), invoice))
    assert raised.value.code == "no_person"


@pytest.mark.parametrize(
    ("language", "zone", "reads", "lives"),
    [
        ("pt", "America/Sao_Paulo", "pt", "America/Sao_Paulo"),
        (None, None, "en", "Europe/Lisbon"),
        ("", "Nowhere/At_All", "en", "Europe/Lisbon"),
        ("uk", "../etc/passwd", "uk", "Europe/Lisbon"),
    ],
)
def test_language_and_timezone_are_the_persons_else_the_portals(
    keep: Any, language: str | None, zone: str | None, reads: str, lives: str
) -> None:
    registry = _registry(_client(language="language", timezone="timezone"))
    ana = keep(Client(name="Ana", phone="912345678", language=language, timezone=zone))
    (found,) = _found(ana, registry)
    assert (found.language, found.zone.key) == (reads, lives)
    assert zone_of([ana], registry=registry, settings=SETTINGS).key == lives
