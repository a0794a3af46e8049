"""Moments as a page shows them: in the viewer's timezone, to the minute, and exact on hover."""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo

from babel.dates import format_date, format_datetime
from flask import current_app
from markupsafe import Markup

from sms_plugin.web.numbers import viewers_locale
from sms_plugin.web.translation import speaks_babel

_TO_THE_MINUTE = "d MMM y, HH:mm"


def zone() -> tzinfo:
    """The viewer's timezone where the host's Flask-Babel tells it, else the portal's."""
    if speaks_babel():
        from flask_babel import get_timezone

        viewers: tzinfo | None = get_timezone()
        if viewers is not None and str(viewers) != "UTC":
            return viewers
    portals: tzinfo = current_app.extensions["sms"].settings.zone
    return portals


def moment(value: datetime | None) -> Markup:
    """A ``<time>`` element, or nothing. A naive value is meant as UTC."""
    if value is None:
        return Markup("")
    local = (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(zone())
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        local.astimezone(UTC).isoformat(timespec="seconds"),
        f"{local:%Y-%m-%d %H:%M:%S %Z}",
        in_words(local),
    )


def in_words(local: datetime) -> str:
    """The moment to the minute, its month named in the viewer's language."""
    return format_datetime(local, _TO_THE_MINUTE, locale=viewers_locale())


def day_in_words(day: date) -> str:
    """A day with its weekday, named in the viewer's language."""
    return format_date(day, "EEE d MMM", locale=viewers_locale())
