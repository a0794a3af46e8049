"""Sending from a host's own view: to one of its records, or to the rows that were selected (S9)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flask import abort, flash, jsonify, redirect
from flask.typing import ResponseReturnValue
from flask_admin.model.template import BaseListRowAction
from markupsafe import Markup

from sms_plugin.errors import SmsError
from sms_plugin.host.identity import key_of
from sms_plugin.web.forms import has_token
from sms_plugin.web.permissions import Right, actor
from sms_plugin.web.send import MOST, Asked, asked, look_at, sent_words, work_on
from sms_plugin.web.translation import gettext, in_words
from sms_plugin.web.way_back import way_back

if TYPE_CHECKING:
    from sms_plugin.web.records import SMSRecord


class Icon(BaseListRowAction):
    """A link on a row, to those who have the right to what it leads to."""

    def __init__(self, title: Any, *, view: SMSRecord, icon: str, endpoint: str, right: Right) -> None:
        super().__init__(title=title)
        self._view, self._icon, self._endpoint, self._right = view, icon, endpoint, right

    def render(self, context: Any, row_id: str, row: Any) -> Markup | str:
        """The link, or nothing."""
        if self._view.sms_ground() is None or not self._view.sms_may(self._right):
            return ""
        url = self._view.get_url(self._endpoint, record=key_of(row))
        return Markup(
            '<a class="icon" href="{}" title="{}" aria-label="{}"><span class="fa {}" aria-hidden="true"></span></a>'
        ).format(url, self.title, self.title, self._icon)


def sending_page(view: SMSRecord, keys: Sequence[str], form: Asked, *, single: bool) -> ResponseReturnValue:
    """The form that sends to these records, as they would get it, or the way on after it was sent."""
    ground = view.sms_ground()
    if ground is None:
        abort(404)
    if not view.sms_may(Right.SEND):
        abort(403)
    if len(keys) > MOST:
        flash(gettext("At most %(most)s rows can be texted at once: choose fewer.", most=MOST), "warning")
        return redirect(back(view))
    chosen = [key_of(record) for record in view.sms_reached(keys)]
    who = actor()
    if not chosen:
        if single:
            abort(404)
        flash(gettext("None of the chosen rows is there any more."), "warning")
        return redirect(back(view))
    try:
        done = work_on(chosen, entity=ground.entity, form=form, who=who, state=ground.state)
    except SmsError as error:
        flash(in_words(error), "warning")
        unsent = Asked(what=form.what, text=form.text, number=form.number, each=form.each)
        done = work_on(chosen, entity=ground.entity, form=unsent, who=who, state=ground.state)
    if done.written is not None:
        flash(sent_words(done.written), "success" if done.written else "info")
        return redirect(_after(view, chosen, single=single, replied=form.step == "reply"), 303)
    here = ".sms_send_view" if single else ".sms_send_selected_view"
    missing = len(set(keys)) - len(chosen)
    return view.sms_render(
        "sms/send.html", single=single, action=view.get_url(here), back_url=back(view), missing=missing, **done.values
    )


def looking(view: SMSRecord, key: str) -> ResponseReturnValue:
    """What would become of the words that are being typed about a record, as JSON with a piece of page."""
    ground = view.sms_ground()
    if ground is None:
        abort(404)
    if not view.sms_may(Right.SEND):
        abort(403)
    if not has_token():
        return jsonify(error="token"), 400
    chosen = [key_of(record) for record in view.sms_reached([key])]
    form = asked()
    found = look_at(chosen[0], entity=ground.entity, form=form, who=actor(), state=ground.state) if chosen else None
    if found is None:
        abort(404)
    return jsonify(html=view.sms_render("sms/outlook.html", found=found, form=form, live=True), goes=found.goes)


def back(view: SMSRecord) -> str:
    """The page that the viewer came from, else the view's list."""
    return way_back(view.get_url(".index_view"))


def _after(view: SMSRecord, chosen: Sequence[str], *, single: bool, replied: bool) -> str:
    """Where the viewer goes on: back to the card that was answered on, else to the history, else to the list."""
    to_history = single and view.sms_may(Right.READ)
    history = view.get_url(".sms_history_view", record=chosen[0]) if to_history else view.get_url(".index_view")
    return way_back(history) if replied or not to_history else history
