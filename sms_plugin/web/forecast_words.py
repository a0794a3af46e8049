"""What the forecast's pages show, in words: days with their sums, and messages with what stands against them (X4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from flask_admin import Admin

from sms_plugin.host.identity import RecordRef
from sms_plugin.outbox.names import named_by
from sms_plugin.state import State
from sms_plugin.triggers.expecting import Expected
from sms_plugin.triggers.forecast import Cell, Forecast
from sms_plugin.web.host_records import Named, named
from sms_plugin.web.moments import day_in_words
from sms_plugin.web.reasons import reason_words
from sms_plugin.web.shown import shown_number, trigger_label
from sms_plugin.web.translation import gettext, in_words, ngettext, retold
from sms_plugin.web.verdicts import cost_in_words
from sms_plugin.web.why import step_words


@dataclass(frozen=True, kw_only=True)
class Line:
    """What one trigger brings on one day, in words."""

    label: str
    told: str
    left_out: list[tuple[str, int]]  #: reasons, and how many get nothing for each
    over: str  #: that the run would wait for approval; empty where it would not


@dataclass(frozen=True, kw_only=True)
class Day:
    """One day of the calendar."""

    day: date
    name: str
    told: str
    lines: list[Line]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One expected message, as the list shows it."""

    at: datetime
    trigger: str
    step: str
    name: str
    number: str
    text: str
    told: str
    problem: str
    detail: str
    record: Named | None
    message: UUID | None
    explain: dict[str, str]  #: what names the record on the page that explains


def calendar(found: Forecast, *, state: State) -> list[Day]:
    """The days with what each trigger brings."""
    return [
        Day(
            day=day,
            name=day_in_words(day),
            told=counted(found.of_day(day), found.currency),
            lines=[_line(found, day, trigger, cell, state) for trigger, cell in _of_day(found, day)],
        )
        for day in found.days
    ]


def _of_day(found: Forecast, day: date) -> Sequence[tuple[str, Cell]]:
    return [(trigger, cell) for (on, trigger), cell in found.cells.items() if on == day]


def _line(found: Forecast, day: date, trigger: str, cell: Cell, state: State) -> Line:
    over = ""
    if found.is_held(day, trigger):
        most = found.limits[day, trigger].most
        over = gettext("More than the usual %(most)s: it will wait for approval.", most=most)
    return Line(
        label=trigger_label(trigger, state=state) if trigger else gettext("By hand"),
        told=counted(cell, found.currency),
        left_out=[(reason_words(code), number) for code, number in sorted(cell.left_out.items())],
        over=over,
    )


def counted(cell: Cell, currency: str) -> str:
    """So many messages, segments, and their cost; empty for none."""
    if not cell.messages:
        return ""
    parts = [ngettext("%(num)s message", "%(num)s messages", cell.messages)]
    cost = cost_in_words(cell.cost, currency) if cell.messages > cell.unpriced else ""
    return " · ".join(filter(None, [*parts, _size(cell.segments, cost)]))


def _size(segments: int, cost: str) -> str:
    return " · ".join(filter(None, [gettext("%(count)s SMS", count=segments), cost]))


def entry_of(
    each: Expected, *, names: Mapping[RecordRef, str], currency: str, admin: Admin | None, state: State
) -> Entry:
    """One expected message in words, with the ``names`` of its people."""
    ref, about = named_by(each), each.about
    explain = {}
    if about is not None:
        explain = {"record": f"{about.entity}:{about.key}", "trigger": each.trigger or ""}
    return Entry(
        at=each.due_at,
        trigger=trigger_label(each.trigger, state=state) if each.trigger else gettext("By hand"),
        step=step_words(each.step),
        name=names.get(ref, "") if ref is not None else "",
        number=shown_number(each.number),
        text=each.text,
        told=_size(each.segments, cost_in_words(each.cost, currency)) if each.text else "",
        problem=reason_words(each.problem) if each.problem else "",
        detail=retold(in_words(each.detail)),
        record=None if about is None else named(about, admin=admin, state=state),
        message=each.message,
        explain=explain,
    )
