"""Everything that a portal writes to text its clients. Copy it, and change the names."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flask import current_app
from sqlalchemy import select

from host_demo.access import signed_in
from host_demo.booking import PLACES, SERVICES
from host_demo.database import db
from host_demo.formats import REGIONS
from host_demo.models import (
    AccessPoint,
    Booking,
    BookingStatus,
    ChargeKind,
    City,
    Client,
    ClientStatus,
    Contact,
    Contract,
    ContractComment,
    ContractStatus,
    Estimate,
    Invoice,
    InvoiceStatus,
    Item,
    ItemStatus,
    Lead,
    Meeting,
    OfferStatus,
    Order,
    OrderStatus,
    Papers,
    Payment,
    Proposal,
    ProposalComment,
    Reminder,
    Repair,
    RepairMessage,
    RepairStatus,
    Service,
    ServiceStatus,
    Staff,
    Supplier,
    Task,
)
from host_demo.models.service import CUT
from host_demo.signals import payment_recorded
from sms_plugin import (
    SMS,
    Debt,
    Entity,
    Filter,
    Hook,
    Person,
    Section,
    Trigger,
    added,
    after,
    at,
    before,
    changed,
    created,
    link,
    money,
    on,
    signal,
    yearly,
)

ADDRESS = ("street", "city", "state", "zip", "country")

service_restored = Trigger(
    key="service_restored",
    section="service",
    label="Service restored",
    help="A line that was slow or blocked works as before.",
    text={
        "en": "{contact_firstname}, your line {service_plan} is back. Thank you. {company_name}",
        "pt": "{contact_firstname}, a sua linha {service_plan} foi reposta. Obrigado. {company_name}",
        "uk": "{contact_firstname}, вашу лінію {service_plan} відновлено. Дякуємо. {company_name}",
    },
)


def cities() -> Sequence[tuple[str, str]]:
    """Every city that has lines."""
    return [(name, name) for name in db.session.scalars(select(City.name).order_by(City.name))]


def districts(city: str) -> Sequence[tuple[str, str]]:
    """The districts of a city in which somebody lives."""
    found = select(Client.district).where(Client.city == city, Client.district != "").distinct()
    return [(name, name) for name in db.session.scalars(found.order_by(Client.district))]


#: How an operator chooses clients for a send to many; what is asked of charges holds for one and the same charge.
client_filters = [
    Filter("city", Client.city, {"en": "City", "pt": "Cidade", "uk": "Місто"}, choices=cities, leads=True),
    Filter(
        "access_point",
        Service.access_point_id,
        {"en": "Access point", "pt": "Ponto de acesso", "uk": "Точка доступу"},
        through=Client.services,
        leads=True,
    ),
    Filter(
        "server",
        AccessPoint.server_id,
        {"en": "Server", "pt": "Servidor", "uk": "Сервер"},
        through="services.access_point",
        leads=True,
    ),
    Filter("plan", Service.plan_id, {"en": "Plan", "pt": "Plano", "uk": "Тариф"}, through=Client.services, leads=True),
    Filter(
        "payment_profile",
        Service.payment_profile_id,
        {"en": "Payment profile", "pt": "Perfil de pagamento", "uk": "Спосіб оплати"},
        through=Client.services,
        leads=True,
    ),
    Filter(
        "district",
        Client.district,
        {"en": "District", "pt": "Bairro", "uk": "Район"},
        choices=districts,
        within="city",
    ),
    Filter("street", Client.street, {"en": "Street", "pt": "Rua", "uk": "Вулиця"}, within="city"),
    Filter(
        "status",
        Client.status,
        {"en": "Client status", "pt": "Estado do cliente", "uk": "Стан клієнта"},
        choices=[
            (ClientStatus.ENABLED, {"en": "Enabled", "pt": "Ativo", "uk": "Активний"}),
            (ClientStatus.DISABLED, {"en": "Disabled", "pt": "Desativado", "uk": "Вимкнений"}),
            (ClientStatus.INTERESTED, {"en": "Interested", "pt": "Interessado", "uk": "Зацікавлений"}),
            (ClientStatus.REMOVED, {"en": "Removed", "pt": "Removido", "uk": "Видалений"}),
        ],
    ),
    Filter("branch", Client.branch_id, {"en": "Branch office", "pt": "Filial", "uk": "Відділення"}),
    Filter("panel", Client.panel_id, {"en": "Panel", "pt": "Painel", "uk": "Панель"}),
    Filter(
        "with_connection",
        lambda: Client.services.any(),
        {"en": "With a connection", "pt": "Com ligação", "uk": "Має підключення"},
        help={
            "en": "Only the choice by city needs it: the other ones find nobody without a connection.",
            "pt": "Só a escolha por cidade precisa: as outras não encontram ninguém sem ligação.",
            "uk": "Потрібно лише для вибору за містом: інші не знаходять нікого без підключення.",
        },
    ),
    Filter(
        "connection",
        Service.status,
        {"en": "Connection status", "pt": "Estado da ligação", "uk": "Стан підключення"},
        choices=[
            (ServiceStatus.ENABLED, {"en": "Enabled", "pt": "Ativa", "uk": "Активне"}),
            (ServiceStatus.CANCELLED, {"en": "Disabled", "pt": "Desativada", "uk": "Вимкнене"}),
            (ServiceStatus.BLOCKED, {"en": "Blocked", "pt": "Bloqueada", "uk": "Заблоковане"}),
            (ServiceStatus.PENDING, {"en": "Pending", "pt": "Pendente", "uk": "Очікує"}),
            (ServiceStatus.REDUCED, {"en": "Slowed down", "pt": "Reduzida", "uk": "Сповільнене"}),
        ],
        through=Client.services,
        of={"en": "Connections", "pt": "Ligações", "uk": "Підключення"},
    ),
    Filter(
        "charge_type",
        Invoice.kind,
        {"en": "Charge type", "pt": "Tipo de cobrança", "uk": "Вид рахунку"},
        choices=[
            (ChargeKind.INTERNET, {"en": "Internet", "pt": "Internet", "uk": "Інтернет"}),
            (ChargeKind.ONCE, {"en": "One-off", "pt": "Avulsa", "uk": "Разовий"}),
            (ChargeKind.SUPPORT, {"en": "Support", "pt": "Suporte", "uk": "Підтримка"}),
        ],
        through=Client.invoices,
        of={"en": "Charges", "pt": "Cobranças", "uk": "Рахунки"},
    ),
    Filter(
        "charge_status",
        Invoice.status,
        {"en": "Charge status", "pt": "Situação da cobrança", "uk": "Стан рахунку"},
        choices=[
            (InvoiceStatus.PAID, {"en": "Paid", "pt": "Paga", "uk": "Оплачений"}),
            (InvoiceStatus.OPEN, {"en": "Open", "pt": "Aberta", "uk": "Відкритий"}),
            (InvoiceStatus.OVERDUE, {"en": "Overdue", "pt": "Atrasada", "uk": "Прострочений"}),
            (InvoiceStatus.CANCELLED, {"en": "Removed", "pt": "Removida", "uk": "Скасований"}),
        ],
        through=Client.invoices,
    ),
    Filter("due", Invoice.due_on, {"en": "Due", "pt": "Vencimento", "uk": "Термін оплати"}, through=Client.invoices),
    Filter("paid", Payment.paid_on, {"en": "Paid", "pt": "Pagamento", "uk": "Оплата"}, through="invoices.payments"),
]

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

invoice = Entity(
    Invoice,
    "invoice",
    to={"client": "client"},
    debt=Debt(money("amount_due", "currency"), since="due_on"),
    also={"legal_details": "client.papers"},
    shortcodes={
        "invoice_number": "number",
        "invoice_date": "issued_on",
        "invoice_duedate": "due_on",
        "invoice_status": "status",
        "invoice_total": money("total", "currency"),
        "invoice_amount_due": money("amount_due", "currency"),
        "invoice_subtotal": money("total", "currency"),  # its prices hold the tax already
        "invoice_sale_agent": "client.papers.agent.name",
        "invoice_link": link("pages.invoice", public_id="public_id"),
        "COB_CODE": "id",
        "COB_NUM_DOC": "number",
        "COB_VAL_DOC": money("total", "currency"),
        "COB_VAL_PAG": money("amount_paid", "currency"),
        "COB_VAL_DISC": money("total", "currency"),
        # the plugin knows that the last letter asks for the day, the month's name or the year
        **{f"COB_DATE_VENC{part}": "due_on" for part in ("", "_D", "_M", "_Y")},
        **{f"COB_DATE_PAG{part}": "paid_on" for part in ("", "_D", "_M", "_Y")},
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

estimate = Entity(
    Estimate,
    "estimate",
    to={"client": "client.spokesperson"},
    also={"clients": "client"},
    shortcodes={
        "estimate_number": "number",
        "estimate_expirydate": "expires_on",
        "estimate_total": money("total", "currency"),
        "estimate_link": link("offers.estimate", public_id="public_id"),
    },
    hooks=[
        Hook(
            "estimate_expiration_reminder",
            before(Estimate.expires_on, days=3),
            only=Estimate.status == OfferStatus.SENT,
        ),
        Hook(
            "estimate_expiration_reminder", after(Estimate.expires_on, days=1), only=Estimate.status == OfferStatus.SENT
        ),
    ],
)

# the number written on the proposal, else that of the client or of the lead whom it is for
proposal_reader = Person[Proposal](
    name="addressed_to",
    phones="reached_at",
    language="language",
    timezone="timezone",
    region="region",
    client="customer",
    consents=lambda proposal, purpose: proposal.client.agrees(purpose) if proposal.client else None,
)

proposal = Entity(
    Proposal,
    "proposals",
    to={"client": proposal_reader},
    also={"clients": "client", "leads": "lead"},
    shortcodes={
        "proposal_id": "id",
        "proposal_number": "number",
        "proposal_subject": "subject",
        "proposal_datecreated": "issued_on",
        "proposal_open_till": "expires_on",
        "proposal_assigned": "assignee.name",
        "proposal_proposal_to": "addressed_to",
        "proposal_address": "address",
        "proposal_state": "state",
        "proposal_zip": "zip",
        "proposal_country": "country",
        "proposal_email": "email",
        "proposal_link": link("offers.proposal", public_id="public_id"),
    },
    hooks=[
        Hook(
            "proposal_expiration_reminder",
            before(Proposal.expires_on, days=3),
            only=Proposal.status == OfferStatus.SENT,
        ),
        Hook(
            "proposal_expiration_reminder", after(Proposal.expires_on, days=1), only=Proposal.status == OfferStatus.SENT
        ),
    ],
)

proposal_comment = Entity(
    ProposalComment,
    "comment",
    to={
        "client": Person(
            name="proposal.addressed_to",
            phones="proposal.reached_at",
            language="proposal.language",
            timezone="proposal.timezone",
            region="proposal.region",
            client="proposal.customer",
            consents=lambda comment, purpose: (
                comment.proposal.client.agrees(purpose) if comment.proposal.client else None
            ),
        ),
        "staff": ["proposal.creator", "proposal.assignee"],
    },
    also={"proposals": "proposal", "clients": "proposal.client", "leads": "proposal.lead"},
    shortcodes={"comment_author": "author_name", "comment_text": "text"},
    hooks=[
        Hook("proposal_new_comment_to_customer", created(), only=ProposalComment.by_staff),
        Hook("proposal_new_comment_to_staff", created(), only=~ProposalComment.by_staff),
    ],
)

contract = Entity(
    Contract,
    "contract",
    to={"client": "client.spokesperson"},
    also={"clients": "client", "legal_details": "client.papers"},
    shortcodes={
        "contract_id": "id",
        "contract_subject": "subject",
        "contract_description": "description",
        "contract_datestart": "starts_on",
        "contract_dateend": "ends_on",
        "contract_contract_value": money("value", "currency"),
        "contract_link": link("offers.contract", public_id="public_id"),
        "contract_subtotal_word": money("subtotal", "currency"),
        "contract_discount_word": money("discount", "currency"),
        "contract_discount": money("discount", "currency"),
        "contract_items": "items",
        "contracts_nomer_dogovoru": "number",
    },
    hooks=[
        Hook(
            "contract_expiration_reminder",
            before(Contract.ends_on, days=7),
            only=Contract.status == ContractStatus.SIGNED,
        ),
        Hook(
            "contract_expiration_reminder",
            after(Contract.ends_on, days=1),
            only=Contract.status == ContractStatus.SIGNED,
        ),
    ],
)

contract_comment = Entity(
    ContractComment,
    "comment",
    to={"client": "contract.client.spokesperson", "staff": "contract.creator"},
    also={"contract": "contract", "clients": "contract.client"},
    shortcodes={"comment_author": "author_name", "comment_text": "text"},
    hooks=[
        Hook("contract_new_comment_to_customer", created(), only=ContractComment.by_staff),
        Hook("contract_new_comment_to_staff", created(), only=~ContractComment.by_staff),
    ],
)

order = Entity(
    Order,
    "orders",
    # the number on the order, else the client's
    to={
        "client": Person(
            name="full_name",
            phones="reached_at",
            language="language",
            timezone="timezone",
            region="region",
            client="client",
            consents=lambda order, purpose: order.client.agrees(purpose) if order.client else None,
        )
    },
    shortcodes={
        "stock_orders_status": "status",
        "stock_orders_firstname": lambda order: order.first_name or (order.client.first_name if order.client else ""),
        "stock_orders_lastname": lambda order: order.last_name or (order.client.last_name if order.client else ""),
        "stock_orders_patronymic": "patronymic",
        "stock_orders_email": "email",
        "stock_orders_delivery_method": "delivery_method",
        "stock_orders_assigned": "assigned.name",
        "stock_orders_ttn": "waybill",
        "stock_orders_barcode_ttn": "waybill",
        "stock_orders_date": "ordered_on",
        "stock_orders_description": "description",
        "stock_orders_number_order_id": "number",
        "stock_orders_delivery_details_string": "delivery_details",
        "stock_orders_delivery_details_blocks": "delivery_details",
        "stock_orders_pay_type": "pay_type",
        "stock_orders_nazva_tovaru": "products",
        "stock_orders_nazva_skladu": "warehouse",
        "stock_orders_opis": "remark",
    },
    hooks=[
        Hook("order_created", created()),
        Hook("order_approved", changed(Order.status, to=OrderStatus.APPROVED)),
        Hook("order_cancelled", changed(Order.status, to=OrderStatus.CANCELLED)),
    ],
)

item = Entity(
    Item,
    "item",
    to={"client": "client"},
    shortcodes={"item_name": "name", "item_status": "status"},
    hooks=[Hook("item_status_sent", changed(Item.status, to=ItemStatus.SENT))],
)

service = Entity(
    Service,
    "service",
    to={"client": "client"},
    also={"clients": "client"},
    shortcodes={
        "service_plan": "plan.name",
        "service_block_date": "block_date",
        "service_cancel_date": "cancel_date",
        "service_debt_total": money("debt_total", "currency"),
    },
    hooks=[
        Hook(
            "service_block_warning",
            changed(Service.status, to=ServiceStatus.PENDING),
            only=Service.status == ServiceStatus.PENDING,
        ),
        Hook(
            "service_speed_reduced",
            changed(Service.status, to=ServiceStatus.REDUCED),
            only=Service.status == ServiceStatus.REDUCED,
        ),
        Hook(
            "service_blocked",
            changed(Service.status, to=ServiceStatus.BLOCKED),
            only=Service.status == ServiceStatus.BLOCKED,
        ),
        Hook(
            "service_cancelled",
            changed(Service.status, to=ServiceStatus.CANCELLED),
            only=Service.status == ServiceStatus.CANCELLED,
        ),
        Hook(
            service_restored,
            changed(Service.status, to=ServiceStatus.ENABLED, from_=lambda old: old in CUT),
            only=Service.status == ServiceStatus.ENABLED,
        ),
    ],
)

task = Entity(
    Task,
    "task",
    to={"staff": ["assignees", "followers"]},
    shortcodes={"task_name": "name", "task_duedate": "due_on", "task_link": link("task.details_view", id="id")},
    hooks=[
        Hook("task_assigned", added(members, unless=lambda task, member: member == signed_in()))
        for members in (Task.assignees, Task.followers)
    ],
)

reminder = Entity(
    Reminder,
    "staff_reminder",
    to={"staff": "staff"},
    shortcodes={
        "staff_reminder_description": "description",
        "staff_reminder_date": "remind_at",
        "staff_reminder_link": link("reminder.details_view", id="id"),
    },
    hooks=[Hook("staff_reminder", at(Reminder.remind_at), only=~Reminder.done)],
)

meeting = Entity(
    Meeting,
    "meeting",
    to={"participant": ["contacts", "staff"]},
    shortcodes={
        "meeting_subject": "subject",
        "meeting_date": lambda meeting: meeting.starts_at.date(),
        "meeting_time": lambda meeting: f"{meeting.starts_at:%H:%M}",
        "meeting_place": "place",
    },
    hooks=[
        Hook(
            "meeting_reminder",
            before(Meeting.starts_at, minutes=Meeting.remind_minutes),
            only=~Meeting.cancelled,
        )
    ],
)

booking = Entity(
    Booking,
    "booking",
    # the visitor's name is for the office alone: no text repeats what a stranger wrote (X24)
    to={"client": Person(name="name", phones="phone", language="language", timezone="timezone", client="client")},
    shortcodes={
        "booking_service": lambda booking: SERVICES[booking.service][booking.language],
        "booking_date": lambda booking: booking.starts_at.date(),
        "booking_time": lambda booking: f"{booking.starts_at:%H:%M}",
        "booking_place": lambda booking: PLACES[booking.place],
        "booking_phone": "phone",
        "booking_link": link("public_booking.booking", public_id="public_id"),
    },
    hooks=[
        Hook("booking_submitted", created(), only=Booking.sender != ""),
        Hook(
            "booking_confirmed",
            changed(Booking.status, to=BookingStatus.CONFIRMED),
            only=Booking.status == BookingStatus.CONFIRMED,
        ),
        Hook(
            "booking_reminder",
            before(Booking.starts_at, hours=Booking.remind_hours),
            only=Booking.status == BookingStatus.CONFIRMED,
        ),
    ],
)

repair = Entity(
    Repair,
    "repair",
    to={"client": "client"},
    also={"clients": "client"},
    shortcodes={"repair_number": "number", "repair_item": "item", "repair_status": "status"},
    hooks=[
        Hook(
            "repair_completed",
            changed(Repair.status, to=RepairStatus.FINISHED),
            only=(Repair.status == RepairStatus.FINISHED) & ~Repair.told,
        )
    ],
)

repair_message = Entity(
    RepairMessage,
    "repair",
    to={"client": "repair.client"},
    also={"clients": "repair.client"},
    shortcodes={
        "repair_number": "repair.number",
        "repair_item": "repair.item",
        "repair_message": "text",
        "repair_status": "repair.status",
    },
    hooks=[Hook("repair_message", created(), only=RepairMessage.by_sms)],
)


def of_card(*names: str) -> Callable[[], object]:
    """What the company's card says under these names."""
    return lambda: ", ".join(current_app.config["COMPANY_CARD"][name] for name in names)


company = Section(
    "company",
    {
        "company_name": lambda: current_app.config["COMPANY"],
        "company_payment_account": of_card("account"),
        "company_mfo": of_card("bank_code"),
        "company_passport": of_card("passport"),
        "company_registration": of_card("tax_number"),
        "company_state": of_card("state"),
        "company_info_format": of_card("full_name", "street", "house", "zip", "city", "tax_number"),
        "info_about_company_signatory": of_card("signatory"),
        "ISP_NAME_C": of_card("full_name"),
        "ISP_NAME": lambda: current_app.config["COMPANY"],
        "ISP_ADDR_B": of_card("district"),
        "ISP_ADDR": of_card("street"),
        "ISP_NUM": of_card("house"),
        "ISP_CITY": of_card("city"),
        "ISP_STATE": of_card("state"),
        "ISP_CEP": of_card("zip"),
        "ISP_CNPJ": of_card("tax_number"),
        "ISP_PHONE": of_card("phone"),
        "ISP_EMAIL": of_card("email"),
        "ISP_URL": of_card("site"),
    },
)

sms = SMS(
    client,
    contact,
    staff,
    invoice,
    payment,
    lead,
    supplier,
    estimate,
    proposal,
    proposal_comment,
    contract,
    contract_comment,
    order,
    item,
    service,
    task,
    reminder,
    meeting,
    booking,
    repair,
    repair_message,
    papers,
    company,
)
