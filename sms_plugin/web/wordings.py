"""The templates: texts that triggers and hands may use, written with their shortcodes at hand (M1, M2, M5–M8)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from flask import flash, g, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from markupsafe import Markup, escape
from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError
from sms_plugin.models import Template, TriggerRow, database_now
from sms_plugin.web.apart import within
from sms_plugin.web.editing import (
    given,
    laid_out,
    made_cheaper,
    plain,
    records,
    seen,
    sensitive_words,
    with_languages,
    wrong_language,
)
from sms_plugin.web.forms import has_token
from sms_plugin.web.measuring import about_of
from sms_plugin.web.permissions import Right, actor
from sms_plugin.web.rows import Rows
from sms_plugin.web.shown import section_label, trigger_label
from sms_plugin.web.trail import changes_of
from sms_plugin.web.translation import gettext, in_words, language, lazy_gettext
from sms_plugin.web.versions import history, number_below
from sms_plugin.wording.offers import offered
from sms_plugin.wording.sensitive import sensitive_in
from sms_plugin.wording.templates import Draft, change, create, delete, locked, uses
from sms_plugin.wording.texts import is_orphan
from sms_plugin.wording.versions import source_of, version


class WordingPages(Rows):
    """The list of templates, and the page on which one is written."""

    page = "template"
    title = lazy_gettext("Templates")
    icon = "fa-file-text-o"
    right = Right.CONFIGURE
    scripts = ("wording.js",)
    table = Template
    order = ("name",)
    descending = False
    empty = lazy_gettext("No template yet. Write one, and choose it in a trigger or when you send a message.")
    list_template = "sms/templates_list.html"
    can_create = can_edit = can_delete = True
    action_disallowed_list = ("delete",)
    column_list = ("name", "section", "enabled", "used", "changed_at")
    column_labels = {  # noqa: RUF012 - Flask-Admin's own way of saying it
        "name": lazy_gettext("Name"),
        "section": lazy_gettext("Section"),
        "enabled": lazy_gettext("State"),
        "used": lazy_gettext("Used by"),
        "changed_at": lazy_gettext("Changed"),
    }

    def __init__(self, db: Any, **options: Any) -> None:
        self.column_formatters = {"name": _name, "section": _section, "enabled": _state, "used": _used}
        super().__init__(db, **options)

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> ResponseReturnValue:
        """Write a new template."""
        if request.method == "GET":
            section = request.args.get("section") or None
            section = section if section in self.state.registry.sections else None
            return self._form(Draft(name="", section=section, texts={self.state.settings.language: ""}))
        wanted, who = _wanted(self.state.settings.language), actor()

        def work(session: Session) -> int:
            now = database_now(session)
            return create(session, wanted, registry=self.state.registry, who=who, now=now).id

        return self._submitted(wanted, work)

    @expose("/edit/", methods=("GET", "POST"))
    def edit_view(self) -> ResponseReturnValue:
        """Change a template; what somebody else saved meanwhile is not lost unseen."""
        template = self.get_one(request.args.get("id"))
        if template is None:
            flash(gettext("This template is not there any more."), "error")
            return redirect(self.get_url(".index_view"))
        if request.method == "GET":
            return self._form(_draft(template), template=template)
        wanted, key, looked_at, who = _wanted(self.state.settings.language), template.id, seen(request.form), actor()

        def work(session: Session) -> int:
            found = locked(session, key)
            if found is None:
                raise SmsError("This template is not there any more.", code="unknown_template")
            now = database_now(session)
            return change(session, found, wanted, seen=looked_at, registry=self.state.registry, who=who, now=now).id

        return self._submitted(wanted, work, template=template)

    def delete_model(self, model: Any) -> bool:
        """Delete one that no trigger uses; where some do, they are named."""
        key, who = model.id, actor()

        def work(session: Session) -> None:
            found = locked(session, key)
            if found is not None:
                delete(session, found, who=who, now=database_now(session))

        try:
            within(self.state, work)
        except SmsError as error:
            self.handle_view_exception(error)
            return False
        self.state.db.session.expire_all()
        return True

    def _submitted(self, wanted: Draft, work: Any, *, template: Template | None = None) -> ResponseReturnValue:
        """Saved, and on to the list; or the form again, with all that was written and what is wrong with it."""
        do = request.form.get("do", "save")
        if do == "cheaper":
            wanted = replace(wanted, texts=made_cheaper(wanted.texts))
        if template is not None and (found := re.fullmatch(r"again-([0-9]{1,9})", do)):
            wanted = self._again(wanted, int(found[1]), template)
        if not has_token() or do != "save":
            return self._form(wanted, template=template)
        try:
            within(self.state, work)
        except SmsError as error:
            self.state.db.session.rollback()
            if template is not None:
                self.state.db.session.refresh(template)
            # the text shows what is wrong with it itself
            flash(in_words(error), "error")
            return self._form(wanted, template=template, wrong=wrong_language(error))
        flash(gettext("The template “%(name)s” is saved.", name=wanted.name), "success")
        if warning := sensitive_words(sensitive_in(wanted.texts)):
            flash(warning, "warning")
        return redirect(self.get_url(".index_view"))

    def _again(self, wanted: Draft, id: int, template: Template) -> Draft:
        """The form with the texts of an older version."""
        found = version(self.state.db.session(), id)
        if found is None or (found.source, found.key) != source_of(template):
            return wanted
        flash(gettext("The texts of version %(number)s stand here now. Save to use them.", number=found.number), "info")
        return replace(wanted, texts=found.texts)

    def _form(self, wanted: Draft, *, template: Template | None = None, wrong: str = "") -> str:
        """The page of one template, as it is wanted."""
        state = self.state
        about = about_of({"section": wanted.section, "record": request.form.get("record", "")}, state=state)
        words = request.form.get("words", "")
        texts = with_languages(wanted.texts, [state.settings.language])
        with state.db.session.no_autoflush:
            used_by = [] if template is None else list(uses(state.db.session(), template))
        return self.render(
            "sms/template.html",
            stored=template,
            wanted=wanted,
            wrong=wrong,
            texts=laid_out(texts, about=about, state=state),
            sections=self._sections(wanted.section),
            orphan=wanted.section is not None and wanted.section not in state.registry.sections,
            about=about,
            words=words,
            found=records(words, about=about, state=state) if request.form.get("do") == "preview" else [],
            record=about.record,
            used_by=[(key, trigger_label(key, state=state)) for key in used_by],
            versions=history(state.db.session(), template, below=number_below(request.args)),
            changes=[] if template is None else changes_of(state.db.session(), f"template {template.name}"),
        )

    def _sections(self, chosen: str | None) -> list[tuple[str, str, Any]]:
        """Each section with its name and the shortcodes that it offers; the empty one is the company's alone."""
        registry = self.state.registry
        names = ["", *registry.sections]
        if chosen is not None and chosen not in names:
            names.append(chosen)
        return [
            (
                name,
                section_label(name, state=self.state) if name else "",
                offered(
                    registry.reachable_in(name or None),
                    first=name or None,
                    registry=registry,
                    catalogue=self.state.catalogue,
                    language=language(),
                ),
            )
            for name in names
        ]


def _wanted(language: str) -> Draft:
    """The template as the form has it; a language that was left empty is none, but for the portal's own."""
    form = request.form
    texts = {code: text for code, text in given(form).items() if text or code == language}
    return Draft(
        name=plain(form.get("name", "")),
        description=plain(form.get("description", "")),
        section=plain(form.get("section", "")) or None,
        texts=texts,
        enabled="enabled" in form,
    )


def _draft(template: Template) -> Draft:
    return Draft(
        name=template.name,
        description=template.description,
        section=template.section,
        texts=template.texts,
        enabled=template.enabled,
    )


def _name(view: WordingPages, _context: Any, row: Template, _column: str) -> Markup:
    link = Markup('<a href="{}">{}</a>').format(view.get_url(".edit_view", id=row.id), row.name)
    if not row.description:
        return link
    return link + Markup('<br><small class="text-muted">{}</small>').format(row.description)


def _section(view: WordingPages, _context: Any, row: Template, _column: str) -> str:
    return str(escape(section_label(row.section, state=view.state))) if row.section else gettext("company only")


def _state(view: WordingPages, _context: Any, row: Template, _column: str) -> Markup:
    if is_orphan(row, view.state.registry):
        kind, said = "bad", gettext("Its section is gone")
    elif not row.enabled:
        kind, said = "wait", gettext("Disabled")
    elif not any(text.strip() for text in row.texts.values()):
        kind, said = "wait", gettext("No text")
    else:
        kind, said = "good", gettext("Enabled")
    return Markup('<span class="sms-state sms-state-{}">{}</span>').format(kind, said)


def _used(view: WordingPages, _context: Any, row: Template, _column: str) -> Markup:
    """The triggers that use it: one query for the whole list, whose answer is as small as the list of triggers."""
    if "sms_used" not in g:
        pairs = view.state.db.session.execute(
            sa.select(TriggerRow.template_id, TriggerRow.key).where(TriggerRow.template_id.is_not(None))
        )
        g.sms_used = {}
        for id, key in pairs:
            g.sms_used.setdefault(id, []).append(key)
    return Markup(", ").join(
        Markup('<a href="{}">{}</a>').format(
            view.page_url("trigger", "edit_view", key=key), trigger_label(key, state=view.state)
        )
        for key in sorted(g.sms_used.get(row.id, []))
    )
