"""A conversation on paper: the oldest message first, in parts of a set size, each saying what it holds (Q4)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from sms_plugin.models import Message
from sms_plugin.outbox.accesses import Deed
from sms_plugin.outbox.history import Selection, about_number, read
from sms_plugin.outbox.names import names_of
from sms_plugin.state import State
from sms_plugin.web.apart import reading
from sms_plugin.web.base import Page
from sms_plugin.web.history import Narrowing, bubbles_of, forgiving, narrowing
from sms_plugin.web.looks import taken
from sms_plugin.web.paging import PARAMETER, Cursor, read_cursor, write_cursor
from sms_plugin.web.permissions import Right, actor
from sms_plugin.web.shown import shown_number
from sms_plugin.web.translation import gettext, language, lazy_gettext

#: So many messages are in one part: some ten sheets of paper.
MOST = 200


#: What a cursor of the parts holds: after which message the part begins, and its number.
_PLACE = (Message.id, Message.attempts)


class PrintPages(Page):
    """The conversation with a number on paper, whoever has it; a client's stands on the host's own view."""

    page = "print"
    title = lazy_gettext("Print")
    right = Right.READ
    in_menu = False

    @expose("/")
    def index_view(self) -> ResponseReturnValue:
        """A part of what was said to the number."""
        number = forgiving(request.args.get("number", ""), region=self.state.settings.region)
        if number is None:
            return redirect(self.page_url("history", number=request.args.get("number", "")))
        asked = narrowing()
        taken(self.state, Deed.PRINTED, number=number, filters=asked.given)
        values = paper(about_number(number), of=f"number {number}", asked=asked, state=self.state)
        return self.render(
            "sms/print.html",
            heading=shown_number(number),
            back_url=self.page_url("history", number=number, **asked.given),
            may_full=self.may(Right.SEND),
            **values,
        )


def paper(selection: Selection, *, of: str, asked: Narrowing, state: State) -> dict[str, Any]:
    """What the template ``print.html`` shows: a part of the conversation, and the address of the next one.

    ``of`` names the selection: a cursor of another one does not hold here.
    """
    after, part = _place(of)
    with reading(state) as session:
        rows = read(session, of=asked.applied(selection), after=after, most=MOST + 1)
        more, rows = len(rows) > MOST, rows[:MOST]
        names = names_of(session, rows, registry=state.registry)
    return {
        "rows": bubbles_of(rows, names=names, state=state),
        "asked": asked,
        "part": part,
        "next_url": _next(rows[-1].id, part, of) if more else None,
        "is_whole": part == 1 and not more,
        "printed_at": datetime.now(UTC),
        "printed_by": actor(),
        "language": language().replace("_", "-"),
    }


def _place(of: str) -> tuple[UUID | None, int]:
    given = request.args.get(PARAMETER)
    if not given:
        return None, 1
    try:
        after, part = read_cursor(given, of=f"print {of}", columns=_PLACE).values
    except ValueError:
        flash(gettext("This link to a further page no longer holds: here is the first one."), "warning")
        return None, 1
    return after, part


def _next(last: UUID, part: int, of: str) -> str:
    cursor = Cursor(values=(last, part + 1))
    kept: Mapping[str, str] = {name: value for name, value in request.args.items() if name != PARAMETER}
    return f"{request.path}?{urlencode({**kept, PARAMETER: write_cursor(cursor, of=f'print {of}')})}"
