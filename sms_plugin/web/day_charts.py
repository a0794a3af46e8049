"""The charts of the last days: what became of the messages, how many arrived and how soon, and what they cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal

from babel.dates import format_date

from sms_plugin.outbox.counting import LIMITS, LONGER
from sms_plugin.outbox.figures import STOPPED, WAITING, Figures, Period
from sms_plugin.states import MessageState
from sms_plugin.web.charts import Chart, Series, Table, line, stacked
from sms_plugin.web.moments import day_in_words
from sms_plugin.web.numbers import number, percent, span, viewers_locale
from sms_plugin.web.translation import gettext, ngettext
from sms_plugin.web.verdicts import cost_in_words

#: One day in so many is written along the axis.
_EVERY = 7
#: Costs in so many currencies are drawn; the table of the first tells no others.
_CURRENCIES = 3
_S = MessageState


def charts(found: Period) -> list[Chart]:
    """All charts of the days that have something to show."""
    made = [_volume(found), _share(found), _delays(found.total), *_costs(found)]
    return [each for each in made if each is not None]


def _volume(found: Period) -> Chart:
    """Stacked by what became of them, the best at the bottom."""
    parts: list[tuple[str, str, Callable[[Figures], int]]] = [
        ("delivered", gettext("Delivered"), lambda each: each.of(_S.DELIVERED)),
        ("sent", gettext("Sent, no receipt yet"), lambda each: each.of(_S.SENT)),
        ("failed", gettext("Failed or undelivered"), lambda each: each.of(_S.FAILED, _S.UNDELIVERED)),
        ("waiting", gettext("Waiting"), lambda each: each.of(*WAITING)),
        ("stopped", gettext("Not sent"), lambda each: each.of(*STOPPED)),
    ]
    days = list(found.days.values())
    series = [Series(kind=kind, label=label, values=[of(each) for each in days]) for kind, label, of in parts]
    bars, down, along = stacked(series, names=_names(found), every=_EVERY, written=_whole, whole=True)
    total = found.total
    told = ngettext(
        "One message in %(days)s days.", "%(num)s messages in %(days)s days.", total.written, days=len(days)
    )
    most = max(found.days, key=lambda day: found.days[day].written)
    busiest = gettext("Most on %(day)s: %(count)s.", day=day_in_words(most), count=number(found.days[most].written))
    return Chart(
        key="volume",
        title=gettext("Messages by day"),
        told=f"{told} {busiest}" if total.written else told,
        bars=bars,
        down=down,
        along=along,
        legend=[each for each in series if any(each.values)],
        table=Table(
            head=[gettext("Day"), *(label for _, label, _ in parts), gettext("Received")],
            rows=_rows(found, lambda each: [*(number(of(each)) for _, _, of in parts), number(each.of(_S.RECEIVED))]),
        ),
    )


def _share(found: Period) -> Chart | None:
    total = found.total.delivered_share
    if total is None:
        return None
    values = [each.delivered_share for each in found.days.values()]
    lines, down, along = line(values, names=_names(found), every=_EVERY, written=percent)
    return Chart(
        key="share",
        title=gettext("Delivered, of those that left"),
        told=gettext("%(share)s in all. A day's share grows while receipts come in.", share=percent(total)),
        lines=lines,
        down=down,
        along=along,
        table=Table(
            head=[gettext("Day"), gettext("Delivered"), gettext("Left"), gettext("Share")],
            rows=_rows(
                found,
                lambda each: [number(each.of(_S.DELIVERED)), number(_left(each)), percent(each.delivered_share)],
            ),
        ),
    )


def _left(each: Figures) -> int:
    return each.of(_S.SENT, _S.DELIVERED, _S.UNDELIVERED, _S.FAILED)


def _delays(total: Figures) -> Chart | None:
    if not total.delays:
        return None
    limits = [*LIMITS, LONGER]
    values = [total.delays.get(limit, 0) for limit in limits]
    names = [span(limit) if limit else gettext("more") for limit in limits]
    series = [Series(kind="delivered", label=gettext("Delivered"), values=values)]
    bars, down, along = stacked(series, names=names, every=1, written=_whole, whole=True)
    return Chart(
        key="delays",
        title=gettext("Time to delivery, at most"),
        told=delays_told(total),
        bars=bars,
        down=down,
        along=along,
        table=Table(
            head=[gettext("Time to delivery, at most"), gettext("Delivered"), gettext("Share")],
            rows=[
                [name, number(value), percent(value / sum(values))] for name, value in zip(names, values, strict=True)
            ],
        ),
    )


def delays_told(total: Figures) -> str:
    """How soon messages arrive, in a sentence; empty where none did."""
    half, most = total.within(0.5), total.within(0.95)
    if half is None or most is None:
        return ""
    if half == most != LONGER:
        return gettext("95 in 100 arrived within %(most)s.", most=span(most))
    if half == LONGER:
        return gettext("Half of them took more than %(span)s.", span=span(LIMITS[-1]))
    if most == LONGER:
        told = gettext("Half arrived within %(half)s; one in twenty took more than %(most)s.")
        return told % {"half": span(half), "most": span(LIMITS[-1])}
    return gettext("Half arrived within %(half)s, 95 in 100 within %(most)s.", half=span(half), most=span(most))


def _costs(found: Period) -> list[Chart]:
    total = found.total.cost
    return [_cost(found, currency) for currency in sorted(total, key=lambda each: -total[each])[:_CURRENCIES]]


def _cost(found: Period, currency: str) -> Chart:
    nothing = Decimal(0)
    amounts = [each.cost.get(currency, nothing) for each in found.days.values()]

    def written(value: float) -> str:
        return cost_in_words(Decimal(str(value)), currency)

    label = gettext("Cost")
    series = [Series(kind="cost", label=label, values=[float(each) for each in amounts])]
    bars, down, along = stacked(series, names=_names(found), every=_EVERY, written=written)
    unit = gettext("credits") if currency == "credits" else currency
    spent = sum_in_words(found.total.cost[currency], currency)
    return Chart(
        key=f"cost-{currency.lower() or 'none'}",
        title=gettext("Cost by day, %(currency)s", currency=unit) if unit else gettext("Cost by day"),
        told=gettext("%(spent)s in %(days)s days, as far as costs are known.", spent=spent, days=len(amounts)),
        bars=bars,
        down=down,
        along=along,
        table=Table(
            head=[gettext("Day"), gettext("Segments"), label],
            rows=_rows(
                found,
                lambda each: [number(each.segments), cost_in_words(each.cost.get(currency, nothing), currency)],
            ),
        ),
    )


def sum_in_words(amount: Decimal, currency: str) -> str:
    """What many messages cost together: of one and more, nobody needs the thousandths."""
    return cost_in_words(round(amount, 2) if amount >= 1 else amount, currency)


def _rows(found: Period, cells: Callable[[Figures], Sequence[str]]) -> list[list[str]]:
    """The days that have anything, the newest first."""
    shown = [(day, each) for day, each in reversed(list(found.days.items())) if each.states]
    return [[day_in_words(day), *cells(each)] for day, each in shown]


def _names(found: Period) -> list[str]:
    return [_day(day) for day in found.days]


def _day(day: date) -> str:
    return format_date(day, "d MMM", locale=viewers_locale())


def _whole(value: float) -> str:
    return number(int(value))
