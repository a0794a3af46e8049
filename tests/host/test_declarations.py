"""What a host can get wrong is named, with how to mend it, and all of it in one run (design: what a host writes)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from blinker import Signal
from sqlalchemy.orm import DeclarativeBase, Mapped, WriteOnlyMapped, mapped_column, relationship

from sms_plugin import (
    ConfigurationError,
    Entity,
    Hook,
    Person,
    Section,
    Trigger,
    added,
    after,
    before,
    changed,
    created,
    money,
    on,
    signal,
    yearly,
)
from sms_plugin.catalog.loader import load
from sms_plugin.host.registry import Registry
from sms_plugin.host.resolve import resolve
from tests.portal import Booking, Client, Contact, Invoice, Payment, Staff, Task


class Base(DeclarativeBase):
    pass


class Blob(Base):
    __tablename__ = "blob"

    id: Mapped[bytes] = mapped_column(primary_key=True)


class Meeting(Base):
    __tablename__ = "meeting"

    id: Mapped[int] = mapped_column(primary_key=True)
    starts_at: Mapped[dt.datetime] = mapped_column(sa.DateTime(timezone=True))
    room_id: Mapped[int] = mapped_column(sa.ForeignKey("room.id"))

    room: Mapped[Room] = relationship(back_populates="meetings")


class Room(Base):
    __tablename__ = "room"

    id: Mapped[int] = mapped_column(primary_key=True)

    meetings: WriteOnlyMapped[Meeting] = relationship(back_populates="room")


class Plain:
    """No model at all."""


CLIENT = Entity(Client, "clients", person=Person(name="name", phones="phone"))
TO: dict[str, Any] = {"client": "client"}
ANYTHING: Any = "anything"
PROPERTY: Any = property(lambda record: record.id)


def _resolved(*declared: Any, other_binds: tuple[type[Any], ...] = ()) -> Registry:
    return resolve(declared, catalogue=load(), same_bind=lambda model: model not in other_binds)


def _problem(*declared: Any, other_binds: tuple[type[Any], ...] = ()) -> ConfigurationError:
    (problem,) = _resolved(*declared, other_binds=other_binds).problems
    return problem


def _person(**more: Any) -> Person[Client]:
    return Person(name="name", phones=lambda client: client.phone, **more)


def _invoice(**given: Any) -> Entity[Invoice]:
    return Entity(Invoice, "invoice", **{"to": TO, **given})


def _hook(when: Any, **given: Any) -> ConfigurationError:
    """The problem of an invoice's hook."""
    return _problem(CLIENT, _invoice(hooks=[Hook("charge_created", when, **given)]))


def test_sound_declarations_have_no_problems() -> None:
    assert _resolved(CLIENT, _invoice(hooks=[Hook("charge_created", created())])).problems == ()


@pytest.mark.parametrize(
    ("declared", "code", "says", "hint"),
    [
        ((Entity(Plain, "x"),), "bad_model", "Plain is no mapped class", "Give a model"),
        ((Entity(Client(), "x"),), "bad_model", "that is no class", "Give a model"),  # type: ignore[arg-type]
        ((CLIENT, Client), "bad_declaration", "Client", "not Invoice"),
        ((CLIENT, CLIENT), "declared_twice", "clients/Client", "Declare each model once"),
        ((Entity(Blob, "x"),), "bytes_key", "holds bytes", "a number, a text"),
        ((CLIENT, Entity(Invoice, "invoice", to={"client": "clent"})), "bad_path", "'clent'", "'client'"),
        (
            (CLIENT, Entity(Invoice, "invoice", to={"client": "number.name"})),
            "bad_path",
            "is no relationship",
            "Every step but",
        ),
        ((CLIENT, Entity(Invoice, "invoice", to={"client": ""})), "bad_path", "''", "Known are"),
        ((CLIENT, Entity(Invoice, "invoice", to={"client": 5})), "bad_read", "is 5", "a path or a function"),  # type: ignore[dict-item]
        ((Entity(Invoice, "invoice", to=TO),), "no_person", "leads to Client", "Declare Entity(Client"),
        ((Entity(Client, "clients"), Entity(Invoice, "invoice", to=TO)), "no_person", "'client'", "person=Person"),
        ((CLIENT, _invoice(also={"orders": "client"})), "bad_also", "'orders'", "Name the section"),
        ((CLIENT, _invoice(also={"clients": "number"})), "bad_also", "'number'", "declare that entity"),
        ((CLIENT, _invoice(also={"clients": "clint"})), "bad_path", "'clint'", "'client'"),
        ((CLIENT, _invoice(shortcodes={"invoice_number": "nmber"})), "bad_path", "invoice_number", "'number'"),
        ((CLIENT, _invoice(shortcodes={"x": money("totl")})), "bad_path", "'totl'", "'total'"),
        ((CLIENT, _invoice(shortcodes={"x": 5})), "bad_read", "is 5", "a path or a function"),
        ((CLIENT, _invoice(shortcodes={"bad name": "number"})), "bad_shortcode_name", "'bad name'", "Letters, digits"),
        ((Entity(Client, "clients", person=_person(found_by="phon")),), "bad_path", "found_by", "'phone'"),
        ((Entity(Client, "clients", person=_person(found_by="invoices")),), "bad_path", "is no column", "a column"),
        (
            (Entity(Client, "clients", person=Person(name="nam", phones="phone")),),
            "bad_path",
            "person's name",
            "'name'",
        ),
        (
            (Entity(Client, "clients", person=Person(name="name", phones={"x": "fone"})),),
            "bad_path",
            "phones['x']",
            "'phone'",
        ),
        (
            (Entity(Client, "clients", person=Person(name="name", phones="phone", consents=ANYTHING)),),
            "bad_read",
            "consents",
            "a function",
        ),
        (
            (Entity(Room, "room", shortcodes={"x": "meetings"}), Entity(Meeting, "meeting")),
            "bad_path",
            "write-only",
            "a function",
        ),
        ((Section("company", {"bad name": lambda: ""}),), "bad_shortcode", "'bad name'", "a function"),
        ((Section("company", {"x": "text"}),), "bad_shortcode", "'x'", "a function"),  # type: ignore[dict-item]
        ((Section("a", {"x": str}), Section("b", {"x": str})), "declared_twice", "'x' stands in 'a'", "one section"),
        (
            (Trigger(key="charge_created", section="x", label="x", text={}),),
            "trigger_twice",
            "charge_created",
            "another key",
        ),
        ((Trigger(key="a b", section="x", label="x", text={}),), "bad_trigger", "'a b'", "without spaces"),
        ((Trigger(key="a", section="x", label="x", text={}, purpose="fun"),), "bad_trigger", "'fun'", "billing"),
    ],
)
def test_a_mistake_is_named_with_a_hint(declared: tuple[Any, ...], code: str, says: str, hint: str) -> None:
    problem = _problem(*declared)
    assert problem.code == code
    assert says in problem.message
    assert hint in problem.hint


@pytest.mark.parametrize(
    ("hook", "code", "says", "hint"),
    [
        (Hook("charge_creatd", created()), "unknown_trigger", "charge_creatd", "'charge_created'"),
        (Hook("charge_created", "created"), "bad_when", "does not say when", "created()"),  # type: ignore[arg-type]
        (Hook("charge_created", changed(Payment.amount)), "bad_attribute", "Payment.amount", "Invoice.status"),
        (Hook("charge_created", changed(Client.invoices)), "bad_attribute", "Client.invoices", "Invoice.status"),
        (Hook("charge_created", changed(Plain)), "bad_attribute", "Plain", "Invoice.status"),  # type: ignore[arg-type]
        (Hook("charge_created", added(Invoice.client)), "bad_attribute", "is no collection", "changed("),
        (Hook("charge_created", on(Invoice.number)), "bad_date", "no date", "Give a date"),  # type: ignore[arg-type]
        (
            Hook("charge_created", on(PROPERTY)),
            "bad_date",
            "neither a mapped column",
            "not a Python property",
        ),
        (Hook("charge_created", before(Invoice.due_on, hours=2)), "bad_date", "without a time of day", "Count in days"),
        (Hook("charge_created", on(Booking.starts_at)), "bad_date", "'booking'", "on Invoice"),
        (Hook("charge_created", created(), only=True), "bad_only", "is not SQL", "Invoice.status"),  # type: ignore[arg-type]
        (Hook("charge_created", created(), only=lambda _: True), "bad_only", "is not SQL", "expression"),  # type: ignore[arg-type]
        (Hook("charge_created", created(), only=Payment.amount > 5), "bad_only", "'payment'", "its relationship"),
        (Hook("charge_created", created(), to="clent"), "bad_path", "'clent'", "'client'"),
        (Hook("charge_created", signal(None, record="x")), "bad_signal", "cannot be heard", "blinker"),  # type: ignore[arg-type]
        (Hook("charge_created", signal(Signal(), record="")), "bad_signal", "record=''", 'record="…"'),
    ],
)
def test_a_mistake_in_a_hook_is_named_with_a_hint(hook: Hook[Any], code: str, says: str, hint: str) -> None:
    problem = _problem(CLIENT, _invoice(hooks=[hook]))
    assert problem.code == code
    assert says in problem.message
    assert hint in problem.hint
    assert "invoice/Invoice" in problem.message


def test_a_model_of_another_bind_is_refused() -> None:
    """Promise 1: both must commit together."""
    problem = _problem(CLIENT, other_binds=(Client,))
    assert problem.code == "other_bind"
    assert "another database" in problem.message


def test_a_hook_that_reaches_nobody_is_refused() -> None:
    problem = _problem(CLIENT, Entity(Invoice, "invoice", hooks=[Hook("charge_created", created())]))
    assert problem.code == "no_audience"
    assert "'client'" in problem.message


def test_a_hook_on_members_reaches_the_member() -> None:
    staff = Entity(Staff, "staff", person=Person(name="name", phones="phone"))
    registry = _resolved(staff, Entity(Task, "task", hooks=[Hook("charge_created", added(Task.followers))]))
    assert registry.problems == ()
    assert registry.hooks[0].of_member


def test_a_hook_on_members_that_are_no_people_needs_an_audience() -> None:
    problem = _problem(Entity(Task, "task", hooks=[Hook("charge_created", added(Task.followers))]))
    assert problem.code == "no_audience"


def test_two_steps_alike_are_refused() -> None:
    hooks = [Hook[Invoice]("charge_due_soon", before(Invoice.due_on, days=3)) for _ in range(2)]
    problem = _problem(CLIENT, _invoice(hooks=hooks))
    assert problem.code == "step_twice"
    assert "'before:3d'" in problem.message


def test_a_birthday_with_a_timezone_is_refused() -> None:
    hook = Hook[Meeting]("birthday_greeting", yearly(Meeting.starts_at))
    problem = _problem(Entity(Meeting, "x", person=Person(name="id", phones="id"), hooks=[hook]))
    assert problem.code == "bad_date"
    assert "depends on who asks" in problem.message


@pytest.mark.parametrize(
    "made",
    [
        lambda: before(Invoice.due_on),
        lambda: before(Invoice.due_on, days=-1),
        lambda: after(Invoice.due_on, days=1, hours=1),
    ],
)
def test_an_offset_that_does_not_say_when_is_refused_at_once(made: Any) -> None:
    with pytest.raises(ConfigurationError) as raised:
        made()
    assert raised.value.code == "bad_offset"


def test_one_trigger_may_be_declared_in_two_places() -> None:
    trigger = Trigger(key="ready", section="invoice", label="Ready", text={"en": "x"})
    registry = _resolved(trigger, CLIENT, _invoice(hooks=[Hook(trigger, created())]))
    assert registry.problems == ()


def test_two_triggers_of_one_key_are_refused() -> None:
    one, two = (Trigger(key="ready", section="invoice", label=label, text={"en": "x"}) for label in "ab")
    assert _problem(one, two).code == "trigger_twice"


def test_a_condition_on_a_related_table_may_be_a_subquery() -> None:
    hook = Hook[Invoice]("charge_created", created(), only=Invoice.client.has(Client.name == "Ana"))
    assert _resolved(CLIENT, _invoice(hooks=[hook])).problems == ()


def test_every_mistake_is_collected_in_one_run() -> None:
    """Of an entity and of its hooks too."""
    registry = _resolved(
        Entity(Client, "clients", person=Person(name="nme", phones="fone")),
        _invoice(
            shortcodes={"invoice_number": "nmber"},
            hooks=[Hook("charge_creatd", changed(Payment.amount), only=True)],  # type: ignore[arg-type]
        ),
        Entity(Contact, "clients", person=Person(name="name", phones="phone", client="clint")),
        Plain(),
    )
    assert sorted(problem.code for problem in registry.problems) == [
        "bad_attribute",
        "bad_declaration",
        "bad_only",
        "bad_path",
        "bad_path",
        "bad_path",
        "bad_path",
        "unknown_trigger",
    ]


def test_a_model_whose_relationships_do_not_hold_is_named() -> None:
    """A failed inspection makes every later one of that registry fail: it is complained of, and nothing is raised."""

    class Own(DeclarativeBase):
        pass

    class Lonely(Own):
        __tablename__ = "lonely"

        id: Mapped[int] = mapped_column(primary_key=True)
        other: Mapped[Any] = relationship("NeverDefined")

    problem = _problem(Entity(Lonely, "x", shortcodes={"x": "id"}))
    assert problem.code == "bad_model"
    assert "NeverDefined" in problem.message
    assert "before the first request" in problem.hint


@pytest.mark.parametrize(
    ("declare", "example"),
    [
        (lambda: Entity(Meeting, "room", hooks=Hook("charge_created", created())), "hooks=["),  # type: ignore[arg-type]
        (lambda: Entity(Meeting, "room", to="guest"), "to={"),  # type: ignore[arg-type]
        (lambda: Entity(Meeting, "room", shortcodes="name"), "shortcodes={"),  # type: ignore[arg-type]
        (lambda: Trigger(key="x", section="room", label="X", text="Hello"), "text={"),  # type: ignore[arg-type]
    ],
)
def test_one_thing_where_several_are_meant_is_refused_where_it_is_written(
    declare: Callable[[], object], example: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        declare()
    assert example in refused.value.hint


def test_a_hook_that_is_only_its_triggers_key_is_told() -> None:
    with pytest.raises(ConfigurationError, match=r"invoice/Invoice: hook 'charge_created' is str. Write Hook\("):
        _invoice(hooks=["charge_created"])
