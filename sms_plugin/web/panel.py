"""The panel on the page of a host's record: the latest messages with it, and the ways to read on and to send (S9)."""

from __future__ import annotations

import logging
from typing import Any

from sqlalchemy.orm import Session

from sms_plugin.host.identity import key_of
from sms_plugin.outbox.history import about_record, read
from sms_plugin.outbox.names import names_of
from sms_plugin.trails import trail
from sms_plugin.web import translation
from sms_plugin.web.base import static_url
from sms_plugin.web.history import bubbles_of
from sms_plugin.web.moments import moment
from sms_plugin.web.permissions import Right
from sms_plugin.web.reach import Ground

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
        bubbles = _latest(record, ground) if view.sms_may(Right.READ) else None
    except Exception as error:  # noqa: BLE001 - whatever fails in ours, the host's page goes on without it
        log.error("the SMS panel of %s cannot be shown: %s", ground.entity.key, trail(error))
        return None
    return {
        "sms_gettext": translation.gettext,
        "sms_moment": moment,
        "sms_static": static_url,
        "sms_bubbles": bubbles,
        "sms_history_url": view.get_url(".sms_history_view", record=key) if view.sms_may(Right.READ) else None,
        "sms_send_url": view.get_url(".sms_send_view", record=key) if view.sms_may(Right.SEND) else None,
    }


def _latest(record: Any, ground: Ground) -> list[Any]:
    """The latest messages, read inside the host's own transaction, in a savepoint: it may hold SQLite's write lock."""
    selection = about_record(record, registry=ground.state.registry)
    connection = ground.state.db.session().connection()
    with Session(bind=connection, join_transaction_mode="create_savepoint", autoflush=False) as session:
        rows = read(session, of=selection, most=SHOWN, newest_first=True)
        names = names_of(session, rows, registry=ground.state.registry)
    return bubbles_of(rows, names=names, state=ground.state)
