"""The providers: what the admin sets up, tests and activates (P13–P17)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

from flask import flash, redirect, request
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy.orm import Session

from sms_plugin.errors import ConfigurationError, SmsError
from sms_plugin.gateways.contract import Gateway
from sms_plugin.gateways.settings import BadSettings, fields_of
from sms_plugin.models import Provider, database_now
from sms_plugin.outbox import trial
from sms_plugin.providers import active, upkeep
from sms_plugin.providers.inquiry import inquire
from sms_plugin.web import provider_cells as cells
from sms_plugin.web.apart import look, within
from sms_plugin.web.base import confirmed, explained
from sms_plugin.web.forms import explain_token, has_token
from sms_plugin.web.permissions import Right, actor
from sms_plugin.web.provider_form import ProviderForm, changed_of, filled, form_class, stamp
from sms_plugin.web.rows import Rows
from sms_plugin.web.translation import gettext, lazy_gettext
from sms_plugin.web.verdicts import inquiry_in_words, verdict_in_words

#: What was typed for a test message, from one request to the next.
_TYPED = "sms_trial"


class Change(Protocol):
    """What is done to one provider, in the transaction that it is given."""

    def __call__(self, session: Session, provider: Provider, /, *, who: str, now: datetime) -> object: ...


class ProviderPages(Rows):
    """The accounts that messages go through."""

    page = "provider"
    title = lazy_gettext("Providers")
    icon = "fa-plug"
    right = Right.CONFIGURE
    scripts = ("provider.js",)
    table = Provider
    order = ("name",)
    descending = False
    can_create = can_edit = True
    list_template = "sms/provider/list.html"
    column_list = ("name", "kind", "state", "rate")
    column_labels = {  # noqa: RUF012
        "name": lazy_gettext("Name"),
        "kind": lazy_gettext("Gateway"),
        "state": lazy_gettext("State"),
        "rate": lazy_gettext("Rate"),
    }
    column_formatters = {  # noqa: RUF012
        "name": lambda view, _context, row, _name: cells.name(view, row),
        "kind": lambda view, _context, row, _name: cells.kind(view, row),
        "state": lambda view, _context, row, _name: cells.state(row),
        "rate": lambda view, _context, row, _name: cells.rate(row),
    }

    def scaffold_form(self) -> Any:
        """No form of Flask-Admin's: the gateway's settings make it."""
        return ProviderForm

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> ResponseReturnValue:
        """Choose the gateway, then fill in what it asks for."""
        gateways = self.state.gateways
        kind = request.args.get("kind", "")
        if kind not in gateways:
            if kind:
                flash(gettext("There is no such gateway. Choose one of these."), "error")
            return self.render("sms/provider/kinds.html", gateways=cells.offered(gateways))
        gateway = gateways[kind]
        form: Any = form_class(gateway, saved=None)(request.form if request.method == "POST" else None)
        if request.method == "GET":
            form.name.data = kind
        elif form.validate() and self._added(form, kind):
            return redirect(self.get_url(".edit_view", name=form.name.data.strip()))
        explain_token(form)
        return self.render("sms/provider/new.html", form=form, gateway=gateway, help=cells.help_of(gateway))

    @expose("/edit/", methods=("GET", "POST"))
    def edit_view(self) -> ResponseReturnValue:
        """The provider's settings, and beside them what it can do and how to try it."""
        provider = self._one()
        if provider is None:
            return redirect(self.get_url(".index_view"))
        gateway = active.gateway_of(provider.kind, self.state)
        form: Any = form_class(gateway, saved=provider, kept=self._kept(provider, gateway))(
            request.form if request.method == "POST" else None, data=filled(provider, gateway)
        )
        if request.method == "POST":
            if form.validate() and self._changed(form, provider):
                return redirect(self.get_url(".edit_view", name=provider.name))
            explain_token(form)
            form.seen.data = stamp(provider)
        shown = cells.beside(provider, self.state) | {"typed": cookie.pop(_TYPED, {})}
        return self.render("sms/provider/edit.html", form=form, gateway=gateway, model=provider, **shown)

    @expose("/activate/", methods=("POST",))
    def activate(self) -> ResponseReturnValue:
        """Send through this provider from now on, and through no other."""
        told = gettext("Messages go through it from now on, and through no other.")
        return self._do(active.activate, told)

    @expose("/deactivate/", methods=("POST",))
    def deactivate(self) -> ResponseReturnValue:
        """Send through none."""
        told = gettext("No provider is active now: messages that wait go on waiting, new ones are not sent.")
        return self._do(active.deactivate, told)

    @expose("/resume/", methods=("POST",))
    def resume(self) -> ResponseReturnValue:
        """Go on after it was stopped (P21)."""
        told = gettext("It goes on with what is still valid.")
        return self._do(active.resume, told)

    @expose("/rate/", methods=("POST",))
    def rate(self) -> ResponseReturnValue:
        """How many messages in how many seconds (P18)."""

        def change(session: Session, one: Provider, /, *, who: str, now: datetime) -> None:
            count, seconds = _whole("count"), _whole("seconds")
            upkeep.set_rate(session, one, count=count, seconds=seconds, who=who, now=now)

        return self._do(change, gettext("The rate is saved."))

    @expose("/delete/", methods=("POST",))
    def delete_view(self) -> ResponseReturnValue:
        """Take away one that was never used."""
        provider = self._one()
        if provider is not None and has_token() and not confirmed():
            question = gettext("Delete the provider “%(name)s”?", name=provider.name)
            return self.ask(question, back=self.get_url(".edit_view", name=provider.name))
        told = gettext("The provider is gone.")
        return self._do(upkeep.remove, told)

    @expose("/connect/", methods=("POST",))
    def connect(self) -> ResponseReturnValue:
        """Ask the provider whether it can be spoken with (P15, P17)."""
        provider = self._one() if has_token() else None
        if provider is not None:
            try:
                line = active.line_of(provider, state=self.state, now=provider.changed_at)
                self.state.db.session.commit()  # nothing is held while the provider is spoken with
                flash(*inquiry_in_words(inquire(line, settings=self.state.settings)))
            except (SmsError, ConfigurationError) as error:
                flash(explained(error), "error")
        return self._back_to_one()

    @expose("/try/", methods=("POST",))
    def try_out(self) -> ResponseReturnValue:
        """Send a test message through this provider, active or not (P15)."""
        provider = self._one() if has_token() else None
        if provider is not None:
            to, text = request.form.get("to", ""), request.form.get("text", "")
            try:
                flash(*verdict_in_words(self._tried(provider, to=to, text=text)))
            except (SmsError, ConfigurationError) as error:
                flash(explained(error), "error")
            cookie[_TYPED] = {"to": to[:40], "text": text[:480]}  # an address with a number in it would be logged
        return self._back_to_one()

    def _tried(self, provider: Provider, *, to: str, text: str) -> Any:
        """The verdict of a test message, written down on both sides of the request."""
        state, who = self.state, actor()
        line = active.line_of(provider, state=state, now=provider.changed_at)
        state.db.session.commit()  # nothing is held while the provider is spoken with
        departed = within(
            state,
            lambda session: trial.open_trial(
                session,
                active.find(session, line.name),
                to=to,
                text=text,
                who=who,
                settings=state.settings,
                now=database_now(session),
            ),
        )
        finished = trial.carry(
            line, departed, receipt_url=cells.receipt_url(line, departed.id, state), settings=state.settings
        )
        within(
            state,
            lambda session: trial.close_trial(session, finished, settings=state.settings, now=database_now(session)),
        )
        return finished.verdict

    def _added(self, form: Any, kind: str) -> bool:
        name, who = form.name.data.strip(), actor()

        def work(session: Session) -> None:
            now = database_now(session)
            active.add(session, state=self.state, name=name, kind=kind, given=form.given(), who=who, now=now)

        return self._saved(form, work, gettext("“%(name)s” is saved. It is not active yet: try it first.", name=name))

    def _changed(self, form: Any, provider: Provider) -> bool:
        name, seen, who = provider.name, form.seen.data, actor()

        def work(session: Session) -> None:
            now, one = database_now(session), active.find(session, name)
            if stamp(one) != seen:
                raise SmsError(
                    gettext("Somebody has changed this provider since you opened this page."),
                    code="changed_meanwhile",
                    hint=gettext("What you typed is still here; save again to overrule the other change."),
                )
            given = changed_of(one, form.given())
            if given:
                active.change(session, one, state=self.state, given=given, who=who, now=now)

        return self._saved(form, work, gettext("“%(name)s” is saved.", name=name))

    def _saved(self, form: Any, work: Callable[[Session], object], told: str) -> bool:
        """Whether it could be saved; where not, the form and the page say why."""
        try:
            within(self.state, work)
        except BadSettings as error:
            form.blame(error)
            flash(gettext("Nothing is saved yet: some of it cannot be used as it is."), "error")
            return False
        except Exception as error:  # noqa: BLE001 - told in words, logged without what was in hand
            self.handle_view_exception(error)
            return False
        flash(told, "success")
        return True

    def _do(self, change: Change, told: str) -> ResponseReturnValue:
        """One change to one provider, by a button."""
        name, who = request.form.get("name", ""), actor()
        if has_token():
            try:
                within(
                    self.state,
                    lambda session: change(session, active.find(session, name), who=who, now=database_now(session)),
                )
                flash(f"{name}: {told}", "success")
            except Exception as error:  # noqa: BLE001 - told in words, logged without what was in hand
                self.handle_view_exception(error)
        return self._back_to_one() if request.form.get("to_one") else redirect(self.get_url(".index_view"))

    def _one(self) -> Provider | None:
        """The provider that the request names, apart from any session; none is said so."""
        name = request.values.get("name", "")

        def read(session: Session) -> Provider:
            provider = active.find(session, name)
            session.expunge(provider)
            return provider

        try:
            if "\x00" in name or len(name) > 80:
                raise SmsError(gettext("There is no such provider."), code="unknown_provider")
            return look(self.state, read)
        except SmsError as error:
            flash(error.message, "error")
            return None

    def _back_to_one(self) -> ResponseReturnValue:
        return redirect(self.get_url(".edit_view", name=request.form.get("name", "")))

    def _kept(self, provider: Provider, gateway: type[Gateway]) -> list[str]:
        """The secrets that stand already. Where they cannot be read any more, they are asked for again."""
        try:
            stand = active.secrets_named(provider, state=self.state)
        except ConfigurationError as error:
            flash(explained(error), "error")
            return []
        return [one.name for one in fields_of(gateway.Settings) if one.secret and one.name in stand]


def _whole(name: str) -> int | None:
    """A whole number of the form, or None where it is left empty. Raises ``SmsError``."""
    typed = request.form.get(name, "").strip()
    try:
        return int(typed) if typed else None
    except ValueError:
        raise SmsError(
            gettext("“%(typed)s” is no whole number.", typed=typed[:20]), code="bad_rate", hint=gettext("Write digits.")
        ) from None
