"""What the demo texts about its clients' lines (T24-T27, T30): done on the portal's own pages, read at the phones."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from sqlalchemy import select

from host_demo.billing import record_payment
from host_demo.clock import today
from host_demo.models import Client, Invoice, PaymentMethod, Service, ServiceStatus
from host_demo.services import DEADLINES, follow_up
from tests.demo.office import Office

ALL = ("service_block_warning", "service_speed_reduced", "service_blocked", "service_cancelled", "service_restored")
MARTA, ANTONIO = "+351913000118", "+351960000012"


def _line(office: Office, first_name: str) -> Service:
    with office.session() as session:
        found = session.scalars(select(Service).join(Service.client).where(Client.first_name == first_name)).one()
        session.refresh(found, ["plan"])
        session.expunge_all()
        assert isinstance(found, Service)
        return found


def _set(office: Office, line: Service, status: str) -> str:
    """As an operator does on the line's form; what the page says."""
    fields = {"client": line.client_id, "plan": line.plan_id, "access_point": line.access_point_id, "status": status}
    path = f"/admin/service/edit/?id={line.id}"
    given = {name: str(value) for name, value in fields.items()} | {"installed_on": str(line.installed_on)}
    return office.admin.send(path, **given).text


def test_a_warning_names_the_debt_and_the_day_of_the_block(office: Office) -> None:
    """T24: by the deadlines of the portal, for a client whose invoice is five days late."""
    office.switch_on(*ALL)
    line = _line(office, "Marta")
    with office.session() as session:
        invoice = session.scalars(select(Invoice).where(Invoice.client_id == line.client_id, Invoice.is_unpaid)).one()
        left, due_on = invoice.amount_due, invoice.due_on
    late = DEADLINES[ServiceStatus.PENDING]
    office.wait_until(due_on + dt.timedelta(days=late))
    assert office.texts() == []
    office.admin.post("/admin/service/", "/admin/service/deadlines/")
    text = dict(office.texts())[MARTA]
    assert f"{left:.2f}".replace(".", ",") in text
    blocked = due_on + dt.timedelta(days=DEADLINES[ServiceStatus.BLOCKED])
    assert f"{blocked:%d/%m/%Y}" in text


def test_each_deadline_texts_once_and_paying_restores_the_line(office: Office) -> None:
    """T24-T27 by the clock of the portal, then T30: nothing is owed any more."""
    office.switch_on(*ALL)
    line = _line(office, "Marta")
    with office.session() as session:
        invoice = session.scalars(select(Invoice).where(Invoice.client_id == line.client_id, Invoice.is_unpaid)).one()
        due_on, invoice_id, left = invoice.due_on, invoice.id, invoice.amount_due
    seen: list[list[str]] = []
    for status in (ServiceStatus.PENDING, ServiceStatus.REDUCED, ServiceStatus.BLOCKED):
        office.wait_until(due_on + dt.timedelta(days=DEADLINES[status]))
        for _ in range(2):
            office.admin.post("/admin/service/", "/admin/service/deadlines/")
        seen.append([text for _, text in office.texts() if text.startswith("Marta")])
    assert [len(texts) for texts in seen] == [1, 1, 1]
    assert len({text for texts in seen for text in texts}) == 3
    office.admin.send(
        "/admin/payment/new/", invoice=str(invoice_id), amount=str(left), method="card", paid_on=today().isoformat()
    )
    ((to, text),) = office.texts()
    assert to == MARTA
    assert "reposta" in text
    assert _line(office, "Marta").status == ServiceStatus.ENABLED


def test_a_contract_that_ends_is_told(office: Office) -> None:
    """T27: on the line's own form."""
    office.switch_on("service_cancelled")
    line = _line(office, "António")
    _set(office, line, "cancelled")
    ((to, text),) = office.texts()
    assert to == ANTONIO
    assert f"{today():%d/%m/%Y}" in text


def test_saving_a_line_again_tells_nothing_new(office: Office) -> None:
    office.switch_on(*ALL)
    line = _line(office, "António")
    assert line.status == ServiceStatus.BLOCKED
    _set(office, line, "blocked")
    assert office.texts() == []


def test_a_client_who_pays_before_the_warning_goes_gets_none(office: Office) -> None:
    """Promise 4: true when sent."""
    office.switch_on("service_block_warning")
    line = _line(office, "Marta")
    _set(office, line, "pending")
    with office.session() as session:
        client = session.get_one(Client, line.client_id)
        for invoice in [each for each in client.invoices if each.is_unpaid]:
            record_payment(
                session, invoice=invoice, amount=invoice.amount_due, method=PaymentMethod.CARD, by=None, paid_on=today()
            )
        session.commit()
    assert office.texts() == []


def test_a_warned_client_who_pays_was_never_cut_and_is_told_of_no_return(office: Office) -> None:
    """T30: from slow or blocked alone."""
    office.switch_on("service_restored")
    line = _line(office, "Marta")
    _set(office, line, "pending")
    _set(office, line, "enabled")
    assert office.texts() == []


def test_nobody_who_is_cut_already_is_moved_back(office: Office) -> None:
    with office.session() as session:
        before = {each.id: each.status for each in session.scalars(select(Service))}
        assert follow_up(session, on=today()) == []
        assert {each.id: each.status for each in session.scalars(select(Service))} == before


def test_a_contract_cannot_end_before_its_block(office: Office) -> None:
    line = _line(office, "Marta")
    fields = {"client": line.client_id, "plan": line.plan_id, "access_point": line.access_point_id}
    page = office.admin.send(
        f"/admin/service/edit/?id={line.id}",
        **{name: str(value) for name, value in fields.items()},
        installed_on=str(line.installed_on),
        status="pending",
        block_date="2027-05-02",
        cancel_date="2027-05-01",
    )
    assert "cannot end before" in page.text
    assert _line(office, "Marta").status == ServiceStatus.ENABLED


def test_the_debt_counts_what_is_overdue_alone(office: Office) -> None:
    with office.session() as session:
        debts = {each.client.first_name: each.debt_total for each in session.scalars(select(Service))}
    assert debts["Marta"] == Decimal(0)  # due today: not late yet
    assert debts["António"] > 0
