"""A message exists if and only if the host's own transaction committed (promise 1, X1)."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, Session, mapped_column

from sms_plugin import Entity, Hook, Person, changed, created
from tests.portal import Booking, Client, Invoice, Payment, Portal, Staff, Task, make_portal, payment_recorded


@pytest.fixture
def office(sending: Portal) -> Portal:
    """A portal that texts new invoices, confirmed bookings and followers of tasks."""
    sending.switch_on("charge_created", text="{invoice_number} {invoice_total}")
    sending.switch_on("seat_confirmed", "task_followed", "invoice_payment_recorded")
    return sending


def _texts(portal: Portal) -> list[str | None]:
    return sorted((message.text for message in portal.messages()), key=str)


def _numbers(portal: Portal) -> list[str]:
    """The numbers of the invoices that were texted of."""
    return sorted((text or "").split()[0] for text in _texts(portal))


def _staff(portal: Portal, name: str, phone: str) -> Staff:
    staff = Staff(name=name, phone=phone)
    portal.session.add(staff)
    portal.session.commit()
    return staff


@contextmanager
def _undone(session: Session) -> Iterator[None]:
    """A savepoint that is rolled back, whatever happens inside it."""
    try:
        with session.begin_nested():
            yield
            raise ZeroDivisionError
    except ZeroDivisionError:
        pass


def test_a_created_record_is_texted_when_it_commits(office: Portal, ana: Client) -> None:
    office.session.add(Invoice(client=ana))
    office.session.flush()
    assert office.messages() == []
    office.session.commit()
    assert [(message.state, message.text) for message in office.messages()] == [("queued", "F1 €10.00")]


def test_the_text_is_of_the_record_as_it_commits(office: Portal, ana: Client) -> None:
    """Rendering at the flush would text half-built records."""
    invoice = Invoice(client=ana, number="early")
    office.session.add(invoice)
    office.session.scalars(sa.select(Client)).all()
    invoice.number = "late"
    invoice.total = Decimal(99)
    office.session.scalars(sa.select(Client)).all()
    office.session.commit()
    assert _texts(office) == ["late €99.00"]


def test_a_rollback_takes_the_message_along(office: Portal, ana: Client) -> None:
    office.session.add(Invoice(client=ana))
    office.session.flush()
    office.session.rollback()
    office.session.add(Client(name="somebody else"))
    office.session.commit()
    assert office.messages() == []


def test_a_record_that_was_added_again_after_a_rollback_is_texted(office: Portal, ana: Client) -> None:
    invoice = Invoice(client=ana)
    office.session.add(invoice)
    office.session.flush()
    office.session.rollback()
    office.session.add(invoice)
    office.session.commit()
    assert len(office.messages()) == 1


def test_what_a_released_savepoint_brought_is_texted(office: Portal, ana: Client) -> None:
    with office.session.begin_nested():
        office.session.add(Invoice(client=ana))
    office.session.commit()
    assert len(office.messages()) == 1


def test_what_a_rolled_back_savepoint_brought_is_not(office: Portal, ana: Client) -> None:
    session = office.session
    session.add(Invoice(client_id=ana.id, number="kept"))
    with _undone(session):
        session.add(Invoice(client_id=ana.id, number="undone"))
        session.flush()
    session.commit()
    assert _numbers(office) == ["kept"]


def test_a_released_savepoint_goes_with_the_one_around_it(office: Portal, ana: Client) -> None:
    session = office.session
    session.add(Invoice(client_id=ana.id, number="kept"))
    with _undone(session):
        session.add(Invoice(client_id=ana.id, number="outer"))
        with session.begin_nested():
            session.add(Invoice(client_id=ana.id, number="inner"))
    session.commit()
    assert _numbers(office) == ["kept"]


def test_a_savepoint_inside_a_kept_one_may_be_undone_alone(office: Portal, ana: Client) -> None:
    session = office.session
    with session.begin_nested():
        session.add(Invoice(client_id=ana.id, number="outer"))
        with _undone(session):
            session.add(Invoice(client_id=ana.id, number="inner"))
            session.flush()
    session.commit()
    assert _numbers(office) == ["outer"]


def test_an_outer_handle_rolled_back_takes_the_open_inner_one_along(office: Portal, ana: Client) -> None:
    session = office.session
    session.add(Invoice(client_id=ana.id, number="kept"))
    outer = session.begin_nested()
    session.add(Invoice(client_id=ana.id, number="outer"))
    session.flush()
    session.begin_nested()
    session.add(Invoice(client_id=ana.id, number="inner"))
    session.flush()
    outer.rollback()
    session.commit()
    assert _numbers(office) == ["kept"]


def test_an_outer_handle_committed_releases_the_open_inner_one(office: Portal, ana: Client) -> None:
    session = office.session
    outer = session.begin_nested()
    session.add(Invoice(client_id=ana.id, number="outer"))
    session.flush()
    session.begin_nested()
    session.add(Invoice(client_id=ana.id, number="inner"))
    outer.commit()
    assert office.messages() == []
    session.commit()
    assert _numbers(office) == ["inner", "outer"]


def test_a_commit_releases_a_savepoint_that_is_still_open(office: Portal, ana: Client) -> None:
    session = office.session
    session.add(Invoice(client_id=ana.id, number="outer"))
    session.begin_nested()
    session.add(Invoice(client_id=ana.id, number="inner"))
    session.flush()
    session.commit()
    assert _numbers(office) == ["inner", "outer"]


@pytest.mark.parametrize("flushed", [True, False])
def test_a_transaction_that_ends_by_itself_releases_a_savepoint_that_is_still_open(
    office: Portal, ana: Client, flushed: bool
) -> None:
    """Committing the outermost handle, not the session, goes by its own before_commit while the savepoint is open."""
    number = ana.id
    office.session.commit()
    with office.session.begin():
        office.session.add(Invoice(client_id=number, number="outer"))
        office.session.begin_nested()
        office.session.add(Invoice(client_id=number, number="inner"))
        if flushed:
            office.session.flush()
    assert _numbers(office) == ["inner", "outer"]
    assert office.session.scalar(sa.select(sa.func.count()).select_from(Invoice)) == 2


def test_a_rollback_undoes_a_savepoint_that_is_still_open(office: Portal, ana: Client) -> None:
    session = office.session
    session.add(Invoice(client_id=ana.id))
    session.begin_nested()
    session.add(Invoice(client_id=ana.id))
    session.flush()
    session.rollback()
    session.add(Client(name="somebody else"))
    session.commit()
    assert office.messages() == []


def test_a_savepoint_may_be_the_first_thing_of_a_rolled_back_transaction(office: Portal, ana: Client) -> None:
    number = ana.id
    office.session.commit()
    office.begin_first()
    with office.session.begin_nested():
        office.session.add(Invoice(client_id=number))
    office.session.rollback()
    with office.fresh() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Invoice)) == 0
    assert office.messages() == []


@pytest.mark.filterwarnings("ignore:New instance .* conflicts with persistent instance")
def test_a_flush_that_fails_in_a_savepoint_costs_only_its_own(office: Portal, ana: Client) -> None:
    session = office.session
    session.add(Invoice(id=50, client_id=ana.id, number="50"))
    session.flush()
    for key in (50, 51):
        try:
            with session.begin_nested():
                session.add(Invoice(id=key, client_id=ana.id, number=str(key)))
                session.flush()
        except IntegrityError:
            pass
    session.commit()
    assert _numbers(office) == ["50", "51"]


def test_a_changed_value_is_texted(office: Portal) -> None:
    booking = Booking(guest="Rui", guest_phone="912345678")
    office.session.add(booking)
    office.session.commit()
    assert office.messages() == []
    booking.confirmed = True
    office.session.commit()
    assert _texts(office) == ["Rui, see you!"]


def test_a_value_that_went_there_and_back_is_not(office: Portal) -> None:
    booking = Booking(guest="Rui", guest_phone="912345678")
    office.session.add(booking)
    office.session.commit()
    booking.confirmed = True
    office.session.flush()
    booking.confirmed = False
    office.session.flush()
    office.session.commit()
    assert office.messages() == []


def test_the_same_value_given_to_an_expired_record_is_no_change(office: Portal) -> None:
    """Without its active history the attribute would not know what it was."""
    booking = Booking(guest="Rui", guest_phone="912345678", confirmed=True)
    office.session.add(booking)
    office.session.commit()
    booking.confirmed = True
    office.session.commit()
    assert office.messages() == []


def test_a_record_that_is_created_with_the_value_did_not_enter_it(office: Portal) -> None:
    booking = Booking(guest="Rui", guest_phone="912345678")
    office.session.add(booking)
    office.session.flush()
    booking.confirmed = True
    office.session.commit()
    assert office.messages() == []


def test_a_change_in_a_rolled_back_savepoint_is_not_texted(office: Portal) -> None:
    booking = Booking(guest="Rui", guest_phone="912345678")
    office.session.add(booking)
    office.session.commit()
    with _undone(office.session):
        booking.confirmed = True
        office.session.flush()
    office.session.commit()
    assert office.messages() == []


def test_a_change_outlives_the_undoing_of_a_later_one(office: Portal) -> None:
    booking = Booking(guest="Rui", guest_phone="912345678")
    office.session.add(booking)
    office.session.commit()
    booking.confirmed = True
    with _undone(office.session):
        booking.confirmed = False
        office.session.flush()
    office.session.commit()
    assert len(office.messages()) == 1


def test_a_session_that_does_not_expire_is_noticed_too(office: Portal) -> None:
    office.session.expire_on_commit = False
    booking = Booking(guest="Rui", guest_phone="912345678")
    office.session.add(booking)
    office.session.commit()
    booking.confirmed = True
    office.session.commit()
    assert len(office.messages()) == 1


def test_a_merged_change_is_texted(office: Portal) -> None:
    office.session.add(Booking(id=9, guest="Rui", guest_phone="912345678"))
    office.session.commit()
    office.db.session.remove()
    office.session.merge(Booking(id=9, confirmed=True))
    office.session.commit()
    assert len(office.messages()) == 1


def test_a_merged_new_record_is_texted(office: Portal, ana: Client) -> None:
    office.session.merge(Invoice(id=10, client_id=ana.id))
    office.session.commit()
    assert len(office.messages()) == 1


def test_a_record_created_and_deleted_is_not_texted(office: Portal, ana: Client) -> None:
    invoice = Invoice(client_id=ana.id)
    office.session.add(invoice)
    office.session.flush()
    office.session.delete(invoice)
    office.session.commit()
    assert office.messages() == []


def test_records_that_the_host_let_go_of_are_texted(office: Portal, ana: Client) -> None:
    for number in "abc":
        office.session.add(Invoice(client_id=ana.id, number=number))
        office.session.flush()
    gc.collect()
    office.session.commit()
    assert _numbers(office) == ["a", "b", "c"]


def test_a_record_expunged_before_the_commit_is_texted(office: Portal, ana: Client) -> None:
    invoice = Invoice(client_id=ana.id, number="gone")
    office.session.add(invoice)
    office.session.flush()
    office.session.expunge(invoice)
    office.session.commit()
    assert [(message.state, message.text) for message in office.messages()] == [("queued", "gone €10.00")]


def test_a_changed_record_expunged_before_the_commit_is_texted(office: Portal) -> None:
    booking = Booking(guest="Rui", guest_phone="912345678")
    office.session.add(booking)
    office.session.commit()
    booking.confirmed = True
    office.session.flush()
    office.session.expire(booking)
    office.session.expunge(booking)
    office.session.commit()
    assert len(office.messages()) == 1


def test_a_joined_transaction_of_the_hosts_tests_leaves_nothing_behind(office: Portal, ana: Client) -> None:
    """The usual pattern: the test's connection holds the outer transaction, and rolls it back."""
    number = ana.id
    office.db.session.remove()
    office.begin_first()
    engine = office.db.engine
    engines: Any = office.db.engines
    with engine.connect() as connection:
        outer = connection.begin()
        engines[None] = connection
        session = office.db.session(join_transaction_mode="create_savepoint")
        session.add(Invoice(client_id=number))
        session.commit()
        assert connection.scalar(sa.text("SELECT count(*) FROM sms_message")) == 1
        office.db.session.remove()
        engines[None] = engine
        outer.rollback()
    assert office.messages() == []


def test_a_session_made_by_the_hosts_factory_is_noticed(office: Portal, ana: Client) -> None:
    with office.db.session.session_factory() as session:
        session.add(Invoice(client_id=ana.id))
        session.commit()
    assert len(office.messages()) == 1


def test_a_session_of_another_make_is_not(office: Portal, ana: Client) -> None:
    with Session(office.db.engine) as session:
        session.add(Invoice(client_id=ana.id))
        session.commit()
    assert office.messages() == []


def test_rows_written_past_the_session_are_not_noticed(office: Portal, ana: Client) -> None:
    """They are for date hooks and for sms.fire."""
    office.session.execute(sa.insert(Invoice), [{"client_id": ana.id, "number": "F1", "total": 1}])
    office.session.execute(sa.update(Booking).values(confirmed=True))
    office.session.commit()
    assert office.messages() == []


def test_in_an_app_without_the_plugin_its_listeners_are_silent(office: Portal, ana: Client) -> None:
    """Two apps may share one db; the session's class is theirs together."""
    number = ana.id
    office.session.commit()
    other = Flask("tests.other")
    other.config["SQLALCHEMY_DATABASE_URI"] = office.db.engine.url
    office.db.init_app(other)
    with other.app_context():
        office.session.add(Invoice(client_id=number))
        office.session.commit()
        office.db.engine.dispose()
    assert len(office.session.scalars(sa.select(Invoice)).all()) == 1
    assert office.messages() == []


@pytest.mark.parametrize("flushes", [True, False])
def test_what_a_later_listener_of_the_host_adds_is_texted(office: Portal, ana: Client, flushes: bool) -> None:
    number = ana.id
    added: list[Invoice] = []

    def late(session: Session) -> None:
        if not added and not session.in_nested_transaction():
            added.append(Invoice(client_id=number, number="late"))
            session.add(added[0])
            if flushes:
                session.flush()

    event.listen(office.db.session.session_factory.class_, "before_commit", late)
    office.session.add(Client(name="somebody else"))
    office.session.commit()
    assert _numbers(office) == ["late"]


def test_a_signal_that_a_later_listener_of_the_host_sends_is_texted(office: Portal, ana: Client) -> None:
    payment = Payment(invoice=Invoice(client=ana), amount=Decimal(5))
    sent: list[Session] = []

    def late(session: Session) -> None:
        if not sent:
            sent.append(session)
            payment_recorded.send(office.app, payment=payment)

    event.listen(office.db.session.session_factory.class_, "before_commit", late)
    office.session.add(payment)
    office.session.commit()
    assert sorted(message.trigger or "" for message in office.messages()) == [
        "charge_created",
        "invoice_payment_recorded",
    ]


class TestMembers:
    """Members of a many-to-many, from whichever side, and whatever was loaded."""

    @pytest.fixture
    def zoe(self, office: Portal) -> Staff:
        return _staff(office, "Zoe", "913000001")

    @pytest.fixture
    def task(self, office: Portal) -> Task:
        task = Task(name="Cable")
        office.session.add(task)
        office.session.commit()
        return task

    def test_an_appended_member_is_texted(self, office: Portal, zoe: Staff, task: Task) -> None:
        task.followers.append(zoe)
        office.session.commit()
        assert [(message.text, message.number) for message in office.messages()] == [
            ("You follow Cable now.", "+351913000001")
        ]

    def test_one_added_from_the_other_side_is_texted(self, office: Portal, zoe: Staff, task: Task) -> None:
        zoe.tasks.append(task)
        office.session.commit()
        assert len(office.messages()) == 1

    def test_one_added_from_the_other_side_of_a_collection_never_loaded_is_texted(
        self, office: Portal, zoe: Staff, task: Task
    ) -> None:
        """The history of an unloaded collection is blind to its other side."""
        number, key = zoe.id, task.id
        office.db.session.remove()
        loaded, follower = office.session.get_one(Task, key), office.session.get_one(Staff, number)
        follower.tasks.append(loaded)
        office.session.commit()
        assert len(office.messages()) == 1

    def test_only_the_new_members_of_a_replaced_list_are_texted(self, office: Portal, zoe: Staff, task: Task) -> None:
        max_ = _staff(office, "Max", "913000002")
        task.followers = [zoe]
        office.session.commit()
        task.followers = [zoe, max_]
        office.session.commit()
        assert sorted(message.number or "" for message in office.messages()) == ["+351913000001", "+351913000002"]

    def test_a_second_member_does_not_text_the_first_again(self, office: Portal, zoe: Staff, task: Task) -> None:
        """T14: the occurrence is task and person, and its audience that person."""
        max_ = _staff(office, "Max", "913000002")
        task.followers.append(zoe)
        office.session.commit()
        task.followers.append(max_)
        office.session.commit()
        assert [message.number for message in office.messages()] == ["+351913000001", "+351913000002"]

    @pytest.mark.parametrize("beforehand", [True, False])
    def test_members_that_a_record_is_created_with_are_texted(
        self, office: Portal, zoe: Staff, beforehand: bool
    ) -> None:
        task = Task(name="Pole", followers=[zoe] if beforehand else [])
        office.session.add(task)
        if not beforehand:
            zoe.tasks.append(task)
        office.session.commit()
        assert len(office.messages()) == 1

    def test_merged_members_are_texted(self, office: Portal, zoe: Staff, task: Task) -> None:
        key, number = task.id, zoe.id
        office.db.session.remove()
        follower = Staff(id=number, name="Zoe", phone="913000001")
        office.session.merge(Task(id=key, name="Cable", followers=[follower]))
        office.session.commit()
        assert len(office.messages()) == 1

    def test_one_taken_out_again_is_not_texted(self, office: Portal, zoe: Staff, task: Task) -> None:
        task.followers.append(zoe)
        office.session.flush()
        zoe.tasks.remove(task)
        office.session.commit()
        assert office.messages() == []

    def test_one_taken_out_and_put_back_was_a_member_all_along(self, office: Portal, zoe: Staff, task: Task) -> None:
        office.switch_off("task_followed")
        task.followers.append(zoe)
        office.session.commit()
        office.switch_on("task_followed")
        task.followers.remove(zoe)
        office.session.flush()
        task.followers.append(zoe)
        office.session.commit()
        assert office.messages() == []

    def test_one_added_in_a_rolled_back_savepoint_is_not_texted(self, office: Portal, zoe: Staff, task: Task) -> None:
        with _undone(office.session):
            task.followers.append(zoe)
            office.session.flush()
        office.session.commit()
        assert office.messages() == []

    def test_a_removal_that_was_rolled_back_does_not_hide_a_later_addition(
        self, office: Portal, zoe: Staff, task: Task
    ) -> None:
        office.switch_off("task_followed")
        task.followers.append(zoe)
        office.session.commit()
        office.switch_on("task_followed")
        task.followers.remove(zoe)
        office.session.rollback()
        with office.fresh() as session, session.begin():
            session.execute(sa.text("DELETE FROM task_follower"))
        task.followers.append(zoe)
        office.session.commit()
        assert len(office.messages()) == 1

    def test_a_member_who_is_deleted_with_it_is_not_texted(self, office: Portal, zoe: Staff, task: Task) -> None:
        task.followers.append(zoe)
        office.session.flush()
        office.session.delete(zoe)
        office.session.commit()
        assert office.messages() == []


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
