"""Records are noticed whatever a host's classes are like (promise 1)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column

from sms_plugin import Entity, Hook, Person, changed, created
from tests.portal import Portal, make_portal


class Own(MappedAsDataclass, DeclarativeBase):
    """Records that call equal what have equal values, and that cannot be hashed."""


class Parcel(Own):
    __tablename__ = "own_parcel"
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "parcel"}  # noqa: RUF012 - the mapper reads it once

    phone: Mapped[str] = mapped_column(sa.String(20))
    place: Mapped[str] = mapped_column(sa.String(20), default="here")
    kind: Mapped[str] = mapped_column(sa.String(20), init=False)
    id: Mapped[int] = mapped_column(primary_key=True, init=False, compare=False)


class Letter(Parcel):
    __mapper_args__ = {"polymorphic_identity": "letter"}  # noqa: RUF012 - the mapper reads it once


class TestModels:
    """Whatever a host's classes are like."""

    @pytest.fixture
    def post(self, database_url: str) -> Iterator[Portal]:
        """A portal that texts whoever a new parcel, or one that arrives, is for."""
        portal = make_portal(
            database_url,
            Entity(
                Parcel,
                "parcel",
                person=Person(name="phone", phones="phone"),
                hooks=[
                    Hook("charge_created", created()),
                    Hook("charge_due_today", changed(Parcel.place, to="there")),
                ],
            ),
        )
        with portal.app.app_context():
            Own.metadata.create_all(portal.db.engine)
            portal.switch_on("charge_created", "charge_due_today", text="x")
            yield portal
            portal.db.session.remove()
            portal.db.engine.dispose()

    def test_records_that_are_equal_and_cannot_be_hashed_are_texted_each(self, post: Portal) -> None:
        one, two = Parcel(phone="912345678"), Parcel(phone="912345678")
        assert one == two
        post.session.add_all([one, two])
        post.session.commit()
        assert sorted(message.record or "" for message in post.messages()) == ["1", "2"]

    def test_a_record_of_a_subclass_is_noticed_as_its_base(self, post: Portal) -> None:
        """Its attributes keep their history too."""
        letter = Letter(phone="912345678", place="there")
        post.session.add(letter)
        post.session.commit()
        letter.place = "there"
        post.session.commit()
        assert [message.trigger for message in post.messages()] == ["charge_created"]
        letter.place = "nowhere"
        post.session.commit()
        letter.place = "there"
        post.session.commit()
        assert [message.trigger for message in post.messages()] == ["charge_created", "charge_due_today"]
        assert {message.entity for message in post.messages()} == {"parcel/Parcel"}
