"""One message to one person or number, written and sent by hand (S1)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import jsonify, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError
from sms_plugin.models import Message, Template, database_now
from sms_plugin.state import State
from sms_plugin.triggers import sending
from sms_plugin.triggers.noticing import notice_written
from sms_plugin.triggers.planned import Planned
from sms_plugin.web.apart import reading, within
from sms_plugin.web.base import Page
from sms_plugin.web.forms import has_token
from sms_plugin.web.outlook import OTHER, Outlook, Typed, outlook, typed
from sms_plugin.web.people import Somebody, people, somebody
from sms_plugin.web.permissions import Right, actor
from sms_plugin.web.shown import shown_number
from sms_plugin.web.translation import gettext, lazy_gettext
from sms_plugin.wording.texts import is_orphan


class IndividualPages(Page):
    """The form: whom, what, when, what it costs; sent once it was confirmed."""

    page = "individual"
    title = lazy_gettext("Send")
    icon = "fa-paper-plane-o"
    right = Right.SEND

    @expose("/", methods=("GET", "POST"))
    def index_view(self) -> ResponseReturnValue:
        """The form as it stands; what was confirmed is sent."""
        if request.method == "GET" or not has_token():
            form = typed(request.values)
            return self._page(replace(form, step="find" if form.to else "", sure=False, shown=""))
        form, who = typed(), actor()
        if form.step not in {"look", "send"}:
            return self._page(form)
        found = outlook(form, admin=self.admin, who=who, state=self.state)
        if form.step == "send":
            message = sent(form, found, state=self.state)
            if isinstance(message, UUID):
                return redirect(self.get_url(".index_view", done=message), 303)
            found = message
        return self._page(form, found)

    @expose("/people/", methods=("POST",))
    def people_view(self) -> ResponseReturnValue:
        """Who is found by what is being typed: a piece of page. Field: ``to``."""
        if not has_token():
            return jsonify(error="token"), 400
        form = typed()
        found = people(form.to, admin=self.admin, state=self.state) if form.to else []
        return jsonify(html=self.render("sms/found.html", found=found, chosen=form.who))

    @expose("/look/", methods=("POST",))
    def look_view(self) -> ResponseReturnValue:
        """What would become of the form as it stands: a piece of page."""
        if not has_token():
            return jsonify(error="token"), 400
        form = typed()
        found = outlook(form, admin=self.admin, who=actor(), state=self.state)
        return jsonify(html=self.render("sms/outlook.html", found=found, form=form, live=True), goes=found.goes)

    def _page(self, form: Typed, found: Outlook | None = None) -> str:
        chosen = found.who if found is not None else somebody(form.who, admin=self.admin, state=self.state)
        searched = form.step == "find" or (found is not None and found.place == "to")
        listed = people(form.to, admin=self.admin, state=self.state) if searched and chosen is None else None
        done = self._done()
        return self.render(
            "sms/individual.html",
            form=form,
            found=found,
            chosen=chosen,
            listed=listed,
            done=done,
            other=OTHER,
            **self._offers(chosen),
        )

    def _offers(self, chosen: Somebody | None) -> dict[str, Any]:
        """The templates and shortcodes that suit whoever is chosen."""
        section = None if chosen is None else self.state.registry.entities[chosen.entity].section
        with reading(self.state) as session:
            rows = session.scalars(sa.select(Template).where(Template.enabled).order_by(Template.name)).all()
            suiting = [
                (f"template:{each.id}", each.name)
                for each in rows
                if each.section in {None, section} and not is_orphan(each, self.state.registry)
            ]
        return {"templates": suiting, "shortcodes": sorted(self.state.registry.reachable_in(section))}

    def _done(self) -> dict[str, Any] | None:
        """The message that was sent just now, where the address names one."""
        try:
            id = UUID(request.args.get("done", ""))
        except ValueError:
            return None
        columns = (Message.id, Message.number, Message.due_at, Message.created_at)
        with reading(self.state) as session:
            row = session.execute(sa.select(*columns).where(Message.id == id, Message.operator != "")).first()
        if row is None:
            return None
        return {
            "number": shown_number(row.number),
            "due_at": row.due_at if row.due_at > row.created_at else None,
            "url": self.page_url("message", "details_view", id=id) if self.may(Right.READ) else "",
        }


def sent(form: Typed, found: Outlook, *, state: State) -> UUID | Outlook:
    """The message that was written, or was there from the first of two clicks; else what is still to be done first."""
    if not found.goes or found.planned is None:
        return found
    if not form.sure:
        return replace(
            found, place="sure", problem=gettext("Nothing was sent yet."), hint=gettext("Tick that it may go.")
        )
    if found.opens and not form.hour:
        return _stopped(found, "hour", gettext("Choose whether it goes in the quiet hours or after them."))
    draft = found.planned.draft
    as_typed = form.what == "words" and draft is not None and draft.text == form.text
    if form.shown != found.shown and not as_typed:
        return _stopped(found, "sure", gettext("This is how it reads: look at it, and send it."))
    return send_one(found.planned, state=state)


def send_one(planned: Planned, *, state: State) -> UUID:
    """The message, written now or by the same form before. Raises ``SmsError`` while another request writes it."""

    def work(session: Session) -> UUID:
        written = sending.send(session, [planned], now=database_now(session))
        if written:
            notice_written(session)
            return written[0]
        occurrence = None if planned.draft is None else planned.draft.occurrence
        standing = session.scalar(sa.select(Message.id).where(Message.occurrence == occurrence))
        if standing is None:
            raise SmsError(gettext("It is being sent at this moment."), code="busy", hint=gettext("Try again."))
        return standing

    return within(state, work)


def _stopped(found: Outlook, place: str, hint: str) -> Outlook:
    return replace(found, place=place, problem=gettext("Nothing was sent yet."), hint=hint)
