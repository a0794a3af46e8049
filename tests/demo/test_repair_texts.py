"""What the workshop of the demo texts (T28, T29): written on a repair's form, read at the phones."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from host_demo.models import Repair, RepairMessage, RepairStatus
from host_demo.repairs import LONGEST_SMS
from tests.demo.office import Office

BAKERY = "+351910000041"
READY = "Estimado Cliente, pode vir levantar o seu router, o mesmo encontra-se reparado."


def _repair(office: Office) -> Repair:
    with office.session() as session:
        found = session.scalars(select(Repair).where(Repair.status == RepairStatus.IN_REPAIR)).one()
        session.expunge_all()
        assert isinstance(found, Repair)
        return found


def _save(office: Office, *, status: str = "in_repair", **given: str) -> str:
    """As on the form, with a tick where ``by_sms`` is given; what the page says."""
    repair = _repair(office)
    fields = {"client": str(repair.client_id), "item": repair.item, "received_on": str(repair.received_on)}
    return office.admin.send(f"/admin/repair/edit/?id={repair.id}", **fields, status=status, **given).text


def _logged(office: Office) -> list[tuple[str, bool, str]]:
    with office.session() as session:
        written = session.scalars(select(RepairMessage).order_by(RepairMessage.id.desc())).first()
        assert written is not None
        return [(written.text, written.by_sms, written.written_by.name if written.written_by else "")]


def test_a_message_with_the_tick_goes_to_the_client_as_it_is(office: Office) -> None:
    """T28"""
    office.switch_on("repair_message", "repair_completed")
    _save(office, message="A peça chega na terça.", by_sms="y")
    assert office.texts() == [(BAKERY, "A peça chega na terça.")]
    assert _logged(office) == [("A peça chega na terça.", True, "Helena Prata")]


def test_a_message_without_the_tick_is_only_kept(office: Office) -> None:
    """T28"""
    office.switch_on("repair_message", "repair_completed")
    _save(office, message="Falta a fonte.")
    assert office.texts() == []
    assert _logged(office) == [("Falta a fonte.", False, "Helena Prata")]


def test_a_finished_repair_is_told(office: Office) -> None:
    """T29"""
    office.switch_on("repair_message", "repair_completed")
    _save(office, status="finished", message="Fonte nova.")
    ((to, text),) = office.texts()
    assert to == BAKERY
    assert "Router da padaria" in text


def test_a_message_that_goes_with_the_same_save_speaks_for_it(office: Office) -> None:
    """T29: not if T28 goes with it."""
    office.switch_on("repair_message", "repair_completed")
    _save(office, status="finished", message=READY, by_sms="y")
    assert office.texts() == [(BAKERY, READY)]


def test_a_message_of_another_day_does_not_keep_the_end_from_being_told(office: Office) -> None:
    """T29"""
    office.switch_on("repair_message", "repair_completed")
    _save(office, message="A peça chegou.", by_sms="y")
    _save(office, status="finished")
    assert [to for to, _ in office.texts()] == [BAKERY, BAKERY]


@pytest.mark.parametrize(("message", "told"), [("x" * (LONGEST_SMS + 1), "161 characters"), ("", "nothing to send")])
def test_what_no_sms_holds_is_refused_and_nothing_is_saved(office: Office, message: str, told: str) -> None:
    """T28: at most 160."""
    office.switch_on("repair_message", "repair_completed")
    page = _save(office, status="finished", message=message, by_sms="y")
    assert told in page
    assert office.texts() == []
    assert _repair(office).status == RepairStatus.IN_REPAIR


def test_a_repair_is_numbered_on(office: Office) -> None:
    with office.session() as session:
        last = max(session.scalars(select(Repair.number)))
    office.admin.send(
        "/admin/repair/new/",
        client="4",
        item="Comando",
        received_on="2026-11-26",
        status="taken_in",
        message="Ao balcão",
    )
    with office.session() as session:
        made = session.scalars(select(Repair).where(Repair.item == "Comando")).one()
        assert (made.number.split("-")[1] > last.split("-")[1]) or made.number > last
        assert [message.text for message in made.messages] == ["Ao balcão"]
