"""What resolved declarations answer: entities, shortcodes within reach, and when they were looked at."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from sms_plugin import Entity, Hook, Person, Section, SmsError, Trigger, added, changed, created
from sms_plugin.catalog.loader import load
from sms_plugin.host.registry import BUILT_IN, Registry
from sms_plugin.host.resolve import resolve
from sms_plugin.triggers.noticing import watch
from tests.portal import Client, Contact, Invoice, Payment, Staff, Task

#: What any text may use.
ALWAYS = frozenset(BUILT_IN)

CLIENT = Entity(Client, "clients", person=Person(name="name", phones="phone"), shortcodes={"contact_firstname": "name"})
CONTACT = Entity(
    Contact,
    "clients",
    person=Person(name="name", phones="phone", client="client"),
    shortcodes={"contact_title": "name"},
)
STAFF = Entity(Staff, "staff", person=Person(name="name", phones="phone"), shortcodes={"staff_name": "name"})
COMPANY = Section("company", {"company_name": lambda: "Acme"})


def _registry(*declared: Any) -> Registry:
    registry = resolve(declared, catalogue=load(), same_bind=lambda model: True)
    assert registry.problems == ()
    return registry


def _invoice(*hooks: Hook[Invoice], **given: Any) -> Entity[Invoice]:
    return Entity(
        Invoice,
        "invoice",
        **{"to": {"client": "client"}, **given},
        shortcodes={"invoice_number": "number"},
        hooks=hooks,
    )


def test_a_text_may_use_its_records_shortcodes_its_clients_and_the_companys() -> None:
    registry = _registry(CLIENT, STAFF, COMPANY, _invoice(Hook("charge_created", created())))
    assert registry.reachable("charge_created") == ALWAYS | {"invoice_number", "contact_firstname", "company_name"}


def test_it_may_use_those_of_the_records_that_also_names() -> None:
    payment = Entity(
        Payment,
        "payment",
        to={"client": "invoice.client"},
        also={"invoice": "invoice"},
        shortcodes={"payment_amount": "amount"},
        hooks=[Hook("invoice_payment_recorded", created())],
    )
    registry = _registry(CLIENT, _invoice(), payment)
    assert registry.reachable("invoice_payment_recorded") == ALWAYS | {
        "payment_amount",
        "invoice_number",
        "contact_firstname",
    }


def test_those_of_the_client_behind_a_contact_too() -> None:
    invoice = _invoice(Hook("charge_created", created()), to={"client": "client.contacts"})
    registry = _registry(CLIENT, CONTACT, invoice)
    assert registry.reachable("charge_created") == ALWAYS | {"invoice_number", "contact_title", "contact_firstname"}


def test_where_several_hooks_fire_it_those_that_all_of_them_reach() -> None:
    registry = _registry(
        CLIENT,
        COMPANY,
        _invoice(Hook("charge_created", created())),
        Entity(Payment, "payment", to={"client": "invoice.client"}, hooks=[Hook("charge_created", created())]),
    )
    assert registry.reachable("charge_created") == ALWAYS | {"contact_firstname", "company_name"}


def test_whom_a_hook_itself_names_is_reached_by_its_texts_only() -> None:
    follows = Trigger(key="follows", section="task", label="x", text={"en": "x"})
    told = Trigger(key="told", section="task", label="x", text={"en": "x"})
    task = Entity(
        Task,
        "task",
        shortcodes={"task_name": "name"},
        hooks=[Hook(follows, added(Task.followers)), Hook(told, changed(Task.name), to="followers")],
    )
    registry = _registry(STAFF, task)
    assert registry.reachable("follows") == registry.reachable("told") == ALWAYS | {"task_name", "staff_name"}


def test_a_function_may_lead_to_any_person() -> None:
    registry = _registry(
        CLIENT, STAFF, _invoice(Hook("charge_created", created()), to={"client": lambda invoice: invoice.client})
    )
    assert registry.reachable("charge_created") == ALWAYS | {"invoice_number", "contact_firstname", "staff_name"}


def test_a_trigger_that_no_hook_fires_offers_its_sections_shortcodes() -> None:
    registry = _registry(CLIENT, COMPANY, _invoice())
    assert registry.reachable("charge_created") == ALWAYS | {"invoice_number", "contact_firstname", "company_name"}
    assert registry.reachable("invoice_payment_recorded") == ALWAYS | {"company_name"}


def test_an_unknown_trigger_is_named_with_a_guess() -> None:
    with pytest.raises(SmsError, match="Did you mean 'charge_created'"):
        _registry(CLIENT).reachable("charge_creatd")


def test_a_class_may_be_declared_before_those_that_it_is_related_to_exist() -> None:
    """Nothing is inspected before the declarations are resolved: an early inspection would poison every later one."""

    class Base(DeclarativeBase):
        pass

    class Early(Base):
        __tablename__ = "early"

        id: Mapped[int] = mapped_column(primary_key=True)
        state: Mapped[str] = mapped_column(sa.String(20))
        lates: Mapped[list[Any]] = relationship("Late", back_populates="early", uselist=True)

    entity = Entity(
        Early,
        "x",
        person=Person(name="state", phones="lates.number"),
        hooks=[Hook("charge_created", changed(Early.state)), Hook("charge_due_today", added(Early.lates))],
    )
    watch(entity)

    class Late(Base):
        __tablename__ = "late"

        id: Mapped[int] = mapped_column(primary_key=True)
        number: Mapped[str] = mapped_column(sa.String(20))
        early_id: Mapped[int] = mapped_column(sa.ForeignKey("early.id"))
        early: Mapped[Early] = relationship(back_populates="lates")

    registry = _registry(entity)
    person = registry.entities["x/Early"].person
    assert person is not None
    early = Early(state="a", lates=[Late(number="912345678")])
    assert person.phones["mobile"](early) == ["912345678"]


def test_a_trigger_of_the_hosts_may_be_named_in_several_languages() -> None:
    """X14."""
    one = Trigger(key="room_ready", section="clients", label="Room ready", text={"en": "Come!"})
    many = Trigger(key="seat_ready", section="clients", label={"en": "Seat", "pt": "Lugar"}, text={"en": "Come!"})
    registry = _registry(CLIENT, one, many)
    assert registry.reason("room_ready").label == {"en": "Room ready"}
    assert registry.reason("room_ready").help == {}
    assert registry.reason("seat_ready").label == {"en": "Seat", "pt": "Lugar"}
