"""The form of a send to many: name, text, whom it reaches. Whatever is wrong with it, all that was typed stays
(S2, S3, S5, S6).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

import sqlalchemy as sa
from flask import flash, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy.orm import Session

from sms_plugin.batches.audience import FILE, Audience
from sms_plugin.batches.building import begin, build_some, check_draft
from sms_plugin.batches.drafting import Asked, lacking, save
from sms_plugin.batches.files import Sheet
from sms_plugin.errors import SmsError
from sms_plugin.models import Batch, Template, database_now
from sms_plugin.states import BatchState
from sms_plugin.web.apart import let_go, reading, within
from sms_plugin.web.bulk_files import keep_rows, taken_files
from sms_plugin.web.bulk_page import AT_ONCE, MOST_TYPED, BulkPage
from sms_plugin.web.bulk_sources import (
    Block,
    groups,
    offered_kinds,
    only_shown,
    people,
    problems_of,
    shown_blocks,
    with_another,
)
from sms_plugin.web.bulk_texts import about_audience, in_bulk, offers_of
from sms_plugin.web.bulk_typed import Typed, kept_in, typed_in
from sms_plugin.web.bulk_words import grouped, hidden_words, number_choices, problem_words, purposes
from sms_plugin.web.editing import FIELD, judge, laid_out, made_cheaper, plain, with_languages, wrong_language
from sms_plugin.web.forms import has_token
from sms_plugin.web.permissions import Right, actor
from sms_plugin.web.reasons import reason_words
from sms_plugin.web.sights import within_sight
from sms_plugin.web.translation import gettext, ngettext
from sms_plugin.wording.texts import is_orphan

_TOKEN = re.compile(r"[0-9a-f]{32}")


class AlreadyBuilt(Exception):
    """The form was sent before, and its recipients were looked for then."""

    def __init__(self, id: UUID) -> None:
        super().__init__("already built")
        self.id = id


class FormViews(BulkPage):
    """Writing a send to many."""

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> ResponseReturnValue:
        """A new one."""
        return self._written(None) if self.may(Right.BULK) else self.refused(Right.BULK)

    @expose("/edit/", methods=("GET", "POST"))
    def edit_view(self) -> ResponseReturnValue:
        """One that was kept."""
        if not self.may(Right.BULK):
            return self.refused(Right.BULK)
        batch = self.batch()
        if batch is None:
            return self.gone()
        if batch.state != BatchState.DRAFT and request.method == "GET":
            return redirect(self.get_url(".look_view", id=batch.id))
        return self._written(batch)

    @expose("/people/", methods=("POST",))
    def people_view(self) -> ResponseReturnValue:
        """People by what was typed, while somebody types. Field: ``words``; ``number`` is the block's."""
        if not self.may(Right.BULK):
            return jsonify(error="refused"), 403
        if not has_token():
            return jsonify(error="token"), 400
        number = request.form.get("number", "")[:3]
        found = people(request.form.get("words", ""), state=self.state, admin=self.admin)
        return jsonify(html=self.render("sms/bulk_people.html", found=found, number=number))

    @expose("/measure/", methods=("POST",))
    def measure_view(self) -> ResponseReturnValue:
        """The size of a text while somebody writes it, and what is wrong with it for this audience."""
        if not self.may(Right.BULK):
            return jsonify(error="refused"), 403
        if not has_token():
            return jsonify(error="token"), 400
        request.max_form_memory_size = MOST_TYPED
        language = request.form.get("language", "")[:12] or self.state.settings.language
        text = plain(request.form.get(request.form.get("field", FIELD + language), ""))
        typed = typed_in(self)
        about = about_audience(typed.about, state=self.state)
        judged = in_bulk(judge(text, language=language, about=about, state=self.state))
        return jsonify(problem=judged.problem, html=self.render("sms/judged.html", judged=judged))

    def _written(self, batch: Batch | None) -> ResponseReturnValue:
        """The form, or what becomes of it."""
        if request.method == "GET":
            return self._form(self._shown_of(kept_in(batch, self)), batch, once=secrets.token_hex(16))
        request.max_form_memory_size = MOST_TYPED
        typed, once = self._shown_of(typed_in(self)), request.form.get("once", "")
        once = once if _TOKEN.fullmatch(once) else secrets.token_hex(16)
        do = request.form.get("do", "build")
        if not has_token():
            return self._form(typed, batch, once=once)
        taken = taken_files(typed.blocks, state=self.state)
        typed = replace(typed, blocks=taken.blocks, name=typed.name or _named_after(taken.sheets, taken.blocks))
        for problem in taken.problems:
            flash(problem, "error")
        changed = self._changed(typed, do)
        if taken.problems or (changed is not None and not taken.sheets):
            focus = changed is not None and len(changed.blocks) > len(typed.blocks)
            return self._form(changed or typed, batch, once=once, focus=focus)
        wish = changed or typed
        wrong = problems_of(typed.blocks, state=self.state)
        if wrong and changed is None:
            for problem in dict.fromkeys(wrong):
                flash(problem, "error")
            return self._form(typed, batch, once=once)
        return self._keep(wish, batch, once=once, sheets=taken.sheets, build=changed is None and do == "build")

    def _shown_of(self, typed: Typed) -> Typed:
        """The form without the single records that the host's own lists do not show to the viewer, which is told."""
        blocks, hidden = only_shown(typed.blocks, state=self.state, admin=self.admin)
        if hidden:
            flash(hidden_words(hidden), "warning")
        return replace(typed, blocks=blocks)

    def _changed(self, typed: Typed, do: str) -> Typed | None:
        """The form with what a button of its own changes in it; None where it is to be kept or built."""
        what, _, which = do.partition("-")
        if "refresh" in request.form:
            return typed
        if what == "add":
            return replace(typed, blocks=with_another(typed.blocks, request.form.get("add", ""), state=self.state))
        if what == "remove":
            return replace(typed, blocks=[each for each in typed.blocks if str(each.number) != which])
        if what == "cheaper":
            return replace(typed, texts=made_cheaper(typed.texts))
        if what == "take":
            return self._with_template(typed)
        return None if do in {"build", "draft"} else typed

    def _with_template(self, typed: Typed) -> Typed:
        """The form with a template's texts in place of what stood there."""
        found = None if typed.template is None else self.state.db.session.get(Template, typed.template)
        if found is None or not found.enabled:
            flash(gettext("This template is not on offer any more. Choose another one."), "warning")
            return replace(typed, template=None)
        return replace(typed, texts=dict(found.texts))

    def _keep(
        self, typed: Typed, batch: Batch | None, *, once: str, sheets: Mapping[int, Sheet], build: bool
    ) -> ResponseReturnValue:
        """Keep the draft with its file, and look for its recipients where that is wanted."""
        who, state = actor(), self.state
        id, version = (None, 0) if batch is None else (batch.id, self.version())
        try:
            asked = self._in_sight(typed.asked) if build else typed.asked
            if sheets:  # the rows come first: a draft that names a file has all of them
                without = replace(typed, blocks=[each for each in typed.blocks if each.number not in sheets])
                id, version = self._saved(without.asked, id, version, once=once, who=who)
                for sheet in sheets.values():
                    number = keep_rows(id, sheet, state=state)
                    flash(ngettext("One row was read.", "%(count)s rows were read.", number, count=grouped(number)))
            id, version = self._saved(asked, id, version, once=once, who=who)
            if build:
                self._begun(id, version, who=who)
        except AlreadyBuilt as built:
            flash(gettext("This form was sent before: here is what came of it."), "info")
            return redirect(self.get_url(".look_view", id=built.id))
        except SmsError as error:
            flash(problem_words(error), "error")
            return self._failed(typed, id, batch, once=once, wrong=wrong_language(error))
        if build:
            return redirect(self.get_url(".look_view", id=id))
        flash(gettext("“%(name)s” is kept as a draft. Nothing is sent by it.", name=typed.name), "success")
        return redirect(self.get_url(".edit_view", id=id))

    def _in_sight(self, asked: Asked) -> Asked:
        """What is asked, of the records that the viewer can see. Raises ``SmsError``."""
        sources = within_sight(asked.audience.sources, admin=self.admin, state=self.state)
        return replace(asked, audience=replace(asked.audience, sources=sources))

    def _saved(self, asked: Asked, id: UUID | None, version: int, *, once: str, who: str) -> tuple[UUID, int]:
        """The draft's id and version, once it is kept. The same form again changes the draft that it made."""
        state = self.state

        def work(session: Session) -> tuple[UUID, int]:
            now = database_now(session)
            if id is not None:
                saved = save(session, asked, once=once, who=who, now=now, state=state, batch_id=id, version=version)
                return saved.id, saved.version
            saved = save(session, asked, once=once, who=who, now=now, state=state)
            if saved.state != BatchState.DRAFT:
                raise AlreadyBuilt(saved.id)
            if saved.created_at == now:
                return saved.id, saved.version
            saved = save(
                session, asked, once=once, who=who, now=now, state=state, batch_id=saved.id, version=saved.version
            )
            return saved.id, saved.version

        return within(state, work)

    def _begun(self, id: UUID, version: int, *, who: str) -> None:
        """Look for the first recipients at once; a job looks for the rest."""
        state = self.state
        let_go(state)
        check_draft(state, id)
        within(
            state,
            lambda session: begin(session, id, version=version, who=who, now=database_now(session), state=state),
        )
        build_some(state, id, seconds=AT_ONCE)
        state.wake.set()

    def _failed(
        self, typed: Typed, id: UUID | None, batch: Batch | None, *, once: str, wrong: str
    ) -> ResponseReturnValue:
        """The form again, with all of it; what was kept already is what it changes from now on."""
        self.state.db.session.rollback()
        kept = batch if id is None else self.state.db.session.get(Batch, id, populate_existing=True)
        return self._form(typed, kept, once=once, wrong=wrong)

    def _form(self, typed: Typed, batch: Batch | None, *, once: str, wrong: str = "", focus: bool = False) -> str:
        state, admin = self.state, self.admin
        about = about_audience(typed.about, state=state)
        shown = shown_blocks(typed.blocks, state=state, admin=admin, lacking=self._lacking(typed))
        session = state.db.session()
        templates = session.scalars(sa.select(Template).where(Template.enabled).order_by(Template.name)).all()
        return self.render(
            "sms/bulk_form.html",
            typed=typed,
            stored=batch,
            once=once,
            wrong=wrong,
            focus=focus,
            blocks=shown,
            texts=[
                replace(each, judged=in_bulk(each.judged))
                for each in laid_out(with_languages(typed.texts, [state.settings.language]), about=about, state=state)
            ],
            offers=offers_of(typed.about, state=state),
            templates=[each for each in templates if not is_orphan(each, state.registry)],
            kinds=offered_kinds(state=state, admin=admin, file=not any(each.kind == FILE for each in typed.blocks)),
            groups=groups(session),
            purposes=purposes(),
            numbers=number_choices(),
            why=reason_words,
        )

    def _lacking(self, typed: Typed) -> dict[int, list[str]]:
        """The shortcodes of the texts that each block cannot fill in, by its number."""
        found: dict[int, list[str]] = {}
        with reading(self.state) as session:
            for block in typed.blocks:
                audience = Audience(sources=tuple(block.sources(all_=True)))
                try:
                    names = lacking(session, audience, typed.texts, state=self.state)
                except SmsError:
                    continue  # what cannot be asked or read is told where it stands
                if names:
                    found[block.number] = list(dict.fromkeys(name for each in names.values() for name in each))
        return found


def _named_after(sheets: Mapping[int, Sheet], blocks: Sequence[Block]) -> str:
    """A name for a send that has none and was given a file."""
    return next((each.name for each in blocks if each.number in sheets), "")
