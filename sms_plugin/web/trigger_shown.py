"""A trigger as its pages show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.catalog.loader import in_language
from sms_plugin.host.bound import Reason
from sms_plugin.models import TriggerRow, database_now
from sms_plugin.state import State
from sms_plugin.triggers.overlaps import overlapping
from sms_plugin.triggers.runs import Runs, runs
from sms_plugin.web.course_words import course
from sms_plugin.web.shown import trigger_label
from sms_plugin.web.translation import gettext, language
from sms_plugin.web.waiting import waits_for
from sms_plugin.wording.texts import inactive_because


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A trigger as the pages show it."""

    key: str
    label: str
    help: str
    reason: Reason
    row: TriggerRow | None
    inactive: str  #: why it sends nothing, as a code; empty where it is active
    waits: list[str]
    course: list[str]  #: purpose, hours, days, in a few words each
    runs: Runs
    beside: list[str] = field(default_factory=list)  #: others that are on and tell of the same thing (X22)

    @property
    def on(self) -> bool:
        """Whether it is switched on, whatever it has to say."""
        return self.row is not None and self.row.on


def rows_of(session: Session) -> dict[str, TriggerRow]:
    """What was decided about triggers, by key. Reads only."""
    return {row.key: row for row in session.scalars(sa.select(TriggerRow))}


def all_shown(session: Session, rows: Mapping[str, TriggerRow], *, state: State) -> list[Shown]:
    """Every trigger that is declared. Reads only."""
    reasons = state.registry.reasons
    declared = {key: row for key, row in rows.items() if key in reasons}
    known = runs(session, declared, state=state, now=database_now(session))
    return [_shown(reason, rows, known, state) for reason in reasons.values()]


def one_shown(session: Session, key: str, rows: Mapping[str, TriggerRow], *, state: State) -> Shown:
    """One trigger. Reads only. Raises ``SmsError`` for one that nobody declares."""
    mine = {key: rows[key]} if key in rows else {}
    known = runs(session, mine, state=state, now=database_now(session))
    return _shown(state.registry.reason(key), rows, known, state)


def silence(code: str) -> str:
    """Why a trigger that is on has nothing to say."""
    return {
        "no_text": gettext("Its text is empty."),
        "template_disabled": gettext("Its template is disabled."),
        "template_section": gettext("The section of its template is not declared any more."),
    }.get(code, "")


def _shown(reason: Reason, rows: Mapping[str, TriggerRow], known: Mapping[str, Runs], state: State) -> Shown:
    row = rows.get(reason.key)
    on = {key for key, each in rows.items() if each.on and key in state.registry.reasons}
    return Shown(
        key=reason.key,
        label=trigger_label(reason.key, state=state),
        help=in_language(reason.help, language()),
        reason=reason,
        row=row,
        inactive=inactive_because(row, reason, registry=state.registry),
        waits=waits_for(state.registry.hooks_of(reason.key), () if row is None else row.steps or ()),
        course=course(row, reason, state.settings),
        runs=known.get(reason.key, Runs()),
        beside=[trigger_label(key, state=state) for key in overlapping(reason.key, on)],
    )
