"""What savepoints bring is texted, what they take back is not (promise 1, X1)."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from tests.portal import Booking, Client, Invoice, Portal
from tests.triggers.noticed import numbers, undone


def test_what_a_released_savepoint_brought_is_texted(office: Portal, ana: Client) -> None:
    with office.session.begin_nested():
        office.session.add(Invoice(client=ana))
    office.session.commit()
    assert len(office.messages()) == 1


def test_what_a_rolled_back_savepoint_brought_is_not(office: Portal, ana: Client) -> None:
    session = office.session
    session.add(Invoice(client_id=ana.id, number="kept"))
    with undone(session):
        session.add(Invoice(client_id=ana.id, number="undone"))
        session.flush()
    session.commit()
    assert numbers(office) == ["kept"]


def test_a_released_savepoint_goes_with_the_one_around_it(office: Portal, ana: Client) -> None:
    session = office.session
    session.add(Invoice(client_id=ana.id, number="kept"))
    with undone(session):
        session.add(Invoice(client_id=ana.id, number="outer"))
        with session.begin_nested():
            session.add(Invoice(client_id=ana.id, number="inner"))
    session.commit()
    assert numbers(office) == ["kept"]


def test_a_savepoint_inside_a_kept_one_may_be_undone_alone(office: Portal, ana: Client) -> None:
    session = office.session
    with session.begin_nested():
        session.add(Invoice(client_id=ana.id, number="outer"))
        with undone(session):
            session.add(Invoice(client_id=ana.id, number="inner"))
            session.flush()
    session.commit()
    assert numbers(office) == ["outer"]


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
    assert numbers(office) == ["kept"]


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
    assert numbers(office) == ["inner", "outer"]


def test_a_commit_releases_a_savepoint_that_is_still_open(office: Portal, ana: Client) -> None:
    session = office.session
    session.add(Invoice(client_id=ana.id, number="outer"))
    session.begin_nested()
    session.add(Invoice(client_id=ana.id, number="inner"))
    session.flush()
    session.commit()
    assert numbers(office) == ["inner", "outer"]


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
    assert numbers(office) == ["inner", "outer"]
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
    assert numbers(office) == ["50", "51"]


def test_a_change_in_a_rolled_back_savepoint_is_not_texted(office: Portal) -> None:
    booking = Booking(guest="Rui", guest_phone="912345678")
    office.session.add(booking)
    office.session.commit()
    with undone(office.session):
        booking.confirmed = True
        office.session.flush()
    office.session.commit()
    assert office.messages() == []
