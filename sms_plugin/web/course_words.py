"""When and how a trigger's messages may go, in a person's words: for the list of triggers and its page (X5, X6)."""

from __future__ import annotations

from datetime import date, timedelta

from babel.core import Locale, UnknownLocaleError
from babel.dates import format_date

from sms_plugin.host.bound import Reason
from sms_plugin.hours import EVERY_DAY
from sms_plugin.models import TriggerRow
from sms_plugin.settings import Settings
from sms_plugin.triggers.arranging import POLICIES, PURPOSES, QUIET
from sms_plugin.web.translation import gettext, language, lazy_gettext

_MONDAY = date(2024, 1, 1)
_PURPOSES = {
    "billing": lazy_gettext("billing: invoices, payments, debts"),
    "service": lazy_gettext("service: what the person asked for or has"),
    "marketing": lazy_gettext("marketing: offers and greetings"),
    "staff": lazy_gettext("staff: for colleagues"),
}
_QUIET = {
    "defer": lazy_gettext("wait until it may go"),
    "forward": lazy_gettext("go earlier, in the last minute that is allowed"),
    "ignore": lazy_gettext("go at once, at any hour"),
}
_AUDIENCES = {
    "client": lazy_gettext("the client"),
    "staff": lazy_gettext("the staff"),
    "participant": lazy_gettext("whoever takes part"),
}
_UNKNOWN = {
    "ask": lazy_gettext("ask a person"),
    "assume": lazy_gettext("take it for sent"),
    "resend": lazy_gettext("send it once more (it may arrive twice)"),
}


def purposes() -> list[tuple[str, str]]:
    """What a text may be for, each with its meaning."""
    return [(code, str(_PURPOSES[code])) for code in PURPOSES]


def purpose_word(code: str) -> str:
    """A purpose in one word."""
    return str(_PURPOSES.get(code, code)).partition(":")[0]


def audience_word(audience: str) -> str:
    """Whom a trigger texts; an audience of the host's own by its name."""
    return str(_AUDIENCES.get(audience, audience.replace("_", " ")))


def quiet_policies() -> list[tuple[str, str]]:
    """What may be done about a message that comes due in quiet hours, each with its meaning."""
    return [(code, str(_QUIET[code])) for code in QUIET]


def unknown_policies() -> list[tuple[str, str]]:
    """What can be done about a message of unknown fate, each with its meaning."""
    return [(code, str(_UNKNOWN[code])) for code in POLICIES]


def weekdays(*, short: bool = False) -> list[tuple[str, str]]:
    """The days of the week from Monday, by their number, in the viewer's language."""
    try:
        locale = Locale.parse(language())
    except (UnknownLocaleError, ValueError):
        locale = Locale.parse("en")
    form = "ccc" if short else "cccc"
    return [(str(day), format_date(_MONDAY + timedelta(days=day), form, locale=locale)) for day in range(7)]


def course(row: TriggerRow | None, reason: Reason, settings: Settings) -> list[str]:
    """What is set of purpose, hours, days and ceiling, in a few words each."""
    purpose = (row.purpose if row is not None else None) or reason.purpose
    told = [purpose_word(purpose), _hours(row, reason, settings)]
    if row is not None and row.weekdays is not None and row.weekdays != EVERY_DAY:
        told.append(" ".join(name for day, name in weekdays(short=True) if row.weekdays >> int(day) & 1))
    if row is not None and row.holidays is False:
        told.append(gettext("not on holidays"))
    if row is not None and row.ceiling is not None:
        told.append(gettext("at most %(count)s at once", count=row.ceiling))
    if row is not None and row.gathers:
        told.append(gettext("several in one message"))
    return [each for each in told if each]


def portal_hours(settings: Settings) -> str:
    """The hours in which the portal texts; empty where it knows no quiet ones."""
    if settings.quiet_hours is None:
        return ""
    until, start = settings.quiet_hours
    return span(start, until)


def span(opens: int, closes: int) -> str:
    """From an hour until another."""
    return f"{opens:02d}:00–{closes:02d}:00"


def _hours(row: TriggerRow | None, reason: Reason, settings: Settings) -> str:
    if ((row.quiet if row is not None else None) or reason.quiet) == "ignore":
        return gettext("at any hour")
    if row is not None and row.opens is not None and row.closes is not None:
        return span(row.opens, row.closes)
    return portal_hours(settings) or gettext("at any hour")
