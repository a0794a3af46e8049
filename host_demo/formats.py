"""How the portal writes money, dates and states."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from babel.dates import format_date
from babel.numbers import format_currency
from markupsafe import Markup

from host_demo.models import InvoiceStatus

LANGUAGES = {"pt": "Português", "uk": "Українська", "en": "English"}
REGIONS = {"PT": "Portugal", "UA": "Ukraine", "GB": "United Kingdom", "BR": "Brazil"}
TIMEZONES = [
    "Europe/Lisbon",
    "Atlantic/Azores",
    "Europe/London",
    "Europe/Kyiv",
    "America/Sao_Paulo",
    "America/Manaus",
]
CURRENCIES = {"EUR": "Euro", "GBP": "Pound sterling", "UAH": "Hryvnia", "BRL": "Real"}
METHODS = {"transfer": "Bank transfer", "debit": "Direct debit", "card": "Card", "cash": "Cash"}
STATUSES = {"open": "Open", "overdue": "Overdue", "paid": "Paid", "cancelled": "Cancelled"}
ROLES = {"admin": "Administrator", "operator": "Operator"}
ANSWERS = {None: "Not asked", True: "Yes", False: "No"}


def money(amount: Decimal, currency: str, *, language: str = "en") -> str:
    written = format_currency(amount, currency, locale=language if language != "en" else "en_GB")
    return written.replace("UAH", "₴")


def day(value: date | None, *, language: str = "en") -> str:
    if value is None:
        return ""
    return format_date(value, "d MMM yyyy", locale=language)


def badge(status: InvoiceStatus) -> Markup:
    return Markup('<span class="state state-{}">{}</span>').format(status.value, STATUSES[status.value])
