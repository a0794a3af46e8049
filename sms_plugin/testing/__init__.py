"""For the tests of hosts and of gateway authors: one round of the plugin's work, and a gateway real but near."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from threading import Event
from typing import TYPE_CHECKING

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from sms_plugin import schema
from sms_plugin.jobs.due import run_job
from sms_plugin.jobs.flush import Flushed
from sms_plugin.jobs.runner import flush_of
from sms_plugin.models import Provider, database_now
from sms_plugin.providers.active import activate, add, change
from sms_plugin.state import State
from sms_plugin.transactions import within
from sms_plugin.triggers.switching import set_text, switch_on

if TYPE_CHECKING:  # where the server runs in a process of its own, no tables are needed
    from sms_plugin.testing.phone_server import PhoneServer

_NAME = "phone"


def prepare(app: Flask, phone: PhoneServer, *, on: Iterable[str] = (), texts: Mapping[str, str] | None = None) -> None:
    """Make the plugin's tables where they are missing, the phone the active provider, and switch triggers on.

    For tests, as often as you like: a later phone takes the place of the one before. The triggers ``on`` send their
    suggested texts; ``texts`` names others, by trigger, with a text of your own in the portal's language. Commits in
    transactions of its own. Raises ``SmsError`` for an unknown trigger, and for a text that the portal's shortcodes
    cannot fill in.
    """
    state: State = app.extensions["sms"]
    given = {"base_url": phone.url, "token": phone.token, "receipt_secret": phone.receipt_secret}

    def work(session: Session, now: datetime) -> None:
        provider = session.scalar(sa.select(Provider).where(Provider.name == _NAME))
        if provider is None:
            provider = add(session, state=state, name=_NAME, kind="phone", given=given, who="test", now=now)
        else:
            change(session, provider, state=state, given=given, who="test", now=now)
        activate(session, provider, who="test", now=now)
        for trigger, text in (texts or {}).items():
            set_text(session, trigger, state.settings.language, text, registry=state.registry, who="test", now=now)
        for trigger in (*on, *(texts or {})):
            switch_on(session, trigger, registry=state.registry, who="test", now=now)

    with app.app_context():
        schema.upgrade(state.db.engine)
        within(state, lambda session: work(session, database_now(session)))


def drain(app: Flask, *, sweep: bool = False) -> Flushed:
    """One round, here and now: with ``sweep`` the date hooks first, then all that is due goes to the active provider.

    For tests, where no runner is started. Commits in transactions of its own; the host's session is not touched.
    """
    state: State = app.extensions["sms"]
    with app.app_context():
        if sweep:
            run_job(state, "sweep", now=True)
        flush = flush_of(state)
        try:
            return flush.run(Event())
        finally:
            flush.close()
