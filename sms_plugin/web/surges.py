"""Runs that would have sent unusually many, held until a person lets them go or drops them, each as a whole (X5)."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError
from sms_plugin.models import database_now
from sms_plugin.outbox.tallies import totals
from sms_plugin.state import State
from sms_plugin.triggers.groups import (
    COUNTED,
    Group,
    carry_out,
    decide,
    decided_groups,
    group,
    held_groups,
    sample,
)
from sms_plugin.triggers.muting import MUTED
from sms_plugin.web.apart import within
from sms_plugin.web.base import Page, confirmed
from sms_plugin.web.forms import has_token
from sms_plugin.web.looks import listed
from sms_plugin.web.permissions import Right, actor
from sms_plugin.web.shown import shown, trigger_label
from sms_plugin.web.translation import gettext, in_words, lazy_gettext, ngettext

#: Messages of a run that are shown.
SHOWN = 20
#: Pages of a run that are moved while its admin waits; a job moves the rest.
_ROUNDS = 10


@dataclass(frozen=True, kw_only=True)
class Run:
    """A held run in a person's words."""

    group: Group
    label: str
    told: str


class SurgePage(Page):
    """The held runs."""

    page = "surge"
    title = lazy_gettext("Held runs")
    icon = "fa-hand-paper-o"
    right = Right.READ

    @expose("/")
    def index_view(self) -> ResponseReturnValue:
        """What waits, and what was decided last."""
        session = self.state.db.session()
        return self.render(
            "sms/surges.html",
            runs=held_runs(session, state=self.state),
            decided=[_run(each, self.state) for each in decided_groups(session)],
            muted=totals(session).get(MUTED, 0),
        )

    @expose("/look/")
    def look_view(self) -> ResponseReturnValue:
        """One run, with some of its messages."""
        session = self.state.db.session()
        try:
            found = group(session, _id())
        except SmsError:
            flash(gettext("There is no such run."), "warning")
            return redirect(self.get_url(".index_view"))
        messages = sample(session, found, most=SHOWN)
        full, place = self.may(Right.SEND), f"{self.page}:{found.id}"
        listed(self.state, [each.number for each in messages], full=full, place=place)
        return self.render(
            "sms/surge.html",
            run=_run(found, self.state),
            rows=shown(messages, state=self.state),
            more=found.messages > len(messages),
            here=request.full_path,
        )

    @expose("/decide/", methods=("POST",))
    def decide_view(self) -> ResponseReturnValue:
        """Let a run go, or drop it."""
        if not self.may(Right.SEND):
            return self.tell("refused", right=Right.SEND, no_rule=False), 403
        back = self.get_url(".index_view")
        if not has_token():
            return redirect(back)
        choice = request.form.get("choice")
        if choice not in {"approve", "drop"}:
            flash(gettext("Choose whether the run goes or is dropped."), "warning")
            return redirect(back)
        if not confirmed():
            return self.ask(question(choice), back=back)
        who, id = actor(), _id()
        try:
            within(
                self.state,
                lambda session: decide(session, id, approve=choice == "approve", who=who, now=database_now(session)),
            )
        except SmsError as error:
            flash(in_words(error), "warning")
            return redirect(back)
        flash(*self._carried_out(id, choice))
        return redirect(back)

    def _carried_out(self, id: UUID, choice: str) -> tuple[str, str]:
        """Move the first messages at once; what to tell."""
        moved = 0
        for _ in range(_ROUNDS):
            some = within(self.state, lambda session: carry_out(session, id, now=database_now(session)))
            moved += some
            if not some:
                break
        self.state.wake.set()
        rest = "" if not some else " " + gettext("The rest follows within a minute or so.")
        if choice == "drop":
            told = ngettext("One message is dropped.", "%(num)s messages are dropped.", moved)
        else:
            told = ngettext(
                "One message goes, if it is still valid.", "%(num)s messages go, those that are still valid.", moved
            )
        return told + rest, "success"


def held_runs(session: Session, *, state: State) -> list[Run]:
    """The runs that wait for a person, in words. Reads only."""
    return [_run(each, state) for each in held_groups(session)]


def question(choice: str) -> str:
    """What is asked before a run is decided about."""
    if choice == "approve":
        return gettext("Let the whole run go? Each message is asked again whether it is still true before it leaves.")
    return gettext("Drop the whole run? None of its messages will be sent.")


def _run(found: Group, state: State) -> Run:
    label = trigger_label(found.trigger, state=state)
    number = f"{COUNTED:,}+" if found.messages > COUNTED else f"{found.messages:,}"
    if not found.waits:
        return Run(group=found, label=label, told="")
    if found.messages == 1:
        told = gettext("A message of “%(name)s” waits for you.", name=label)
    else:
        told = gettext("A run of %(number)s messages of “%(name)s” waits for you.", number=number, name=label)
    usual = (
        gettext("The most that was set is %(most)s a day.", most=f"{found.ceiling:,}")
        if found.usual is None
        else gettext("Usual is %(usual)s.", usual=f"{found.usual:,}")
    )
    return Run(group=found, label=label, told=f"{told} {usual}")


def _id() -> UUID:
    """The run that is meant; one that does not exist where nothing sensible was given."""
    try:
        return UUID(request.values.get("id", ""))
    except ValueError:
        return UUID(int=0)
