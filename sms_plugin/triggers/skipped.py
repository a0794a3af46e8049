"""What switching a trigger on leaves out, and what it brings: seen beforehand, and sent by hand if somebody wants it
(X5). The same occurrences as the sweep's, so that none of them is ever texted twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from itertools import chain, islice

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from sms_plugin.host.search import label_of
from sms_plugin.models import TriggerRow
from sms_plugin.outbox.enqueue import OWN_ACTION, Draft
from sms_plugin.providers.active import active_id
from sms_plugin.state import State
from sms_plugin.states import MessageState
from sms_plugin.triggers.drafting import Drafting
from sms_plugin.triggers.fired import Firing
from sms_plugin.triggers.foresight import Coming, coming_due, drafts_of
from sms_plugin.triggers.planned import Planned, with_the_last, without_opted_out

#: Counted no further.
MOST = 1000
#: So many records are looked at for who gets nothing, among those that come due in so many days.
SAMPLE, AHEAD = 25, timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Sample:
    """The first records that come due, and who of their people would get nothing."""

    looked_at: int
    left_out: tuple[Planned, ...]


def as_if_on(row: TriggerRow | None, trigger: str, *, now: datetime) -> TriggerRow:
    """The trigger as it would be if it were switched on now, apart from the session."""
    names = [attribute.key for attribute in inspect(TriggerRow).column_attrs]
    usual = {"key": trigger, "texts": {}, "steps": [], "unknown_policy": "ask", "changed_at": now}
    values = usual if row is None else {name: getattr(row, name) for name in names}
    return TriggerRow(**{**values, "on": True, "on_since": now, "template": None if row is None else row.template})


def count_today(session: Session, row: TriggerRow, *, state: State, until: datetime) -> int:
    """How many occurrences of that day came due up to ``until``, by the portal's calendar, and are not written: at most
    one more than ``MOST``. Reads only.
    """
    return sum(1 for _ in islice(_today(session, row, state=state, until=until), MOST + 1))


def plan_today(
    session: Session, row: TriggerRow, *, state: State, until: datetime, who: str, now: datetime, most: int
) -> list[Planned]:
    """What would be sent for these occurrences, ``most`` messages at most, as it would be decided now. Reads only.

    Give a session of which nothing else hangs: the host's attributes are read.
    """
    some = list(islice(_today(session, row, state=state, until=until), MOST))
    found = _planned(session, some, state=state, who=who, now=now)
    going = [each for each in found if each.goes]
    return [*going[:most], *(each for each in found if not each.goes)]


def sample(session: Session, row: TriggerRow, *, state: State, now: datetime) -> Sample:
    """Who would get nothing among the first that come due in the next days. Reads only, as ``plan_today``."""
    some = list(islice(_due(session, row, state=state, after=now, until=now + AHEAD), SAMPLE))
    found = _planned(session, some, state=state, who="", now=now)
    return Sample(looked_at=len(some), left_out=tuple(each for each in found if not each.goes))


def _today(session: Session, row: TriggerRow, *, state: State, until: datetime) -> Iterator[Coming]:
    zone = state.settings.zone
    midnight = datetime.combine(until.astimezone(zone).date(), time(), tzinfo=zone).astimezone(until.tzinfo)
    return _due(session, row, state=state, after=midnight - timedelta(microseconds=1), until=until)


def _due(session: Session, row: TriggerRow, *, state: State, after: datetime, until: datetime) -> Iterator[Coming]:
    hooks = [hook for hook in state.registry.date_hooks() if hook.trigger == row.key]
    pages = (coming_due(session, hook, row, after=after, until=until, state=state) for hook in hooks)
    # a sweep finds what is due anywhere on earth, some of it before its time
    return (each for page in chain.from_iterable(pages) for each in page if after < each.at <= until)


def _planned(session: Session, some: Sequence[Coming], *, state: State, who: str, now: datetime) -> list[Planned]:
    work = Drafting(session=session, state=state, now=now, provided=active_id(session) is not None, careful=True)
    found: list[Planned] = []
    for of_hook in _by_hook([replace(each, firing=_by(each.firing, who)) for each in some]):
        found += [_as_planned(coming.firing, draft) for coming, draft in drafts_of(work, of_hook)]
    return with_the_last(session, without_opted_out(session, found))


def _by(firing: Firing, who: str) -> Firing:
    """The firing, asked for by a person: it goes before reminders, and keeps whose wish it was."""
    return replace(firing, operator=who, priority=OWN_ACTION)


def _by_hook(comings: Sequence[Coming]) -> list[list[Coming]]:
    groups: dict[int, list[Coming]] = {}
    for each in comings:
        groups.setdefault(id(each.firing.hook), []).append(each)
    return list(groups.values())


def _as_planned(firing: Firing, draft: Draft) -> Planned:
    goes = draft.state is MessageState.QUEUED
    label = label_of(firing.record, firing.entity)
    return Planned(record=label, person="", draft=draft, problem="" if goes else draft.reason, detail=draft.detail)
