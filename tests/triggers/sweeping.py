"""Sweeping the tests' portal at any moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from sms_plugin.triggers.sweep import Swept, sweep
from tests.portal import Client, Invoice, Portal

LISBON = ZoneInfo("Europe/Lisbon")


def at(day: int, hour: int, minute: int = 0, *, month: int = 11, year: int = 2026) -> dt.datetime:
    """A moment of November 2026, as the clocks in Lisbon show it."""
    return dt.datetime(year, month, day, hour, minute, tzinfo=LISBON).astimezone(dt.UTC)


def november(day: int) -> dt.date:
    return dt.date(2026, 11, day)


def swept(portal: Portal, now: dt.datetime) -> list[Swept]:
    """What a whole sweep at this moment brought."""

    @contextmanager
    def pages() -> Iterator[Session]:
        with portal.fresh() as session, session.begin():
            yield session

    return list(sweep(pages, state=portal.state, now=now))


def due(portal: Portal, client: Client, *days: dt.date | None) -> list[Invoice]:
    """Open invoices that fall due on these days, committed."""
    invoices = [Invoice(client=client, number=f"F{n}", due_on=day) for n, day in enumerate(days, 1)]
    portal.session.add_all(invoices)
    portal.session.commit()
    return invoices


def texted(portal: Portal) -> list[tuple[str | None, str | None, str]]:
    """Trigger, record and state of every message."""
    return sorted((message.trigger, message.record, message.state) for message in portal.messages())


def going(portal: Portal, now: dt.datetime) -> list[tuple[str | None, str | None, str]]:
    """The same of those whose time has come: a day's reminders are written before it begins in the east."""
    return sorted((each.trigger, each.record, each.state) for each in portal.messages() if each.due_at <= now)


def moments(portal: Portal) -> list[str]:
    return sorted(message.moment for message in portal.messages())
