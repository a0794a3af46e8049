"""An office that texts: the demo in this process, its phones on loopback, and the clock on the wall."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select

from host_demo import clock as portals_clock
from host_demo import create_app
from host_demo.config import TIMEZONE
from host_demo.database import db
from host_demo.seed.people import ADMIN_LOGIN, ADMIN_PASSWORD
from host_demo.setup import prepare
from sms_plugin.models import clock as plugins_clock
from sms_plugin.testing import drain
from sms_plugin.testing.phone_server import PhoneServer
from tests.demo.visitor import Visitor

SEAT = ZoneInfo(TIMEZONE)

Text = tuple[str, str]


@dataclass(kw_only=True)
class Wall:
    """The machine's clock, as the portal and the plugin read it: later than it is by ``ahead``."""

    ahead: dt.timedelta = dt.timedelta()

    def moved(self) -> type[dt.datetime]:
        """What stands in for ``datetime`` where somebody asks it for the time."""
        wall = self

        class Moved(dt.datetime):
            @classmethod
            def now(cls, tz: dt.tzinfo | None = None) -> Any:
                return dt.datetime.now(tz) + wall.ahead

        return Moved


@dataclass(kw_only=True)
class Office:
    """The demo after install: no trigger is on until somebody switches it on."""

    app: Flask
    phone: PhoneServer
    wall: Wall
    admin: Visitor
    read: int = field(default=0)

    def switch_on(self, *triggers: str) -> None:
        """As ``flask sms trigger on`` does."""
        for trigger in triggers:
            _sms(self.app, "trigger", "on", trigger)

    def wait_until(self, day: dt.date, hour: int = 12, minute: int = 0) -> None:
        """Go home, and come back on that day at that time in Lisbon."""
        then = dt.datetime.combine(day, dt.time(hour, minute), tzinfo=SEAT)
        self.wall.ahead = then - dt.datetime.now(dt.UTC)
        assert self.wall.ahead >= dt.timedelta(), "nobody goes back in time"

    def texts(self) -> list[Text]:
        """Number and text of what has reached the phones since the last look; what is due by now goes first."""
        drain(self.app, sweep=True)
        every = [(str(line["to"]), str(line["text"])) for line in self.phone.ledger()]
        new, self.read = every[self.read :], len(every)
        return new

    @contextmanager
    def session(self) -> Iterator[Any]:
        """The portal's own session, as its code uses it."""
        with self.app.app_context():
            yield db.session


def only(office: Office, kind: type[Any], **wanted: Any) -> Any:
    """The one record of a kind that has these values."""
    with office.session() as session:
        found = session.scalars(select(kind).filter_by(**wanted)).one()
        session.expunge_all()
        return found


def bare_portal(file: Path) -> None:
    """Make the demo's database with its first records, as it is after install."""
    app = _app(file)
    prepare(app, bare=True)
    _close(app)


@contextmanager
def opened(bare: Path, folder: Path, patch: pytest.MonkeyPatch, **settings: object) -> Iterator[Office]:
    """An office on a copy of a bare portal, with the phones as its provider; with other settings where wanted."""
    wall = Wall()
    for each in (portals_clock, plugins_clock):
        patch.setattr(each, "datetime", wall.moved())
    app = _app(Path(shutil.copy(bare, folder / "office.db")), **settings)
    with PhoneServer() as phone:
        phone.set(mode="no_receipts")
        _sms(app, "provider", "add", "phone", "--activate", "--set", f"base_url={phone.url}")
        admin = Visitor(client=app.test_client())
        admin.sign_in(ADMIN_LOGIN, ADMIN_PASSWORD)
        yield Office(app=app, phone=phone, wall=wall, admin=admin)
    _close(app)


def _app(file: Path, **settings: object) -> Flask:
    return create_app(
        {
            "TESTING": True,
            "SQLALCHEMY_DATABASE_URI": f"sqlite:///{file}",
            "SMS_PUBLIC_URL": "https://norte.example",
            "SMS_DAILY_CAP": 0,
            **settings,
        }
    )


def _sms(app: Flask, *words: str) -> None:
    result = app.test_cli_runner().invoke(args=["sms", *words])
    assert result.exit_code == 0, result.output


def _close(app: Flask) -> None:
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
