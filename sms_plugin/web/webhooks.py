"""What providers call: receipts and texts from phones, verified by their gateway, bounded, counted where forged (X3).

The work is done before any function of the host's: one that has a transaction open would keep SQLite's lock from it
until the request ends, and so for ever. The answer goes the usual way.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, Flask, Response, current_app, g, request
from sqlalchemy.orm import Session

from sms_plugin import signals
from sms_plugin.errors import ConfigurationError, ForgedRequest, SmsError
from sms_plugin.gateways.contract import Gateway, Inbound, Report, WebRequest
from sms_plugin.models import database_now
from sms_plugin.outbox.inbound import Arrival, Placed, announce, place, take_in
from sms_plugin.outbox.receipts import FORGED, take
from sms_plugin.providers.lines import Line
from sms_plugin.state import State
from sms_plugin.transactions import briefly, look
from sms_plugin.web.callers import caller, clock_of
from sms_plugin.web.refusals import refuse, write_counts

log = logging.getLogger(__name__)

#: A receipt larger than this is none, in bytes.
LARGEST = 65_536

_NAME = "sms_webhooks"
_ANSWER = "_sms_webhook_answer"


def blueprint(prefix: str) -> Blueprint:
    """The webhooks, below the prefix."""
    hooks = Blueprint(_NAME, __name__, url_prefix=prefix)
    hooks.add_url_rule("/receipts/<token>", "receipts", receipts, methods=["GET", "POST"])
    hooks.add_url_rule("/receipts/<token>/<uuid:message>", "receipts", receipts, methods=["GET", "POST"])
    # the same under a name that an admin copies into the field for replies; both take both
    hooks.add_url_rule("/inbound/<token>", "inbound", receipts, methods=["GET", "POST"])
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
        calling = caller(state, token)
        if calling is None:
            refuse(state, provider="a provider that is not there", why="unknown address")
            return _plainly("unknown address", 404)
        body = _body()
        if body is None:
            refuse(state, provider=f"the provider {calling.line.name}", why="too large")
            return _plainly("too large", 413)
        write_counts(state)
        return _taken(state, calling.line, calling.gateway, body, message)
    except (ConfigurationError, SmsError) as error:
        log.error("a receipt cannot be checked: %s", error)  # the sentence says all
        return _plainly("not ready", 503)
    except (sa.exc.OperationalError, sa.exc.InterfaceError):
        log.warning("a receipt came while the database was busy; its provider will send it again")
        return _plainly("busy", 503)


def _taken(state: State, line: Line, gateway: Gateway, body: bytes, message: UUID | None) -> Response:
    try:
        taken = list(gateway.read_webhook(_plain(body, line.token, message)))
    except ForgedRequest as error:
        refuse(state, provider=f"the provider {line.name}", why=f"forged ({error.code})", counter=FORGED)
        return _plainly("forged", 403)
    except (SmsError, NotImplementedError) as error:
        refuse(state, provider=f"the provider {line.name}", why=f"it cannot be read: {error}")
        return _plainly("unreadable", 400)
    _keep(state, taken, line, message)
    answer = gateway.webhook_answer(taken)
    return Response(answer.body, answer.status, content_type=answer.content_type)


def _body() -> bytes | None:
    """What was posted, also where a hook of the host's has read it before; None for more than is taken. Of that nothing
    is read where its length is told, and one byte too many where it is not.
    """
    if (request.content_length or 0) > LARGEST:
        return None
    body = request.stream.read(LARGEST + 1) or request.get_data()
    return body if len(body) <= LARGEST else None


def _plainly(words: str, status: int) -> Response:
    return Response(words, status, content_type="text/plain")


def _plain(body: bytes, token: str, message: UUID | None) -> WebRequest:
    """The request without Flask. Its address is the public one, which was signed, whatever the Host header says."""
    state: State = current_app.extensions["sms"]
    values: dict[str, object] = {"token": token} | ({} if message is None else {"message": message})
    if state.settings.public_url is None:
        address = request.base_url
    else:
        address = state.links(request.endpoint or f"{_NAME}.receipts", values)
    query = request.query_string.decode("latin-1")
    return WebRequest(
        method=request.method,
        url=f"{address}?{query}" if query else address,
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
        came_at=datetime.now(UTC),
    )


def _keep(state: State, taken: Sequence[Report | Inbound], line: Line, message: UUID | None) -> None:
    """Keep receipts and texts in one transaction, and tell the host of what is new."""
    reports = [each for each in taken if isinstance(each, Report)]
    texts = [each for each in taken if isinstance(each, Inbound)]
    placed = look(state, lambda session: _placed(session, texts, line, state)) if texts else []

    def work(session: Session) -> tuple[list[UUID], list[Arrival]]:
        now = clock_of(state).now(session)
        moved = take(session, reports, provider_id=line.provider_id, about=message, now=now) if reports else []
        return moved, take_in(session, placed, state=state, now=now)

    if not reports and not placed:
        return
    moved, arrivals = briefly(state, work)
    app: object = current_app._get_current_object()  # type: ignore[attr-defined]
    if moved:
        signals.messages_reported.send(app, messages=moved)
    announce(arrivals, app=app, state=state)


def _placed(session: Session, texts: Sequence[Inbound], line: Line, state: State) -> list[Placed]:
    return place(session, texts, provider_id=line.provider_id, state=state, now=database_now(session))
