"""What waits: every message that has not gone yet, in the order in which it will, and what stands in its way (Q1)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import flash, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from sms_plugin.models import Instant, database_now
from sms_plugin.outbox.obstacles import Obstacle, obstacles
from sms_plugin.outbox.queue import Part, Place, Waiting, waiting
from sms_plugin.outbox.tallies import live_counts
from sms_plugin.states import LIVE, MessageState
from sms_plugin.web.base import Page
from sms_plugin.web.paging import PARAMETER, Cursor, read_cursor, write_cursor
from sms_plugin.web.permissions import Right
from sms_plugin.web.shown import shown
from sms_plugin.web.translation import gettext, lazy_gettext
from sms_plugin.web.words import WAITING, reason_words, state_kind, state_name

SIZE = 25
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
        now = database_now(session)
        wanted, reason = _state(), _reason()
        found = waiting(
            session,
            now=now,
            most=SIZE,
            after=_place(),
            states=() if wanted is None else (wanted,),
            reason=reason,
        )
        messages = [entry.message for entry in found.entries]
        return self.render(
            "sms/queue.html",
            rows=list(zip(found.entries, shown(messages, state=self.state), strict=True)),
            now=now,
            LATER=Part.LATER,
            obstacles=obstacles(session, now=now),
            counts=live_counts(session, most=MOST),
            most=MOST,
            states=[(each.value, state_name(each.value), state_kind(each.value)) for each in _STATES],
            reasons=_reasons(reason),
            wanted=wanted,
            reason=reason,
            found=found,
            obstacle_words=obstacle_words,
            next_url=self._next(found, wanted, reason),
            here=request.full_path,
        )

    def _next(self, found: Waiting, wanted: MessageState | None, reason: str | None) -> str | None:
        place = found.next
        if place is None:
            return None
        values = (place.as_of, int(place.part), place.priority, place.due_at, place.id, place.passed)
        at = write_cursor(Cursor(values=values), of=self.page)
        kept = {"state": wanted.value if wanted else None, "reason": reason, PARAMETER: at}
        url: str = self.get_url(".index_view", **kept)
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
    return (
        gettext("No process sends: none was seen lately."),
        gettext("Reload the portal's web process, or start: flask sms worker"),
    )


def _state() -> MessageState | None:
    given = request.args.get("state", "")
    return MessageState(given) if given in LIVE else None


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
