"""What the provider pages show of a provider and of a gateway."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask_admin import BaseView
from markupsafe import Markup

from sms_plugin.errors import ConfigurationError, SmsError
from sms_plugin.gateways.contract import Balance, Gateway
from sms_plugin.gateways.settings import unfilled
from sms_plugin.models import Provider, database_now
from sms_plugin.outbox.scorecard import scorecard
from sms_plugin.providers.balance import is_low
from sms_plugin.providers.budget import budget_of, today
from sms_plugin.providers.costs import written
from sms_plugin.providers.lines import Line
from sms_plugin.providers.settings import settings_of
from sms_plugin.state import State
from sms_plugin.web.moments import moment
from sms_plugin.web.translation import gettext
from sms_plugin.web.verdicts import abilities, balance_in_words, reason_in_words, score_rows, warning_in_words


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A gateway on the page where one is chosen."""

    kind: str
    label: str
    help: str
    can: tuple[str, ...]  #: what it can do beside sending, in a word each
    develops: bool  #: for development alone


_FOR_DEVELOPMENT = frozenset({"console", "phone"})


def offered(gateways: Mapping[str, type[Gateway]]) -> list[Offer]:
    """The gateways in the order of their names, those for development last."""
    offers = [
        Offer(
            kind=kind,
            label=gettext(gateway.label),
            help=help_of(gateway),
            can=_at_a_glance(gateway),
            develops=kind in _FOR_DEVELOPMENT,
        )
        for kind, gateway in gateways.items()
    ]
    return sorted(offers, key=lambda offer: (offer.develops, offer.label.casefold()))


def help_of(gateway: type[Gateway]) -> str:
    """What the gateway says of itself; a preset that says nothing is told as what it is."""
    told = vars(gateway).get("help", "")
    if not told and gateway.help:
        return gettext("Generic HTTP with this provider's values filled in.")
    return gettext(told) if told else ""


def _at_a_glance(gateway: type[Gateway]) -> tuple[str, ...]:
    try:
        can = gateway.capabilities(unfilled(gateway.Settings))
    except Exception:  # noqa: BLE001 - a stranger's gateway that fails to say it can still be chosen
        return ()
    words = [
        (can.receipts or can.polled > 0, gettext("receipts")),
        (can.inbound or can.inbound_polled, gettext("answers")),
        (can.balance, gettext("credit")),
        (can.lookup, gettext("look-up")),
    ]
    return tuple(word for holds, word in words if holds)


def name(view: BaseView, provider: Provider) -> Markup:
    """The way to its page."""
    return Markup('<a href="{}"><b>{}</b></a>').format(view.get_url(".edit_view", name=provider.name), provider.name)


def kind(view: Any, provider: Provider) -> str:
    """What its gateway is called."""
    gateway = view.state.gateways.get(provider.kind)
    if gateway is None:
        return gettext("%(kind)s (not installed)", kind=provider.kind)
    return gettext(gateway.label)


def state(provider: Provider) -> Markup:
    """Saved and active are different things; and an active one may have been stopped, or rest for a while."""
    badge = Markup('<span class="sms-state {}">{}</span> {}')
    if provider.stopped_at is not None:
        why = Markup("{} {}").format(reason_in_words(provider.stopped_reason), provider.stopped_detail)
        word = gettext("active, but stopped") if provider.active else gettext("stopped")
        return badge.format("sms-state-bad", word, why)
    if not provider.active:
        word = gettext("stands by") if provider.standby else gettext("saved, not active")
        return badge.format("", word, "" if provider.open_since is None else gettext("could not be reached lately"))
    if provider.paused_until is not None and provider.paused_until > datetime.now(UTC):
        until = Markup("{} {}").format(gettext("until"), moment(provider.paused_until))
        return badge.format("sms-state-wait", gettext("active, resting"), until)
    if provider.open_since is not None:
        since = Markup("{} {}").format(gettext("since"), moment(provider.open_since))
        return badge.format("sms-state-bad", gettext("active, cannot be reached"), since)
    return badge.format("sms-state-good", gettext("active"), "")


def balance(provider: Provider) -> Markup:
    """What is left on the account, as it last told; marked where that is too little."""
    if provider.balance is None or provider.balance_at is None:
        return Markup()
    left = balance_in_words(Balance(amount=provider.balance, unit=provider.balance_unit))
    low = Markup('<span class="sms-state sms-state-bad">{}</span> ').format(gettext("low")) if is_low(provider) else ""
    return Markup('{}<span class="text-nowrap">{}</span>').format(low, left)


def money_of(provider: Provider) -> dict[str, str]:
    """What the form of prices and budget shows of a saved provider."""
    amounts = ("balance_low", "budget_day", "budget_month")
    shown = {name: "" if (amount := getattr(provider, name)) is None else f"{amount:f}" for name in amounts}
    return {"currency": provider.currency, "prices": written(provider.prices or {}), **shown}


def rate(provider: Provider) -> str:
    """How many messages in how many seconds."""
    if not provider.rate_count or not provider.rate_seconds:
        return gettext("no limit")
    return gettext("%(count)s in %(seconds)s s", count=provider.rate_count, seconds=provider.rate_seconds)


def beside(provider: Provider, plugin: State) -> dict[str, Any]:
    """What stands beside the form: what the gateway can do, what to know before using it, its webhook address."""
    can, warnings = None, []
    try:
        settings = settings_of(provider, state=plugin)
        gateway = plugin.gateways[provider.kind]
        can = gateway.capabilities(settings)
        warnings = [warning_in_words(code) for code in gateway.warnings(settings)]
    except (SmsError, ConfigurationError):
        pass  # the form says what is wrong
    return {
        "abilities": abilities(can) if can is not None else [],
        "warnings": warnings,
        "takes_receipts": can is not None and can.receipts,
        "takes_texts": can is not None and can.inbound,
        "webhook": _webhook(provider.token, plugin),
        "money": money_of(provider),
        "balance_badge": balance(provider),
        **_figures(provider, plugin),
        "state_badge": state(provider),
        "rate_words": rate(provider),
    }


def _figures(provider: Provider, plugin: State) -> dict[str, Any]:
    """What the provider has cost so far, and how well it does (X10, X19)."""
    session = plugin.db.session()
    now = database_now(session)
    budget = budget_of(session, provider.id, day=today(plugin.settings, now))
    return {"budget": budget, "score": score_rows(scorecard(session, provider.id, now=now))}


def receipt_url(line: Line, message: UUID, plugin: State) -> str | None:
    """The address for the receipts of one message, where the gateway takes some and the portal is known outside."""
    if not line.capabilities.receipts or plugin.settings.public_url is None:
        return None
    return plugin.links("sms_webhooks.receipts", {"token": line.token, "message": message})


def _webhook(token: str, plugin: State) -> str | None:
    if plugin.settings.public_url is None:
        return None
    return plugin.links("sms_webhooks.receipts", {"token": token})
