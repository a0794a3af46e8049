"""The job that asks providers for texts from phones, where they do not bring them, or where nobody told them to."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Session

from sms_plugin.errors import ConfigurationError, SmsError
from sms_plugin.gateways.contract import Fetched, Gateway
from sms_plugin.gateways.http import Http
from sms_plugin.models import Provider, database_now
from sms_plugin.outbox.inbound import Arrival, announce, place, take_in
from sms_plugin.providers.lines import Line, line_of
from sms_plugin.state import State
from sms_plugin.transactions import look, within

if TYPE_CHECKING:
    from sms_plugin.jobs.due import Taken

log = logging.getLogger(__name__)

#: A longer cursor is none of ours: the column holds no more.
_LONGEST = 255
#: It looks so often, in seconds, and asks one provider at most so many times in a run.
EVERY, MOST = 30.0, 20


def fetch(state: State, job: Taken) -> int:
    """Ask every provider that sends or stands by, and can be asked; the number of texts that are new.

    Where a provider's texts go on is kept with them: what a run that ends early took is not asked for again.
    """
    return sum(_from(state, job, line, cursor) for line, cursor in look(state, lambda session: _lines(session, state)))


def _lines(session: Session, state: State) -> list[tuple[Line, str]]:
    found: list[tuple[Line, str]] = []
    in_use = sa.select(Provider).where(sa.or_(Provider.active == 1, Provider.standby == 1)).order_by(Provider.id)
    for provider in session.scalars(in_use):
        try:
            line = line_of(provider, state=state, now=database_now(session))
        except (SmsError, ConfigurationError) as error:
            log.warning("the provider %s cannot be asked for texts: %s", provider.name, error)
            continue
        if line.capabilities.inbound_polled:
            found.append((line, provider.inbox_cursor))
    return found


def _from(state: State, job: Taken, line: Line, cursor: str) -> int:
    settings = state.settings
    new = 0
    with Http(settings.connect_timeout, settings.read_timeout, private=line.private) as http:
        gateway = line.gateway(line.settings, http)
        for _ in range(MOST):
            job.renew()
            fetched = _asked(gateway, cursor, line)
            if fetched is None:
                return new
            new += len(_taken(state, line, fetched))
            if not fetched.more or fetched.cursor == cursor:
                return new
            cursor = fetched.cursor
    return new


def _asked(gateway: Gateway, cursor: str, line: Line) -> Fetched | None:
    """What the provider has; None where it cannot be asked at the moment."""
    try:
        return gateway.fetch(cursor)
    except SmsError as error:
        log.warning("the provider %s cannot be asked for texts: %s", line.name, error.code)
    except Exception as error:  # noqa: BLE001 - a gateway of somebody else's may raise anything
        log.error("the gateway %s raised %s when it was asked for texts", gateway.kind, type(error).__name__)
    return None


def _taken(state: State, line: Line, fetched: Fetched) -> list[Arrival]:
    """Keep the texts and where the next poll goes on, in one transaction; those that are new."""
    provider, cursor = line.provider_id, fetched.cursor
    if len(cursor) > _LONGEST:
        log.error("the gateway of the provider %s gave a cursor that is too long to keep", line.name)
        cursor = ""
    placed = look(
        state,
        lambda session: place(session, fetched.texts, provider_id=provider, state=state, now=database_now(session)),
    )

    def work(session: Session) -> list[Arrival]:
        arrivals = take_in(session, placed, state=state, now=database_now(session))
        if cursor:
            _keep_cursor(session, provider, cursor)
        return arrivals

    if not placed and not cursor:
        return []
    arrivals = within(state, work)
    announce(arrivals, app=current_app._get_current_object(), state=state)  # type: ignore[attr-defined]
    return arrivals


def _keep_cursor(session: Session, provider: int, cursor: str) -> None:
    session.execute(
        sa.update(Provider)
        .where(Provider.id == provider, Provider.inbox_cursor != cursor)
        .values(inbox_cursor=cursor)
        .execution_options(synchronize_session=False)
    )
