"""What the pages of one provider share: the provider that a request names, its page, and a change by a button."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from sms_plugin.errors import ConfigurationError, SmsError
from sms_plugin.gateways.contract import Gateway
from sms_plugin.gateways.settings import fields_of
from sms_plugin.models import Provider, database_now
from sms_plugin.providers import active
from sms_plugin.providers.settings import gateway_of, secrets_named
from sms_plugin.web import provider_cells as cells
from sms_plugin.web.apart import look, within
from sms_plugin.web.base import explained
from sms_plugin.web.forms import has_token
from sms_plugin.web.permissions import actor
from sms_plugin.web.provider_form import filled, form_class
from sms_plugin.web.rows import Rows
from sms_plugin.web.translation import gettext, in_words
from sms_plugin.web.verdicts import cost_in_words


class Change(Protocol):
    """What is done to one provider, in the transaction that it is given."""

    def __call__(self, session: Session, provider: Provider, /, *, who: str, now: datetime) -> object: ...


class OneProvider(Rows):
    """A base of the provider pages."""

    def opened(self, provider: Provider, *, form: Any = None, **more: Any) -> str:
        """The page of one provider: its form as it is saved, unless one that was filled in is given."""
        gateway = gateway_of(provider.kind, self.state)
        shown = {"typed": {}, "tried": None, "cost": cost_in_words} | cells.beside(provider, self.state) | more
        if form is None:
            form = self.form_of(provider)(None, data=filled(provider, gateway))
        return self.render("sms/provider/edit.html", form=form, gateway=gateway, model=provider, **shown)

    def form_of(self, provider: Provider) -> Any:
        """The class of its form."""
        gateway = gateway_of(provider.kind, self.state)
        return form_class(gateway, saved=provider, kept=self._kept(provider, gateway))

    def do(self, change: Change, told: str) -> ResponseReturnValue:
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
        return self.back_to_one() if request.form.get("to_one") else redirect(self.get_url(".index_view"))

    def one(self) -> Provider | None:
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
            flash(in_words(error.message), "error")
            return None

    def back_to_one(self) -> ResponseReturnValue:
        return redirect(self.get_url(".edit_view", name=request.form.get("name", "")))

    def _kept(self, provider: Provider, gateway: type[Gateway]) -> list[str]:
        """The secrets that stand already. Where they cannot be read any more, they are asked for again."""
        try:
            stand = secrets_named(provider, state=self.state)
        except ConfigurationError as error:
            flash(explained(error), "error")
            return []
        return [one.name for one in fields_of(gateway.Settings) if one.secret and one.name in stand]
