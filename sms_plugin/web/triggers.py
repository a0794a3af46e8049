"""The triggers: what each waits for, its steps, texts, hours and rules, on and off (T, X5, X6, X12)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError
from sms_plugin.host.bound import BoundHook
from sms_plugin.host.when import Dated
from sms_plugin.hours import DEFAULT_HOUR
from sms_plugin.models import Template, TriggerRow, database_now
from sms_plugin.settings import Settings
from sms_plugin.triggers.arranging import arrange
from sms_plugin.triggers.firing import VALIDITY
from sms_plugin.triggers.steps import declared
from sms_plugin.web.apart import within
from sms_plugin.web.course_words import (
    audience_word,
    portal_hours,
    purpose_word,
    purposes,
    quiet_policies,
    unknown_policies,
    weekdays,
)
from sms_plugin.web.editing import (
    About,
    laid_out,
    made_cheaper,
    records,
    seen,
    sensitive_words,
    with_languages,
    wrong_language,
)
from sms_plugin.web.forms import has_token
from sms_plugin.web.measuring import about_of
from sms_plugin.web.permissions import Right, actor
from sms_plugin.web.shown import section_label, trigger_label
from sms_plugin.web.trail import changes_of
from sms_plugin.web.translation import gettext, language, lazy_gettext
from sms_plugin.web.trigger_form import Fields, field_of, read, stored, submitted, with_step, without_step
from sms_plugin.web.trigger_shown import Shown, all_shown, one_shown, rows_of, silence
from sms_plugin.web.trigger_switching import SwitchingPages, for_the_page, overlap_words
from sms_plugin.web.versions import history, number_below
from sms_plugin.web.waiting import counts_days, counts_hours
from sms_plugin.web.words import state_name
from sms_plugin.wording.offers import offered
from sms_plugin.wording.sensitive import sensitive_in
from sms_plugin.wording.texts import is_orphan
from sms_plugin.wording.versions import TRIGGER, step_label, version

#: So many templates can be chosen from.
_TEMPLATES = 500


class TriggerPages(SwitchingPages):
    """The list of triggers, and the page of each. Whoever may read sees them; whoever may configure changes them."""

    page = "trigger"
    title = lazy_gettext("Triggers")
    icon = "fa-bolt"
    right = Right.READ
    scripts = ("wording.js", "steps.js")

    def is_accessible(self) -> bool:
        """Whoever may read or configure."""
        return self.may(Right.READ) or self.may(Right.CONFIGURE)

    @expose("/")
    def index_view(self) -> str:
        """Every trigger by section: on or off, what it waits for, its last message and its next run."""
        session = self.state.db.session()
        rows = rows_of(session)
        shown = all_shown(session, rows, state=self.state)
        sections = list(dict.fromkeys([*self.state.registry.sections, *(each.reason.section for each in shown)]))
        groups = [(section, [each for each in shown if each.reason.section == section]) for section in sections]
        return self.render(
            "sms/triggers.html",
            groups=[(self._section(section), sorted(members, key=_order)) for section, members in groups if members],
            active=sum(not each.inactive for each in shown),
            # triggers that were set up and that nobody declares any more: kept, and told of
            orphans=sorted(set(rows) - set(self.state.registry.reasons)),
            may_change=self.may(Right.CONFIGURE),
            silence=silence,
            overlap=overlap_words,
            state_name=state_name,
        )

    @expose("/edit/", methods=("GET", "POST"))
    def edit_view(self) -> ResponseReturnValue:
        """One trigger: its texts or its template, its steps, when it may go, and its rules."""
        key = request.args.get("key", "")
        if key not in self.state.registry.reasons:
            flash(gettext("There is no such trigger in this portal."), "error")
            return redirect(self.get_url(".index_view"))
        if request.method == "GET":
            row = rows_of(self.state.db.session()).get(key)
            return self._form(key, stored(row, self.state.registry.reason(key), self.state.registry.hooks_of(key)))
        if not self.may(Right.CONFIGURE):
            abort(403)
        return self._submitted(key)

    def _submitted(self, key: str) -> ResponseReturnValue:
        fields, do = submitted(request.form), request.form.get("do", "save")
        if not has_token() or do != "save":
            return self._form(key, self._prepared(key, fields, do))
        was = rows_of(self.state.db.session()).get(key)
        before = self._purpose(key, was)
        wanted, wrong = read(fields, language=self.state.settings.language, was=was)
        looked_at, who = seen(request.form), actor()

        def work(session: Session) -> None:
            registry, now = self.state.registry, database_now(session)
            arrange(session, key, wanted, seen=looked_at, registry=registry, who=who, now=now)

        if wrong:
            flash(" ".join(dict.fromkeys(wrong.values())), "error")
            return self._form(key, fields, wrong=wrong)
        try:
            within(self.state, work)
        except SmsError as error:
            flash(for_the_page(error), "error")
            self.state.db.session.rollback()
            self.state.db.session.expire_all()
            said = {field_of(error): for_the_page(error)}
            return self._form(key, fields, wrong=said, wrong_in=wrong_language(error))
        self.state.db.session.expire_all()
        self._tell_saved(key, fields, before)
        return redirect(self.get_url(".edit_view", key=key))

    def _prepared(self, key: str, fields: Fields, do: str) -> Fields:
        """The form after a button that saves nothing."""
        if do == "cheaper":
            return replace(fields, texts=made_cheaper(fields.texts))
        if do == "add-step":
            return with_step(fields, self.state.registry.hooks_of(key))
        if do.startswith("remove-step-"):
            return without_step(fields, do.removeprefix("remove-step-"))
        if found := re.fullmatch(r"again-([0-9]{1,9})", do):
            return self._again(key, fields, int(found[1]))
        return fields

    def _again(self, key: str, fields: Fields, id: int) -> Fields:
        """The form with the texts of an older version; the steps keep their times."""
        found = version(self.state.db.session(), id)
        if found is None or (found.source, found.key) != (TRIGGER, key):
            return fields
        steps = read(fields, language=self.state.settings.language, was=None)[0].steps
        texts = [found.steps.get(step_label(step), {}) for step in steps]
        flash(gettext("The texts of version %(number)s stand here now. Save to use them.", number=found.number), "info")
        both = zip(fields.steps, texts, strict=True)
        return replace(fields, texts=found.texts, steps=tuple(replace(step, texts=own) for step, own in both))

    def _tell_saved(self, key: str, fields: Fields, before: str) -> None:
        flash(gettext("The trigger “%(name)s” is saved.", name=trigger_label(key, state=self.state)), "success")
        after = self._purpose(key, rows_of(self.state.db.session()).get(key))
        if after != before:
            flash(
                gettext(
                    "Its purpose was “%(before)s” and is “%(after)s” now: other consents and opt-outs decide who gets"
                    " it, and other numbers of a person may be taken.",
                    before=purpose_word(before),
                    after=purpose_word(after),
                ),
                "warning",
            )
        if warning := sensitive_words(sensitive_in({**fields.texts, **_texts_of_steps(fields)})):
            flash(warning, "warning")

    def _purpose(self, key: str, row: TriggerRow | None) -> str:
        return (row.purpose if row is not None else None) or self.state.registry.reason(key).purpose

    def _form(self, key: str, fields: Fields, *, wrong: dict[str, str] | None = None, wrong_in: str = "") -> str:
        state, session = self.state, self.state.db.session()
        rows = rows_of(session)
        about = about_of({"trigger": key, "record": request.form.get("record", "")}, state=state)
        words = request.form.get("words", "")
        return self.render(
            "sms/trigger.html",
            **_of_hooks(state.registry.hooks_of(key)),
            **_choices(state.settings),
            shown=one_shown(session, key, rows, state=state),
            fields=fields,
            wrong_fields=defaultdict(str, wrong or {}),
            wrong=wrong_in,
            **self._of_texts(key, fields, about),
            found=records(words, about=about, state=state) if request.form.get("do") == "preview" else [],
            words=words,
            record=about.record,
            about=about,
            default_hour=DEFAULT_HOUR,
            default_validity=int(VALIDITY.total_seconds() // 3600),
            may_change=self.may(Right.CONFIGURE),
            versions=history(session, rows.get(key), below=number_below(request.args)),
            changes=changes_of(session, f"trigger {key}"),
            forecast_url=self.forecast_url(key),
            overlap=overlap_words,
            silence=silence,
            state_name=state_name,
        )

    def _of_texts(self, key: str, fields: Fields, about: About) -> dict[str, Any]:
        """What the form shows of the texts: each as it is laid out, what may stand in it, and the templates."""
        state, reason = self.state, self.state.registry.reason(key)
        texts = with_languages(fields.texts, [*reason.text, state.settings.language])
        laid = laid_out(texts, about=about, state=state)
        chosen = int(fields.template) if fields.template.isdecimal() and len(fields.template) < 10 else None
        return {
            "texts": laid,
            "languages": [(each.language, each.label) for each in laid],
            "stored": None if chosen is None else state.db.session.get(Template, chosen),
            "templates": self._templates(),
            "offers": offered(
                about.reachable,
                first=reason.section,
                registry=state.registry,
                catalogue=state.catalogue,
                language=language(),
            ),
        }

    def _section(self, section: str) -> str:
        """A section's name in the viewer's language; the host's word for one of its own."""
        return section_label(section, state=self.state)

    def _templates(self) -> list[tuple[Template, str]]:
        """The templates to choose from, and what stands against each."""
        found = self.state.db.session.scalars(sa.select(Template).order_by(Template.name).limit(_TEMPLATES))
        return [(each, self._against(each)) for each in found]

    def _against(self, template: Template) -> str:
        if is_orphan(template, self.state.registry):
            return gettext("its section is gone")
        return "" if template.enabled else gettext("disabled")


def _of_hooks(hooks: Sequence[BoundHook]) -> dict[str, Any]:
    """What the form asks because of what fires the trigger."""
    return {
        "by_day": counts_days(hooks),
        "by_hour": counts_hours(hooks),
        "own_lead": any(isinstance(hook.when, Dated) and hook.when.lead is not None for hook in hooks),
        "of_debts": any(hook.entity.debt is not None for hook in hooks),
        "ways": list(dict.fromkeys(each["when"] for each in declared(hooks))),
    }


def _choices(settings: Settings) -> dict[str, Any]:
    """What there is to choose from, in words."""
    return {
        "purposes": purposes(),
        "purpose_word": purpose_word,
        "audience_word": audience_word,
        "quiet_policies": quiet_policies(),
        "policies": unknown_policies(),
        "weekdays": weekdays(),
        "portal_hours": portal_hours(settings),
        "holidays": settings.holidays,
    }


def _texts_of_steps(fields: Fields) -> dict[str, str]:
    return {f"{at} {code}": text for at, step in enumerate(fields.steps) for code, text in step.texts.items()}


def _order(shown: Shown) -> tuple[bool, str]:
    return bool(shown.inactive), shown.label
