"""What the plugin adds to the host's own transactions: firing a trigger, and a change that no hook names."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import Session

from tests.benchmarks.ground import close, portal_on, tuned
from tests.portal import Base, Client, Invoice


@dataclass(frozen=True, kw_only=True)
class Added:
    """Milliseconds of one transaction, the median, without and with the plugin."""

    transactions: int
    without: float
    with_plugin: float

    @property
    def difference(self) -> float:
        return self.with_plugin - self.without


def fire(url: str, folder: Path, *, transactions: int) -> Added:
    """An invoice is created, and its trigger is on."""

    def create(session: Session, number: int) -> None:
        client = session.get_one(Client, 1)
        session.add(Invoice(client=client, number=f"F{number}", due_on=dt.date(2026, 12, 1)))
        session.commit()

    return _compared(url, folder / "fire", create, transactions)


def change(url: str, folder: Path, *, transactions: int) -> Added:
    """A client's name is changed, which no hook names."""

    def rename(session: Session, number: int) -> None:
        session.get_one(Client, 1).name = f"Ana {number}"
        session.commit()

    return _compared(url, folder / "change", rename, transactions)


def _compared(url: str, folder: Path, work: Callable[[Session, int], None], transactions: int) -> Added:
    """The same transaction in a portal with the plugin and in one that never heard of it, in turn."""
    folder.mkdir()
    portal = portal_on(folder / "with.db", url=url)
    bare, bare_db = _bare(folder / "without.db")
    without: list[float] = []
    with_plugin: list[float] = []
    for number in range(transactions):
        without.append(_timed(bare, bare_db, work, number))
        with_plugin.append(_timed(portal.app, portal.db, work, number))
    close(portal.app, portal.db)
    close(bare, bare_db)
    return Added(transactions=transactions, without=median(without) * 1000, with_plugin=median(with_plugin) * 1000)


def _timed(app: Flask, db: SQLAlchemy, work: Callable[[Session, int], None], number: int) -> float:
    with app.app_context():
        session = db.session()
        began = time.perf_counter()
        work(session, number)
        return time.perf_counter() - began


def _bare(file: Path) -> tuple[Flask, SQLAlchemy]:
    app = Flask("tests.benchmarks")
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{file}"
    db = SQLAlchemy(model_class=Base)
    db.init_app(app)
    with app.app_context():
        tuned(db.engine)
        db.create_all()
        db.session.add(Client(name="Ana", phone="912 345 678", language="en"))
        db.session.commit()
    return app, db
