"""What one record would send, found by what a person types: "what would this invoice send?" (X4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import flash, request
from flask_admin import expose

from sms_plugin.errors import SmsError
from sms_plugin.host.bound import BoundEntity
from sms_plugin.host.identity import RecordRef
from sms_plugin.host.search import Found
from sms_plugin.models import database_now
from sms_plugin.outbox.names import names_of
from sms_plugin.triggers.expecting import Expected
from sms_plugin.triggers.previewing import Subject, search
from sms_plugin.triggers.trying import Trial, try_out
from sms_plugin.web.apart import reading
from sms_plugin.web.base import Page
from sms_plugin.web.forecast_words import Entry, entry_of
from sms_plugin.web.looks import listed
from sms_plugin.web.permissions import Right
from sms_plugin.web.shown import trigger_label
from sms_plugin.web.translation import gettext
from sms_plugin.web.why import standing_words

#: So many records are offered.
OFFERED = 10


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What one trigger would send, in words."""

    key: str
    label: str
    off: bool
    dated: bool
    why: str  #: why there is nothing; empty where there is
    entries: list[Entry]


class RecordTrials(Page):
    """The page on which any record is tried, for whoever may configure: it finds records that the host's own views may
    hide.
    """

    @expose("/record/")
    def record_view(self) -> Any:
        """A record is looked for, chosen, and tried by all that it may fire; nothing is sent."""
        if not self.may(Right.CONFIGURE):
            return self.tell("refused", right=Right.CONFIGURE, no_rule=False), 403
        given = {
            name: request.args.get(name, "").replace("\0", "").strip()[:200] for name in ("kind", "words", "record")
        }
        kinds = self._kinds()
        bound = self.state.registry.entities.get(given["kind"]) if given["kind"] in dict(kinds) else None
        found = None if bound is None else self._found(bound, given["words"])
        trial, tried = self._tried(given["record"]) if given["record"] else (None, [])
        return self.render(
            "sms/forecast_record.html", given=given, kinds=kinds, records=found, trial=trial, tried=tried
        )

    def entries(self, expected: Iterable[Expected], names: Mapping[RecordRef, str], currency: str) -> list[Entry]:
        """Expected messages as the pages show them, which is a look at their numbers (X23)."""
        found = [
            entry_of(each, names=names, currency=currency, admin=self.admin, state=self.state) for each in expected
        ]
        listed(self.state, [each.number for each in found], full=self.may(Right.SEND), place="forecast")
        return found

    def _kinds(self) -> list[tuple[str, str]]:
        """The entities whose records fire anything."""
        hooked = {hook.entity.key: hook.entity for hook in self.state.registry.hooks}
        return sorted((key, entity.model.__name__) for key, entity in hooked.items())

    def _found(self, bound: BoundEntity, words: str) -> list[Found]:
        numbers = self.may(Right.SEND)
        with reading(self.state) as session:
            return search(session, Subject(entities=(bound,)), words, most=OFFERED, numbers=numbers)

    def _tried(self, record: str) -> tuple[Trial | None, list[Tried]]:
        entity, _, key = record.partition("|")
        with reading(self.state) as session:
            now = database_now(session)
            try:
                trial = try_out(session, entity, key, state=self.state, now=now)
            except SmsError:
                flash(gettext("This record is not there any more. Search for another one."), "warning")
                return None, []
            names = names_of(
                session, [one for each in trial.tried for one in each.expected], registry=self.state.registry
            )
        tried = [
            Tried(
                key=each.trigger,
                label=trigger_label(each.trigger, state=self.state),
                off=each.off,
                dated=each.dated,
                why=_why(each.problem),
                entries=self.entries(each.expected, names, trial.currency),
            )
            for each in trial.tried
        ]
        return trial, sorted(tried, key=lambda each: (each.off, bool(each.why), each.label))


def _why(problem: str) -> str:
    if problem == "past":
        return gettext("Its moment is over.")
    return standing_words(problem) if problem else ""
