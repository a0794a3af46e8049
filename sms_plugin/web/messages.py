"""All messages: found by filters and words, taken out as a file, and each with its whole life (Q3, Q4, X11)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError
from sms_plugin.host.identity import RecordRef
from sms_plugin.models import Batch, Message, Provider, database_now
from sms_plugin.outbox.accesses import Deed
from sms_plugin.outbox.charges import COSTS
from sms_plugin.outbox.obstacles import obstacles
from sms_plugin.outbox.search import Found, search, selection
from sms_plugin.outbox.timeline import timeline
from sms_plugin.states import MessageState
from sms_plugin.web.base import Page, confirmed
from sms_plugin.web.choosing import carry_out, chosen, questions
from sms_plugin.web.export import download, layout_from
from sms_plugin.web.finding import batch_url, offered
from sms_plugin.web.forms import has_token
from sms_plugin.web.history import client_or_person
from sms_plugin.web.host_records import Named, named
from sms_plugin.web.looks import looked, taken
from sms_plugin.web.message_filters import Filters, read_filters
from sms_plugin.web.paging import PARAMETER, Cursor, read_cursor, write_cursor
from sms_plugin.web.permissions import Right
from sms_plugin.web.queue import obstacle_words
from sms_plugin.web.shown import name_of, shown, shown_number, trigger_label
from sms_plugin.web.translation import gettext, lazy_gettext
from sms_plugin.web.verdicts import cost_in_words
from sms_plugin.web.way_back import way_back
from sms_plugin.web.words import line, question, state_name, way_name
from sms_plugin.wording.versions import version

SIZE = 25


class MessagePages(Page):
    """The messages, the newest first, and the page of each."""

    page = "message"
    title = lazy_gettext("Messages")
    icon = "fa-comments-o"
    right = Right.READ

    @expose("/")
    def index_view(self) -> ResponseReturnValue:
        """A page of the messages that are wanted."""
        session = self.state.db.session()
        filters = read_filters(request.args, state=self.state)
        found, now = self._found(session, filters), database_now(session)
        if found.messages and (filters.is_about_somebody or self.may(Right.SEND)):
            looked(self.state, about=filters.client, number=filters.wanted.number, place=self.page)
        return self.render(
            "sms/messages.html",
            obstacles=obstacles(session, now=now),
            obstacle_words=obstacle_words,
            rows=shown(found.messages, state=self.state),
            found=found,
            filters=filters,
            states=[(each.value, state_name(each.value)) for each in MessageState],
            client=self._named(filters.client),
            **offered(session, filters.wanted.batch_id, state=self.state),
            next_url=self._next(found, filters),
            export_url=self.get_url(".export_view") if self.may(Right.EXPORT) else None,
            here=request.full_path,
        )

    @expose("/export/")
    def export_view(self) -> ResponseReturnValue:
        """All that the filters leave, as a file, the newest first."""
        if not self.may(Right.EXPORT):
            return self.tell("refused", right=Right.EXPORT, no_rule=False), 403
        filters = read_filters(request.args, state=self.state)
        try:
            wanted = None if filters.problem else selection(filters.wanted)
        except SmsError as error:
            filters.refuse(error.code)
            wanted = None
        if wanted is None:  # the list says what is wrong with them
            return redirect(self.get_url(".index_view", **filters.given))
        layout = layout_from(request.args, state=self.state)
        number, given = filters.wanted.number, filters.given
        taken(self.state, Deed.EXPORTED, about=filters.client, number=number, place=self.page, filters=given)
        return download(wanted, about=filters.given.get("number", "messages"), layout=layout, newest_first=True)

    @expose("/details/")
    def details_view(self) -> ResponseReturnValue:
        """One message: its text, its people, and all that happened to it."""
        session = self.state.db.session()
        message = _message(session, request.args.get("id", ""))
        back = way_back(self.get_url(".index_view"))
        if message is None:
            flash(gettext("There is no such message, or it is not there any more."), "error")
            return redirect(self.get_url(".index_view"))
        looked(self.state, about=client_or_person(message), number=message.number)
        trigger = trigger_label(message.trigger, state=self.state) if message.trigger else ""
        provider = session.get(Provider, message.provider_id) if message.provider_id is not None else None
        batch = session.get(Batch, message.batch_id) if message.batch_id is not None else None
        trigger = trigger or (gettext("Send to many: %(name)s", name=batch.name) if batch is not None else "")
        return self.render(
            "sms/message.html",
            message=message,
            row=shown([message], state=self.state)[0],
            number=shown_number(message.number),
            lines=[line(moment, trigger=trigger) for moment in timeline(session, message.id)],
            provider=provider,
            batch=batch,
            batch_url=None if batch is None else batch_url(batch.id, view=self),
            wording=version(session, message.wording_id),
            cost=_cost(message),
            way=way_name(message.channel),
            person=self._named(_ref(message.person_entity, message.person)),
            client=self._named(_ref(message.client_entity, message.client)),
            record=self._named(_ref(message.entity, message.record)),
            back=back,
            here=request.full_path,
        )

    @expose("/choose/", methods=("POST",))
    def choose_view(self) -> ResponseReturnValue:
        """Do what was chosen for one message or several, once the person was asked where that is wanted."""
        back = way_back(self.get_url(".index_view"))
        if not self.may(Right.SEND):
            return self.tell("refused", right=Right.SEND, no_rule=False), 403
        if not has_token():
            return redirect(back)
        asked = chosen(request.form)
        if asked is None:
            flash(gettext("Choose one message at least."), "warning")
            return redirect(back)
        words = question(asked.choice)
        if words and not confirmed():
            return self.ask(questions(asked.choice, words, asked.messages), back=back)
        carry_out(asked, state=self.state)
        return redirect(back)

    def _found(self, session: Session, filters: Filters) -> Found:
        nothing = Found(messages=(), next=None)
        if filters.problem:
            return nothing
        try:
            return search(session, filters.wanted, most=SIZE, after=self._after())
        except SmsError as error:
            filters.refuse(error.code)
            return nothing

    def _after(self) -> UUID | None:
        given = request.args.get(PARAMETER)
        if not given:
            return None
        try:
            (after,) = read_cursor(given, of=self.page, columns=(Message.id,)).values
        except ValueError:
            flash(gettext("This link to a further page no longer holds: here is the first one."), "warning")
            return None
        found: UUID = after
        return found

    def _next(self, found: Found, filters: Filters) -> str | None:
        if found.next is None:
            return None
        at = write_cursor(Cursor(values=(found.next,)), of=self.page)
        url: str = self.get_url(".index_view", **filters.given, **{PARAMETER: at})
        return url

    def _named(self, ref: RecordRef | None) -> Named | None:
        if ref is None:
            return None
        return named(ref, admin=self.admin, state=self.state, name=name_of(ref, state=self.state))


def _cost(message: Message) -> str:
    """What it costs, and whether that is known or expected; empty where nobody knows, and for what did not go."""
    if message.cost is None or message.state not in COSTS | {"queued", "held"}:
        return ""
    cost = cost_in_words(message.cost, message.currency)
    if message.charged:
        return gettext("%(cost)s, as the provider charged it", cost=cost)
    return gettext("%(cost)s, as expected", cost=cost)


def _ref(entity: str | None, key: str | None) -> RecordRef | None:
    return None if entity is None or key is None else RecordRef(entity=entity, key=key)


def _message(session: Session, given: str) -> Message | None:
    try:
        found: Any = session.get(Message, UUID(given))
    except ValueError:
        return None
    return found if isinstance(found, Message) else None
