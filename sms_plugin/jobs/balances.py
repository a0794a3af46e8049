"""The job that asks what is left on the accounts that send, or would in an outage."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Session

from sms_plugin import signals
from sms_plugin.errors import ConfigurationError, SmsError
from sms_plugin.models import Provider, database_now
from sms_plugin.providers.balance import Low, keep
from sms_plugin.providers.inquiry import Found, inquire
from sms_plugin.providers.lines import Line, line_of
from sms_plugin.state import State
from sms_plugin.transactions import look, within

if TYPE_CHECKING:
    from sms_plugin.jobs.due import Taken

log = logging.getLogger(__name__)

#: Accounts are asked so often, in seconds.
EVERY = 900.0


def ask_balances(state: State, job: Taken) -> int:
    """Ask each of the accounts that can tell, and warn the host of one that fell too low; how many told."""
    told = 0
    for line in look(state, lambda session: _lines(session, state)):
        job.renew()
        found = inquire(line, settings=state.settings)
        if found.found is Found.REACHED:  # it answers, and its credit has no limit
            continue
        if found.balance is None:
            log.warning("the provider %s does not tell its balance: %s", line.name, found.reason)
            continue
        balance, provider_id = found.balance, line.provider_id
        low: Low | None = within(
            state,
            lambda session, provider_id=provider_id, balance=balance: keep(  # type: ignore[misc]
                session, provider_id, balance, now=database_now(session)
            ),
        )
        warn(low)
        told += 1
    return told


def warn(low: Low | None) -> None:
    """Tell the host of a balance that fell too low; outside of any transaction."""
    if low is None:
        return
    log.warning("the account of the SMS provider %s runs low", low.provider)
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    signals.balance_low.send(app, provider=low.provider, amount=low.balance.amount, unit=low.balance.unit)


def _lines(session: Session, state: State) -> list[Line]:
    """The active provider and the one for outages, as far as they can tell."""
    now = database_now(session)
    sending = sa.select(Provider).where(sa.or_(Provider.active == 1, Provider.standby == 1)).order_by(Provider.id)
    found: list[Line] = []
    for provider in session.scalars(sending):
        try:
            line = line_of(provider, state=state, now=now)
        except (SmsError, ConfigurationError) as error:
            log.warning("the provider %s cannot be asked for its balance: %s", provider.name, error)
            continue
        if line.capabilities.balance:
            found.append(line)
    return found
