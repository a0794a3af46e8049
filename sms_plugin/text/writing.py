"""The value of a shortcode in the form that its text asks for, or that belongs to its name (M3, M4)."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import Final

from sms_plugin.errors import worded
from sms_plugin.text.amounts import in_words
from sms_plugin.text.formats import (
    BadValue,
    DateLength,
    Money,
    Style,
    format_date,
    format_time,
    format_value,
    local_day,
    month_name,
    to_money,
)
from sms_plugin.text.grammar import Form, Shortcode
from sms_plugin.text.plain import plain

_DAYS: Final = frozenset((Form.DATE, Form.DAY, Form.MONTH, Form.YEAR))


def written(shortcode: Shortcode, *, raw: object, style: Style) -> str | Money:
    """The value as text, or as money while it is open how its sign is written; "" for none.

    Raises ``BadValue`` where a filter of the text cannot write it. A form that only belongs to the name is let go
    where the host maps something else, such as a month that is a word already.
    """
    if shortcode.form is Form.PLAIN or not (shortcode.asked or _suits(shortcode.form, raw)):
        return raw if isinstance(raw, Money) else format_value(raw, style=style, gsm=False)
    if shortcode.form is Form.LINE:
        return plain(raw if isinstance(raw, str) else format_value(raw, style=style, gsm=True))
    if not isinstance(raw, Money | date | time) and not format_value(raw, style=style, gsm=False):
        return ""
    if shortcode.form is Form.MONEY:
        return to_money(raw, currency=shortcode.argument)
    if shortcode.form is Form.WORDS:
        money = to_money(raw, currency=shortcode.argument)
        return in_words(money if money.currency else money.amount, style=style)
    return _moment(shortcode, raw=raw, style=style)


def _moment(shortcode: Shortcode, *, raw: object, style: Style) -> str:
    if shortcode.form is Form.TIME:
        if isinstance(raw, datetime | time):
            return format_time(raw, style=style)
        raise BadValue(
            worded("The value is no time."), code="bad_value", hint=worded("Map it to a time, or leave time out.")
        )
    if not isinstance(raw, date):
        name = shortcode.form.value
        raise BadValue(
            worded("The value is no date."),
            code="bad_value",
            hint=worded("Map it to a date, or leave %(name)s out.", name=name),
        )
    if shortcode.form is Form.MONTH:
        return month_name(raw, style=style)
    if shortcode.form is Form.DATE:
        return format_date(raw, style=style, length=DateLength(shortcode.argument or DateLength.SHORT))
    day = local_day(raw, style=style)
    return str(day.day if shortcode.form is Form.DAY else day.year)


def _suits(form: Form, raw: object) -> bool:
    """Whether a value is of the kind that the form of a name is meant for."""
    if form in _DAYS:
        return isinstance(raw, date)
    if form is Form.TIME:
        return isinstance(raw, datetime | time)
    if form is Form.LINE:
        return isinstance(raw, str)
    return isinstance(raw, Money | Decimal | int | float) and not isinstance(raw, bool)
