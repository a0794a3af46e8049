"""The manuals' shortcodes on the demo's own records (M3, M4)."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from flask import Flask, current_app
from sqlalchemy import select

from host_demo.database import db
from host_demo.models import Client, Contact, Contract, InvoiceStatus
from sms_plugin.state import State
from sms_plugin.wording.rendering import render_for

#: Nobody should have it to map (M10).
WITHOUT = {"CLI_PASS"}


def rendered(text: str, record: object, *, people: tuple[object, ...] = (), language: str = "pt-PT") -> str:
    state: State = current_app.extensions["sms"]
    entity = state.registry.entity_of(type(record))
    assert entity is not None
    return render_for(
        text,
        record=record,
        entity=entity,
        people=people,
        language=language,
        zone=ZoneInfo("Europe/Lisbon"),
        state=state,
    ).text


def bakery() -> Client:
    return db.session.scalars(select(Client).where(Client.company == "Padaria Carvalho, Lda.")).one()


def test_every_shortcode_of_the_manuals_is_mapped_but_what_the_demo_has_not(portal: Flask) -> None:
    with portal.app_context():
        state: State = portal.extensions["sms"]
        mapped = {name for each in state.registry.entities.values() for name in each.shortcodes}
        mapped |= set(state.registry.company) | {"optout_link"}
        assert set(state.catalogue.shortcodes) - mapped == WITHOUT


def test_controllrs_variables_read_as_in_its_manual(portal: Flask) -> None:
    """M4: a date each, of which the names say the part."""
    with portal.app_context():
        client = db.session.scalars(select(Client).where(Client.last_name == "Almeida", Client.region == "BR")).one()
        invoice = next(each for each in client.invoices if each.status is InvoiceStatus.PAID)
        paid = invoice.paid_on
        assert paid is not None
        text = "{CLI_NAME}: {COB_VAL_DOC}, {COB_VAL_PAG}; {COB_DATE_VENC}; {COB_DATE_PAG_D}.{COB_DATE_PAG_Y}"
        whole = f"{invoice.total:.2f}".replace(".", ",")
        assert rendered(text, invoice, people=(client,), language="pt-BR") == (
            f"{client.first_name}: R${whole}, R${whole}; {invoice.due_on:%d/%m/%Y}; {paid.day}.{paid.year}"
        )


def test_legal_details_are_reached_from_an_invoice_and_a_contract(portal: Flask) -> None:
    """M2: invoice → client, contact, legal details."""
    with portal.app_context():
        client = bakery()
        text = "{entities_name}, {customers_yedrpou}, {client_profile_addr_billing_street}"
        told = "Padaria Carvalho, Limitada, 00000001, Rua do Forno 8"
        assert rendered(text, client.invoices[0], people=(client,)) == told
        contract = db.session.scalars(select(Contract).where(Contract.client == client)).first()
        assert contract is not None
        assert rendered(text, contract, people=(client,)) == told


def test_a_subtotal_is_written_in_words(portal: Flask) -> None:
    """M3."""
    with portal.app_context():
        client = bakery()
        contract = db.session.scalars(select(Contract).where(Contract.client == client)).first()
        assert contract is not None
        assert rendered("{contract_subtotal_word}", contract, people=(client,)).endswith(("euros", "cêntimos"))


def test_a_contact_is_called_by_its_own_last_name(portal: Flask) -> None:
    with portal.app_context():
        tiago = db.session.scalars(select(Contact).where(Contact.name == "Tiago Carvalho")).one()
        text = "{contact_firstname} {contact_lastname}, {client_company}"
        assert rendered(text, tiago, people=(tiago, tiago.client)) == "Tiago Carvalho, Padaria Carvalho, Lda."
