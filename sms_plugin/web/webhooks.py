"""What providers call: receipts, verified by their gateway, bounded, and counted where they are forged (X3).

The work is done before any function of the host's: one that has a transaction open would keep SQLite's lock from it
until the request ends, and so for ever. The answer goes the usual way.
"""

from __future__ import annotations

import logging
from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, Flask, Response, current_app, g, request
from sqlalchemy.orm import Session

from sms_plugin import signals
from sms_plugin.errors import ConfigurationError, ForgedRequest, SmsError
from sms_plugin.gateways.contract import Gateway, Report, WebRequest
from sms_plugin.gateways.http import Http
from sms_plugin.models import Provider, database_now
from sms_plugin.outbox.receipts import FORGED, take
from sms_plugin.outbox.tallies import tally
from sms_plugin.providers.active import Line, line_of
from sms_plugin.state import State
from sms_plugin.transactions import look, within

log = logging.getLogger(__name__)

#: A receipt larger than this is none, in bytes.
LARGEST = 65_536

_LONGEST_TOKEN = 43
_NAME = "sms_webhooks"
_ANSWER = "_sms_webhook_answer"


def blueprint(prefix: str) -> Blueprint:
    """The webhooks, below the prefix."""
    hooks = Blueprint(_NAME, __name__, url_prefix=prefix)
    hooks.add_url_rule("/receipts/<token>", "receipts", receipts, methods=["GET", "POST"])
    hooks.add_url_rule("/receipts/<token>/<uuid:message>", "receipts", receipts, methods=["GET", "POST"])
    return hooks


def exempt(app: Flask, hooks: Blueprint) -> None:
    """Take the webhooks out of the host's CSRF protection, where it has one: providers know no token."""
    protection = app.extensions.get("csrf")
    if protection is not None:
        protection.exempt(hooks)


def take_first() -> None:
    """Do a webhook's work now, where the request is one; to be called before all of the host's own functions."""
    if request.blueprint == _NAME and request.method != "OPTIONS":
        setattr(g, _ANSWER, _answer(**(request.view_args or {})))


def receipts(token: str, message: UUID | None = None) -> Response:
    """The answer to what a provider reports, which was taken first of all."""
    answer: Response | None = g.pop(_ANSWER, None)
    return _answer(token, message) if answer is None else answer


def _answer(token: str, message: UUID | None = None) -> Response:
    """Take what a provider reports. 404 for an unknown address, 413 for a flood, 403 for a forged request, 400 for
    one that cannot be read; 503, so that it comes again, where the database stays busy.
    """
    state: State = current_app.extensions["sms"]
    try:
        line = look(state, lambda session: _line(session, token, state))
        if line is None:
            return _plainly("unknown address", 404)
        body = _body()
        if len(body) > LARGEST:
            return _plainly("too large", 413)
        with Http() as http:
            return _taken(state, line, line.gateway(line.settings, http), body, message)
    except (ConfigurationError, SmsError) as error:
        log.error("a receipt cannot be checked: %s", error)  # the sentence says all
        return _plainly("not ready", 503)
    except (sa.exc.OperationalError, sa.exc.InterfaceError):
        log.warning("a receipt came while the database was busy; its provider will send it again")
        return _plainly("busy", 503)


def _taken(state: State, line: Line, gateway: Gateway, body: bytes, message: UUID | None) -> Response:
    try:
        reports = list(gateway.read_receipts(_plain(body, line.token, message)))
    except ForgedRequest as error:
        log.warning("a forged receipt for the provider %s was refused: %s", line.name, error.code)
        within(state, lambda session: tally(session, {FORGED: 1}))
        return _plainly("forged", 403)
    except (SmsError, NotImplementedError) as error:
        log.warning("a receipt for the provider %s cannot be read: %s", line.name, error)
        return _plainly("unreadable", 400)
    _keep(state, reports, line, message)
    answer = gateway.receipts_answer()
    return Response(answer.body, answer.status, content_type=answer.content_type)


def _line(session: Session, token: str, state: State) -> Line | None:
    if len(token) > _LONGEST_TOKEN or "\0" in token:  # which PostgreSQL refuses to look for
        return None
    provider = session.scalar(sa.select(Provider).where(Provider.token == token))
    return None if provider is None else line_of(provider, state=state, now=database_now(session))


def _body() -> bytes:
    """What was posted, up to one byte more than is taken; also where a hook of the host's has read it before."""
    return request.stream.read(LARGEST + 1) or request.get_data()


def _plainly(words: str, status: int) -> Response:
    return Response(words, status, content_type="text/plain")


def _plain(body: bytes, token: str, message: UUID | None) -> WebRequest:
    """The request without Flask. Its address is the public one, which was signed, whatever the Host header says."""
    state: State = current_app.extensions["sms"]
    values: dict[str, object] = {"token": token} | ({} if message is None else {"message": message})
    if state.settings.public_url is None:
        address = request.base_url
    else:
        address = state.links(f"{_NAME}.receipts", values)
    query = request.query_string.decode("latin-1")
    return WebRequest(
        method=request.method,
        url=f"{address}?{query}" if query else address,
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
    )


def _keep(state: State, reports: list[Report], line: Line, message: UUID | None) -> None:
    def work(session: Session) -> list[UUID]:
        return take(session, reports, provider_id=line.provider_id, about=message, now=database_now(session))

    moved = within(state, work)
    if moved:
        signals.messages_reported.send(current_app._get_current_object(), messages=moved)  # type: ignore[attr-defined]
