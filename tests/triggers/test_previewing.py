"""A text on a real record, as its reader gets it, with nothing written (M7)."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from sms_plugin.triggers.previewing import Preview, preview, search, subject_of
from tests.portal import Booking, Client, Invoice, Payment, Portal, Staff, Task


@pytest.fixture
def invoice(portal: Portal, ana: Client) -> Invoice:
    """Ana's invoice, without a due date."""
    made = Invoice(client=ana, number="F7")
    portal.session.add(made)
    portal.session.commit()
    return made


def on(portal: Portal, template: str, record: object, *, trigger: str | None = None, language: str = "en") -> Preview:
    ref = portal.state.registry.ref_of(record)
    assert ref is not None
    subject = subject_of(portal.state, trigger=trigger, section=portal.state.registry.entities[ref.entity].section)
    return preview(
        portal.session, template, subject=subject, entity=ref.entity, key=ref.key, language=language, state=portal.state
    )


def test_it_reads_as_the_message_would(portal: Portal, invoice: Invoice) -> None:
    shown = on(portal, "{contact_firstname}: {invoice_number}, {invoice_total}", invoice, trigger="charge_created")
    assert (shown.text, shown.person, shown.problem) == ("Ana: F7, €10.00", "Ana", "")
    assert shown.measure is not None
    assert shown.measure.segments == 1


def test_another_languages_text_is_written_its_way(portal: Portal, invoice: Invoice) -> None:
    """X17"""
    assert on(portal, "{invoice_total}", invoice, language="pt-PT").text == "10,00 €"


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("{invoice_duedate}", "has no value"),
        ("{task_name}", "has no value here"),
        ("{invoice_number", "not closed"),
        ("", "empty"),
    ],
)
def test_what_would_hold_the_message_is_told_in_words(
    portal: Portal, invoice: Invoice, template: str, says: str
) -> None:
    """Promise 5."""
    shown = on(portal, template, invoice)
    assert shown.text == ""
    assert says in shown.problem


def test_a_value_that_the_host_cannot_give_is_told_without_what_it_holds(portal: Portal, invoice: Invoice) -> None:
    broken = portal.state.registry.entities["invoice/Invoice"].shortcodes
    broken["invoice_note"] = lambda record: 1 / 0  # type: ignore[index]
    assert "ZeroDivisionError" in on(portal, "{invoice_note}", invoice).problem


def test_a_record_that_is_gone_is_told(portal: Portal) -> None:
    shown = preview(
        portal.session,
        "x",
        subject=subject_of(portal.state, section="invoice"),
        entity="invoice/Invoice",
        key="12345",
        language="en",
        state=portal.state,
    )
    assert "not there any more" in shown.problem


def test_a_record_of_another_section_is_none_of_this_text(portal: Portal, ana: Client) -> None:
    subject = subject_of(portal.state, section="invoice")
    ref = portal.state.registry.ref_of(ana)
    assert ref is not None
    shown = preview(
        portal.session, "x", subject=subject, entity=ref.entity, key=ref.key, language="en", state=portal.state
    )
    assert "not there any more" in shown.problem


def test_a_record_that_leads_to_nobody_is_shown_without_a_reader(portal: Portal) -> None:
    alone = Invoice(number="F8")
    portal.session.add(alone)
    portal.session.commit()
    shown = on(portal, "{invoice_number}", alone)
    assert (shown.text, shown.person) == ("F8", "")


def test_whoever_is_added_reads_the_text_of_a_trigger_on_members(portal: Portal) -> None:
    task = Task(name="Paint", followers=[Staff(name="Eva", phone="912345678")])
    portal.session.add(task)
    portal.session.commit()
    assert on(portal, "{task_name}", task, trigger="task_followed").person == "Eva"


def test_a_person_inside_a_record_reads_it(portal: Portal) -> None:
    booking = Booking(guest="Rita", guest_phone="912345678", starts_at=dt.datetime(2026, 12, 1, 10))
    portal.session.add(booking)
    portal.session.commit()
    assert on(portal, "{booking_guest}", booking, trigger="seat_confirmed").text == "Rita"


def test_a_text_about_no_record_reads_the_same_for_everybody(portal: Portal) -> None:
    subject = subject_of(portal.state)
    assert preview(portal.session, "{company_name}", subject=subject, language="en", state=portal.state).text == "Acme"


def test_records_of_the_trigger_are_offered(portal: Portal, invoice: Invoice) -> None:
    portal.session.add(Payment(invoice=invoice, amount=5))
    portal.session.commit()
    subject = subject_of(portal.state, trigger="invoice_payment_recorded")
    assert [each.entity for each in search(portal.session, subject, "", most=5)] == ["payment/Payment"]


def test_what_a_shortcode_changes_is_not_kept(portal: Portal, invoice: Invoice) -> None:
    def mark(record: Invoice) -> str:
        record.note = "seen"
        return "x"

    portal.state.registry.entities["invoice/Invoice"].shortcodes["invoice_note"] = mark  # type: ignore[index]
    assert on(portal, "{invoice_note}", invoice).text == "x"
    with portal.fresh() as session:
        assert session.scalars(sa.select(Invoice.note)).one() is None
    assert portal.messages() == []
