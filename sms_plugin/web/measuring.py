"""Counter and preview for a text that is being written, and the search for a record to see it on (M6, M7)."""

from __future__ import annotations

from typing import Any

from flask import jsonify, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from sms_plugin.errors import SmsError
from sms_plugin.state import State
from sms_plugin.triggers.previewing import subject_of
from sms_plugin.web.base import Page
from sms_plugin.web.editing import FIELD, About, judge, records
from sms_plugin.web.forms import has_token
from sms_plugin.web.permissions import Right
from sms_plugin.web.translation import in_words, lazy_gettext


class MeasurePages(Page):
    """What a page asks while somebody writes: answers in JSON, each with the piece of page that shows it.

    They find and read any record of a declared entity, also those that the host's own views hide: for whoever may
    configure, and for nobody else.
    """

    page = "measure"
    title = lazy_gettext("Measure")
    in_menu = False
    right = Right.CONFIGURE

    @expose("/", methods=("POST",))
    def index_view(self) -> ResponseReturnValue:
        """The size of a text, what is wrong with it, and how it reads on a record.

        Fields: ``trigger`` or ``section``, ``language``, the text as ``text-LANGUAGE``, as the ``field``
        that is named, or as ``text``, ``record``.
        """
        if not has_token():
            return jsonify(error="token"), 400
        language = request.form.get("language", "")[:12] or self.state.settings.language
        name = request.form.get("field", FIELD + language)
        text = request.form.get(name, request.form.get("text", "")).replace("\r\n", "\n").strip()
        try:
            judged = judge(text, language=language, about=about_of(request.form, state=self.state), state=self.state)
        except SmsError as error:
            return jsonify(error=error.code, message=in_words(error.message)), 404
        size = judged.size
        return jsonify(
            characters=0 if size is None else len(size.text),
            encoding="" if size is None else str(size.encoding),
            segments=0 if size is None else size.segments,
            left=0 if size is None else size.left,
            problem=judged.problem,
            html=self.render("sms/judged.html", judged=judged),
        )

    @expose("/records/", methods=("POST",))
    def records_view(self) -> ResponseReturnValue:
        """Records of what the text is about, by what was typed. Fields: ``trigger`` or ``section``, ``words``."""
        if not has_token():
            return jsonify(error="token"), 400
        try:
            found = records(
                request.form.get("words", ""), about=about_of(request.form, state=self.state), state=self.state
            )
        except SmsError as error:
            return jsonify(error=error.code, message=in_words(error.message)), 404
        return jsonify(html=self.render("sms/records.html", found=found, record=request.form.get("record", "")))


def about_of(form: Any, *, state: State) -> About:
    """What the texts of a form are about. Raises ``SmsError`` for an unknown trigger."""
    trigger, section = form.get("trigger") or None, form.get("section") or None
    if trigger is not None:
        reachable = state.registry.reachable(trigger)
    else:
        reachable = state.registry.reachable_in(section)
    return About(
        subject=subject_of(state, trigger=trigger, section=section),
        reachable=reachable,
        record=form.get("record", ""),
    )
