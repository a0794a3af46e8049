"""A provider's pace, prices and budget on its page (P17, P18, X10)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError
from sms_plugin.models import Provider, database_now
from sms_plugin.providers import active, upkeep
from sms_plugin.providers.costs import read_prices
from sms_plugin.web.apart import within
from sms_plugin.web.base import explained
from sms_plugin.web.forms import has_token
from sms_plugin.web.permissions import actor
from sms_plugin.web.provider_trying import Trying
from sms_plugin.web.translation import gettext

#: The fields of the form, as they are typed.
FIELDS = ("currency", "prices", "balance_low", "budget_day", "budget_month")
_LONGEST = 20_000


class Spending(Trying):
    """The part of the provider pages that is about pace and money."""

    @expose("/rate/", methods=("POST",))
    def rate(self) -> ResponseReturnValue:
        """How many messages in how many seconds (P18)."""

        def change(session: Session, one: Provider, /, *, who: str, now: datetime) -> None:
            count, seconds = _whole("count"), _whole("seconds")
            upkeep.set_rate(session, one, count=count, seconds=seconds, who=who, now=now)

        return self.do(change, gettext("The rate is saved."))

    @expose("/money/", methods=("POST",))
    def money(self) -> ResponseReturnValue:
        """What a segment costs, what may be spent, and when to warn."""
        provider = self.one() if has_token() else None
        if provider is None:
            return self.back_to_one()
        typed = {name: request.form.get(name, "")[:_LONGEST] for name in FIELDS}
        name, who = provider.name, actor()

        def work(session: Session) -> None:
            one = active.find(session, name)
            upkeep.set_money(session, one, _read(typed), who=who, now=database_now(session))

        try:
            within(self.state, work)
        except SmsError as error:
            flash(explained(error), "error")
            return self.opened(provider, money=typed)
        flash(gettext("Prices and budget are saved."), "success")
        return redirect(self.get_url(".edit_view", name=name))


def _read(typed: dict[str, str]) -> upkeep.Money:
    """What was typed. Raises ``SmsError``."""
    return upkeep.Money(
        currency=typed["currency"],
        prices=read_prices(typed["prices"]),
        balance_low=_amount(typed["balance_low"]),
        budget_day=_amount(typed["budget_day"]),
        budget_month=_amount(typed["budget_month"]),
    )


def _amount(typed: str) -> Decimal | None:
    """An amount, or None where nothing is typed. Raises ``SmsError``."""
    plain = typed.strip().replace(" ", "").replace(",", ".")
    try:
        return Decimal(plain) if plain else None
    except InvalidOperation:
        raise SmsError(
            gettext("“%(typed)s” is no amount.", typed=typed[:20]),
            code="bad_amount",
            hint=gettext("Write digits, such as 25.50."),
        ) from None


def _whole(name: str) -> int | None:
    """A whole number of the form, or None where it is left empty. Raises ``SmsError``."""
    typed = request.form.get(name, "").strip()
    try:
        return int(typed) if typed else None
    except ValueError:
        raise SmsError(
            gettext("“%(typed)s” is no whole number.", typed=typed[:20]), code="bad_rate", hint=gettext("Write digits.")
        ) from None
