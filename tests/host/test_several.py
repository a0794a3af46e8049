"""What a host's attribute or function gives is one thing or several, whatever kind of collection it is."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, attribute_keyed_dict, mapped_column, relationship

from sms_plugin.host.paths import check_path
from sms_plugin.host.several import members


class Base(DeclarativeBase):
    pass


class Owner(Base):
    __tablename__ = "owner"

    id: Mapped[int] = mapped_column(primary_key=True)
    telephones: Mapped[list[Telephone]] = relationship()
    by_kind: Mapped[dict[str, Telephone]] = relationship(
        collection_class=attribute_keyed_dict("kind"), overlaps="telephones"
    )
    numbers: AssociationProxy[list[str]] = association_proxy("telephones", "number")
    numbers_by_kind: AssociationProxy[dict[str, str]] = association_proxy("by_kind", "number")


class Telephone(Base):
    __tablename__ = "telephone"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(10))
    number: Mapped[str] = mapped_column(sa.String(20))
    owner_id: Mapped[int] = mapped_column(sa.ForeignKey("owner.id"))

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """As models have it that are made a dictionary."""
        return iter([("number", self.number)])


pytestmark = pytest.mark.one_database("sqlite", "things are read from records, not from tables")


@pytest.fixture
def owner() -> Iterator[Owner]:
    engine = sa.create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Owner(telephones=[Telephone(kind="home", number="1"), Telephone(kind="work", number="2")]))
        session.commit()
        yield session.scalars(sa.select(Owner)).one()
    engine.dispose()


def _asked(owner: Owner) -> Any:
    session = sa.orm.object_session(owner)
    assert session is not None
    return session.scalars(sa.select(Telephone.number).order_by(Telephone.id))


@pytest.mark.parametrize(
    "read",
    [
        lambda owner: owner.numbers,
        lambda owner: owner.numbers_by_kind,
        lambda owner: (each.number for each in owner.telephones),
        lambda owner: {"home": "1", "work": "2"}.values(),
        lambda owner: ["1", None, "2"],
        _asked,
    ],
    ids=["a proxy", "a proxy by name", "a generator", "a view", "a list with holes", "a query"],
)
def test_all_members_of_a_collection_are_there(owner: Owner, read: Callable[[Owner], object]) -> None:
    assert members(read(owner)) == ["1", "2"]


@pytest.mark.parametrize("path", ["numbers", "telephones.number"])
def test_a_path_to_a_proxy_leads_to_a_list_as_one_to_a_relationship_does(owner: Owner, path: str) -> None:
    checked = check_path(Owner, path, where="")
    for found in (checked.read(owner), checked.reader()(owner)):
        assert isinstance(found, list)
        assert found == ["1", "2"]


@pytest.mark.parametrize("value", ["912 345 678", b"912", 912])
def test_a_text_or_a_number_is_one_thing(value: object) -> None:
    assert members(value) == [value]


def test_a_record_that_can_be_gone_through_is_one_thing(owner: Owner) -> None:
    assert members(owner.telephones[0]) == [owner.telephones[0]]


def test_nothing_is_nobody() -> None:
    assert members(None) == []
    assert members([None]) == []


def test_a_value_that_happens_to_have_parts_stays_what_it_is() -> None:
    class Line(Base):
        __tablename__ = "line"

        id: Mapped[int] = mapped_column(primary_key=True)
        network: Mapped[str] = mapped_column(sa.String(20))

    network = ipaddress.ip_network("10.0.0.0/8")
    line = Line(network=network)
    assert check_path(Line, "network", where="").reader()(line) is network


def test_a_record_that_is_a_mapping_too_is_one_thing() -> None:
    class Entry(Base):
        __tablename__ = "entry"

        id: Mapped[int] = mapped_column(primary_key=True)

        def keys(self) -> list[str]:
            return ["id"]

        def __getitem__(self, name: str) -> object:
            return getattr(self, name)

        def __iter__(self) -> Iterator[str]:
            return iter(self.keys())

        def __len__(self) -> int:
            return 1

    Mapping.register(Entry)
    entry = Entry(id=1)
    assert members(entry) == [entry]
