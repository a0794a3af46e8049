"""The filters that a host declares: what each is about, and every mistake named with how to mend it (S2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from sms_plugin import Entity, Filter
from sms_plugin.catalog.loader import load
from sms_plugin.host.bound import BoundFilter, FilterKind
from sms_plugin.host.registry import Registry
from sms_plugin.host.resolve import resolve


class Base(DeclarativeBase):
    pass


class Mood(Enum):
    GOOD = "good"
    BAD = "bad"


class Town(Base):
    __tablename__ = "town"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(40))


class Buyer(Base):
    __tablename__ = "buyer"

    id: Mapped[int] = mapped_column(primary_key=True)
    town_id: Mapped[int] = mapped_column(sa.ForeignKey("town.id"))
    name: Mapped[str] = mapped_column(sa.String(40))
    mood: Mapped[Mood]
    since: Mapped[dt.date]
    seen_at: Mapped[dt.datetime]
    limit: Mapped[Decimal]
    active: Mapped[bool]
    picture: Mapped[bytes | None]

    bills: Mapped[list[Bill]] = relationship(back_populates="buyer")

    @hybrid_property
    def is_rich(self) -> bool:
        return self.limit > 1000


class Bill(Base):
    __tablename__ = "bill"

    id: Mapped[int] = mapped_column(primary_key=True)
    buyer_id: Mapped[int] = mapped_column(sa.ForeignKey("buyer.id"))
    due_on: Mapped[dt.date]

    buyer: Mapped[Buyer] = relationship(back_populates="bills")
    parts: Mapped[list[Part]] = relationship()


class Part(Base):
    __tablename__ = "part"

    id: Mapped[int] = mapped_column(primary_key=True)
    bill_id: Mapped[int] = mapped_column(sa.ForeignKey("bill.id"))
    kind: Mapped[str] = mapped_column(sa.String(10))


def resolved(*filters: Any) -> Registry:
    entity = Entity(Buyer, "buyers", filters=filters)
    return resolve([entity], catalogue=load(), same_bind=lambda model: True)


def bound(*filters: Any) -> BoundFilter:
    registry = resolved(*filters)
    assert not registry.problems
    return registry.entities["buyers/Buyer"].filters[-1]


def of_mood(mood: Mood) -> Any:
    return Buyer.mood == mood


def owing(least: Decimal | None) -> Any:
    return Buyer.limit >= least


@pytest.mark.parametrize(
    ("ask", "kind"),
    [
        (lambda: Buyer.active, FilterKind.BOOL),
        (lambda: Buyer.is_rich, FilterKind.BOOL),
        (lambda: Buyer.mood, FilterKind.CHOICE),
        (lambda: Buyer.town_id, FilterKind.CHOICE),
        (lambda: Buyer.limit, FilterKind.NUMBER),
        (lambda: Buyer.id, FilterKind.NUMBER),
        (lambda: Buyer.since, FilterKind.DATE),
        (lambda: Buyer.seen_at, FilterKind.DATE),
        (lambda: Buyer.name, FilterKind.TEXT),
        (lambda: sa.func.length(Buyer.name, type_=sa.Integer), FilterKind.NUMBER),
        (lambda: of_mood, FilterKind.CHOICE),
        (lambda: owing, FilterKind.NUMBER),
        (lambda: lambda: Buyer.bills.any(), FilterKind.BOOL),
        (lambda: lambda day=dt.date(2026, 1, 1): Buyer.since > day, FilterKind.DATE),
        (lambda: lambda words: Buyer.name.contains(words), FilterKind.TEXT),
    ],
)
def test_what_can_be_asked_follows_from_the_column_or_the_functions_value(
    ask: Callable[[], Any], kind: FilterKind
) -> None:
    assert bound(Filter("it", ask())).kind is kind


def test_given_choices_make_a_choice_of_any_column() -> None:
    assert bound(Filter("name", Buyer.name, choices=[("ana", "Ana")])).kind is FilterKind.CHOICE


def test_a_foreign_key_chooses_among_the_records_that_it_leads_to() -> None:
    found = bound(Filter("town", Buyer.town_id))
    assert found.records is not None
    assert found.records.model is Town


def test_a_filter_without_a_label_is_called_by_its_name() -> None:
    assert bound(Filter("payment_profile", Buyer.name)).label == {"en": "Payment profile"}


@pytest.mark.parametrize("through", [lambda: Buyer.bills, lambda: "bills"])
def test_a_way_through_a_relationship_is_the_relationship_or_its_name(through: Callable[[], Any]) -> None:
    assert bound(Filter("due", Bill.due_on, through=through())).through == (Buyer.bills,)


def test_the_records_behind_a_relationship_are_called_as_the_host_says() -> None:
    words = {"en": "Charges", "pt": "Cobranças"}
    assert bound(Filter("due", Bill.due_on, through=Buyer.bills, of=words)).of == words
    assert bound(Filter("due", Bill.due_on, through=Buyer.bills)).of == {}


def test_a_path_goes_on_through_several_relationships() -> None:
    found = bound(Filter("part", Part.kind, through="bills.parts"))
    assert [each.key for each in found.through] == ["bills", "parts"]


MISTAKES: dict[str, tuple[Callable[[], list[Any]], str]] = {
    "no filter at all": (lambda: [Buyer.name], 'Write Filter("name", …)'),
    "a name that is none": (lambda: [Filter("my filter", Buyer.name)], "Letters, digits and underscores"),
    "declared twice": (lambda: [Filter("a", Buyer.name), Filter("a", Buyer.since)], "'a' is declared twice"),
    "asks nothing": (lambda: [Filter("a", 7)], "Give a column, another SQL expression, or a function"),  # type: ignore[arg-type]
    "asks a relationship": (lambda: [Filter("a", Buyer.bills)], "Give a column, another SQL expression, or a function"),
    "a column that nobody can choose by": (lambda: [Filter("a", Buyer.picture)], "Give its choices="),
    "through a relationship misspelt": (
        lambda: [Filter("a", Bill.due_on, through="bill")],
        "Did you mean 'bills'?",
    ),
    "through a column": (
        lambda: [Filter("a", Bill.due_on, through=Buyer.name)],
        "through=Buyer.name is no relationship of Buyer. Its relationships are bills.",
    ),
    "through another model's relationship": (
        lambda: [Filter("a", Part.kind, through=Bill.parts)],
        "through=Bill.parts is no relationship of Buyer.",
    ),
    "a path that ends at a column": (lambda: [Filter("a", Bill.due_on, through="bills.due_on")], "no relationship"),
    "another model's column": (lambda: [Filter("a", Bill.due_on)], "Did you mean through=Buyer.bills?"),
    "another model's column behind a relationship": (
        lambda: [Filter("a", Part.kind, through=Buyer.bills)],
        "Part.kind, which is no column of Bill. Say through=",
    ),
    "a function of two values": (lambda: [Filter("a", lambda one, two: Buyer.id > one)], "takes 2 values"),
    "a function of a word after the star": (lambda: [Filter("a", lambda *, one: Buyer.id > one)], "takes 1 values"),
    "a function of something that nobody types": (
        lambda: [Filter("a", lambda one=b"": Buyer.picture == one)],
        "takes a bytes, which nobody can type",
    ),
    "within nothing": (
        lambda: [Filter("town", Buyer.town_id), Filter("a", Buyer.name, within="twon")],
        "Did you mean 'town'?",
    ),
    "within itself": (lambda: [Filter("a", Buyer.name, within="a")], "is within itself"),
    "within one that is within it": (
        lambda: [Filter("a", Buyer.name, within="b"), Filter("b", Buyer.name, within="a")],
        "is within itself",
    ),
    "choices that are no pairs": (lambda: [Filter("a", Buyer.name, choices=["x"])], "Give pairs"),  # type: ignore[list-item]
    "choices of a function of too much": (
        lambda: [Filter("a", Buyer.name, choices=lambda town: [])],
        "Give a function of no argument",
    ),
}


@pytest.mark.parametrize(("declare", "told"), MISTAKES.values(), ids=list(MISTAKES))
def test_a_mistake_is_told_with_how_to_mend_it(declare: Callable[[], list[Any]], told: str) -> None:
    problems = [str(each) for each in resolved(*declare()).problems]
    assert any(told in each for each in problems), problems


def test_every_mistake_is_told_in_one_run() -> None:
    found = resolved(Filter("a", Bill.due_on), Filter("b", Buyer.picture), Filter("c", Buyer.name, within="x"))
    assert len(found.problems) == 3
