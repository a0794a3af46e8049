"""What waits: every message that has not gone yet, in the order in which it will, and what stands in its way (Q1)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy.orm import Session

from sms_plugin.host.identity import RecordRef
from sms_plugin.models import Instant, database_now
from sms_plugin.outbox.charges import OVER, let_go
from sms_plugin.outbox.obstacles import Obstacle, obstacles, worries
from sms_plugin.outbox.queue import Part, Place, Waiting, waiting
from sms_plugin.outbox.tallies import live_counts
from sms_plugin.states import LIVE, MessageState
from sms_plugin.web.apart import within
from sms_plugin.web.base import Page
from sms_plugin.web.finding import offered, under_way
from sms_plugin.web.forms import has_token
from sms_plugin.web.host_records import Named, named
from sms_plugin.web.looks import looked
from sms_plugin.web.message_filters import QUEUE_NAMES, Filters, read_filters
from sms_plugin.web.paging import PARAMETER, Cursor, read_cursor, write_cursor
from sms_plugin.web.permissions import Right, actor
from sms_plugin.web.reasons import WAITING, reason_words
from sms_plugin.web.shown import name_of, shown
from sms_plugin.web.surges import held_runs
from sms_plugin.web.translation import gettext, lazy_gettext, ngettext
from sms_plugin.web.words import state_kind, state_name

SIZE = 25
#: So many messages that the budget held are let go at once, and in one transaction.
_AT_ONCE = 100
_ROUNDS = 20
#: Counters stop here: more is "more".
MOST = 9_999
#: What a cursor holds: ``Place``, in the order of its fields.
_PLACE = (
    sa.column("as_of", Instant),
    sa.column("part", sa.Integer),
    sa.column("priority", sa.Integer),
    sa.column("due_at", Instant),
    sa.column("id", sa.Uuid),
    sa.column("passed", sa.Integer),
)
#: The states in the order in which an operator wants them.
_STATES = (MessageState.QUEUED, MessageState.SENDING, MessageState.HELD, MessageState.UNKNOWN)


class QueuePage(Page):
    """The queue."""

    page = "queue"
    title = lazy_gettext("Queue")
    icon = "fa-clock-o"
    right = Right.READ

    @expose("/")
    def index_view(self) -> ResponseReturnValue:
        """A page of the queue."""
        session = self.state.db.session()
        filters = read_filters(request.args, state=self.state, names=QUEUE_NAMES)
        now, reason = database_now(session), _reason()
        wanted = filters.wanted.state if filters.wanted.state in LIVE else None
        found = Waiting(entries=(), next=None) if filters.problem else self._found(session, filters, reason, now)
        messages = [entry.message for entry in found.entries]
        if messages and (self.may(Right.SEND) or filters.is_about_somebody):
            looked(self.state, about=filters.client, number=filters.wanted.number, place=self.page)
        return self.render(
            "sms/queue.html",
            rows=list(zip(found.entries, shown(messages, state=self.state), strict=True)),
            now=now,
            LATER=Part.LATER,
            obstacles=(*obstacles(session, now=now), *worries(session, settings=self.state.settings, now=now)),
            runs=held_runs(session, state=self.state),
            sends=under_way(session, view=self),
            counts=live_counts(session, most=MOST),
            most=MOST,
            states=[(each.value, state_name(each.value), state_kind(each.value)) for each in _STATES],
            reasons=_reasons(reason),
            wanted=wanted,
            reason=reason,
            filters=filters,
            client=self._client(filters.client),
            found=found,
            obstacle_words=obstacle_words,
            next_url=self._next(found, filters),
            here=request.full_path,
            **offered(session, filters.wanted.batch_id, state=self.state),
        )

    def _found(self, session: Session, filters: Filters, reason: str | None, now: datetime) -> Waiting:
        state = filters.wanted.state
        return waiting(
            session,
            now=now,
            most=SIZE,
            after=_place(),
            states=(state,) if state in LIVE else (),
            reason=reason,
            wanted=replace(filters.wanted, state=None),
        )

    def _client(self, ref: RecordRef | None) -> Named | None:
        if ref is None:
            return None
        return named(ref, admin=self.admin, state=self.state, name=name_of(ref, state=self.state))

    @expose("/let-go/", methods=("POST",))
    def let_go_view(self) -> ResponseReturnValue:
        """Queue again what the budget held; what is too late by now expires."""
        if not self.may(Right.SEND):
            return self.tell("refused", right=Right.SEND, no_rule=False), 403
        back = self.get_url(".index_view", state=MessageState.HELD.value, reason=OVER)
        if not has_token():
            return redirect(back)
        went = late = 0
        for _ in range(_ROUNDS):
            some = within(
                self.state, lambda session: let_go(session, most=_AT_ONCE, who=actor(), now=database_now(session))
            )
            went, late = went + some[0], late + some[1]
            if sum(some) < _AT_ONCE:
                break
        self.state.wake.set()
        told = ngettext("One message is in the queue again.", "%(num)s messages are in the queue again.", went)
        expired = ngettext("One was too late.", "%(num)s were too late.", late) if late else ""
        flash(f"{told} {expired}".strip(), "success" if went else "warning")
        return redirect(back)

    def _next(self, found: Waiting, filters: Filters) -> str | None:
        place = found.next
        if place is None:
            return None
        values = (place.as_of, int(place.part), place.priority, place.due_at, place.id, place.passed)
        at = write_cursor(Cursor(values=values), of=self.page)
        url: str = self.get_url(".index_view", **filters.given, **{PARAMETER: at})
        return url


def obstacle_words(obstacle: Obstacle) -> tuple[str, str]:
    """What keeps all messages, and what to do about it."""
    if obstacle.code == "no_provider":
        return gettext("No provider is active: nothing goes."), gettext("Activate one; what waits then goes.")
    if obstacle.code == "provider_stopped":
        why = reason_words(obstacle.reason) if obstacle.reason else ""
        told = gettext("The provider “%(name)s” is stopped: nothing goes. %(why)s", name=obstacle.provider, why=why)
        return told, gettext("Mend the account, then resume the provider; what waits then goes.")
    if obstacle.code == "provider_paused":
        told = gettext("The provider “%(name)s” asked us to wait: nothing goes until then.", name=obstacle.provider)
        return told, gettext("Nothing has to be done.")
    if obstacle.code == "provider_outage":
        told = gettext("The provider “%(name)s” cannot be reached. The next message tries:", name=obstacle.provider)
        return told, gettext("Nothing has to be done: what waits keeps its turn, and goes once one was taken.")
    if obstacle.code == "standby_sends":
        told = gettext(
            "The provider “%(name)s” cannot be reached; “%(standby)s” sends in its place.",
            name=obstacle.provider,
            standby=obstacle.detail,
        )
        return told, gettext("Nothing has to be done: it takes over again once it can be reached.")
    if obstacle.code == "budget_used":
        told = gettext("The budget of “%(name)s” is used up: messages are held.", name=obstacle.provider)
        return told, gettext("Raise it, or wait for another day; then let them go here, as long as they are valid.")
    if obstacle.code == "balance_low":
        told = gettext(
            "The account of “%(name)s” runs low: %(left)s left.", name=obstacle.provider, left=obstacle.detail
        )
        return told, gettext("Buy more before it is empty: then the provider is stopped, and messages wait.")
    return (
        gettext("No process sends: none was seen lately."),
        gettext("Reload the portal's web process, or start: flask sms worker"),
    )


def _reason() -> str | None:
    given = request.args.get("reason", "").strip()
    return given[:40] if given and "\x00" not in given else None


def _reasons(chosen: str | None) -> list[tuple[str, str]]:
    codes = [*WAITING, *([chosen] if chosen is not None and chosen not in WAITING else [])]
    return [(code, reason_words(code)) for code in codes]


def _place() -> Place | None:
    given = request.args.get(PARAMETER)
    if not given:
        return None
    try:
        as_of, part, priority, due_at, id_, passed = read_cursor(given, of=QueuePage.page, columns=_PLACE).values
        return Place(**_typed(as_of, part, priority, due_at, id_, passed))
    except ValueError:
        flash(gettext("This link to a further page no longer holds: here is the first one."), "warning")
        return None


def _typed(as_of: datetime, part: int, priority: int, due_at: datetime, id_: UUID, passed: int) -> dict[str, Any]:
    return {
        "as_of": as_of,
        "part": Part(part),
        "priority": priority,
        "due_at": due_at,
        "id": id_,
        "passed": passed,
    }
