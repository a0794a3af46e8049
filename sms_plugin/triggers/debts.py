"""Which of a run's messages are told together: those of triggers that gather, about records that are debts (X21)."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from sqlalchemy.orm import Session

from sms_plugin.models.busy import is_busy
from sms_plugin.outbox.enqueue import Draft
from sms_plugin.outbox.gathering import alone
from sms_plugin.state import State
from sms_plugin.states import MessageState
from sms_plugin.text.formats import Money
from sms_plugin.triggers.fired import Firing
from sms_plugin.triggers.reading import guarded
from sms_plugin.triggers.volumes import SURGE
from sms_plugin.wording.rendering import read

log = logging.getLogger(__name__)


def parted(
    session: Session, firings: Sequence[Firing], drafts: Sequence[Draft], *, state: State
) -> tuple[list[tuple[Draft, str]], list[Draft]]:
    """The drafts that are told with others, each with the currency of its debt, and the rest. Reads only.

    Dates gather: what a person or the portal's own change fires is told at once and by itself. What was told with
    others before the trigger stopped gathering is in neither.
    """
    debts = {
        (each.entity.key, each.key): each
        for each in firings
        if each.timing is not None and each.entity.debt is not None
    }
    if not debts:
        return [], list(drafts)
    together: list[tuple[Draft, str]] = []
    rest: list[Draft] = []
    currencies: dict[tuple[str | None, str | None], str | None] = {}
    for draft in drafts:
        name = (draft.entity, draft.record)
        firing = debts.get((draft.entity or "", draft.record or ""))
        if firing is not None and firing.row.gathers and _waits(draft):
            if name not in currencies:
                currencies[name] = _currency(session, firing, state)
            currency = currencies[name]
            if currency is not None:
                together.append((draft, currency))
                continue
        rest.append(draft)
    return together, alone(session, rest)


def _waits(draft: Draft) -> bool:
    held_with_its_run = draft.state is MessageState.HELD and draft.reason == SURGE
    return draft.number is not None and (draft.state is MessageState.QUEUED or held_with_its_run)


def _currency(session: Session, firing: Firing, state: State) -> str | None:
    """The currency of the debt; None where it has no amount, or the portal fails at it: then it is told by itself."""
    assert firing.entity.debt is not None  # noqa: S101 - the caller looked
    try:
        with guarded(session, careful=True):
            amount = read(firing.entity.debt.amount, firing.record, state)
    except Exception as error:
        # the host's attributes may raise anything: the message says by itself what they do
        if is_busy(error):
            raise
        log.warning("a debt of %s cannot be read: %s", firing.entity.key, type(error).__name__)
        return None
    return amount.currency if isinstance(amount, Money) else None
