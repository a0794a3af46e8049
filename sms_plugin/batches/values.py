"""What an operator types into a filter, as values to ask the database with; what is wrong is told by name."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import Enum
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sms_plugin.errors import SmsError
from sms_plugin.host.bound import BoundFilter, FilterKind
from sms_plugin.host.offering import written

#: What can be asked of a column, by the kind of its filter.
BY_KIND: Mapping[FilterKind, tuple[str, ...]] = MappingProxyType(
    {
        FilterKind.BOOL: ("is",),
        FilterKind.CHOICE: ("is", "in"),
        FilterKind.NUMBER: ("is", "least", "most", "between"),
        FilterKind.DATE: ("on", "before", "after", "month", "week", "between", "ago", "ahead"),
        FilterKind.TEXT: ("is", "begins"),
    }
)
#: Those that take several values, and how many; 0: any number of them.
SEVERAL: Mapping[str, int] = MappingProxyType({"in": 0, "between": 2, "ago": 2, "ahead": 2})
#: The day on which somebody asks.
TODAY = "today"
_YES, _NO = "yes", "no"
_LONGEST = 200
_LARGEST = Decimal(10) ** 15
_FIRST, _LAST = date(1900, 1, 1), date(2200, 12, 31)
_MOST_DAYS = 36_600
_MONTH = re.compile(r"(\d{4})-(\d{1,2})|(\d{1,2})[/.](\d{4})", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d{1,19}", re.ASCII)

#: What is wrong with a condition, and how it is mended, by its code; ``{given}`` is what was typed.
WRONGS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "no_value": ("nothing is chosen.", "Choose a value, or leave the filter out."),
        "bad_number": ("{given!r} is no number.", "Write digits, such as 12.50."),
        "bad_whole": ("{given!r} is no whole number.", "Write digits without a fraction."),
        "bad_day": ("{given!r} is no day.", "Write it as 2026-11-26."),
        "bad_month": ("{given!r} is no month.", "Write it as 2026-11."),
        "bad_days": ("{given!r} is no number of days.", "Write a whole number from 0 on."),
        "bad_choice": ("{given!r} is not among its choices.", "Choose one of the list."),
        "several": ("several begin so: {given}.", "Write one of them whole."),
        "bad_text": ("the text cannot be searched for.", "Write at most 200 characters."),
        "bad_answer": ("{given!r} is neither yes nor no.", "Choose yes or no."),
        "unknown_op": ("it cannot be asked for {given!r}.", "Choose another way to compare."),
        "needs_other": ("it needs “{given}”.", "Choose that one first."),
        "second_leading": ("it stands beside “{given}”.", "Begin with one of the two only."),
        "filter_failed": ("the portal cannot ask for it ({given}).", "Tell whoever runs the portal; leave it out."),
    }
)


class BadCondition(SmsError):
    """A condition that cannot be asked: of which filter, and what was typed."""

    def __init__(self, message: str, *, code: str, hint: str, filter: str, label: str, given: str) -> None:
        super().__init__(message, code=code, hint=hint)
        self.filter = filter
        self.label = label
        self.given = given


def bad(wanted: BoundFilter, code: str, *, given: str = "") -> BadCondition:
    """What is wrong with a condition of this filter, under the filter's own name."""
    label = wanted.label.get("en") or next(iter(wanted.label.values()))
    given = given.replace("\0", "")[:60]
    message, hint = WRONGS[code]
    return BadCondition(
        f"{label}: {message.format(given=given)}", code=code, hint=hint, filter=wanted.name, label=label, given=given
    )


def yes(wanted: BoundFilter, given: str) -> bool:
    """A yes or a no."""
    if given not in {_YES, _NO}:
        raise bad(wanted, "bad_answer", given=given)
    return given == _YES


def text(wanted: BoundFilter, given: str) -> str:
    """A text to compare with, without what stands around it."""
    said = given.strip()
    if not said:
        raise bad(wanted, "no_value")
    if len(said) > _LONGEST or not said.isprintable():
        raise bad(wanted, "bad_text")
    return said


def number(wanted: BoundFilter, given: str) -> Any:
    """A number as the filter's own: whole, decimal or float; 12,50 is 12.50."""
    digits = "".join(given.split())
    if digits.count(",") == 1 and "." not in digits:
        digits = digits.replace(",", ".")
    try:
        value = Decimal(digits)
    except InvalidOperation:
        raise bad(wanted, "bad_number", given=given) from None
    if not value.is_finite() or abs(value) > _LARGEST:
        raise bad(wanted, "bad_number", given=given)
    if wanted.holds is int:
        if value != value.to_integral_value():
            raise bad(wanted, "bad_whole", given=given)
        return int(value)
    return float(value) if wanted.holds is float else value


def chosen_value(wanted: BoundFilter, given: str) -> Any:
    """The value behind what was chosen: of the declared pairs, of an enumeration, or as the column holds it."""
    if isinstance(wanted.choices, (list, tuple)):
        for value, _ in wanted.choices:
            if written(value) == given:
                return value
        raise bad(wanted, "bad_choice", given=given)
    try:
        return _as_held(wanted.holds, text(wanted, given))
    except (ValueError, KeyError, ArithmeticError):
        raise bad(wanted, "bad_choice", given=given) from None


def _as_held(holds: Any, given: str) -> Any:
    if isinstance(holds, type) and issubclass(holds, Enum):
        return holds[given]
    if holds is bool:
        return {_YES: True, _NO: False}[given]
    if holds is int:
        if not _WHOLE.fullmatch(given) or not -(2**63) <= int(given) < 2**63:
            raise ValueError("no such number")
        return int(given)
    if holds in {float, Decimal, UUID}:
        return holds(given)
    return holds.fromisoformat(given) if holds in {date, datetime} else given


def period(wanted: BoundFilter, op: str, given: Sequence[str], *, today: date) -> tuple[date | None, date | None]:
    """The days from the first one up to, and without, the second; None where it is open."""
    day = timedelta(days=1)
    if op in {"ago", "ahead"}:
        days = _days(wanted, given[0])
        at = _day(wanted, given[1], today=today) + (-days if op == "ago" else days)
        return at, at + day
    if op == "month":
        first = _month(wanted, given[0], today=today)
        return first, first + timedelta(days=monthrange(first.year, first.month)[1])
    if op == "between":
        one, other = (_day(wanted, each, today=today) for each in given)
        return min(one, other), max(one, other) + day
    at = _day(wanted, given[0], today=today)
    if op == "week":
        monday = at - timedelta(days=at.weekday())
        return monday, monday + timedelta(days=7)
    return {"on": (at, at + day), "before": (None, at), "after": (at + day, None)}[op]


def _day(wanted: BoundFilter, given: str, *, today: date) -> date:
    told = given.strip()
    if told == TODAY:
        return today
    for form in ("%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y"):
        try:
            found = datetime.strptime(told, form).date()
        except ValueError:
            continue
        if _FIRST <= found <= _LAST:
            return found
    raise bad(wanted, "bad_day" if told else "no_value", given=given)


def _month(wanted: BoundFilter, given: str, *, today: date) -> date:
    """The first day of a month, which is told as 2026-11, or by any day in it."""
    told = _MONTH.fullmatch(given.strip())
    if told is None:
        try:
            return _day(wanted, given, today=today).replace(day=1)
        except SmsError:
            raise bad(wanted, "bad_month" if given.strip() else "no_value", given=given) from None
    year, month = (told[1], told[2]) if told[1] else (told[4], told[3])
    try:
        return _day(wanted, f"{year}-{month}-1", today=today)
    except SmsError:
        raise bad(wanted, "bad_month", given=given) from None


def _days(wanted: BoundFilter, given: str) -> timedelta:
    told = given.strip()
    if not _WHOLE.fullmatch(told) or not 0 <= int(told) <= _MOST_DAYS:
        raise bad(wanted, "bad_days" if told else "no_value", given=given)
    return timedelta(days=int(told))
