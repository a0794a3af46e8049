"""Everything that a portal writes to text its clients. Copy it, and change the names."""

from __future__ import annotations

from flask import current_app

from host_demo.models import Client, Contact, Invoice, Payment, Staff
from host_demo.signals import payment_recorded
from sms_plugin import (
    SMS,
    Entity,
    Hook,
    Person,
    Section,
    Trigger,
    after,
    before,
    changed,
    created,
    link,
    money,
    on,
    signal,
    yearly,
)

service_restored = Trigger(
    key="service_restored",
    section="clients",
    label="Service restored",
    text={
        "en": "{contact_firstname}, your connection is back. {company_name}",
        "pt": "{contact_firstname}, a sua ligacao foi reposta. {company_name}",
        "uk": "{contact_firstname}, ваше з'єднання відновлено. {company_name}",
    },
)

client = Entity(
    Client,
    "clients",
    person=Person(
        name="full_name",
        phones={"mobile": "mobile", "billing": "billing_numbers", "others": "phones"},
        language=lambda client: f"{client.language}-{client.region}",
        timezone="timezone",
        region="region",
        consents=lambda client, purpose: client.agrees(purpose),
    ),
    shortcodes={
        "contact_firstname": "first_name",
        "contact_lastname": "last_name",
        "contact_email": "email",
        "client_company": "company",
        "client_city": "city",
        "client_id": "id",
    },
    hooks=[
        Hook("birthday_greeting", yearly(Client.born_on)),
        Hook(service_restored, changed(Client.connected, to=True)),
    ],
)

contact = Entity(
    Contact,
    "clients",
    person=Person(
        name="name",
        phones="phone",
        language=lambda contact: f"{contact.client.language}-{contact.client.region}",
        timezone="client.timezone",
        region="client.region",
        consents=lambda contact, purpose: contact.client.agrees(purpose),
        client="client",
    ),
    shortcodes={"contact_firstname": "first_name", "contact_title": "job_title"},
    hooks=[Hook("birthday_greeting", yearly(Contact.born_on))],
)

staff = Entity(Staff, "staff", person=Person(name="name", phones="phone"))

invoice = Entity(
    Invoice,
    "invoice",
    to={"client": "client"},
    shortcodes={
        "invoice_number": "number",
        "invoice_date": "issued_on",
        "invoice_duedate": "due_on",
        "invoice_status": "status",
        "invoice_total": money("total", "currency"),
        "invoice_amount_due": money("amount_due", "currency"),
        "invoice_link": link("pages.invoice", public_id="public_id"),
    },
    hooks=[
        Hook("charge_created", created(), only=Invoice.is_unpaid),
        Hook("charge_due_soon", before(Invoice.due_on, days=3), only=Invoice.is_unpaid),
        Hook("charge_due_today", on(Invoice.due_on), only=Invoice.is_unpaid),
        Hook("invoice_overdue_notice", after(Invoice.due_on, days=1), only=Invoice.is_unpaid),
    ],
)

payment = Entity(
    Payment,
    "payment",
    to={"client": "invoice.client"},
    also={"invoice": "invoice"},
    shortcodes={
        "payment_amount": money("amount", "invoice.currency"),
        "payment_date": "paid_on",
        "payment_method": "method",
    },
    hooks=[Hook("invoice_payment_recorded", signal(payment_recorded, record="payment"))],
)

company = Section("company", {"company_name": lambda: current_app.config["COMPANY"]})

sms = SMS(client, contact, staff, invoice, payment, company)
