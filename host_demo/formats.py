"""How the portal writes money, dates and states."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from babel.dates import format_date
from babel.numbers import format_currency
from markupsafe import Markup

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


def moment(value: datetime) -> str:
    """A day and a time of day."""
    return f"{day(value)}, {value:%H:%M}"


def badge(status: StrEnum) -> Markup:
    """The state of a record, in the colour of its kind."""
    return Markup('<span class="state state-{}">{}</span>').format(status.value, _word(status))


def labels(kind: Iterable[StrEnum]) -> dict[str, str]:
    """The words of a select, by value."""
    return {one.value: _word(one) for one in kind}


def _word(status: StrEnum) -> str:
    return status.value.replace("_", " ").capitalize()
