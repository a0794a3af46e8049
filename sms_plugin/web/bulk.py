"""Sends to many: the list of them, and one while it runs (S7)."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import flash, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy.orm import Session

from sms_plugin.batches import deciding
from sms_plugin.batches.listing import batches
from sms_plugin.batches.progress import Standing, standing
from sms_plugin.models import Batch, Message, database_now
from sms_plugin.states import BatchState, MessageState
from sms_plugin.web.base import confirmed
from sms_plugin.web.bulk_deciding import DecidingViews
from sms_plugin.web.bulk_words import grouped, messages_words, paused_words, state_words, time_words, total_words
from sms_plugin.web.forms import has_token
from sms_plugin.web.looks import listed
from sms_plugin.web.paging import PARAMETER, Cursor, read_cursor, write_cursor
from sms_plugin.web.permissions import Right, actor_id
from sms_plugin.web.shown import shown
from sms_plugin.web.translation import gettext, ngettext

SIZE = 25
#: Failures that the page of a running send shows.
_LAST_FAILURES = 10
_PLACE = (sa.column("id", sa.Uuid),)
_BUILT = {BatchState.WAITING, BatchState.RUNNING, BatchState.PAUSED, BatchState.DONE, BatchState.CANCELLED}
_FAILED = (MessageState.FAILED.value, MessageState.UNDELIVERED.value)


class BulkPages(DecidingViews):
    """The list, the form, the preview, and the page of one that goes."""

    @expose("/")
    def index_view(self) -> ResponseReturnValue:
        """The sends, the newest first."""
        session = self.state.db.session()
        found = list(batches(session, before=self._before(), most=SIZE + 1))
        now = database_now(session)
        return self.render(
            "sms/bulk.html",
            rows=[(each, standing(each), self._state(each, now)) for each in found[:SIZE]],
            next_url=self._next(found),
            first_url=self.get_url(".index_view") if request.args.get(PARAMETER) else None,
            total_words=total_words,
            paused_words=paused_words,
            offers=self._offers,
            **self.shared(),
        )

    @expose("/look/")
    def look_view(self) -> ResponseReturnValue:
        """One send, as far as it is: its preview, its progress, its outcome."""
        batch = self.batch()
        if batch is None:
            return self.gone()
        if batch.state == BatchState.DRAFT:
            return redirect(
                self.get_url(".edit_view", id=batch.id) if self.may(Right.BULK) else self.get_url(".index_view")
            )
        return self.preview(batch) if batch.state == BatchState.READY else self._standing(batch)

    @expose("/standing/")
    def standing_view(self) -> ResponseReturnValue:
        """How far a send is, for the script that keeps its page fresh."""
        batch = self.batch()
        if batch is None:
            return jsonify(error="unknown"), 404
        return jsonify(state=batch.state, html=self.render("sms/bulk_standing.html", **self._facts(batch)))

    @expose("/decide/", methods=("POST",))
    def decide_view(self) -> ResponseReturnValue:
        """Pause, resume, cancel, take back, or approve."""
        choice = request.form.get("choice", "")
        known = _CHOICES.get(choice)
        if known is None:
            flash(gettext("Choose what is to be done."), "warning")
            return redirect(self.get_url(".index_view"))
        right, asks = known
        if not self.may(right):
            return self.refused(right)
        batch = self.batch()
        if batch is None:
            return self.gone()
        back = self.get_url(".look_view", id=batch.id)
        if not has_token():
            return redirect(back)
        if asks and not confirmed():
            return self.ask(question(choice, batch), back=back)
        version = self.version()
        decide = getattr(deciding, choice)
        if choice == "approve":
            decide = partial(decide, user=actor_id())
        answer = self.decided(
            right,
            lambda session, id, who, now: decide(session, id, version=version, who=who, now=now),
            _done(choice, batch.name),
            back=self.get_url(".index_view") if choice == "cancel" and batch.state == BatchState.DRAFT else "",
        )
        return answer

    def _standing(self, batch: Batch) -> str:
        """The page of one that is being built, waits, goes, or has gone."""
        session = self.state.db.session()
        failures = _failures(session, batch.id) if batch.state in _BUILT else []
        numbers, place = [each.number for each in failures], f"batch:{batch.id}"
        listed(self.state, numbers, full=self.may(Right.SEND), place=place, name=batch.name)
        return self.render(
            "sms/bulk_look.html",
            failures=shown(failures, state=self.state),
            here=request.full_path,
            **self._facts(batch),
        )

    def _facts(self, batch: Batch) -> dict[str, Any]:
        """What is told of a send's standing."""
        stands: Standing = standing(batch)
        return {
            "batch": batch,
            "stands": stands,
            "state": self._state(batch, database_now(self.state.db.session())),
            "paused": paused_words(batch.reason, batch.detail),
            "time_left": time_words(stands.left_seconds),
            "offers": self._offers(batch),
            "question": question,
            "total": total_words(batch.cost, batch.currency),
            "building": batch.state == BatchState.BUILDING,
            "alive": batch.state in {BatchState.BUILDING, BatchState.RUNNING},
            **self.shared(),
        }

    def _state(self, batch: Batch, now: Any) -> tuple[str, str]:
        later = batch.due_at is not None and batch.due_at > now and batch.started_at is None
        return state_words(batch.state, later=later)

    def _offers(self, batch: Batch) -> list[tuple[str, str, str, str]]:
        """The buttons for a send that the viewer may press: choice, words, question, kind."""
        found = []
        for choice, words, kind in _BUTTONS.get(BatchState(batch.state), ()):
            right, asks = _CHOICES[choice]
            if self.may(right):
                found.append((choice, str(words()), question(choice, batch) if asks else "", kind))
        return found

    def _next(self, found: list[Batch]) -> str | None:
        if len(found) <= SIZE:
            return None
        at = write_cursor(Cursor(values=(found[SIZE - 1].id,)), of=self.page)
        url: str = self.get_url(".index_view", **{PARAMETER: at})
        return url

    def _before(self) -> UUID | None:
        given = request.args.get(PARAMETER)
        if not given:
            return None
        try:
            before: UUID = read_cursor(given, of=self.page, columns=_PLACE).values[0]
        except ValueError:
            flash(gettext("This link to a further page no longer holds: here is the first one."), "warning")
            return None
        return before


#: What may be chosen: the right that it needs, and whether it is asked about first.
_CHOICES: dict[str, tuple[Right, bool]] = {
    "pause": (Right.BULK, False),
    "resume": (Right.BULK, False),
    "reopen": (Right.BULK, False),
    "cancel": (Right.BULK, True),
    "approve": (Right.APPROVE, True),
}
_B = BatchState
#: The buttons of each state: what, in which words, in which kind.
_BUTTONS: dict[BatchState, tuple[tuple[str, Any, str], ...]] = {
    _B.DRAFT: (("cancel", lambda: gettext("Throw away"), "outline-danger"),),
    _B.BUILDING: (
        ("reopen", lambda: gettext("Stop and change it"), "secondary"),
        ("cancel", lambda: gettext("Cancel it"), "outline-danger"),
    ),
    _B.READY: (("cancel", lambda: gettext("Throw away"), "outline-danger"),),
    _B.WAITING: (
        ("approve", lambda: gettext("Approve"), "primary"),
        ("reopen", lambda: gettext("Take back"), "secondary"),
        ("cancel", lambda: gettext("Cancel it"), "outline-danger"),
    ),
    _B.RUNNING: (
        ("pause", lambda: gettext("Pause"), "secondary"),
        ("cancel", lambda: gettext("Cancel what is left"), "outline-danger"),
    ),
    _B.PAUSED: (
        ("resume", lambda: gettext("Resume"), "primary"),
        ("cancel", lambda: gettext("Cancel what is left"), "outline-danger"),
    ),
}


def question(choice: str, batch: Batch) -> str:
    """What is asked before a choice."""
    if choice == "approve":
        return gettext(
            "Approve “%(name)s”, %(messages)s? They go from then on.",
            name=batch.name,
            messages=messages_words(batch.going),
        )
    if batch.state in {_B.DRAFT, _B.READY, _B.BUILDING}:
        return gettext("Throw “%(name)s” away? Nothing of it was sent.", name=batch.name)
    left = standing(batch).waiting
    return ngettext(
        "Cancel “%(name)s”? The one message that is left is not sent; what has gone cannot be called back.",
        "Cancel “%(name)s”? The %(count)s messages that are left are not sent; what has gone cannot be called back.",
        left,
        name=batch.name,
        count=grouped(left),
    )


def _done(choice: str, name: str) -> str:
    told = {
        "pause": gettext("“%(name)s” is paused: nothing more leaves until somebody resumes it.", name=name),
        "resume": gettext("“%(name)s” goes on.", name=name),
        "reopen": gettext("“%(name)s” can be changed again. Nothing was sent.", name=name),
        "cancel": gettext("“%(name)s” is cancelled.", name=name),
        "approve": gettext("“%(name)s” is approved: it goes.", name=name),
    }
    return told[choice]


def _failures(session: Session, batch_id: UUID) -> list[Message]:
    """The last messages of a send that failed. Reads only."""
    query = (
        sa.select(Message)
        .where(Message.batch_id == batch_id, Message.state.in_(_FAILED))
        .order_by(Message.id.desc())
        .limit(_LAST_FAILURES)
    )
    return list(session.scalars(query))
