"""The triggers: what each waits for, its texts or its template, on and off (T, X5, X12)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import sqlalchemy as sa
from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError
from sms_plugin.host.bound import Reason
from sms_plugin.hours import DEFAULT_HOUR
from sms_plugin.models import Template, TriggerRow, database_now
from sms_plugin.triggers.firing import VALIDITY
from sms_plugin.triggers.runs import Runs, runs
from sms_plugin.triggers.switching import POLICIES, Arrangement, arrange, switch_off, switch_on
from sms_plugin.web.apart import within
from sms_plugin.web.base import Page, confirmed
from sms_plugin.web.editing import given, laid_out, made_cheaper, records, seen, with_languages, wrong_language
from sms_plugin.web.forms import has_token
from sms_plugin.web.measuring import about_of
from sms_plugin.web.permissions import Right, actor
from sms_plugin.web.shown import trigger_label
from sms_plugin.web.trail import changes_of
from sms_plugin.web.translation import gettext, lazy_gettext
from sms_plugin.web.waiting import counts_days, waits_for
from sms_plugin.web.words import state_name
from sms_plugin.wording.offers import offered
from sms_plugin.wording.texts import inactive_because, is_orphan

#: So many templates can be chosen from.
_TEMPLATES = 500


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A trigger as the pages show it."""

    key: str
    label: str
    reason: Reason
    row: TriggerRow | None
    inactive: str  #: why it sends nothing, as a code; empty where it is active
    waits: list[str]
    runs: Runs

    @property
    def on(self) -> bool:
        """Whether it is switched on, whatever it has to say."""
        return self.row is not None and self.row.on


class TriggerPages(Page):
    """The list of triggers, and the page of each. Whoever may read sees them; whoever may configure changes them."""

    page = "trigger"
    title = lazy_gettext("Triggers")
    icon = "fa-bolt"
    right = Right.READ
    scripts = ("wording.js",)

    def is_accessible(self) -> bool:
        """Whoever may read or configure."""
        return self.may(Right.READ) or self.may(Right.CONFIGURE)

    @expose("/")
    def index_view(self) -> str:
        """Every trigger by section: on or off, what it waits for, its last message and its next run."""
        shown = self._all()
        sections = list(dict.fromkeys([*self.state.registry.sections, *(each.reason.section for each in shown)]))
        groups = [(section, [each for each in shown if each.reason.section == section]) for section in sections]
        return self.render(
            "sms/triggers.html",
            groups=[(section, sorted(members, key=_order)) for section, members in groups if members],
            active=sum(not each.inactive for each in shown),
            orphans=self._undeclared(),
            may_change=self.may(Right.CONFIGURE),
            silence=silence,
            state_name=state_name,
        )

    @expose("/edit/", methods=("GET", "POST"))
    def edit_view(self) -> ResponseReturnValue:
        """One trigger: its texts or its template, when it fires, how long its messages are worth sending."""
        key = request.args.get("key", "")
        if key not in self.state.registry.reasons:
            flash(gettext("There is no such trigger in this portal."), "error")
            return redirect(self.get_url(".index_view"))
        row = self._rows().get(key)
        if request.method == "GET":
            return self._form(key, row, _kept(row, self.state.registry.reason(key)))
        self._must_configure()
        return self._submitted(key, row)

    @expose("/switch/", methods=("POST",))
    def switch_view(self) -> ResponseReturnValue:
        """Switch a trigger on, from this moment, or off."""
        self._must_configure()
        key, on = request.form.get("key", ""), request.form.get("on") == "1"
        back = redirect(self.get_url(".index_view"))
        if not has_token():
            return back
        if on and not confirmed():
            return self.ask(
                gettext("Switch this trigger on? It starts from this moment: nothing from before is sent."),
                back=self.get_url(".index_view"),
            )
        who = actor()

        def work(session: Session) -> str:
            registry, now = self.state.registry, database_now(session)
            switch = switch_on if on else switch_off
            row = switch(session, key, registry=registry, who=who, now=now)
            return inactive_because(row, registry.reason(key), registry=registry)

        try:
            why = within(self.state, work)
        except SmsError as error:
            flash(_for_the_page(error), "error")
            known = key in self.state.registry.reasons
            return redirect(self.get_url(".edit_view", key=key)) if known else back
        self._tell_switched(trigger_label(key, state=self.state), on=on, why=why)
        return back

    def _tell_switched(self, label: str, *, on: bool, why: str) -> None:
        if not on:
            flash(gettext("“%(name)s” is off. What is queued already still goes.", name=label), "success")
        elif why:
            flash(gettext("“%(name)s” is on, but sends nothing.", name=label) + " " + silence(why), "warning")
        else:
            flash(
                gettext("“%(name)s” is on from this moment. Nothing from before is sent.", name=label),
                "success",
            )

    def _submitted(self, key: str, row: TriggerRow | None) -> ResponseReturnValue:
        wanted, problem = _wanted(self.state.settings.language)
        do = request.form.get("do", "save")
        if do == "cheaper":
            wanted = replace(wanted, texts=made_cheaper(wanted.texts))
        if not has_token() or do != "save":
            return self._form(key, row, wanted)
        looked_at, who = seen(request.form), actor()

        def work(session: Session) -> None:
            registry, now = self.state.registry, database_now(session)
            arrange(session, key, wanted, seen=looked_at, registry=registry, who=who, now=now)

        try:
            if problem is not None:
                raise problem
            within(self.state, work)
        except SmsError as error:
            flash(_for_the_page(error), "error")
            self.state.db.session.rollback()
            self.state.db.session.expire_all()
            return self._form(key, self._rows().get(key), wanted, wrong=wrong_language(error))
        flash(gettext("The trigger “%(name)s” is saved.", name=trigger_label(key, state=self.state)), "success")
        return redirect(self.get_url(".edit_view", key=key))

    def _form(self, key: str, row: TriggerRow | None, wanted: Arrangement, *, wrong: str = "") -> str:
        state = self.state
        reason, hooks = state.registry.reason(key), state.registry.hooks_of(key)
        about = about_of({"trigger": key, "record": request.form.get("record", "")}, state=state)
        words = request.form.get("words", "")
        texts = with_languages(wanted.texts, [*reason.text, state.settings.language])
        return self.render(
            "sms/trigger.html",
            shown=self._shown(reason, row, self._runs({} if row is None else {key: row})),
            wanted=wanted,
            wrong=wrong,
            texts=laid_out(texts, about=about, state=state),
            stored=None if wanted.template_id is None else state.db.session.get(Template, wanted.template_id),
            templates=self._templates(),
            offers=offered(about.reachable, first=reason.section, registry=state.registry, catalogue=state.catalogue),
            found=records(words, about=about, state=state) if request.form.get("do") == "preview" else [],
            words=words,
            record=about.record,
            about=about,
            default_hour=DEFAULT_HOUR,
            default_validity=int(VALIDITY.total_seconds() // 3600),
            by_day=counts_days(hooks),
            policies=policies(),
            timezone=state.settings.timezone,
            may_change=self.may(Right.CONFIGURE),
            changes=changes_of(state.db.session(), f"trigger {key}"),
            silence=silence,
            state_name=state_name,
        )

    def _must_configure(self) -> None:
        if not self.may(Right.CONFIGURE):
            abort(403)

    def _all(self) -> list[Shown]:
        rows = self._rows()
        known = self._runs({key: row for key, row in rows.items() if key in self.state.registry.reasons})
        return [self._shown(reason, rows.get(key), known) for key, reason in self.state.registry.reasons.items()]

    def _shown(self, reason: Reason, row: TriggerRow | None, known: Mapping[str, Runs]) -> Shown:
        registry = self.state.registry
        return Shown(
            key=reason.key,
            label=trigger_label(reason.key, state=self.state),
            reason=reason,
            row=row,
            inactive=inactive_because(row, reason, registry=registry),
            waits=waits_for(registry.hooks_of(reason.key)),
            runs=known.get(reason.key, Runs()),
        )

    def _rows(self) -> dict[str, TriggerRow]:
        return {row.key: row for row in self.state.db.session.scalars(sa.select(TriggerRow))}

    def _runs(self, rows: Mapping[str, TriggerRow]) -> dict[str, Runs]:
        session = self.state.db.session()
        return runs(session, rows, state=self.state, now=database_now(session))

    def _undeclared(self) -> list[str]:
        """Triggers that were set up and that nobody declares any more: kept, and told of."""
        return sorted(set(self._rows()) - set(self.state.registry.reasons))

    def _templates(self) -> list[tuple[Template, str]]:
        """The templates to choose from, and what stands against each."""
        found = self.state.db.session.scalars(sa.select(Template).order_by(Template.name).limit(_TEMPLATES))
        return [(each, self._against(each)) for each in found]

    def _against(self, template: Template) -> str:
        if is_orphan(template, self.state.registry):
            return gettext("its section is gone")
        return "" if template.enabled else gettext("disabled")


def silence(code: str) -> str:
    """Why a trigger that is on has nothing to say."""
    return {
        "no_text": gettext("Its text is empty."),
        "template_disabled": gettext("Its template is disabled."),
        "template_section": gettext("The section of its template is not declared any more."),
    }.get(code, "")


def policies() -> list[tuple[str, str]]:
    """What can be done about a message of unknown fate, each with its meaning."""
    told = {
        "ask": gettext("Ask a person"),
        "assume": gettext("Take it for sent"),
        "resend": gettext("Send it once more (it may arrive twice)"),
    }
    return [(code, told[code]) for code in POLICIES]


def _order(shown: Shown) -> tuple[bool, str]:
    return bool(shown.inactive), shown.label


def _kept(row: TriggerRow | None, reason: Reason) -> Arrangement:
    """The trigger as it stands; without texts of its own, the suggested ones."""
    return Arrangement(
        texts=row.texts if row is not None and row.texts else dict(reason.text),
        template_id=None if row is None else row.template_id,
        hour=None if row is None else row.hour,
        validity_hours=None if row is None else row.validity_hours,
        unknown_policy="ask" if row is None else row.unknown_policy,
    )


def _wanted(language: str) -> tuple[Arrangement, SmsError | None]:
    """The trigger as the form has it, and what in it is no number."""
    texts = given(request.form)
    filled = {code: text for code, text in texts.items() if text}
    wrong: SmsError | None = None
    numbers: dict[str, int | None] = {}
    for name in ("template", "hour", "validity"):
        written = request.form.get(name, "").strip()
        try:
            numbers[name] = int(written[:9]) if written else None
        except ValueError:
            numbers[name] = None
            wrong = SmsError(
                gettext("“%(written)s” is no whole number.", written=written[:40]),
                code="bad_number",
                hint=gettext("Write digits only, or leave the field empty."),
            )
    return Arrangement(
        # a trigger whose texts were all taken away says nothing; without any it would say the suggested ones
        texts=filled or {language: ""},
        template_id=numbers["template"],
        hour=numbers["hour"],
        validity_hours=numbers["validity"],
        unknown_policy=request.form.get("unknown_policy", "ask"),
    ), wrong


def _for_the_page(error: SmsError) -> str:
    """The error's sentence; the hint to a command is for the command line."""
    return error.message if "flask sms" in error.hint else str(error)
