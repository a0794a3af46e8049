"""Sends to many in words: their states, why one stands still, what was wrong with a file, and what is asked (S7)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sms_plugin.batches.audience import ALL, BILLING, FILE, FILTERS, GROUP, MAIN, MARKETING, NUMBERS, RECORDS
from sms_plugin.batches.delimited import UnreadableFile
from sms_plugin.errors import SmsError
from sms_plugin.states import BatchState
from sms_plugin.web.base import explained
from sms_plugin.web.translation import gettext, language, ngettext, retold
from sms_plugin.web.translation import lazy_gettext as _
from sms_plugin.web.verdicts import cost_in_words

#: A state in words, and the kind that gives it its colour.
_STATES: Mapping[str, tuple[Any, str]] = {
    BatchState.DRAFT: (_("Draft"), ""),
    BatchState.BUILDING: (_("Looking for recipients"), "wait"),
    BatchState.READY: (_("To be confirmed"), "wait"),
    BatchState.WAITING: (_("Waits for a second person"), "wait"),
    BatchState.RUNNING: (_("Being sent"), "good"),
    BatchState.PAUSED: (_("Paused"), "bad"),
    BatchState.DONE: (_("Done"), "good"),
    BatchState.CANCELLED: (_("Cancelled"), ""),
}
_SCHEDULED: Any = _("Goes later")

_PURPOSES: Mapping[str, tuple[Any, Any]] = {
    "service": (_("Service"), _("Works, outages, appointments: what a client of yours has to know.")),
    "billing": (_("Billing"), _("Invoices and payments. It goes to the number for billing where there is one.")),
    "marketing": (
        _("Marketing"),
        _("Campaigns and greetings. Whoever does not want offers is left out, and each text needs a way to say no."),
    ),
    "staff": (_("Staff"), _("Notices to your own people.")),
}

_NUMBERS: Mapping[str, tuple[Any, Any]] = {
    MAIN: (_("The main number"), _("One message for each person: the mobile on the card.")),
    ALL: (_("All phones"), _("The additional numbers too, a message for each. Landlines never get one.")),
    BILLING: (_("Numbers for billing"), _("Only numbers that are marked for billing.")),
    MARKETING: (_("Numbers for marketing"), _("Only numbers that are marked for marketing.")),
}

_SOURCES: Mapping[str, Any] = {
    FILTERS: _("Chosen by filters"),
    GROUP: _("A group"),
    RECORDS: _("Single clients and contacts"),
    NUMBERS: _("Numbers typed in"),
    FILE: _("A file"),
}

_WHY: Mapping[str, Any] = {
    "too_many_failed": _("It paused by itself, because too many failed: %(detail)s. See why, mend it, then resume."),
    "by_hand": _("Somebody paused it."),
}

_LEFT_OUT: Mapping[str, Any] = {
    "duplicate": _("The same number gets the message already."),
    "removed": _("Taken out by hand."),
    "too_long": _("The number is too long."),
    "unknown_shortcode": _("The text has a shortcode of which nothing is known here."),
    "unreachable_shortcode": _("The text has a shortcode of which nothing is known here."),
}


def state_words(state: str, *, later: bool = False) -> tuple[str, str]:
    """A state in words and its colour; ``later`` is one that was confirmed and whose time has not come."""
    words, kind = _STATES.get(state, (state, ""))
    return (str(_SCHEDULED), "wait") if later and state == BatchState.RUNNING else (str(words), kind)


def purposes() -> list[tuple[str, str, str]]:
    """Each purpose with its name and a line on it."""
    return [(value, str(name), str(help)) for value, (name, help) in _PURPOSES.items()]


def number_choices() -> list[tuple[str, str, str]]:
    """Which of a person's numbers can be asked for, each with a line on it."""
    return [(value, str(name), str(help)) for value, (name, help) in _NUMBERS.items()]


def source_words(kind: str) -> str:
    """What a kind of source is called."""
    return str(_SOURCES.get(kind, kind))


def paused_words(reason: str, detail: str) -> str:
    """Why a send stands still; empty for a reason that needs no words."""
    return str(_WHY.get(reason, "")) % {"detail": retold(detail)}


def left_out_words(reason: str, otherwise: Any) -> str:
    """Why somebody is left out, as this page says it, else as all pages do."""
    return str(_LEFT_OUT[reason]) if reason in _LEFT_OUT else str(otherwise(reason))


def hidden_words(number: int) -> str:
    """That some of those who were chosen are not the viewer's to see."""
    return ngettext(
        "One of those who were chosen is not shown to you by the portal, and is left out.",
        "%(num)s of those who were chosen are not shown to you by the portal, and are left out.",
        number,
    )


def problem_words(error: SmsError) -> str:
    """What is wrong, and how to mend it."""
    return file_words(error) if isinstance(error, UnreadableFile) else explained(error)


def file_words(error: UnreadableFile) -> str:
    """What is wrong with a file, where, and how to mend it."""
    known = _FILE.get(error.code)
    if known is None:
        return explained(error)
    values = {**error.values, "line": error.line}
    if "separator" in values:
        values["separator"] = {"\t": gettext("a tab")}.get(str(values["separator"]), f"“{values['separator']}”")
    return str(known) % values


_FILE: Mapping[str, Any] = {
    "file_empty": _("The file is empty: choose another one."),
    "file_no_rows": _("The file has headings, and no row below them: choose another one."),
    "file_too_large": _("The file has %(found)s MB. Divide it: at most %(most)s MB are read."),
    "file_too_many_rows": _("The file has more than %(most)s rows: divide it."),
    "file_too_many_columns": _("The file has %(found)s columns: leave at most %(most)s."),
    "file_not_text": _("This is no text file. Save the table as CSV, and choose that file."),
    "file_open_quote": _(
        "The quotes in line %(line)s do not match: a value that begins with a quote ends with one, and one inside it is"
        " written twice."
    ),
    "file_wide_row": _(
        "Line %(line)s has %(found)s columns, and the file has %(columns)s: put a value that holds %(separator)s in"
        " quotes."
    ),
    "file_long_value": _("A value in line %(line)s has %(found)s characters: write at most %(most)s."),
    "file_no_phone_column": _(
        "No column of the file is known to hold the telephone numbers. Say which one does, or head it “phone”. The file"
        " has: %(columns)s."
    ),
    "file_unknown_column": _("The file has no column “%(wanted)s”. It has: %(columns)s."),
}


def messages_words(number: int) -> str:
    """So many messages."""
    return ngettext("%(count)s message", "%(count)s messages", number, count=grouped(number))


def grouped(number: int) -> str:
    """A number as the viewer's language writes large ones."""
    from babel.numbers import format_decimal

    try:
        return format_decimal(number, locale=language().replace("-", "_"))
    except ValueError:
        return f"{number:,}"


def total_words(cost: Decimal | None, currency: str) -> str:
    """What all of it costs; empty where nobody knows."""
    return cost_in_words(cost, currency) if cost is not None else ""


def time_words(seconds: float | None) -> str:
    """About how long something takes."""
    if seconds is None:
        return ""
    if seconds < 90:
        return ngettext("about %(num)s second", "about %(num)s seconds", max(round(seconds), 1))
    if seconds < 5400:
        return ngettext("about %(num)s minute", "about %(num)s minutes", round(seconds / 60))
    return ngettext("about %(num)s hour", "about %(num)s hours", round(seconds / 3600))
