"""What was said, as a conversation: by number here, by client and record on the host's own views (Q4, Q5)."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError
from sms_plugin.host.identity import RecordRef
from sms_plugin.models import Message
from sms_plugin.outbox.accesses import Deed
from sms_plugin.outbox.history import HistoryPage, Selection, about_number, history, narrowed
from sms_plugin.outbox.joining import INCOMPLETE
from sms_plugin.outbox.names import named_by, names_of
from sms_plugin.outbox.unfed import Unfed, of_number
from sms_plugin.state import State
from sms_plugin.text.phones import PhoneError, digits, parse_phone
from sms_plugin.web.apart import reading
from sms_plugin.web.base import Page
from sms_plugin.web.editing import MEASURED
from sms_plugin.web.export import download, layout_from
from sms_plugin.web.forms import has_token
from sms_plugin.web.looks import looked, taken
from sms_plugin.web.moments import zone
from sms_plugin.web.paging import PARAMETER, Cursor, read_cursor, write_cursor
from sms_plugin.web.permissions import Right, actor
from sms_plugin.web.reasons import reason_words
from sms_plugin.web.replying import answer, outs_of
from sms_plugin.web.shown import shown_number, trigger_label
from sms_plugin.web.to_come import ToCome, to_come
from sms_plugin.web.translation import gettext, in_words, lazy_gettext, ngettext
from sms_plugin.web.words import state_kind, state_name, way_name

#: So many messages are on a page.
MOST = 30
_NARROWING = ("words", "since", "until")


@dataclass(frozen=True, kw_only=True)
class Bubble:
    """One message as the conversation shows it."""

    id: UUID
    at: datetime
    due_at: datetime | None  #: where it waits for its time
    incoming: bool
    person: str
    number: str
    text: str
    state: str
    tone: str
    why: str  #: why it was not sent, or what it was about
    about: str  #: the trigger, or the subject
    segments: int
    way: str  #: by which it went, where there are several
    operator: str
    whole: bool = True  #: no part of it is still to come


@dataclass(frozen=True, kw_only=True)
class Narrowing:
    """What the person at the page looks for, as typed."""

    words: str = ""
    since: str = ""
    until: str = ""

    @property
    def given(self) -> dict[str, str]:
        """What is not empty, for an address."""
        return {name: value for name in _NARROWING if (value := getattr(self, name))}

    def applied(self, selection: Selection) -> Selection:
        """Those of the selection that are looked for; days are the viewer's, the last one whole."""
        until = day_of(self.until)
        return narrowed(
            selection,
            words=self.words,
            since=day_of(self.since),
            until=None if until is None else until + timedelta(days=1),
        )


def narrowing() -> Narrowing:
    """What the address narrows the conversation to; a day that is none is told and left out."""
    values = {name: request.args.get(name, "").replace("\0", "").strip()[:100] for name in _NARROWING}
    for name in ("since", "until"):
        if values[name] and day_of(values[name]) is None:
            flash(gettext("“%(day)s” is no day: write it as 2026-01-31.", day=values[name]), "warning")
            values[name] = ""
    return Narrowing(**values)


def conversation(selection: Selection, *, of: str, asked: Narrowing, state: State) -> dict[str, Any]:
    """What the template ``conversation.html`` shows of a selection: its bubbles and the addresses of other pages.

    ``of`` names the selection: a cursor of another one does not hold here. ``whose`` is the client or person of the
    newest message on the page.
    """
    cursor = _cursor(of)
    id = None if cursor is None else cursor.values[0]
    beside = {} if cursor is None else {"after" if cursor.back else "before": id}
    with reading(state) as session:
        page = history(session, of=asked.applied(selection), most=MOST, **beside)
        names = names_of(session, page.messages, registry=state.registry)
    # the host is asked who may see numbers whole, so no transaction of ours is open any more
    bubbles = bubbles_of(page.messages, names=names, state=state)
    whose = client_or_person(page.messages[-1]) if page.messages else None
    return {"bubbles": bubbles, "asked": asked, "whose": whose, **_ways(page, of, asked)}


def client_or_person(message: Any) -> RecordRef | None:
    """Whose history a message stands in; None where it is nobody's."""
    pairs = ((message.client_entity, message.client), (message.person_entity, message.person))
    return next((RecordRef(entity=entity, key=key) for entity, key in pairs if entity and key is not None), None)


def bubbles_of(messages: Iterable[Any], *, names: Mapping[RecordRef, str], state: State) -> list[Bubble]:
    """Messages as they are shown, with the ``names`` of their people."""
    return [_bubble(each, names.get(ref, "") if (ref := named_by(each)) else "", state) for each in messages]


def waiting_for(find: Callable[[Session], Sequence[Unfed]], *, state: State) -> list[ToCome]:
    """What sends to many have in store for somebody, in words; nothing on a further page, or where the conversation is
    narrowed. Reads only.
    """
    if PARAMETER in request.args or any(request.args.get(name, "").strip() for name in _NARROWING):
        return []
    with reading(state) as session:
        found = find(session)
        session.rollback()
    return to_come(found)


class HistoryPages(Page):
    """The conversation with a number, whoever has it."""

    page = "history"
    title = lazy_gettext("History")
    icon = "fa-comments-o"
    right = Right.READ

    @expose("/")
    def index_view(self) -> ResponseReturnValue:
        """The form that asks for a number, and what was said to it."""
        written = request.args.get("number", "")
        return self._talk(written, self._number(written) if written.strip() else None)

    def _talk(self, written: str, number: str | None, *, text: str = "") -> str:
        """The page of a number; ``text`` is what an answer says that could not go."""
        shown: dict[str, Any] = {"written": written, "number": number, "bubbles": None, "export_url": None}
        shown |= {"reply_url": None, "outs": [], "to_come": []}
        if number is not None:
            found = conversation(about_number(number), of=f"number {number}", asked=narrowing(), state=self.state)
            looked(self.state, about=found["whose"], number=number)
            shown |= found | {"written": number, "form_fields": {"number": number}}
            shown |= {"export_url": self.get_url(".export_view") if self.may(Right.EXPORT) else None}
            shown |= {"print_url": self.page_url("print", number=number, **found["asked"].given)}
            shown |= {"reply_url": self.get_url(".reply_view") if self.may(Right.SEND) else None}
            shown |= {"once": secrets.token_hex(16), "outs": outs_of([number], state=self.state)}
            shown |= {"to_come": waiting_for(lambda session: of_number(session, number), state=self.state)}
        told: str = self.render("sms/number.html", send_url=None, text=text, **shown)
        return told

    @expose("/reply/", methods=("POST",))
    def reply_view(self) -> ResponseReturnValue:
        """Send some words to the number, once for each showing of the form."""
        if not self.may(Right.SEND):
            return self.tell("refused", right=Right.SEND, no_rule=False), 403
        number = self._number(request.form.get("number", ""))
        if number is None:
            return redirect(self.get_url(".index_view"))
        if has_token():
            who = actor()
            once, words = request.form.get("once", "")[:32], request.form.get("text", "").replace("\0", "")
            try:
                answer(number, text=words.replace("\r\n", "\n"), once=once or None, who=who, state=self.state)
            except SmsError as error:
                flash(in_words(error), "warning")
                return self._talk(number, number, text=words[:MEASURED])
            flash(ngettext("One message is on its way.", "%(num)s messages are on their way.", 1), "success")
        return redirect(self.get_url(".index_view", number=number), 303)

    @expose("/export/")
    def export_view(self) -> ResponseReturnValue:
        """The conversation as a file."""
        if not self.may(Right.EXPORT):
            return self.tell("refused", right=Right.EXPORT, no_rule=False), 403
        number = self._number(request.args.get("number", ""))
        if number is None:
            return redirect(self.get_url(".index_view"))
        asked = narrowing()
        taken(self.state, Deed.EXPORTED, number=number, filters=asked.given)
        selection = asked.applied(about_number(number))
        return download(selection, about=number, layout=layout_from(request.args, state=self.state))

    def _number(self, written: str) -> str | None:
        number = forgiving(written, region=self.state.settings.region)
        if number is None:
            flash(gettext("This is no number: write it with its country code, such as +351 912 345 678."), "warning")
        return number


def forgiving(written: str, *, region: str | None) -> str | None:
    """The number in E.164 that somebody means, also where nobody could text it today; None where there is none.

    A plus that an address has turned into a space counts.
    """
    for each in (written, f"+{written.strip()}"):
        try:
            return parse_phone(each, region=region).e164
        except PhoneError:
            continue
    kept = "".join(character for character in written if character in "0123456789")
    return f"+{digits(kept)}" if 5 <= len(kept) <= 15 and not any(c.isalpha() for c in written) else None


def _bubble(row: Any, name: str, state: State) -> Bubble:
    waits = row.state == "queued" and row.due_at > row.created_at
    return Bubble(
        id=row.id,
        at=row.created_at,
        due_at=row.due_at if waits else None,
        incoming=row.direction == "in",
        person=name,
        number=shown_number(row.number),
        text=row.text or "",
        state=state_name(row.state),
        tone=state_kind(row.state) or "plain",
        why=reason_words(row.reason) if row.reason else "",
        about=row.subject or ("" if row.trigger is None else trigger_label(row.trigger, state=state)),
        segments=row.segments,
        way=way_name(row.channel),
        operator=row.operator,
        whole=row.step != INCOMPLETE,
    )


def _ways(page: HistoryPage, of: str, asked: Narrowing) -> dict[str, str | None]:
    def way(id: UUID | None, *, back: bool) -> str | None:
        if id is None:
            return None
        return _with({PARAMETER: write_cursor(Cursor(values=(id,), back=back), of=of)})

    return {
        "older_url": way(page.older, back=False),
        "newer_url": way(page.newer, back=True),
        "newest_url": _with({}) if PARAMETER in request.args else None,
        "all_url": _with({}, without=_NARROWING) if asked.given else None,
    }


def _with(values: Mapping[str, str], *, without: tuple[str, ...] = ()) -> str:
    """The address of this page with other values in place of its cursor."""
    left_out = {PARAMETER, *without}
    kept = [(name, value) for name, value in request.args.items(multi=True) if name not in left_out]
    return f"{request.path}?{urlencode([*kept, *values.items()])}"


def _cursor(of: str) -> Cursor | None:
    given = request.args.get(PARAMETER)
    if not given:
        return None
    try:
        return read_cursor(given, of=of, columns=[Message.id])
    except ValueError:
        flash(gettext("This link to a further page no longer holds: here is the newest one."), "warning")
        return None


def day_of(written: str) -> datetime | None:
    """The beginning of a day of the viewer's, or None for what is none, or none of messages."""
    try:
        day = datetime.strptime(written, "%Y-%m-%d").date()
    except ValueError:
        return None
    return datetime.combine(day, time(), tzinfo=zone()) if 1970 < day.year <= 9000 else None
