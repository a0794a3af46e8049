"""A message exists if and only if the host's own transaction committed (promise 1, X1)."""

from __future__ import annotations

import gc
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import event
from sqlalchemy.orm import Session

from tests.portal import Booking, Client, Invoice, Payment, Portal, payment_recorded
from tests.triggers.noticed import numbers, texts, undone


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
    assert texts(office) == ["late €99.00"]


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


def test_a_changed_value_is_texted(office: Portal) -> None:
    booking = Booking(guest="Rui", guest_phone="912345678")
    office.session.add(booking)
    office.session.commit()
    assert office.messages() == []
    booking.confirmed = True
    office.session.commit()
    assert texts(office) == ["Rui, see you!"]


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


def test_a_change_outlives_the_undoing_of_a_later_one(office: Portal) -> None:
    booking = Booking(guest="Rui", guest_phone="912345678")
    office.session.add(booking)
    office.session.commit()
    booking.confirmed = True
    with undone(office.session):
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
    assert numbers(office) == ["a", "b", "c"]


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
    assert numbers(office) == ["late"]


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
