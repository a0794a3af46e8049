"""What the overview says of reasons, budgets and counters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sms_plugin.batches.progress import standing
from sms_plugin.models import Batch
from sms_plugin.outbox.figures import LOOK_AT, Reason
from sms_plugin.outbox.receipts import FORGED, UNMATCHED
from sms_plugin.providers.budget import Budget
from sms_plugin.states import BatchState
from sms_plugin.triggers.noticing import FAILED, LOST
from sms_plugin.web.bulk_words import state_words
from sms_plugin.web.numbers import at_most, number
from sms_plugin.web.reasons import reason_words
from sms_plugin.web.translation import gettext, ngettext
from sms_plugin.web.verdicts import cost_in_words
from sms_plugin.web.words import state_kind, state_name


@dataclass(frozen=True, kw_only=True)
class ReasonLine:
    """Why some messages wait for a person."""

    state: str  #: its code
    reason: str  #: its code
    name: str
    kind: str
    count: str
    why: str


def reason_lines(reasons: Sequence[Reason]) -> list[ReasonLine]:
    """The reasons in words, with how many messages each keeps."""
    looked_at: dict[str, int] = {}
    for each in reasons:
        looked_at[each.state] = looked_at.get(each.state, 0) + each.messages
    return [
        ReasonLine(
            state=each.state,
            reason=each.reason,
            name=state_name(each.state),
            kind=state_kind(each.state),
            count=f"{number(each.messages)}{'+' if looked_at[each.state] >= LOOK_AT else ''}",
            why=reason_words(each.reason) if each.reason else gettext("No reason was given."),
        )
        for each in reasons
    ]


def budget_lines(budget: Budget, currency: str) -> list[tuple[str, str]]:
    """What may be spent today and in this month, and what is left of it."""
    parts = (
        (gettext("Budget today"), budget.today, budget.day),
        (gettext("Budget this month"), budget.this_month, budget.month),
    )
    return [
        (
            name,
            gettext(
                "%(left)s left of %(most)s",
                left=cost_in_words(max(most - spent, Decimal(0)), currency),
                most=cost_in_words(most, currency),
            ),
        )
        for name, spent, most in parts
        if most is not None
    ]


@dataclass(frozen=True, kw_only=True)
class BatchLine:
    """A send to many that is under way. ``done`` of ``all`` are settled; ``all`` is 0 where nobody can say yet."""

    name: str
    state: str
    kind: str
    told: str
    done: int
    all: int
    url: str = ""


def batch_line(batch: Batch, *, url: str) -> BatchLine:
    """How far it is, from its own row."""
    name, kind = state_words(batch.state)
    if batch.state == BatchState.BUILDING:
        told = ngettext("One recipient so far", "%(num)s recipients so far", batch.going)
        return BatchLine(
            name=batch.name,
            state=name,
            kind=kind,
            told=told,
            done=min(batch.looked_at, batch.expected or 0),
            all=batch.expected or 0,
            url=url,
        )
    found = standing(batch)
    told = gettext("%(done)s of %(all)s went, %(failed)s failed") % {
        "done": number(found.going - found.waiting),
        "all": number(found.going),
        "failed": number(found.failed),
    }
    done = found.going - found.waiting
    return BatchLine(name=batch.name, state=name, kind=kind, told=told, done=done, all=found.going, url=url)


def counter_lines(counters: Mapping[str, int]) -> list[tuple[str, str, str]]:
    """What somebody should look into: what it is, how often it came, and what to do about it."""
    known = (
        (
            LOST,
            gettext("Lost notices"),
            gettext("A change was noticed in a transaction that never ended: the portal's log says where."),
        ),
        (
            FAILED,
            gettext("Notices that failed"),
            gettext("A change could not be turned into messages: the portal's log says why."),
        ),
        (
            FORGED,
            gettext("Forged receipts"),
            gettext("Somebody sent receipts that do not hold: compare the secret with the provider's panel."),
        ),
        (
            UNMATCHED,
            gettext("Receipts of no message"),
            gettext("The provider tells of messages that this portal did not send: do two portals share the account?"),
        ),
    )
    return [(name, at_most(counters[code], 999_999), what) for code, name, what in known if counters.get(code, 0) > 0]
