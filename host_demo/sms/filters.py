"""How an operator chooses clients for a send to many."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from host_demo.database import db
from host_demo.models import (
    AccessPoint,
    ChargeKind,
    City,
    Client,
    ClientStatus,
    Invoice,
    InvoiceStatus,
    Payment,
    Service,
    ServiceStatus,
)
from sms_plugin import Filter


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
