"""The panel on the page of a host's record: the latest messages with it, and the ways to read on and to send (S9)."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from sms_plugin.host.identity import RecordRef, key_of
from sms_plugin.outbox.history import about_record, read
from sms_plugin.outbox.names import names_of
from sms_plugin.people.consent import standing
from sms_plugin.trails import trail
from sms_plugin.triggers.sending import numbers
from sms_plugin.web import translation
from sms_plugin.web.base import static_url
from sms_plugin.web.forms import token_field
from sms_plugin.web.history import bubbles_of
from sms_plugin.web.looks import looked
from sms_plugin.web.moments import moment
from sms_plugin.web.permissions import Right
from sms_plugin.web.reach import Ground
from sms_plugin.web.replying import Out, outs_shown

log = logging.getLogger(__name__)

#: So many of the latest messages are on the panel.
SHOWN = 5


def panel(view: Any, record: Any) -> dict[str, Any] | None:
    """What the panel shows; None where there is none to show. It never costs the host its page."""
    ground = view.sms_ground()
    if ground is None or not (view.sms_may(Right.READ) or view.sms_may(Right.SEND)):
        return None
    try:
        key = key_of(record)
        latest = _latest(record, ground) if view.sms_may(Right.READ) else _Latest()
        if latest.bubbles:
            looked(ground.state, about=RecordRef(entity=ground.entity.key, key=key))
    except Exception as error:  # noqa: BLE001 - whatever fails in ours, the host's page goes on without it
        log.error("the SMS panel of %s cannot be shown: %s", ground.entity.key, trail(error))
        return None
    return {
        "sms_gettext": translation.gettext,
        "sms_moment": moment,
        "sms_static": static_url,
        "sms_bubbles": latest.bubbles,
        "sms_outs": latest.outs,
        "sms_reply": _reply(view, key, latest) if view.sms_may(Right.SEND) else None,
        "sms_consent_url": view.get_url(".sms_consent_view", record=key) if view.sms_may(Right.SEND) else None,
        "sms_history_url": view.get_url(".sms_history_view", record=key) if view.sms_may(Right.READ) else None,
        "sms_send_url": view.get_url(".sms_send_view", record=key) if view.sms_may(Right.SEND) else None,
    }


@dataclass(frozen=True, kw_only=True)
class _Latest:
    """What was said last; the bubbles are None for whoever may not read."""

    bubbles: list[Any] | None = None
    outs: Sequence[Out] = ()
    number: str = ""  #: at which the person was last written to, or wrote; empty: their usual one


def _latest(record: Any, ground: Ground) -> _Latest:
    """The latest messages and what the record's numbers do not want, read inside the host's own transaction, in a
    savepoint: it may hold SQLite's write lock.
    """
    selection = about_record(record, registry=ground.state.registry)
    connection = ground.state.db.session().connection()
    theirs = _numbers(record, ground)
    with Session(bind=connection, join_transaction_mode="create_savepoint", autoflush=False) as session:
        rows = read(session, of=selection, most=SHOWN, newest_first=True)
        names = names_of(session, rows, registry=ground.state.registry)
        outs = standing(session, theirs)
    return _Latest(
        bubbles=bubbles_of(rows, names=names, state=ground.state),
        outs=outs_shown(outs),
        number=next((row.number for row in reversed(rows) if row.number in theirs), ""),
    )


def _reply(view: Any, key: str, latest: _Latest) -> dict[str, Any]:
    """What the line to answer in needs."""
    return {
        "url": view.get_url(".sms_send_view", url=request.full_path.rstrip("?")),
        "record": key,
        "number": latest.number,
        "once": secrets.token_hex(16),
        "token": token_field(),
        "look": view.get_url(".sms_look_view"),
    }


def _numbers(record: Any, ground: Ground) -> list[str]:
    """The numbers of a person; none where the host cannot say."""
    if ground.entity.person is None:
        return []
    try:
        return [each.number for each in numbers(record, entity=ground.entity, state=ground.state) if each.number]
    except Exception as error:  # noqa: BLE001 - a host's attribute may raise anything; the messages are shown without
        log.warning("the numbers of a record of %s cannot be read: %s", ground.entity.key, type(error).__name__)
        return []
