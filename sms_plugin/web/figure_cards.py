"""The few large figures at the top of the overview, each leading to what it counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from markupsafe import Markup

from sms_plugin.outbox.figures import STOPPED, Figures, Period
from sms_plugin.states import MessageState
from sms_plugin.web.day_charts import delays_told, sum_in_words
from sms_plugin.web.moments import moment
from sms_plugin.web.numbers import at_most, number, percent
from sms_plugin.web.translation import gettext

_S = MessageState
Url = Callable[..., str]


@dataclass(frozen=True, kw_only=True)
class QueueNow:
    """What waits at this moment, counted up to a bound."""

    counts: Mapping[str, int]
    most: int
    oldest: datetime | None  #: since when the oldest is due

    def told(self, *states: MessageState) -> str:
        """How many are in these states; the bound with a plus where there are more."""
        found = [self.counts[state.value] for state in states]
        return at_most(sum(found) if max(found) <= self.most else self.most + 1, self.most)

    def any(self, *states: MessageState) -> bool:
        """Whether anything is in these states."""
        return any(self.counts[state.value] for state in states)


@dataclass(frozen=True, kw_only=True)
class Card:
    """One figure: ``kind`` is good, bad, wait or nothing; ``url`` leads to what it counts."""

    label: str
    value: str
    note: str | Markup = ""
    kind: str = ""
    url: str = ""


def cards(found: Period, queue: QueueNow, *, day: date, url: Url) -> list[Card]:
    """Today's figures, what waits, and how the last days went."""
    on = found.days[day]
    return [
        Card(
            label=gettext("Messages today"),
            value=number(on.written),
            note=_today(on),
            url=url("message", since=day.isoformat(), until=day.isoformat()),
        ),
        _arrived(found),
        Card(
            label=gettext("Waiting to go"),
            value=queue.told(_S.QUEUED, _S.SENDING),
            note=_oldest(queue.oldest),
            url=url("queue"),
        ),
        Card(
            label=gettext("Waiting for somebody"),
            value=queue.told(_S.HELD, _S.UNKNOWN),
            note=gettext(
                "%(held)s held, %(unknown)s of unknown fate", held=queue.told(_S.HELD), unknown=queue.told(_S.UNKNOWN)
            ),
            kind="wait" if queue.any(_S.HELD, _S.UNKNOWN) else "",
            url=url("queue", state="held" if queue.any(_S.HELD) or not queue.any(_S.UNKNOWN) else "unknown"),
        ),
        _spent(found, day),
        Card(
            label=gettext("Received today"),
            value=number(on.of(_S.RECEIVED)),
            note=gettext("%(count)s in %(days)s days", count=number(found.total.of(_S.RECEIVED)), days=len(found.days)),
            url=url("message", state=_S.RECEIVED.value),
        ),
    ]


def _today(on: Figures) -> str:
    parts = [
        (on.of(_S.DELIVERED), gettext("%(count)s delivered")),
        (on.of(_S.SENT), gettext("%(count)s sent")),
        (on.of(_S.FAILED, _S.UNDELIVERED), gettext("%(count)s failed")),
        (on.of(*STOPPED), gettext("%(count)s not sent")),
    ]
    return ", ".join(words % {"count": number(count)} for count, words in parts if count) or gettext(
        "None has gone yet"
    )


def _arrived(found: Period) -> Card:
    total = found.total
    share = total.delivered_share
    failed = total.of(_S.FAILED, _S.UNDELIVERED)
    left = failed + total.of(_S.SENT, _S.DELIVERED)
    note = delays_told(total) if share is not None else gettext("No receipt has told yet")
    return Card(
        label=gettext("Delivered, %(days)s days", days=len(found.days)),
        value=percent(share),
        note=note,
        kind="bad" if left >= 20 and failed > left / 5 else "",
    )


def _oldest(oldest: datetime | None) -> str | Markup:
    if oldest is None:
        return gettext("Nothing is due")
    return Markup("{} {}").format(gettext("The oldest is due since"), moment(oldest))


def _spent(found: Period, day: date) -> Card:
    spent = found.days[day].cost
    in_all = found.total.cost
    return Card(
        label=gettext("Spent today"),
        value=_amounts(spent) or "–",
        note=gettext("%(amount)s in %(days)s days", amount=_amounts(in_all), days=len(found.days))
        if in_all
        else gettext("Costs are known once the provider has prices"),
    )


def _amounts(cost: Mapping[str, Decimal]) -> str:
    return ", ".join(sum_in_words(amount, currency) for currency, amount in sorted(cost.items()))
