"""What every benchmark stands on: a portal with a tuned SQLite file, and the phone server in a process of its own."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine

from sms_plugin.testing.phone_server import RECEIPT_SECRET, TOKEN
from tests.portal import Client, Invoice, Portal, make_portal


@contextmanager
def phones() -> Iterator[str]:
    """The address of a phone server that shares no interpreter with what is measured."""
    with gateway_at(0) as url:
        yield url


@contextmanager
def gateway_at(port: int, *, token: str = TOKEN, receipt_secret: str = RECEIPT_SECRET) -> Iterator[str]:
    """The address of a phone server at a port, in a process of its own."""
    command = [sys.executable, "-m", "sms_plugin.testing.phone_server", "--port", str(port)]
    command += ["--token", token, "--receipt-secret", receipt_secret]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split()[-1].rstrip("/")
        finally:
            process.terminate()


def control(url: str, **values: object) -> None:
    """Empty the phones and set how the server answers; receipts are off, so that they cost neither side anything."""
    requests.post(f"{url}/reset", timeout=10).raise_for_status()
    requests.post(f"{url}/control", json={"mode": "no_receipts", **values}, timeout=10).raise_for_status()


def ledger(url: str) -> list[dict[str, Any]]:
    """What the phone server took."""
    answer = requests.get(f"{url}/ledger", timeout=60)
    lines: list[dict[str, Any]] = answer.json()
    return lines


def portal_on(database: Path | str, *, url: str, **config: Any) -> Portal:
    """A portal whose provider is the phone server, on a file of SQLite's or the database of an address, set as
    ``flask sms check`` advises.
    """
    portal = make_portal(f"sqlite:///{database}" if isinstance(database, Path) else database, **config)
    with portal.app.app_context():
        tuned(portal.db.engine)
        portal.use_kind("phone", {"base_url": url, "token": TOKEN, "receipt_secret": RECEIPT_SECRET}, name="phone")
        portal.switch_on("charge_created")
        portal.db.session.add(Client(name="Ana", phone="912 345 678", language="en"))
        portal.db.session.commit()
    return portal


def tuned(engine: Engine) -> None:
    """Set a SQLite engine as ``flask sms check`` advises; others are left as they are."""
    if engine.dialect.name != "sqlite":
        return

    def tune(connection: Any, record: object) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")

    sa.event.listen(engine, "connect", tune)
    engine.dispose()


def charge(portal: Portal, count: int) -> None:
    """So many invoices, each of which texts the client: the way that a portal's own messages take."""
    session = portal.db.session
    client = session.get(Client, 1)
    for start in range(0, count, 200):
        some = range(start, min(start + 200, count))
        session.add_all(Invoice(client=client, number=f"F{n}", due_on=dt.date(2026, 12, 1)) for n in some)
        session.commit()
    session.remove()


def close(app: Flask, db: SQLAlchemy) -> None:
    """Let go of the database."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
