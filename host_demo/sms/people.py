"""Who is texted: clients and their contacts, leads, suppliers, the staff; and the clients' papers."""

from __future__ import annotations

from host_demo.formats import REGIONS
from host_demo.models import Client, Contact, Lead, Papers, Staff, Supplier
from host_demo.sms.filters import cities, client_filters
from sms_plugin import Entity, Filter, Hook, Person, link, yearly

ADDRESS = ("street", "city", "state", "zip", "country")

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
        found_by="numbers.number",
    ),
    shortcodes={
        "contact_firstname": "first_name",
        "contact_lastname": "last_name",
        "contact_phonenumber": "mobile",
        "contact_email": "email",
        "client_company": "company",
        "client_phonenumber": lambda client: next(iter(client.phones), ""),
        "client_website": "papers.website",
        "client_country": lambda client: REGIONS.get(client.region, client.region),
        "client_city": "city",
        "client_zip": "papers.zip",
        "client_state": "papers.state",
        "client_address": "papers.address",
        "client_vat_number": "papers.vat_number",
        "client_id": "id",
        **{f"client_profile_addr_billing_{part}": f"papers.legal_{part}" for part in ADDRESS},
        **{f"client_profile_addr_shipping_{part}": f"papers.delivery_{part}" for part in ADDRESS},
        "CLI_NAME": "first_name",
        "CLI_NAME_L": "last_name",
        "CLI_NAME_FULL": "full_name",
        "CLI_USER": "email",
    },
    hooks=[Hook("birthday_greeting", yearly(Client.born_on))],
    filters=client_filters,
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
    shortcodes={
        "contact_firstname": "first_name",
        "contact_lastname": "last_name",
        "contact_phonenumber": "phone",
        "contact_title": "job_title",
    },
    hooks=[Hook("birthday_greeting", yearly(Contact.born_on))],
    filters=[
        Filter("primary", Contact.is_primary, "Primary contact"),
        Filter("city", Client.city, through=Contact.client, choices=cities),
    ],
)

staff = Entity(
    Staff,
    "staff",
    person=Person(name="name", phones="phone"),
    shortcodes={"staff_firstname": "first_name", "staff_lastname": "last_name"},
)

lead = Entity(
    Lead,
    "leads",
    person=Person(
        name="name", phones="phone", language="language", timezone="timezone", region="region", client="client"
    ),
    shortcodes={
        "lead_name": "name",
        "lead_email": "email",
        "lead_position": "position",
        "lead_description": "description",
        "lead_phonenumber": "phone",
        "lead_company": "company",
        "lead_state": "state",
        "lead_assigned": "assigned.name",
        "lead_status": "status",
        "lead_source": "source",
        "lead_link": link("lead.details_view", id="id"),
        "leads_voronka": "funnel",
        "leads_povtornaya_sdelka": lambda lead: "+" if lead.repeat_deal else "-",
        "leads_povtornoe_obrashchenie": lambda lead: "+" if lead.repeat_request else "-",
    },
)

supplier = Entity(
    Supplier, "suppliers", person=Person(name="name", phones="phone", language="language", region="region")
)

papers = Entity(
    Papers,
    "legal_details",
    to={"client": "client"},
    shortcodes={
        "entities_name": "name",
        "customers_dopolnitelnye_kontakty": "more_contacts",
        "customers_r_r": "account",
        "customers_pidpisant": "signatory",
        "customers_mfo_banka": "bank_code",
        "customers_yedrpou": "register_code",
        "customers_ipn": "tax_number",
        "entities_dannye_o_rukovoditele": "director",
        "entities_email_dlya_vchasno": "papers_email",
    },
)
