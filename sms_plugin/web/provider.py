"""The providers: what the admin sets up, tests and activates (P13–P17)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError
from sms_plugin.gateways.settings import BadSettings
from sms_plugin.models import Provider, database_now
from sms_plugin.providers import active, upkeep
from sms_plugin.providers.settings import gateway_of
from sms_plugin.web import provider_cells as cells
from sms_plugin.web.apart import within
from sms_plugin.web.base import confirmed
from sms_plugin.web.forms import explain_token, has_token
from sms_plugin.web.permissions import Right, actor
from sms_plugin.web.provider_form import ProviderForm, changed_of, filled, form_class, stamp
from sms_plugin.web.provider_money import Spending
from sms_plugin.web.translation import gettext, lazy_gettext


class ProviderPages(Spending):
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
    column_list = ("name", "kind", "state", "balance", "rate")
    column_labels = {  # noqa: RUF012
        "name": lazy_gettext("Name"),
        "kind": lazy_gettext("Gateway"),
        "state": lazy_gettext("State"),
        "balance": lazy_gettext("Credit"),
        "rate": lazy_gettext("Rate"),
    }
    column_formatters = {  # noqa: RUF012
        "name": lambda view, _context, row, _name: cells.name(view, row),
        "kind": lambda view, _context, row, _name: cells.kind(view, row),
        "state": lambda view, _context, row, _name: cells.state(row),
        "balance": lambda view, _context, row, _name: cells.balance(row),
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
        return self.render(
            "sms/provider/new.html",
            form=form,
            gateway=gateway,
            help=cells.help_of(gateway),
            gateways=cells.offered(gateways),
        )

    @expose("/edit/", methods=("GET", "POST"))
    def edit_view(self) -> ResponseReturnValue:
        """The provider's settings, and beside them what it can do and how to try it."""
        provider = self.one()
        if provider is None:
            return redirect(self.get_url(".index_view"))
        gateway = gateway_of(provider.kind, self.state)
        form: Any = self.form_of(provider)(
            request.form if request.method == "POST" else None, data=filled(provider, gateway)
        )
        if request.method == "POST":
            if form.validate() and self._changed(form, provider):
                return redirect(self.get_url(".edit_view", name=provider.name))
            explain_token(form)
            form.seen.data = stamp(provider)
        return self.opened(provider, form=form)

    @expose("/activate/", methods=("POST",))
    def activate(self) -> ResponseReturnValue:
        """Send through this provider from now on, and through no other."""
        told = gettext("Messages go through it from now on, and through no other.")
        return self.do(active.activate, told)

    @expose("/deactivate/", methods=("POST",))
    def deactivate(self) -> ResponseReturnValue:
        """Send through none."""
        told = gettext("No provider is active now: messages that wait go on waiting, new ones are not sent.")
        return self.do(active.deactivate, told)

    @expose("/resume/", methods=("POST",))
    def resume(self) -> ResponseReturnValue:
        """Go on after it was stopped (P21)."""
        told = gettext("It goes on with what is still valid.")
        return self.do(active.resume, told)

    @expose("/standby/", methods=("POST",))
    def standby(self) -> ResponseReturnValue:
        """Have it stand by for the active one (X9)."""
        told = gettext("It sends while the active provider cannot be reached, what that one surely has not taken.")
        return self.do(upkeep.stand_by, told)

    @expose("/no-standby/", methods=("POST",))
    def no_standby(self) -> ResponseReturnValue:
        """Have it stand by no longer."""
        return self.do(upkeep.stand_down, gettext("It stands by no longer: only the active provider sends."))

    @expose("/delete/", methods=("POST",))
    def delete_view(self) -> ResponseReturnValue:
        """Take away one that was never used."""
        provider = self.one()
        if provider is not None and has_token() and not confirmed():
            question = gettext("Delete the provider “%(name)s”?", name=provider.name)
            return self.ask(question, back=self.get_url(".edit_view", name=provider.name))
        told = gettext("The provider is gone.")
        return self.do(upkeep.remove, told)

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
