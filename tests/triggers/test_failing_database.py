"""A database that fails under the decision: the host's commit never says that it kept what it lost (promise 1)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from sms_plugin.testing.phone_server import PhoneServer
from tests.portal import Client, Invoice, Portal, make_portal

pytestmark = pytest.mark.one_database("sqlite", "its transaction is undone by a full disk, its file is locked")


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Portal]:
    """A portal on SQLite, whose disk can be filled, and that does not wait long for a lock."""
    made = make_portal(
        f"sqlite:///{tmp_path / 'portal.db'}", SQLALCHEMY_ENGINE_OPTIONS={"connect_args": {"timeout": 0.2}}
    )
    with made.app.app_context():
        yield made
        made.db.session.remove()
        made.db.engine.dispose()


def test_a_commit_on_a_full_disk_keeps_its_rows_or_says_that_it_did_not(portal: Portal, ana: Client) -> None:
    """SQLite undoes the whole transaction where the disk is full: to swallow that would lose the host's own row."""
    portal.switch_on("charge_created")
    client = ana.id
    pages = portal.db.session.connection().exec_driver_sql("PRAGMA page_count").scalar()
    portal.db.session.commit()

    @event.listens_for(portal.db.engine, "checkout")
    def fill(connection: sqlite3.Connection, record: object, proxy: object) -> None:
        connection.execute(f"PRAGMA max_page_count={pages}")

    kept = 0

    def fill_up() -> None:
        nonlocal kept
        for number in range(1000):
            portal.db.session.add(Invoice(client_id=client, number=f"F{number}"))
            portal.db.session.commit()
            kept += 1

    with pytest.raises(OperationalError, match=r"full|savepoint"):
        fill_up()
    portal.db.session.rollback()
    assert portal.db.session.scalar(sa.select(sa.func.count()).select_from(Invoice)) == kept


def test_whoever_fires_by_hand_while_the_database_is_locked_is_told(
    portal: Portal, phone: PhoneServer, ana: Client
) -> None:
    """Nothing of the host's is in that transaction: a commit that succeeds would be a message lost in silence."""
    portal.use(phone)
    portal.switch_on("charge_created")
    invoice = Invoice(client=ana)
    portal.db.session.add(invoice)
    portal.db.session.commit()
    portal.sms.fire("charge_created", invoice, once="again")
    other = sqlite3.connect(str(portal.db.engine.url.database))
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(OperationalError, match="locked"):
            portal.db.session.commit()
    finally:
        other.rollback()
        other.close()
    portal.db.session.rollback()
    portal.sms.fire("charge_created", invoice, once="again")
    portal.db.session.commit()
    assert len(portal.messages()) == 2
