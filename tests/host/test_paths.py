"""Paths are read along relationships, whatever kind of collection stands on the way."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.orm import (
    DeclarativeBase,
    DynamicMapped,
    Mapped,
    Session,
    attribute_keyed_dict,
    mapped_column,
    relationship,
)

from sms_plugin.host.paths import check_path


class Base(DeclarativeBase):
    pass


class House(Base):
    __tablename__ = "house"

    id: Mapped[int] = mapped_column(primary_key=True)
    street: Mapped[str] = mapped_column(sa.String(20))

    flats: Mapped[list[Flat]] = relationship(back_populates="house")
    by_name: Mapped[dict[str, Flat]] = relationship(
        collection_class=attribute_keyed_dict("name"), overlaps="flats,house"
    )
    asked: DynamicMapped[Flat] = relationship(overlaps="flats,house,by_name")
    names: AssociationProxy[list[str]] = association_proxy("flats", "name")


class Flat(Base):
    __tablename__ = "flat"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(20))
    tags: Mapped[list[str] | None] = mapped_column(sa.JSON)
    settings: Mapped[dict[str, str] | None] = mapped_column(sa.JSON)
    house_id: Mapped[int | None] = mapped_column(sa.ForeignKey("house.id"))

    house: Mapped[House | None] = relationship(back_populates="flats", overlaps="asked,by_name")

    @property
    def address(self) -> str:
        return f"{self.house.street if self.house else '?'} {self.name}"


pytestmark = pytest.mark.one_database("sqlite", "paths are read from records, not from tables")


@pytest.fixture
def house() -> Any:
    engine = sa.create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        flats = [Flat(name=name, settings={"lift": "no"}) for name in "ab"]
        session.add(House(street="Elm", flats=flats))
        session.commit()
        yield session.scalars(sa.select(House)).one()
    engine.dispose()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("street", "Elm"),
        ("flats.name", ["a", "b"]),
        ("flats.house.street", ["Elm", "Elm"]),
        ("flats.address", ["Elm a", "Elm b"]),
        ("by_name.name", ["a", "b"]),
        ("asked.name", ["a", "b"]),
        ("names", ["a", "b"]),
    ],
)
def test_a_path_is_read(house: House, path: str, value: object) -> None:
    checked = check_path(House, path, where="")
    for read in (checked.read, checked.reader()):
        found = read(house)
        assert (sorted(found) if isinstance(value, list) else found) == value  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("path", "value"),
    [("name", "a"), ("settings", {"lift": "no"}), ("house.street", "Elm"), ("house.names", ["a", "b"])],
)
def test_a_path_is_read_from_within(house: House, path: str, value: object) -> None:
    flat = min(house.flats, key=lambda each: each.name)
    checked = check_path(Flat, path, where="")
    for read in (checked.read, checked.reader()):
        found = read(flat)
        assert (sorted(found) if isinstance(found, list) else found) == value
        assert read(None) is None


def test_a_missing_step_is_none() -> None:
    checked = check_path(Flat, "house.street", where="")
    assert checked.read(Flat(name="x")) is None
    assert checked.reader()(Flat(name="x")) is None


def test_a_dictionary_in_a_column_is_a_value(house: House) -> None:
    assert check_path(Flat, "settings", where="").read(house.flats[0]) == {"lift": "no"}


@pytest.mark.parametrize(
    ("model", "path", "queries"),
    [(House, "flats.house.street", 2), (Flat, "house.street", 1), (House, "asked.name", None)],
)
def test_the_records_along_a_path_are_loaded_with_its_first(
    house: House, model: type[Any], path: str, queries: int | None
) -> None:
    session = sa.orm.object_session(house)
    assert session is not None
    checked = check_path(model, path, where="")
    option = checked.eager()
    if queries is None:
        assert option is None
        return
    assert option is not None
    session.expunge_all()
    asked: list[str] = []
    connection = session.connection()
    sa.event.listen(connection, "before_cursor_execute", lambda c, cu, statement, *_: asked.append(statement))
    for record in session.scalars(sa.select(model).options(option)).unique():
        checked.read(record)
    assert len(asked) == queries
